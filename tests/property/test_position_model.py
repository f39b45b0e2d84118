"""The position book against exact fractions: average cost, flips, broken trades, and the identity that must hold."""

from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tickwire.native import lib
from tickwire.native.trading import PositionBook, record

INSTRUMENT = 5
FILLS = st.tuples(st.sampled_from([lib.SIDE_BUY, lib.SIDE_SELL]), st.integers(1, 400), st.integers(1, 2**32 - 1))
HISTORIES = st.lists(FILLS, max_size=40)


class Exact:
    """Average cost without rounding."""

    def __init__(self) -> None:
        self.quantity = 0
        self.average = Fraction(0)
        self.realised = Fraction(0)
        self.cash = 0

    def fill(self, side: int, quantity: int, price: int) -> None:
        change = quantity if side == lib.SIDE_BUY else -quantity
        self.cash -= change * price
        if self.quantity * change < 0:
            closed = min(abs(change), abs(self.quantity))
            sign = 1 if self.quantity > 0 else -1
            self.realised += sign * closed * (price - self.average)
            self.quantity -= sign * closed
            change += sign * closed
        if change:
            self.average = (self.average * self.quantity + change * price) / (self.quantity + change)
            self.quantity += change


def live_book(venue_count: int = 1) -> PositionBook:
    book = PositionBook(venue_count)
    for venue in range(venue_count):
        book.report(record("execution_report", kind=lib.REPORT_RESET, venue=venue))
        book.report(record("execution_report", kind=lib.REPORT_LIVE, venue=venue, next_user_ref=1))
    return book


def fill(book: PositionBook, index: int, side: int, quantity: int, price: int, venue: int = 0) -> None:
    effect = book.report(
        record(
            "execution_report",
            kind=lib.REPORT_EXECUTED,
            order_id=index + 1,
            match_number=index + 1000,
            instrument=INSTRUMENT,
            side=side,
            quantity=quantity,
            price=price,
            venue=venue,
        )
    )
    assert effect == lib.POSITION_FILLED


def mark(book: PositionBook, bid: int, ask: int) -> None:
    touch = {"bid_price": [bid], "bid_quantity": [1], "ask_price": [ask], "ask_quantity": [1]}
    book.mark(record("market_update", instrument=INSTRUMENT, **touch))


def figures(entry: Any) -> tuple[int, ...]:
    """Everything that fills decide."""
    return (
        entry.quantity,
        entry.cost,
        entry.realised,
        entry.unrealised,
        entry.bought,
        entry.sold,
        entry.bought_value,
        entry.sold_value,
        entry.fills,
    )


@given(HISTORIES, st.integers(1, 2**32 - 1), st.integers(1, 2**32 - 1))
def test_profit_is_cash_plus_what_the_position_is_worth_to_the_last_unit(
    history: list[tuple[int, int, int]], bid: int, ask: int
) -> None:
    book = live_book()
    mark(book, bid, ask)
    entry = book.entry(INSTRUMENT)
    exact = Exact()
    for index, item in enumerate(history):
        fill(book, index, *item)
        exact.fill(*item)
        assert entry.mark == (bid + ask) // 2
        assert entry.realised + entry.unrealised == exact.cash + entry.mark * entry.quantity
        assert entry.sold_value - entry.bought_value == exact.cash == entry.realised - entry.cost


@given(HISTORIES)
def test_realised_profit_is_exact_but_for_one_rounding_a_fill(history: list[tuple[int, int, int]]) -> None:
    book = live_book()
    exact = Exact()
    for index, item in enumerate(history):
        fill(book, index, *item)
        exact.fill(*item)
    entry = book.entry(INSTRUMENT)
    assert entry.quantity == exact.quantity
    assert abs(entry.realised - exact.realised) <= len(history)
    if entry.quantity == 0:
        assert entry.cost == 0
        assert entry.realised == exact.realised


@given(HISTORIES.filter(bool), st.data())
def test_a_broken_trade_leaves_the_book_as_if_it_had_never_been(
    history: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    broken = data.draw(st.integers(0, len(history) - 1))
    book, other = live_book(), live_book()
    for either in (book, other):
        mark(either, 500_000, 500_100)
    for index, item in enumerate(history):
        fill(book, index, *item)
        if index != broken:
            fill(other, index, *item)
    report = record(
        "execution_report",
        kind=lib.REPORT_BROKEN,
        order_id=broken + 1,
        match_number=broken + 1000,
        instrument=INSTRUMENT,
    )
    assert book.report(report) == lib.POSITION_BROKEN
    assert figures(book.entry(INSTRUMENT)) == figures(other.entry(INSTRUMENT))
    assert book.report(report) == lib.POSITION_UNKNOWN_BREAK


@given(HISTORIES, st.lists(st.integers(0, 2), min_size=40, max_size=40), st.integers(0, 2))
def test_a_venue_that_is_reset_leaves_the_book_as_if_it_had_never_been_there(
    history: list[tuple[int, int, int]], venues: list[int], reset: int
) -> None:
    book, other = live_book(venue_count=3), live_book(venue_count=3)
    for index, (item, venue) in enumerate(zip(history, venues, strict=False)):
        fill(book, index, *item, venue=venue)
        if venue != reset:
            fill(other, index, *item, venue=venue)
    book.report(record("execution_report", kind=lib.REPORT_RESET, venue=reset))
    assert figures(book.entry(INSTRUMENT)) == figures(other.entry(INSTRUMENT))
    book.report(record("execution_report", kind=lib.REPORT_LIVE, venue=reset))
    exact = Exact()
    for index, (item, venue) in enumerate(zip(history, venues, strict=False)):
        exact.fill(*item)
        if venue == reset:
            fill(book, index, *item, venue=venue)
    entry = book.entry(INSTRUMENT)
    assert (entry.quantity, entry.realised - entry.cost, entry.known) == (exact.quantity, exact.cash, 1)


REPORTS = st.fixed_dictionaries(
    {
        "kind": st.integers(0, 16),
        "order_id": st.integers(0, 6).map(lambda number: number % 2 << lib.ORDER_ID_VENUE_SHIFT | number),
        "venue": st.integers(0, 2),
        "target_order_id": st.integers(0, 6),
        "quantity": st.sampled_from([0, 1, 999_999, 1_000_000, 2**32 - 1]),
        "price": st.sampled_from([-(2**63), -1, 0, 1, 2**32 - 1, 2**32, 2**63 - 1]),
        "leaves": st.integers(0, 2),
        "sequence": st.integers(0, 8),
        "match_number": st.integers(0, 3),
        "instrument": st.sampled_from([INSTRUMENT, 256, 65535]),
        "side": st.integers(0, 3),
    }
)


@given(st.lists(REPORTS, max_size=60))
def test_no_report_however_absurd_breaks_the_identity(reports: list[dict[str, int]]) -> None:
    book = live_book(venue_count=2)
    entry = book.entry(INSTRUMENT)
    for fields in reports:
        book.report(record("execution_report", **fields))
        assert entry.realised - entry.cost == entry.sold_value - entry.bought_value
        assert entry.bought - entry.sold == entry.quantity
        assert entry.open_orders <= 7
