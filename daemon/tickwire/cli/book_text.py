"""What ``tickwire book`` shows: ladders and the summary, for people and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from rich.console import Console
from rich.table import Table

from tickwire.native import lib
from tickwire.native.book import BookStats, Instrument, Level

SECOND_NS = 10**9
FAULT_TEXT = {
    "SIZE": "not the size of their type",
    "TYPE": "of an unknown type",
    "UNKNOWN_ORDER": "naming an unknown order",
    "DUPLICATE_ORDER": "with an order reference already taken",
    "LOCATE": "naming another instrument's order",
    "SIDE": "on neither side",
    "PRICE": "with an impossible price",
    "QUANTITY": "with no quantity",
    "EXCESS": "taking more than an order had left",
    "ORDERS_FULL": "beyond the maximum of orders",
    "LEVELS_FULL": "beyond the maximum of price levels",
}


@dataclass(frozen=True)
class BookView:
    """The first levels of one book."""

    locate: int
    instrument: Instrument
    bids: list[Level]
    asks: list[Level]

    def as_json(self) -> dict[str, Any]:
        """Levels as [price_1e4, quantity, orders]."""
        return {
            "locate": self.locate,
            "symbol": self.instrument.symbol,
            "trading_action": self.instrument.trading_action,
            "last_price_1e4": self.instrument.last_price,
            "last_quantity": self.instrument.last_quantity,
            "bids": [list(level) for level in self.bids],
            "asks": [list(level) for level in self.asks],
        }


@dataclass(frozen=True)
class Summary:
    """What a file held."""

    path: str
    stats: BookStats
    views: list[BookView]
    at_ns: int | None

    def as_json(self) -> dict[str, Any]:
        """Everything, faults under their names."""
        stats = self.stats
        return {
            "file": self.path,
            "at_ns": self.at_ns,
            "last_message_ns": stats.venue_ns,
            "messages": stats.messages,
            "ignored": stats.ignored,
            "types": stats.types,
            "faults": {fault.name.lower(): count for fault, count in stats.faults.items()},
            "orders": stats.orders,
            "orders_max": stats.orders_max,
            "levels": stats.levels,
            "levels_max": stats.levels_max,
            "books": [view.as_json() for view in self.views],
        }


def price_text(price: int) -> str:
    """1/10 000 as a decimal number: two places, four where they matter."""
    whole, fraction = divmod(price, lib.PRICE_SCALE)
    return f"{whole}.{fraction // 100:02d}" if fraction % 100 == 0 else f"{whole}.{fraction:04d}"


def time_text(venue_ns: int) -> str:
    """Nanoseconds since midnight as HH:MM:SS.fraction."""
    seconds, fraction = divmod(venue_ns, SECOND_NS)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{fraction:09d}"


def print_ladder(console: Console, view: BookView, at_ns: int | None) -> None:
    """One book: bids on the left, offers on the right, the best at the top."""
    name = view.instrument.symbol or f"locate {view.locate}"
    when = "at the end of the file" if at_ns is None else f"at {time_text(at_ns)}"
    console.print(f"{name} {when}", soft_wrap=True)
    table = Table()
    for heading in ("orders", "bid size", "bid", "ask", "ask size", "orders"):
        table.add_column(heading, justify="right")
    for bid, ask in zip_longest(view.bids, view.asks):
        left = (str(bid.orders), str(bid.quantity), price_text(bid.price)) if bid else ("", "", "")
        right = (price_text(ask.price), str(ask.quantity), str(ask.orders)) if ask else ("", "", "")
        table.add_row(*left, *right)
    console.print(table)


def print_summary(console: Console, summary: Summary) -> None:
    """Counts by type and by fault, and what is left in the books."""
    stats = summary.stats
    types = "  ".join(f"{letter} {count}" for letter, count in stats.types.items())
    console.print(f"{stats.messages} messages up to {time_text(stats.venue_ns)}: {types}", soft_wrap=True)
    for fault, count in stats.faults.items():
        console.print(f"{count} {FAULT_TEXT[fault.name]}", soft_wrap=True)
    if stats.ignored:
        console.print(f"{stats.ignored} of other instruments", soft_wrap=True)
    console.print(
        f"{stats.orders} orders on {stats.levels} price levels are left; "
        f"at most {stats.orders_max} on {stats.levels_max}",
        soft_wrap=True,
    )
