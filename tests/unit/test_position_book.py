"""Quantity, cost and profit on examples a person can check."""

from typing import Any

import pytest

from tickwire.native import lib
from tickwire.native.trading import PositionBook, record

FILL_LOG = 16384


def report(kind: str, **fields: Any) -> Any:
    return record("execution_report", kind=getattr(lib, f"REPORT_{kind}"), **fields)


@pytest.fixture
def book() -> PositionBook:
    made = PositionBook()
    made.report(report("RESET"))
    made.report(report("LIVE", next_user_ref=1))
    return made


def trade(book: PositionBook, signed: int, price: int, match: int = 0) -> int:
    side = lib.SIDE_BUY if signed > 0 else lib.SIDE_SELL
    return book.report(
        report("EXECUTED", side=side, quantity=abs(signed), price=price, match_number=match, order_id=match)
    )


def test_a_round_trip_realises_the_difference(book: PositionBook) -> None:
    trade(book, 100, 10_0000)
    trade(book, -100, 10_0100)
    entry = book.entry(0)
    assert (entry.quantity, entry.cost, entry.realised) == (0, 0, 100 * 100)


def test_a_flip_through_zero_closes_first(book: PositionBook) -> None:
    trade(book, 100, 10_0000)
    trade(book, -150, 11_0000)
    entry = book.entry(0)
    assert (entry.quantity, entry.cost, entry.realised) == (-50, -50 * 11_0000, 100 * 1_0000)


def test_rounding_leaves_the_remainder_in_the_cost(book: PositionBook) -> None:
    for price in (10, 10, 11):
        trade(book, 1, price)
    trade(book, -1, 10)
    assert (book.entry(0).cost, book.entry(0).realised) == (21, 0)
    trade(book, -2, 10)
    assert (book.entry(0).cost, book.entry(0).realised) == (0, -1)


def test_without_a_mark_nothing_is_unrealised(book: PositionBook) -> None:
    trade(book, 100, 10_0000)
    assert (book.entry(0).mark, book.entry(0).unrealised) == (0, 0)


@pytest.mark.parametrize(
    "changes", [{"flags": lib.MARKET_STALE}, {"bid_quantity": [0]}, {"ask_quantity": [0]}, {"instrument": 256}]
)
def test_a_market_without_a_mid_moves_no_mark(book: PositionBook, changes: dict[str, Any]) -> None:
    touch = {"bid_price": [10_0000], "bid_quantity": [1], "ask_price": [10_0200], "ask_quantity": [1], "rx_ns": 9}
    assert not book.mark(record("market_update", **touch | changes))
    assert book.mark(record("market_update", **touch))
    assert (book.entry(0).mark, book.entry(0).marked_ns) == (10_0100, 9)


def test_figures_are_known_only_while_the_session_is_followed() -> None:
    book = PositionBook()
    known = []
    for kind in ("LIVE", "RESET", "LIVE", "DOWN", "LIVE", "RESET"):
        book.report(report(kind))
        known.append(book.entry(0).known)
    assert known == [0, 0, 1, 0, 1, 0]


def test_a_reset_forgets_fills_but_not_the_mark(book: PositionBook) -> None:
    book.mark(record("market_update", bid_price=[10], bid_quantity=[1], ask_price=[12], ask_quantity=[1]))
    trade(book, 5, 10)
    book.report(report("RESET"))
    assert (book.entry(0).quantity, book.entry(0).bought, book.entry(0).mark) == (0, 0, 11)


@pytest.mark.parametrize("fields", [{"price": 0}, {"price": 2**32}, {"quantity": 0}, {"quantity": 10**6}])
def test_an_impossible_fill_is_refused_and_the_figures_distrusted(book: PositionBook, fields: dict[str, int]) -> None:
    usual = {"price": 10, "quantity": 1, "instrument": 2}
    assert book.report(report("EXECUTED", **usual | fields)) == lib.POSITION_REFUSED
    assert (book.entry(2).known, book.entry(2).quantity, book.entry(1).known) == (0, 0, 1)


def test_a_fill_of_nobody_knows_what_makes_every_figure_doubtful(book: PositionBook) -> None:
    effect = book.report(report("EXECUTED", price=10, quantity=1, side=lib.SIDE_NONE, instrument=lib.INSTRUMENT_NONE))
    assert effect == lib.POSITION_REFUSED
    assert not any(book.entry(instrument).known for instrument in range(lib.INSTRUMENT_COUNT_MAX))


def test_working_orders_are_counted(book: PositionBook) -> None:
    book.report(report("ACCEPTED", order_id=1, leaves=10))
    book.report(report("ACCEPTED", order_id=2, leaves=10))
    book.report(report("REPLACED", order_id=3, target_order_id=1, leaves=5))
    assert book.entry(0).open_orders == 2
    book.report(report("CANCELED", order_id=3, leaves=0))
    book.report(report("CANCELED", order_id=2, leaves=4))
    assert book.entry(0).open_orders == 1


def test_a_trade_older_than_the_memory_of_fills_cannot_be_undone_but_later_ones_can(book: PositionBook) -> None:
    for match in range(1, FILL_LOG + 2):
        trade(book, 1, 10, match)
    assert book.report(report("BROKEN", order_id=2, match_number=2)) == lib.POSITION_BROKEN
    assert (book.entry(0).quantity, book.entry(0).known) == (FILL_LOG, 1)
    assert book.report(report("BROKEN", order_id=1, match_number=1)) == lib.POSITION_UNKNOWN_BREAK
    assert (book.entry(0).quantity, book.entry(0).known) == (FILL_LOG, 0)
