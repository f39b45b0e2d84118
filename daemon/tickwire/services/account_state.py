"""What accounts, strategies and the firm have at stake: exposure, loss, drawdown and credit, reckoned as the gate does.

With v the value of an instrument's position, b and s what is open to buy and to sell of it: gross is the sum of
max(|v + b|, |v - s|), net the larger of the sums of (v + b) and of (s - v); credit is what was executed today both ways
plus what is working.  What has no mark counts at its cost, a working order without a price at the mark.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tickwire.host.durable import DamagedFileError, read_state, write_state
from tickwire.host.logs import Log
from tickwire.host.upkeep import Entry, Submit, Upkeep, at_once
from tickwire.native import lib
from tickwire.services.ledger import Ledger
from tickwire.services.ledger_book import FIRM, Scope


class WorkingOrder(Protocol):
    """An order that may still trade, as the blotter has it."""

    @property
    def instrument(self) -> int: ...
    @property
    def strategy(self) -> int: ...
    @property
    def account(self) -> int: ...
    @property
    def side(self) -> int: ...
    @property
    def leaves(self) -> int: ...
    @property
    def price(self) -> int: ...


@dataclass(frozen=True, slots=True)
class AccountState:
    """Of the firm, an account or a strategy; money in 1/10 000."""

    scope: Scope
    gross_exposure: int = 0  # counting working orders, each instrument at its worse side
    net_long: int = 0  # if all that is open to buy, and nothing else, were executed
    net_short: int = 0
    credit_used: int = 0
    open_orders: int = 0
    daily_loss: int = 0  # 0 when the day is not a loss
    net_profit: int = 0  # after fees
    high_water_mark: int = 0
    drawdown: int = 0
    known: bool = False  # venues live, everything booked and every working order of a known value
    stale: bool = False  # some of it stands on an old mark, or on none

    @property
    def net_exposure(self) -> int:
        """The larger of the two sides."""
        return max(self.net_long, self.net_short)


@dataclass(slots=True)
class _Stake:
    """What one scope has in one instrument."""

    value: int = 0
    buys: int = 0
    sells: int = 0


@dataclass(slots=True)
class _Sum:
    stakes: dict[int, _Stake] = field(default_factory=dict)
    working: int = 0
    open_orders: int = 0
    unpriced: int = 0

    def stake(self, instrument: int) -> _Stake:
        return self.stakes.setdefault(instrument, _Stake())


def account_states(ledger: Ledger, working: Iterable[WorkingOrder]) -> dict[Scope, AccountState]:
    """The firm, and every account and strategy that had a fill or has an order."""
    sums: dict[Scope, _Sum] = {FIRM: _Sum()}
    _add_positions(ledger, sums)
    _add_orders(ledger, working, sums)
    return {scope: _state(ledger, scope, found) for scope, found in sums.items()}


def _add_positions(ledger: Ledger, sums: dict[Scope, _Sum]) -> None:
    for key in ledger.keys(FIRM):
        mark = ledger.marked(key.instrument)
        value = ledger.position(key) * mark.price if mark else ledger.total(*key).average_cost
        for scope in _scopes(key.account, key.strategy):
            sums.setdefault(scope, _Sum()).stake(key.instrument).value += value


def _add_orders(ledger: Ledger, working: Iterable[WorkingOrder], sums: dict[Scope, _Sum]) -> None:
    for order in working:
        mark = ledger.marked(order.instrument)
        price = order.price if order.price > 0 else mark.price if mark else 0
        value = price * order.leaves
        for scope in _scopes(order.account, order.strategy):
            found = sums.setdefault(scope, _Sum())
            stake = found.stake(order.instrument)
            stake.buys += value if order.side != lib.SIDE_SELL else 0  # an adopted order of no known side:
            stake.sells += value if order.side != lib.SIDE_BUY else 0  # whichever is worse
            found.working += value
            found.open_orders += 1
            found.unpriced += not price or order.side not in (lib.SIDE_BUY, lib.SIDE_SELL)


def _scopes(account: int, strategy: int) -> tuple[Scope, ...]:
    return FIRM, Scope(account=account), Scope(strategy=strategy)


def _state(ledger: Ledger, scope: Scope, found: _Sum) -> AccountState:
    total, stakes = ledger.total(*scope), found.stakes.values()
    return AccountState(
        scope=scope,
        gross_exposure=sum(max(abs(one.value + one.buys), abs(one.value - one.sells)) for one in stakes),
        net_long=sum(one.value + one.buys for one in stakes),
        net_short=sum(one.sells - one.value for one in stakes),
        credit_used=total.bought_value + total.sold_value + found.working,
        open_orders=found.open_orders,
        daily_loss=max(0, -total.net),
        net_profit=total.net,
        high_water_mark=total.high_water_mark or 0,
        drawdown=total.drawdown or 0,
        known=total.known and not found.unpriced,
        stale=total.stale,
    )


class PeakStore:
    """Keeps high-water marks over a restart of the same day: a drawdown limit must not loosen by one."""

    def __init__(self, folder: Path, submit: Submit = at_once) -> None:
        self._path = folder / "peaks.json"
        self._log = Log("ledger")
        self._files = Upkeep(
            submit, _no_entry, lambda state: write_state(self._path, state), self._log, "peaks_not_kept"
        )
        self._kept: object = None

    def restore(self, ledger: Ledger, day: str) -> str:
        """Take over what was kept of this day; what was done, for the log.  Raises OSError."""
        try:
            state = read_state(self._path)
            if state is None or state["day"] != day:
                return ""
            ledger.peaks.restore(state["peaks"])
        except (DamagedFileError, KeyError, TypeError, ValueError) as error:
            text = "high-water marks of earlier today are lost: drawdowns count from now on"
            self._log.error("peaks_lost", error=str(error), text=text)
            return text
        return f"took over {len(state['peaks'])} high-water marks of earlier today"

    def keep(self, ledger: Ledger, day: str) -> bool:
        """Write them down when they have changed, or could not be written; whether they had changed."""
        state = {"day": day, "peaks": sorted(ledger.peaks.state(), key=str)}
        if state == self._kept:
            self._files.look()
            return False
        self._kept = state
        self._files.keep(state)
        return True


def _no_entry(entry: Entry) -> None:
    raise AssertionError(f"marks have no journal: {entry}")
