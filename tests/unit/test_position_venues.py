"""One position over two venues: what a venue's reset takes out, what it leaves, and when the sum is known."""

from typing import Any

from tickwire.native import ffi, lib
from tickwire.native.trading import PositionBook, record

FILL_LOG = 16384


class Box:
    """A live book of two venues."""

    def __init__(self) -> None:
        self.book = PositionBook(venue_count=2)
        for venue in (0, 1):
            self.replay(venue)

    def tell(self, kind: str, venue: int, number: int = 0, **fields: Any) -> int:
        order_id = venue << lib.ORDER_ID_VENUE_SHIFT | number
        made = {"order_id": order_id, "venue": venue} | fields
        return self.book.report(record("execution_report", kind=getattr(lib, f"REPORT_{kind}"), **made))

    def replay(self, venue: int) -> None:
        self.tell("RESET", venue)
        self.tell("LIVE", venue, next_user_ref=1)

    def trade(self, venue: int, signed: int, price: int, number: int = 1) -> None:
        side = lib.SIDE_BUY if signed > 0 else lib.SIDE_SELL
        self.tell("EXECUTED", venue, number, side=side, quantity=abs(signed), price=price, match_number=number)

    def mark(self, mid: int, at_ns: int, venue: int = 0, flags: int = 0) -> bool:
        touch = {"bid_price": [mid - 1], "ask_price": [mid + 1], "bid_quantity": [1], "ask_quantity": [1]}
        return self.book.mark(record("market_update", rx_ns=at_ns, venue=venue, flags=flags, **touch))

    @property
    def entry(self) -> Any:
        return self.book.entry(0)


def test_what_is_bought_at_one_venue_and_sold_at_the_other_is_realised() -> None:
    box = Box()
    box.trade(0, 100, 10_0000)
    box.trade(1, -100, 10_0100)
    assert (box.entry.quantity, box.entry.cost, box.entry.realised) == (0, 0, 100 * 100)


def test_a_reset_takes_out_one_venue_and_its_replay_brings_it_back() -> None:
    box = Box()
    box.trade(0, 100, 10_0000)
    box.trade(1, 50, 10_0200)
    box.tell("RESET", 0)
    assert (box.entry.quantity, box.entry.cost, box.entry.fills) == (50, 50 * 10_0200, 1)
    box.trade(0, 100, 10_0000)
    box.tell("LIVE", 0)
    assert (box.entry.quantity, box.entry.cost, box.entry.known) == (150, 100 * 10_0000 + 50 * 10_0200, 1)


def test_a_broken_trade_of_the_venue_that_was_not_reset_is_still_found() -> None:
    box = Box()
    box.trade(0, 100, 10_0000)
    box.trade(1, 50, 10_0200)
    box.tell("RESET", 0)
    assert box.tell("BROKEN", 1, 1, match_number=1) == lib.POSITION_BROKEN
    assert box.entry.quantity == 0


def test_fills_older_than_the_memory_leave_with_their_venue_too() -> None:
    box = Box()
    box.trade(0, 3, 10)
    box.trade(1, 5, 20)
    box.trade(1, -2, 30)
    for number in range(2, FILL_LOG + 2):
        box.trade(1, 1, 10, number)
    box.tell("RESET", 0)
    entry = box.entry
    assert (entry.quantity, entry.bought, entry.sold, entry.fills) == (FILL_LOG + 3, FILL_LOG + 5, 2, FILL_LOG + 2)
    assert entry.realised - entry.cost == entry.sold_value - entry.bought_value
    box.tell("RESET", 1)
    assert (box.entry.quantity, box.entry.cost, box.entry.realised, box.entry.fills) == (0, 0, 0, 0)


def test_resets_do_not_use_up_the_memory_of_fills() -> None:
    box = Box()
    box.trade(0, 3, 10)
    for _ in range(20):
        box.tell("RESET", 1)
        for number in range(1, FILL_LOG // 16):
            box.trade(1, 1, 10, number)
    assert box.tell("BROKEN", 0, 1, match_number=1) == lib.POSITION_BROKEN


def test_the_figures_are_known_only_while_every_venue_is_followed() -> None:
    box = Box()
    known = [box.entry.known]
    for kind, venue in (("DOWN", 1), ("RESET", 1), ("DOWN", 0), ("LIVE", 1), ("LIVE", 0)):
        box.tell(kind, venue)
        known.append(box.entry.known)
    assert known == [1, 0, 0, 0, 0, 1]


def test_a_fill_that_could_not_be_booked_is_doubtful_until_that_venue_is_reset() -> None:
    box = Box()
    box.tell("EXECUTED", 1, 1, quantity=0, price=1)
    box.replay(0)
    assert box.entry.known == 0
    box.replay(1)
    assert box.entry.known == 1


def test_working_orders_leave_with_their_venue() -> None:
    box = Box()
    for venue in (0, 1):
        for number in range(1, 130):
            box.tell("ACCEPTED", venue, number, leaves=1)
    box.tell("RESET", 0)
    assert box.entry.open_orders == 129
    box.tell("RESET", 1)
    assert box.entry.open_orders == 0


def test_the_mark_is_the_last_mid_of_any_fresh_venue_and_its_age_is_kept() -> None:
    box = Box()
    assert box.mark(100, at_ns=10)
    assert box.mark(104, at_ns=20, venue=1)
    assert not box.mark(100, at_ns=30, flags=lib.MARKET_STALE)
    assert (box.entry.mark, box.entry.marked_ns) == (104, 20)
    assert not box.mark(104, at_ns=30)
    assert box.mark(104, at_ns=20 + 100_000_000)
    assert box.entry.marked_ns == 20 + 100_000_000


def test_a_book_is_made_for_one_to_four_venues_and_ignores_others() -> None:
    out = ffi.new("struct position_book **")
    assert [lib.position_book_create(count, out) for count in (0, 5)] == [lib.ERROR_ARGUMENT] * 2
    box = Box()
    box.trade(2, 5, 10)
    assert box.entry.fills == 0
