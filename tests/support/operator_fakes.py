"""Collaborators of operations that do what a test says and remember what they were asked."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tickwire.native import lib
from tickwire.services.alerts import Alert
from tickwire.services.evidence import Decision, Shown
from tickwire.services.ledger_book import FillPnL, Key, Scope
from tickwire.services.limit_paths import RefusedError


@dataclass
class Order:
    """An order as the blotter has it."""

    order_id: int
    venue: int = 0
    instrument: int = 0
    account: int = 1
    strategy: int = 1
    trader: int = 1
    side: int = lib.SIDE_BUY
    quantity: int = 100
    executed: int = 0
    leaves: int = 100
    price: int = 1_870_000
    decision_price: int = 0
    score: int = 0
    source: int = lib.SOURCE_OPERATOR
    parent_id: int = 0
    order_type: int = 0
    time_in_force: int = lib.TIF_DAY
    state: str = "live"
    unknown: bool = False
    tick: int = 7
    sent_ns: int = 1
    report_ns: int = 2
    reason: str = ""
    average_price: int | None = None
    slippage_value: int | None = None
    slippage: float | None = None

    @property
    def open(self) -> bool:
        return self.state in ("sent", "live")


@dataclass
class Fill:
    """A fill as the blotter has it."""

    order_id: int
    match_number: int
    venue: int = 0
    instrument: int = 0
    account: int = 1
    strategy: int = 1
    side: int = lib.SIDE_BUY
    quantity: int = 100
    price: int = 1_870_000
    liquidity: str = "R"
    venue_ns: int = 1
    report_ns: int = 2
    replayed: bool = False


@dataclass
class Blotter:
    """Orders and fills that a test puts in."""

    orders: dict[int, Order] = field(default_factory=dict)
    executions: list[Fill] = field(default_factory=list)
    incomplete: bool = False

    def fills(self) -> Sequence[Fill]:
        return self.executions


@dataclass
class PnL:
    """Figures of one key."""

    quantity: int = 0
    average_cost: int = 0
    fifo_cost: int = 0
    realised_average: int = 0
    realised_fifo: int = 0
    unrealised: int = 0
    fees: int = 0
    net: int = 0
    high_water_mark: int | None = None
    drawdown: int | None = None
    mark: int | None = None
    mark_age_ns: int | None = None
    stale: bool = False


@dataclass
class Ledger:
    """Positions by (instrument, strategy, account, venue)."""

    held: dict[tuple[int, int, int, int], PnL] = field(default_factory=dict)

    profits: list[FillPnL] = field(default_factory=list)

    def fills(self, scope: Scope) -> list[FillPnL]:
        return [one for one in self.profits if scope.covers(one.key)]

    def keys(self) -> Sequence[tuple[int, int, int, int]]:
        return tuple(self.held)

    def total(
        self,
        instrument: int | None = None,
        strategy: int | None = None,
        account: int | None = None,
        venue: int | None = None,
    ) -> PnL:
        scope = Scope(instrument, strategy, account, venue)
        if (exact := self.held.get((instrument, strategy, account, venue))) is not None:  # type: ignore[arg-type]
            return exact
        found = [one for key, one in self.held.items() if scope.covers(Key(*key))]
        summed = (
            "quantity",
            "average_cost",
            "fifo_cost",
            "realised_average",
            "realised_fifo",
            "unrealised",
            "fees",
            "net",
        )
        return PnL(**{name: sum(getattr(one, name) for one in found) for name in summed})


@dataclass
class Desk:
    """Remembers what was sent; ``room`` False: nothing goes."""

    held: dict[tuple[int, int, int, int], "PnL"]
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    room: bool = True
    fills: bool = True

    def cancel_order(self, order_id: int) -> bool:
        self.asked.append(("cancel", order_id))
        return self.room

    def cancel_scope(self, scope: str, index: int) -> bool:
        self.asked.append(("cancel", scope, index))
        return self.room

    def close_position(self, instrument: int, strategy: int, account: int, venue: int, quantity: int) -> int:
        self.asked.append(("close", instrument, strategy, account, venue, quantity))
        if self.room and self.fills:
            self.held[instrument, strategy, account, venue].quantity -= quantity
        return len(self.asked) if self.room else 0


@dataclass
class Change:
    """A change of a limit."""

    id: int
    path: str
    old: Any
    new: Any
    who: str
    why: str
    state: str
    approver: str = ""
    expires_s: int | None = None


@dataclass
class LimitView:
    """A limit for people."""

    path: str
    effective: str
    standing: str
    unit: str
    override_ends_ns: int = 0
    waiting: tuple[int, ...] = ()


class LimitBook:
    """One limit; loosening it needs somebody else's word."""

    def __init__(self) -> None:
        self.value = 2000
        self.changes: list[Change] = []

    def views(self) -> list[LimitView]:
        return [LimitView("instruments.AAPL.position_max", str(self.value), str(self.value), "shares")]

    def propose(
        self,
        who: str,
        role: str,
        path: str,
        value: Any,
        why: str,
        approver: str | None = None,
        expires_s: int | None = None,
    ) -> Change:
        if path != "instruments.AAPL.position_max":
            raise RefusedError(f"no limit {path}")
        if not isinstance(value, int) or value < 0:
            raise RefusedError(f"expected shares, got {value!r}")
        state = "pending" if value > self.value else "in force"
        change = Change(len(self.changes) + 1, path, self.value, value, who, why, state, expires_s=expires_s)
        self.changes.append(change)
        if state == "in force":
            self.value = value
        return change

    def approve(self, change_id: int, who: str, role: str) -> Change:
        change = self._waiting(change_id)
        if change.who == who:
            raise RefusedError("a second person must approve")
        change.state, change.approver, self.value = "in force", who, change.new
        return change

    def reject(self, change_id: int, who: str, role: str, why: str) -> Change:
        change = self._waiting(change_id)
        change.state = "rejected"
        return change

    def _waiting(self, change_id: int) -> Change:
        for change in self.pending():
            if change.id == change_id:
                return change
        raise RefusedError(f"no change {change_id} waits")

    def pending(self) -> list[Change]:
        return [change for change in self.changes if change.state == "pending"]

    def history(self, count: int = 100) -> list[Change]:
        return self.changes[-count:]


