"""What the order books promise beyond the oracle's reach: limits, tracking, sessions, states, replay."""

import struct
from pathlib import Path

import pytest

from tickwire.native import NativeError
from tickwire.native.book import BUY, SELL, Books, Change, Event, Fault, Level
from tickwire.native.book_replay import Replay, Stop

ROOT = Path(__file__).resolve().parents[2]


def header(kind: bytes, locate: int, time_ns: int = 0) -> bytes:
    return struct.pack(">c H H", kind, locate, 0) + time_ns.to_bytes(6, "big")


def add(
    reference: int, price: int, quantity: int = 100, side: bytes = b"B", locate: int = 1, time_ns: int = 0
) -> bytes:
    return header(b"A", locate, time_ns) + struct.pack(">Q c I 8s I", reference, side, quantity, b"TEST", price)


def delete(reference: int, locate: int = 1) -> bytes:
    return header(b"D", locate) + struct.pack(">Q", reference)


def directory(symbol: bytes, locate: int) -> bytes:
    return (header(b"R", locate) + symbol.ljust(8)).ljust(39)


def framed(*messages: bytes) -> bytes:
    return b"".join(struct.pack(">H", len(message)) + message for message in messages)


def test_an_order_beyond_the_maximum_is_refused_and_counted() -> None:
    books = Books(orders_max=2, levels_max=10)
    for reference in (1, 2):
        assert books.apply(add(reference, 100)).fault == Fault.NONE
    assert books.apply(add(3, 100)).fault == Fault.ORDERS_FULL
    books.apply(delete(1))
    assert books.apply(add(3, 100)).fault == Fault.NONE
    assert books.check() == 0


def test_a_level_beyond_the_maximum_is_refused_and_takes_no_order() -> None:
    books = Books(orders_max=10, levels_max=2)
    for reference, price in ((1, 100), (2, 200)):
        books.apply(add(reference, price))
    assert books.apply(add(3, 300)) == Event(1, 65535, Change.FAULT, Fault.LEVELS_FULL)
    assert books.apply(add(4, 200)).fault == Fault.NONE
    assert (books.stats().orders, books.order(3)) == (3, None)
    assert books.check() == 0


def test_a_replace_that_cannot_be_placed_still_removes_the_old_order() -> None:
    books = Books(orders_max=4, levels_max=1)
    books.apply(add(1, 100))
    books.apply(add(2, 100))
    event = books.apply(header(b"U", 1) + struct.pack(">Q Q I I", 1, 9, 50, 300))
    assert event.fault == Fault.LEVELS_FULL
    assert books.levels(1, BUY) == [Level(100, 100, 1)]
    assert books.check() == 0


def test_a_ladder_holds_tens_of_thousands_of_levels_and_then_refuses() -> None:
    books = Books(orders_max=70_000, levels_max=70_000, orders_start=1)
    replay = Replay(books)
    prices = [7919 * n % 65_536 + 1 for n in range(65_536)]  # each once, in a scattered order
    replay.run(framed(*(add(n, price, side=b"S") for n, price in enumerate(prices))))
    stats = books.stats()
    assert stats.faults == {Fault.LEVELS_FULL: 65_536 - 65_520}
    assert [level.price for level in books.levels(1, SELL)] == sorted(prices[:65_520])
    assert books.check() == 0


def test_only_tracked_instruments_have_books() -> None:
    books = Books(tracked_only=True)
    books.track(7, 3)
    assert books.apply(add(1, 100, locate=8)) == Event(8, 65535, Change.IGNORED, Fault.NONE)
    assert books.apply(add(1, 100, locate=7)).instrument == 3
    assert (books.stats().ignored, books.stats().orders) == (1, 1)


def test_a_watched_symbol_is_tracked_once_the_directory_names_it() -> None:
    books = Books(tracked_only=True)
    books.watch("AAPL", 5)
    assert books.apply(add(1, 100, locate=13)).changes == Change.IGNORED
    assert books.apply(directory(b"AAPL", 13)) == Event(13, 5, Change.STATE, Fault.NONE)
    assert books.apply(add(1, 100, locate=13)).instrument == 5
    assert (books.find_symbol("AAPL"), books.find_symbol("MSFT")) == (13, None)


