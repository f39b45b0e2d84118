"""Tables of the segment as frozen dataclasses; prices and money in 1/10 000, times in ns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tickwire.native._native import lib
from tickwire.native.errors import NativeError
from tickwire.native.segment import Segment
from tickwire.native.table import Table

TRADING_STATES = {
    lib.TRADING_UNKNOWN: "unknown",
    lib.TRADING_OPEN: "open",
    lib.TRADING_HALTED: "halted",
    lib.TRADING_PAUSED: "paused",
    lib.TRADING_QUOTATION: "quotes",
}


@dataclass(frozen=True)
class Top:
    """An instrument's best prices; a side with quantity 0 is empty."""

    symbol: str
    bid_price: int = 0
    bid_quantity: int = 0
    ask_price: int = 0
    ask_quantity: int = 0
    last_price: int = 0
    last_quantity: int = 0
    trading_state: str = "unknown"
    stale: bool = True
    updates: int = 0


@dataclass(frozen=True)
class Position:
    """What the box holds of an instrument; ``known`` is False while the venue's record is being replayed."""

    symbol: str
    quantity: int = 0
    cost: int = 0
    realised: int = 0
    unrealised: int = 0
    mark: int = 0
    bought: int = 0
    sold: int = 0
    fills: int = 0
    open_orders: int = 0
    known: bool = False


def read_tops(segment: Segment, symbols: tuple[str, ...], venue: int = 0) -> tuple[Top, ...]:
    """Best prices of each configured symbol at a venue, in its order."""
    table = segment.table(f"top.{venue}", "market_top")
    return tuple(_top(symbol, _entry(table, index)) for index, symbol in enumerate(symbols))


def consolidate(tops: Sequence[Top]) -> Top:
    """The best of several venues: of those that are fresh, or of all when none is."""
    if len(tops) == 1:
        return tops[0]
    seen = [top for top in tops if not top.stale] or list(tops)
    bids, asks = ([top for top in seen if top.bid_quantity], [top for top in seen if top.ask_quantity])
    bid = max((top.bid_price for top in bids), default=0)
    ask = min((top.ask_price for top in asks), default=0)
    latest = max(seen, key=lambda top: top.updates)
    return replace(
        latest,
        bid_price=bid,
        bid_quantity=sum(top.bid_quantity for top in bids if top.bid_price == bid),
        ask_price=ask,
        ask_quantity=sum(top.ask_quantity for top in asks if top.ask_price == ask),
        updates=sum(top.updates for top in tops),
    )


def read_positions(segment: Segment, symbols: tuple[str, ...]) -> tuple[Position, ...]:
    """Position of each configured symbol, in its order."""
    table = segment.table("position", "position_entry")
    return tuple(_position(symbol, _entry(table, index)) for index, symbol in enumerate(symbols))


def _entry(table: Table, index: int) -> Any | None:
    """The entry; None when its writer died while changing it, until that stage has started again."""
    try:
        return table.read(index)
    except NativeError as error:
        if error.code != lib.ERROR_BUSY:
            raise
        return None


def _top(symbol: str, entry: Any | None) -> Top:
    if entry is None:
        return Top(symbol)
    last = entry.last
    return Top(
        symbol,
        last.bid_price[0],
        last.bid_quantity[0],
        last.ask_price[0],
        last.ask_quantity[0],
        last.last_price,
        last.last_quantity,
        TRADING_STATES.get(last.trading_state, "unknown"),
        bool(last.flags & lib.MARKET_STALE) or not entry.updates,
        entry.updates,
    )


def _position(symbol: str, entry: Any | None) -> Position:
    if entry is None:
        return Position(symbol)
    return Position(
        symbol,
        entry.quantity,
        entry.cost,
        entry.realised,
        entry.unrealised,
        entry.mark,
        entry.bought,
        entry.sold,
        entry.fills,
        entry.open_orders,
        bool(entry.known),
    )
