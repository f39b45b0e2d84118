"""What an open quantity cost: by average, as the box's own position book reckons, and by lots, first in first out.

Quantities are shares, positive for bought; money is in 1/10 000.  Both keep ``realised - cost == -sum(change * price)``
exactly, so that with any mark they agree on the total.
"""

from collections import deque
from dataclasses import dataclass, field, replace


@dataclass(slots=True)
class AverageCost:
    """Average cost: a reducing fill takes its share of the cost along, rounded towards zero (position.h)."""

    quantity: int = 0
    cost: int = 0
    realised: int = 0

    def apply(self, change: int, price: int) -> int:
        """Book a fill; what it realised."""
        before = self.realised
        closing = _closing(self.quantity, change)
        if closing:
            share = abs(self.cost) * abs(closing) // abs(self.quantity)
            share = share if self.cost >= 0 else -share
            self.quantity += closing
            self.cost -= share
            self.realised -= closing * price + share
        self.quantity += change - closing
        self.cost += (change - closing) * price
        return self.realised - before

    def copy(self) -> "AverageCost":
        """One that goes its own way."""
        return replace(self)


@dataclass(slots=True)
class Lot:
    """Shares bought or sold together and still open; owner names the fill that opened them."""

    owner: int
    quantity: int
    price: int


@dataclass(slots=True)
class FifoCost:
    """First in, first out: a reducing fill closes the oldest lots, each at its own price."""

    quantity: int = 0
    cost: int = 0
    realised: int = 0
    lots: deque[Lot] = field(default_factory=deque)

    def apply(self, change: int, price: int, owner: int = 0) -> int:
        """Book a fill; what it realised."""
        before = self.realised
        while closing := _closing(self.quantity, change):
            closing = self._close(closing, price)
            change -= closing
        if change:
            self.lots.append(Lot(owner, change, price))
            self.quantity += change
            self.cost += change * price
        return self.realised - before

    def _close(self, closing: int, price: int) -> int:
        """Close as much of the oldest lot as there is; how much, signed like closing."""
        lot = self.lots[0]
        part = closing if abs(closing) < abs(lot.quantity) else -lot.quantity
        lot.quantity += part
        if not lot.quantity:
            self.lots.popleft()
        self.quantity += part
        self.cost += part * lot.price
        self.realised -= part * (price - lot.price)
        return part

    def copy(self) -> "FifoCost":
        """One that goes its own way."""
        return FifoCost(self.quantity, self.cost, self.realised, deque(replace(lot) for lot in self.lots))


def _closing(held: int, change: int) -> int:
    """The part of change that closes what is held."""
    if held * change >= 0:
        return 0
    return change if abs(change) <= abs(held) else -held