def test_another_session_begins_with_nothing_but_what_is_tracked() -> None:
    books = Books(tracked_only=True)
    books.watch("AAPL", 5)
    books.track(7, 3)
    for message in (directory(b"AAPL", 13), add(1, 100, locate=13), add(2, 100, locate=7)):
        books.apply(message)
    books.reset()
    assert (books.locates(), books.stats().messages, books.find_symbol("AAPL")) == ([], 0, None)
    assert books.apply(add(1, 100, locate=13)).changes == Change.IGNORED
    assert books.apply(add(2, 100, locate=7)).instrument == 3
    books.apply(directory(b"AAPL", 21))
    assert books.apply(add(1, 100, locate=21)).instrument == 5


def test_a_crossed_book_stays_as_the_venue_says() -> None:
    books = Books()
    books.apply(add(1, 200, side=b"B"))
    books.apply(add(2, 100, 30, side=b"S"))
    assert books.best(1) == (200, 100, 100, 30)


def test_states_are_kept_as_the_venue_sends_them() -> None:
    books = Books()
    books.apply(directory(b"TEST", 1))
    books.apply(header(b"H", 1) + b"TEST    H LUDP")
    books.apply(header(b"Y", 1) + b"TEST    1")
    books.apply(header(b"h", 1) + b"TEST    BH")
    assert not books.instrument(1).halted  # another market
    books.apply(header(b"h", 1) + b"TEST    QH")
    books.apply(header(b"S", 0) + b"Q")
    books.apply(header(b"W", 0) + b"2")
    shown = books.instrument(1)
    assert (shown.symbol, shown.trading_action, shown.reason) == ("TEST", "H", "LUDP")
    assert (shown.reg_sho, shown.halted) == ("1", True)
    assert (books.stats().system_event, books.stats().breach_level) == ("Q", "2")


def test_a_cross_of_no_shares_is_no_trade_and_no_fault() -> None:
    books = Books()
    assert books.apply(header(b"Q", 1) + struct.pack(">Q 8s I Q c", 0, b"TEST", 0, 7, b"O")).changes == Change(0)


def test_quantities_of_a_level_add_up_beyond_32_bits() -> None:
    books = Books()
    for reference in range(3):
        books.apply(add(reference, 100, 2**32 - 1))
    assert books.best(1).bid_quantity == 3 * (2**32 - 1)


@pytest.mark.parametrize("settings", [{"orders_max": 0}, {"levels_max": 0}, {"orders_max": 4, "orders_start": 5}])
def test_impossible_maximums_are_refused(settings: dict[str, int]) -> None:
    with pytest.raises(NativeError, match="bad argument"):
        Books(**settings)


def test_a_replay_stops_before_the_first_later_message_and_goes_on_from_there() -> None:
    books = Books()
    replay = Replay(books)
    replay.stop_after(10)
    data = framed(add(1, 100, time_ns=10), add(2, 100, time_ns=11), add(3, 100, time_ns=10))
    assert (replay.run(data), replay.messages) == (Stop.TIME, 1)
    replay.stop_after(11)
    assert (replay.run(b""), replay.messages, replay.pending) == (Stop.MORE, 3, 0)


def test_a_replay_ends_at_the_end_marker() -> None:
    replay = Replay(Books())
    assert (replay.run(framed(add(1, 100)) + b"\0\0"), replay.pending) == (Stop.END, 2)


@pytest.mark.parametrize("size", [1, 7, 40, 1000])
def test_a_file_may_come_in_pieces_of_any_size(size: int) -> None:
    data = framed(*(add(n, 100 + n) for n in range(50)), *(delete(n) for n in range(50)))
    replay = Replay(Books(), record=True, row_capacity=3)
    rows = []
    for start in range(0, len(data), size):
        rows += [row for piece in replay.feed(data[start : start + size]) for row in piece["sequence"].tolist()]
    assert (replay.messages, replay.pending) == (100, 0)
    assert rows == [*range(1, 51), 100]  # the best order goes last
