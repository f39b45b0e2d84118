"""What the blotter knows: orders, fills, refusals, and what it tells its listeners.

Money is in 1/10 000, times are ns; venue times are since midnight.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from tickwire.native import enum_names, lib

OPEN_STATES = ("sent", "live")
PASSIVE, AGGRESSIVE = "passive", "aggressive"
ROLES = {"A": PASSIVE, "J": PASSIVE, "k": PASSIVE, "R": AGGRESSIVE}  # others, as of crosses, are neither here
ORDER_TYPES = {value: name.lower() for name, value in enum_names("order_type", "ORDER_TYPE_").items()}
TIMES_IN_FORCE = {value: name.lower() for name, value in enum_names("time_in_force", "TIF_").items()}
SOURCES = {value: name.lower() for name, value in enum_names("intent_source", "SOURCE_").items()}
SALES = {value: name.lower() for name, value in enum_names("short_sale", "SALE_").items()}
SIDES = {lib.SIDE_BUY: "buy", lib.SIDE_SELL: "sell"}


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

    @property
    def role(self) -> str:
        """Passive or aggressive; empty: the flag says neither, or there is none."""
        return ROLES.get(self.liquidity, "")

    @property
    def venue_trade_id(self) -> int:
        """What the venue calls the trade."""
        return self.match_number


@dataclass(slots=True)
class OrderRecord:
    """All that is known of one order.

    ``state`` is sent, live, filled, canceled, rejected, replaced, not_sent, or vanished: we had the venue's word for it
    and the venue's own record has no trace of it.  ``unknown`` is an order this box did not send in this life.
    ``price`` is what it stands at, ``limit_price`` what was sent.  ``terms_known``: what is only in the order as it was
    sent is known, from limit_price on; a venue's record does not tell it.  Names are of this life's configuration.
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
    terms_known: bool = False
    limit_price: int = 0
    display: int = 0  # enum order_display
    display_quantity: int = 0  # what a reserve order shows of itself; 0: all
    minimum_quantity: int = 0
    peg_offset: int = 0  # 1/10 000, towards the other side is positive
    flags: int = 0  # enum order_flag
    short_sale: int = 0  # enum short_sale
    symbol: str = ""
    venue_name: str = ""
    mic: str = ""
    firm: str = ""  # the MPID of the session
    account_name: str = ""
    strategy_name: str = ""
    trader_name: str = ""
    algorithm: str = ""
    fills: list[Fill] = field(default_factory=list)
    busted: list[Fill] = field(default_factory=list)

    @property
    def user_ref(self) -> int:
        """Its number in the session."""
        return self.order_id & 0xFFFFFFFF

    @property
    def epoch(self) -> int:
        """The life of the box that it was sent in."""
        return self.order_id >> int(lib.ORDER_ID_EPOCH_SHIFT) & int(lib.ORDER_ID_EPOCH_MAX)

    @property
    def hidden(self) -> bool:
        """Whether nothing of it is shown."""
        return self.display == int(lib.DISPLAY_HIDDEN)

    @property
    def post_only(self) -> bool:
        """Whether it must not take."""
        return bool(self.flags & lib.ORDER_POST_ONLY)

    @property
    def side_word(self) -> str:
        """Buy or sell."""
        return SIDES.get(self.side, "")

    @property
    def order_type_word(self) -> str:
        """For example limit, peg_midpoint."""
        return ORDER_TYPES.get(self.order_type, "")

    @property
    def time_in_force_word(self) -> str:
        """Day, ioc or extended."""
        return TIMES_IN_FORCE.get(self.time_in_force, "")

    @property
    def short_sale_word(self) -> str:
        """Long, short or short_exempt; empty: no sale, or not known."""
        return SALES.get(self.short_sale, "") if self.terms_known and self.side == lib.SIDE_SELL else ""

    @property
    def source_word(self) -> str:
        """Whose wish it was: signal, router or operator; empty: not known."""
        return SOURCES.get(self.source, "") if self.terms_known else ""

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
_FILL_TOLD = (*_FILL_NAMES, "role", "venue_trade_id")
_RECORD_NAMES = tuple(one.name for one in fields(OrderRecord))
_RECORD_TOLD = (
    *_RECORD_NAMES,
    *("user_ref", "epoch", "side_word", "order_type_word", "time_in_force_word", "hidden", "post_only"),
    *("short_sale_word", "source_word", "average_price"),
)


def fill_entry(fill: Fill) -> dict[str, Any]:
    """The fill as plain JSON, with what its numbers mean."""
    return {name: getattr(fill, name) for name in _FILL_TOLD}


def record_entry(record: OrderRecord) -> dict[str, Any]:
    """The record as plain JSON, with what its numbers mean; by hand, as ``asdict`` copies deeply."""
    entry = {name: getattr(record, name) for name in _RECORD_TOLD}
    for name in ("fills", "busted"):
        entry[name] = [fill_entry(fill) for fill in entry[name]]
    return entry


def record_from(entry: dict[str, Any]) -> OrderRecord:
    """The record that ``record_entry`` made an entry of.  Raises TypeError for an entry of another version."""
    known = {name: entry[name] for name in _RECORD_NAMES if name in entry}
    for name in ("fills", "busted"):
        known[name] = [Fill(**{key: fill[key] for key in _FILL_NAMES if key in fill}) for fill in entry[name]]
    return OrderRecord(**known)


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
