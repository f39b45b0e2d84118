"""The order books of a feed as a Python object."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Any, NamedTuple

from tickwire.native._native import ffi, lib
from tickwire.native.errors import check

BUY: int = lib.SIDE_BUY
SELL: int = lib.SIDE_SELL


class Change(IntFlag):
    """What a message changed; more than one may be set."""

    BEST_BID = lib.BOOK_BEST_BID
    BEST_ASK = lib.BOOK_BEST_ASK
    TOP_BID = lib.BOOK_TOP_BID
    TOP_ASK = lib.BOOK_TOP_ASK
    DEEP = lib.BOOK_DEEP
    TRADE = lib.BOOK_TRADE
    STATE = lib.BOOK_STATE
    FAULT = lib.BOOK_FAULT
    IGNORED = lib.BOOK_IGNORED


class Fault(IntEnum):
    """What was wrong with a message."""

    NONE = lib.BOOK_FAULT_NONE
    SIZE = lib.BOOK_FAULT_SIZE
    TYPE = lib.BOOK_FAULT_TYPE
    UNKNOWN_ORDER = lib.BOOK_FAULT_UNKNOWN_ORDER
    DUPLICATE_ORDER = lib.BOOK_FAULT_DUPLICATE_ORDER
    LOCATE = lib.BOOK_FAULT_LOCATE
    SIDE = lib.BOOK_FAULT_SIDE
    PRICE = lib.BOOK_FAULT_PRICE
    QUANTITY = lib.BOOK_FAULT_QUANTITY
    EXCESS = lib.BOOK_FAULT_EXCESS
    ORDERS_FULL = lib.BOOK_FAULT_ORDERS_FULL
    LEVELS_FULL = lib.BOOK_FAULT_LEVELS_FULL


class Event(NamedTuple):
    """What one message did."""

    locate: int
    instrument: int
    changes: Change
    fault: Fault


class Best(NamedTuple):
    """Best bid and offer, prices in 1/10 000; an empty side is 0, 0."""

    bid_price: int
    bid_quantity: int
    ask_price: int
    ask_quantity: int


class Level(NamedTuple):
    """One price, in 1/10 000, and what rests there."""

    price: int
    quantity: int
    orders: int


class Order(NamedTuple):
    """One resting order."""

    reference: int
    locate: int
    side: int
    price: int
    quantity: int
    attribution: str


class Queue(NamedTuple):
    """Where an order stands at its price."""

    quantity_ahead: int
    orders_ahead: int
    orders_behind: int


@dataclass(frozen=True)
class Instrument:
    """Last trade and trading state of one instrument; codes are the venue's letters, empty when never said."""

    symbol: str
    volume: int
    trades: int
    last_match: int
    last_price: int
    last_quantity: int
    last_side: int
    trading_action: str
    reg_sho: str
    halted: bool
    reason: str


@dataclass(frozen=True)
class BookStats:
    """Totals of a set; ``types`` by message letter, ``faults`` by reason, both without their zeros."""

    messages: int
    ignored: int
    types: dict[str, int]
    faults: dict[Fault, int]
    orders: int
    orders_max: int
    levels: int
    levels_max: int
    venue_ns: int
    system_event: str
    breach_level: str


def _letter(code: int) -> str:
    return chr(code) if code else ""


def _text(raw: Any) -> str:
    return bytes(ffi.buffer(raw)).decode("latin-1").strip(" \0")


def _symbol(symbol: str) -> bytes:
    padded = symbol.encode("ascii").ljust(8)
    if len(padded) != 8:
        raise ValueError(f"{symbol!r} is longer than a stock symbol")
    return padded


def _order(raw: Any) -> Order:
    attribution = raw.attribution.to_bytes(4, "little").decode("latin-1").strip(" \0")
    return Order(raw.reference, raw.locate, raw.side, raw.price, raw.quantity, attribution)


