"""What the blotter knows: orders, fills, refusals, and what it tells its listeners.

Money is in 1/10 000, times are ns; venue times are since midnight.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from tickwire.native import lib

OPEN_STATES = ("sent", "live")


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution; liquidity is the venue's flag."""

    order_id: int
    match_number: int
    venue: int
    instrument: int
    account: int
    strategy: int
    side: int
    quantity: int
    price: int
    liquidity: str
    venue_ns: int
    report_ns: int
    sequence: int
    replayed: bool


@dataclass(slots=True)
class OrderRecord:
    """All that is known of one order.

    ``state`` is sent, live, filled, canceled, rejected, replaced, not_sent, or vanished: we had the venue's word for it
    and the venue's own record has no trace of it.  ``unknown`` is an order this box did not send in this life.
    """

    order_id: int
    venue: int
    instrument: int
    side: int
    quantity: int = 0
    price: int = 0
    parent_id: int = 0
    account: int = 0
    strategy: int = 0
    trader: int = 0
    order_type: int = 0
    time_in_force: int = 0
    state: str = "sent"
    leaves: int = 0
    executed: int = 0
    executed_value: int = 0  # sum of price * quantity
    decision_price: int = 0  # what slippage is measured from; 0: not said
    score: int = 0  # the signal's value: why it wanted this
    source: int = 0  # enum intent_source
    tick: int = 0
    sent_ns: int = 0
    cancel_ns: int = 0  # when the first cancel of it left that the venue has not refused; 0: none did
    report_ns: int = 0
    venue_ns: int = 0
    reason: str = ""
    order_reference: int = 0
    replaces: int = 0  # order_id of the one it took the place of, 0: none
    replaced_by: int = 0
    unknown: bool = False
    replayed: bool = False
    fills: list[Fill] = field(default_factory=list)
    busted: list[Fill] = field(default_factory=list)

    @property
    def user_ref(self) -> int:
        """Its number in the session."""
        return self.order_id & 0xFFFFFFFF

    @property
    def open(self) -> bool:
        """Whether it may still trade."""
        return self.state in OPEN_STATES

    @property
    def average_price(self) -> int | None:
        """Of its fills, rounded to the nearest 1/10 000; None without any."""
        return None if not self.executed else (2 * self.executed_value + self.executed) // (2 * self.executed)

    @property
    def slippage_value(self) -> int | None:
        """What its fills cost more than the decision price would have (negative: less); None when that is unknown."""
        if not self.executed or not self.decision_price or self.side not in (lib.SIDE_BUY, lib.SIDE_SELL):
            return None
        worse = self.executed_value - self.decision_price * self.executed
        return worse if self.side == lib.SIDE_BUY else -worse

    @property
    def slippage(self) -> float | None:
        """Execution average against decision price in basis points of it, positive when worse."""
        value = self.slippage_value
        return None if value is None else value * 10_000 / (self.decision_price * self.executed)

    def book(self, fill: Fill) -> None:
        """Add a fill."""
        self.fills.append(fill)
        self.executed += fill.quantity
        self.executed_value += fill.quantity * fill.price

    def bust(self, match_number: int) -> Fill | None:
        """Undo a fill; None when it has none of that number."""
        for index, fill in enumerate(self.fills):
            if fill.match_number == match_number:
                del self.fills[index]
                self.busted.append(fill)
                self.executed -= fill.quantity
                self.executed_value -= fill.quantity * fill.price
                return fill
        return None


_FILL_NAMES = tuple(one.name for one in fields(Fill))
_RECORD_NAMES = tuple(one.name for one in fields(OrderRecord))


def record_entry(record: OrderRecord) -> dict[str, Any]:
    """The record as plain JSON; by hand, as ``asdict`` copies deeply and thousands leave memory at once."""
    entry = {name: getattr(record, name) for name in _RECORD_NAMES}
    for name in ("fills", "busted"):
        entry[name] = [{field: getattr(fill, field) for field in _FILL_NAMES} for fill in entry[name]]
    return entry


def record_from(entry: dict[str, Any]) -> OrderRecord:
    """The record that ``record_entry`` made an entry of.  Raises TypeError for an entry of another version."""
    fills = {name: [Fill(**fill) for fill in entry[name]] for name in ("fills", "busted")}
    return OrderRecord(**{**entry, **fills})


@dataclass(frozen=True, slots=True)
class Refusal:
    """An intent that the gate did not let pass, and why."""

    verdict: str
    kind: int
    source: int
    venue: int
    parent_id: int
    refused_ns: int
    instrument: int
    account: int
    strategy: int
    trader: int
    side: int
    quantity: int
    price: int
    tick: int
    rx_ns: int
    target_order_id: int


@dataclass(frozen=True, slots=True)
class Bust:
    """A trade that the venue broke; fill is None when it was never seen."""

    order_id: int
    match_number: int
    venue: int
    fill: Fill | None
    replayed: bool


@dataclass(frozen=True, slots=True)
class Reset:
    """Orders and fills of a venue are forgotten: its record follows."""

    venue: int


@dataclass(frozen=True, slots=True)
class Live:
    """The venue's record is complete."""

    venue: int


@dataclass(frozen=True, slots=True)
class Down:
    """The session is gone: orders there are unknown until the next Live."""

    venue: int


@dataclass(frozen=True, slots=True)
class OrderChange:
    """An order changed; the record as it is now, not to be kept by who is told."""

    order: OrderRecord


Event = Fill | Bust | Reset | Live | Down | OrderChange