@dataclass
class Breaker:
    """A breaker that opens and closes by hand."""

    scope: str = "strategy"
    name: str = "imbalance"
    trigger: str = "loss"
    state: str = "closed"
    action: str = "cancel-all"
    value: str = "12.00"
    threshold: str = "10.00"
    who: str = ""
    why: str = ""
    probes_left: int = 0
    refuses: str = ""  # a reset, as long as the loss is not accepted

    @property
    def view(self) -> "Breaker":
        return replace(self)

    def trip(self, who: str, why: str) -> None:
        self.state, self.who, self.why = "open", who, why

    def reset(self, who: str, why: str, accept: bool = False) -> None:
        if self.refuses and not accept:
            raise RefusedError(self.refuses)
        self.state, self.who, self.why = "closed", who, why


@dataclass
class Break:
    """A difference."""

    break_id: int = 1
    kind: str = "fill"
    venue: int | None = 0
    instrument: int | None = 0
    order_id: int = 7
    ours: Any = 100
    theirs: Any = 200
    difference: Any = 100
    source: str = "drop copy"
    text: str = "order 7: 100 executed here, 200 at A"


@dataclass
class Accepted:
    """A break that a person accepted."""

    found: Break
    who: str = "bob"
    why: str = "ticket 4711"
    at_ns: int = 1
    text: str = "order 7: 100 executed here, 200 at A (accepted by bob on 1970-01-01: ticket 4711)"


@dataclass
class Result:
    """What a reconciliation compared."""

    breaks: tuple[Break, ...]
    accepted: tuple[Accepted, ...] = ()
    state: str = "clean"
    at_ns: int = 1
    sources: tuple[str, ...] = ("replay",)
    orders: int = 3
    fills: int = 2
    positions: int = 1
    partial: tuple[str, ...] = ()
    unsettled: int = 0
    complete: bool = True


@dataclass
class Reconciliation:
    """Finds the breaks that a test puts in."""

    breaks: list[Break] = field(default_factory=list)
    runs: int = 0
    blocks_rearm: str = ""
    stands: bool = False  # what a fresh comparison says of every break
    kept: list[Accepted] = field(default_factory=list)

    async def run_now(self, reason: str, replay: bool) -> Result:
        self.runs += 1
        return Result(tuple(self.breaks), tuple(self.kept))

    async def clear(self, break_id: int, who: str, why: str) -> None:
        if self.stands:
            raise RefusedError(f"break {break_id} still stands")
        self.breaks = [found for found in self.breaks if found.break_id != break_id]

    async def accept(self, break_id: int, who: str, why: str) -> None:
        self.kept += [Accepted(found, who, why) for found in self.breaks if found.break_id == break_id]
        self.breaks = [found for found in self.breaks if found.break_id != break_id]

    def accepted(self) -> Sequence[Accepted]:
        return self.kept

    def unresolved(self) -> Sequence[Break]:
        return self.breaks


@dataclass
class Throttles:
    """Remembers which were re-enabled."""

    resets: list[int] = field(default_factory=list)
    refuses: str = ""

    def reenable(self, strategy: int, who: str, why: str) -> None:
        if self.refuses:
            raise RefusedError(self.refuses)
        self.resets.append(strategy)


@dataclass
class Evidence:
    """One decision of order 7: a sweep that took on A what was dearer, but cheaper after the fee."""

    def decisions(self, order_id: int) -> Sequence[Decision]:
        states = ("enabled", "live", "fresh", "open", "free")
        shown = (
            Shown(0, states, 1_870_000, 300, 1_870_100, 200, 100, -2_000),
            Shown(1, (*states, "busy"), 1_869_900, 500, 1_870_100, 400, 0, 3_000),
        )
        found = Decision(70, 1, 1_790_000_000_000_000_000, 0, lib.SIDE_BUY, "sweep", 100, 1_880_000, shown)
        return [found] if order_id in (7, 70) else []


@dataclass
class Alerts:
    """What a test says is wrong."""

    found: list[Alert] = field(default_factory=list)

    def active(self) -> Sequence[Alert]:
        return self.found