class Books:
    """All books of one feed; see ``native/include/tickwire/book.h`` for what each call promises."""

    def __init__(
        self, orders_max: int = 1 << 20, levels_max: int = 1 << 20, orders_start: int = 0, tracked_only: bool = False
    ) -> None:
        config = ffi.new(
            "struct book_config *",
            {
                "order_count_max": orders_max,
                "level_count_max": levels_max,
                "order_count_start": orders_start,
                "tracked_only": tracked_only,
            },
        )
        made = ffi.new("struct book_set **")
        check(lib.book_create(config, made), "cannot make the order books")
        self._set = ffi.gc(made[0], lib.book_destroy)

    def track(self, locate: int, instrument: int) -> None:
        """Give locate a book that events call instrument."""
        lib.book_track(self._set, locate, instrument)

    def watch(self, symbol: str, instrument: int) -> None:
        """Track symbol as soon as the stock directory names its locate."""
        check(lib.book_watch(self._set, _symbol(symbol), instrument), f"cannot watch {symbol}")

    def reset(self) -> None:
        """Forget everything but what is tracked."""
        lib.book_reset(self._set)

    def apply(self, message: bytes) -> Event:
        """Apply one ITCH message (no length prefix)."""
        event = lib.book_apply(self._set, message, len(message))
        return Event(event.locate, event.instrument, Change(event.changes), Fault(event.fault))

    def best(self, locate: int) -> Best:
        """Best bid and offer."""
        best = ffi.new("struct book_best *")
        lib.book_best(self._set, locate, best)
        return Best(best.bid_price, best.bid_quantity, best.ask_price, best.ask_quantity)

    def levels(self, locate: int, side: int, depth: int | None = None) -> list[Level]:
        """The first depth price levels of a side (all by default), best first."""
        count = lib.book_level_count(self._set, locate, side)
        wanted = count if depth is None else min(depth, count)
        levels = ffi.new("struct book_level[]", wanted)
        found = lib.book_levels(self._set, locate, side, levels, wanted)
        return [Level(levels[i].price, levels[i].quantity, levels[i].order_count) for i in range(found)]

    def orders(self, locate: int, side: int) -> list[Order]:
        """Every order of a side, best price first, first in queue first."""
        count = sum(level.orders for level in self.levels(locate, side))
        orders = ffi.new("struct book_order[]", count)
        found = lib.book_orders(self._set, locate, side, orders, count)
        return [_order(orders[i]) for i in range(found)]

    def order(self, reference: int) -> Order | None:
        """The resting order of that reference."""
        order = ffi.new("struct book_order *")
        return None if lib.book_find_order(self._set, reference, order) < 0 else _order(order)

    def queue(self, reference: int) -> Queue | None:
        """Where the order of that reference stands."""
        queue = ffi.new("struct book_queue *")
        if lib.book_find_queue(self._set, reference, queue) < 0:
            return None
        return Queue(queue.quantity_ahead, queue.orders_ahead, queue.orders_behind)

    def instrument(self, locate: int) -> Instrument:
        """Last trade and trading state."""
        raw = ffi.new("struct book_instrument *")
        lib.book_get_instrument(self._set, locate, raw)
        return Instrument(
            symbol=_text(raw.symbol),
            volume=raw.volume,
            trades=raw.trades,
            last_match=raw.last_match,
            last_price=raw.last_price,
            last_quantity=raw.last_quantity,
            last_side=raw.last_side,
            trading_action=_letter(raw.trading_action),
            reg_sho=_letter(raw.reg_sho),
            halted=bool(raw.halted),
            reason=_text(raw.reason),
        )

    def locates(self) -> list[int]:
        """Locates of the instruments that have any order."""
        sides = (lib.SIDE_BUY, lib.SIDE_SELL)
        count, every = lib.book_level_count, range(lib.BOOK_LOCATE_COUNT)
        return [locate for locate in every if any(count(self._set, locate, side) for side in sides)]

    def find_symbol(self, symbol: str) -> int | None:
        """The locate the stock directory gave symbol."""
        locate = lib.book_find_symbol(self._set, _symbol(symbol))
        return None if locate < 0 else int(locate)

    def stats(self) -> BookStats:
        """Totals so far."""
        raw = ffi.new("struct book_stats *")
        lib.book_get_stats(self._set, raw)
        return BookStats(
            messages=raw.messages,
            ignored=raw.ignored,
            types={chr(letter): count for letter, count in enumerate(raw.types) if count},
            faults={Fault(fault): count for fault, count in enumerate(raw.faults) if count},
            orders=raw.orders,
            orders_max=raw.orders_max,
            levels=raw.levels,
            levels_max=raw.levels_max,
            venue_ns=raw.venue_ns,
            system_event=_letter(raw.system_event),
            breach_level=_letter(raw.breach_level),
        )

    def check(self) -> int:
        """0 when every invariant holds, else the line of the one that does not.  Slow."""
        return int(lib.book_check(self._set))

    @property
    def pointer(self) -> Any:
        """The ``struct book_set *``, for other wrappers of this package."""
        return self._set
