"""How much of a position may be closed: what is held, less what open orders may still take of it."""

from collections.abc import Iterable
from typing import Protocol

from tickwire.native import lib

Where = tuple[int, int, int]  # whose position: (instrument, strategy, account), net of venues


class OpenOrder(Protocol):
    """What is asked of an order that may still trade."""

    side: int
    leaves: int
    instrument: int
    strategy: int
    account: int


def where_of(order: OpenOrder) -> Where:
    """Whose position it trades."""
    return order.instrument, order.strategy, order.account


def closable(held: int, orders: Iterable[OpenOrder]) -> int:
    """Shares (signed, of the position) that can be closed whatever becomes of these open orders of it."""
    reducing = lib.SIDE_SELL if held > 0 else lib.SIDE_BUY
    taken = sum(order.leaves for order in orders if order.side == reducing)
    shares = max(0, abs(held) - taken)
    return shares if held > 0 else -shares
