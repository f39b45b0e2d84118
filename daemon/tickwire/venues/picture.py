"""Orders and fills of one session as plain facts: what two sides of a reconciliation are compared by.

One side is ours (from execution reports), the other the venue's (from its drop copy).  Both keep an order by its
UserRefNum, which a session uses once, and a fill by its order and match number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tickwire.native import lib

BUY: int = lib.SIDE_BUY
SELL: int = lib.SIDE_SELL
NO_SIDE: int = lib.SIDE_NONE
SIDE_WORDS = {BUY: "buy", SELL: "sell", NO_SIDE: "side unknown"}
OPEN_STATES = ("sent", "live")


@dataclass(frozen=True, slots=True)
class FillLine:
    """One execution: shares, price in 1/10 000, the venue's time of day in ns."""

    quantity: int
    price: int
    venue_ns: int
    sequence: int = 0


@dataclass(slots=True)
class OrderLine:
    """One order; state is sent, live, filled, canceled, rejected, replaced or not_sent."""

    user_ref: int
    order_id: int = 0  # the box's; 0 in a venue's picture
    symbol: str = ""
    side: int = NO_SIDE
    quantity: int = 0
    price: int = 0
    leaves: int = 0
    state: str = "sent"
    client_order_id: str = ""
    told: bool = False  # the venue has spoken of it
    first_sequence: int = 0  # of the venue's first and last message about it
    last_sequence: int = 0
    last_ns: int = 0  # the venue's time of its last message about it
    fills: dict[int, FillLine] = field(default_factory=dict)  # by match number
    busted: dict[int, FillLine] = field(default_factory=dict)

    @property
    def executed(self) -> int:
        """Shares of its fills that stand."""
        return sum(fill.quantity for fill in self.fills.values())

    @property
    def open(self) -> bool:
        """Whether it may still trade."""
        return self.state in OPEN_STATES

    def heard(self, sequence: int, venue_ns: int) -> None:
        """The venue has spoken of it."""
        self.told = True
        self.first_sequence = self.first_sequence or sequence
        self.last_sequence = max(self.last_sequence, sequence)
        self.last_ns = max(self.last_ns, venue_ns)

    def fill(self, match_number: int, fill: FillLine) -> bool:
        """Book a fill; False when it is there already, or was broken before."""
        if match_number in self.fills or match_number in self.busted:
            return False
        self.fills[match_number] = fill
        return True

    def bust(self, match_number: int) -> FillLine | None:
        """Undo a fill; None when there is none of that number."""
        fill = self.fills.pop(match_number, None)
        if fill is not None:
            self.busted[match_number] = fill
        return fill

    def signed(self, quantity: int) -> int:
        """Shares as the order's side moves a position; 0 while the side is unknown."""
        return {BUY: quantity, SELL: -quantity}.get(self.side, 0)


def positions(orders: Iterable[OrderLine]) -> Mapping[str, int]:
    """Shares held by symbol, from fills that stand."""
    held: dict[str, int] = {}
    for order in orders:
        if order.fills:
            held[order.symbol] = held.get(order.symbol, 0) + order.signed(order.executed)
    return held
