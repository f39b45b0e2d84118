"""What becomes of history when accounts trade in it."""

from collections.abc import Callable

import pytest
import venue_wire as wire
from venue_wire import BUY, SELL

from tickwire.native.venue import Venue

PRICE = 1_000_000


@pytest.fixture
def venue() -> Venue:
    venue = Venue(["TWRA", "TWRB"])
    venue.street(wire.action("T"))
    venue.take_stream()
    return venue


def street(venue: Venue, *messages: bytes) -> list[bytes]:
    for message in messages:
        venue.street(message)
    return list(wire.frames(venue.take_stream()))


def enter(venue: Venue, urn: int, side: str, shares: int, price: int, account: int = 0, **more: str) -> list[bytes]:
    assert venue.order(account, wire.enter(urn, side, shares, price, **more), 5)  # type: ignore[arg-type]
    return list(wire.frames(venue.take_stream()))


def fills(venue: Venue, account: int = 0) -> list[tuple[object, ...]]:
    log = wire.reports(venue.log(account, 1, venue.log_count(account) + 1))
    return [(r["urn"], r["shares"], r["price"], r["liquidity"]) for r in log if r["type"] == "E"]


def test_history_passes_byte_for_byte_while_no_account_trades(venue: Venue) -> None:
    history = [
        wire.add(1, BUY, 100, PRICE),
        wire.add(2, SELL, 300, PRICE + 100),
        wire.executed(2, 100),
        wire.executed_price(2, 50, PRICE + 50),
        wire.canceled(2, 150),
        wire.replaced(1, 3, 200, PRICE - 100),
        wire.deleted(3),
        wire.executed(77, 5),
        wire.deleted(78),
        wire.header("P") + bytes(33),
        b"?",
    ]
    assert street(venue, *history) == history


def test_the_street_may_stand_crossed_with_itself(venue: Venue) -> None:
    history = [wire.add(1, BUY, 100, PRICE), wire.add(2, SELL, 100, PRICE - 500)]
    assert street(venue, *history) == history
    assert [level.price for level in venue.depth(1, BUY)] == [PRICE]
    assert [level.price for level in venue.depth(1, SELL)] == [PRICE - 500]


def test_an_arriving_street_order_trades_with_the_accounts_it_crosses_and_the_rest_of_it_rests(venue: Venue) -> None:
    enter(venue, 1, "S", 60, PRICE + 100)
    enter(venue, 2, "S", 40, PRICE)
    out = street(venue, wire.add(5, BUY, 200, PRICE + 100))
    assert [chr(message[0]) for message in out] == ["E", "E", "A"]
    assert out[-1] == wire.add(5, BUY, 100, PRICE + 100)
    assert fills(venue) == [(2, 40, PRICE, "A"), (1, 60, PRICE + 100, "A")]


def test_an_historical_aggressor_serves_earlier_and_better_accounts_first(venue: Venue) -> None:
    enter(venue, 1, "B", 10, PRICE)  # earlier at the same price
    street(venue, wire.add(5, BUY, 100, PRICE))
    enter(venue, 2, "B", 10, PRICE + 100)  # better
    enter(venue, 3, "B", 10, PRICE)  # later at the same price
    out = street(venue, wire.executed(5, 50, match=4))
    assert fills(venue) == [(2, 10, PRICE + 100, "A"), (1, 10, PRICE, "A")]
    assert out[-1] == wire.executed(5, 30, match=4)


def test_what_history_ends_is_deleted_with_what_accounts_saved_of_it(venue: Venue) -> None:
    enter(venue, 1, "B", 30, PRICE)
    street(venue, wire.add(5, BUY, 100, PRICE))
    out = street(venue, wire.executed(5, 100, match=4))
    assert out[1:] == [wire.executed(5, 70, match=4), wire.deleted(5)]
    assert venue.depth(1, BUY) == []


def test_later_history_of_shares_that_accounts_took_is_clamped(venue: Venue) -> None:
    street(venue, wire.add(5, SELL, 100, PRICE), wire.add(6, SELL, 100, PRICE + 100))
    enter(venue, 1, "B", 80, PRICE)
    assert street(venue, wire.executed(5, 50, match=4)) == [wire.executed(5, 20, match=4)]
    assert street(venue, wire.canceled(5, 50)) == []  # history is done with it, and so were we
    assert venue.counters()["street_clamped"] == 2
    enter(venue, 2, "B", 100, PRICE + 100)
    assert street(venue, wire.deleted(6)) == []
    assert venue.counters()["street_orders"] == 0


def test_an_aggressor_history_sends_to_a_consumed_order_still_serves_accounts(venue: Venue) -> None:
    enter(venue, 1, "B", 10, PRICE - 100)
    street(venue, wire.add(5, BUY, 100, PRICE - 100))
    enter(venue, 2, "S", 110, PRICE - 100, account=1)  # takes both
    enter(venue, 3, "B", 25, PRICE)
    street(venue, wire.executed(5, 100, match=4))
    assert fills(venue)[-1] == (3, 25, PRICE, "A")


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        (0, lambda: [wire.replaced(5, 6, 150, PRICE + 100)]),
        (40, lambda: [wire.replaced(5, 6, 110, PRICE + 100)]),
        (100, lambda: [wire.add(6, SELL, 50, PRICE + 100)]),
    ],
)
def test_a_replace_keeps_the_shares_taken_taken(venue: Venue, taken: int, expected: Callable[[], list[bytes]]) -> None:
    street(venue, wire.add(5, SELL, 100, PRICE))
    if taken:
        enter(venue, 1, "B", taken, PRICE)
    out = street(venue, wire.replaced(5, 6, 150, PRICE + 100))
    assert [message[:1] + message[11:] for message in out] == [message[:1] + message[11:] for message in expected()]


def test_a_replace_that_crosses_accounts_trades_with_them(venue: Venue) -> None:
    street(venue, wire.add(5, SELL, 100, PRICE + 500))
    enter(venue, 1, "B", 30, PRICE)
    out = street(venue, wire.replaced(5, 6, 100, PRICE))
    assert [chr(message[0]) for message in out] == ["E", "U"]
    assert out[1] == wire.replaced(5, 6, 70, PRICE)
    out = street(venue, wire.replaced(6, 7, 70, PRICE + 100))
    assert out == [wire.replaced(6, 7, 40, PRICE + 100)]  # 30 of what history has were sold


def test_a_halt_takes_the_accounts_orders_out_and_trading_lets_them_in_again(venue: Venue) -> None:
    enter(venue, 1, "B", 30, PRICE)
    out = street(venue, wire.action("H"))
    assert [chr(message[0]) for message in out] == ["H", "D"]
    enter(venue, 2, "B", 30, PRICE)
    street(venue, wire.action("T"))
    enter(venue, 3, "B", 30, PRICE)
    log = wire.reports(venue.log(0, 1, venue.log_count(0) + 1))
    assert [(r["type"], r.get("reason")) for r in log[2:]] == [("C", "H"), ("J", 7), ("A", None)]


def test_the_end_of_system_hours_closes_the_venue(venue: Venue) -> None:
    enter(venue, 1, "B", 30, PRICE)
    street(venue, wire.system("E"))
    enter(venue, 2, "B", 30, PRICE)
    log = wire.reports(venue.log(0, 1, venue.log_count(0) + 1))
    assert [(r["type"], r.get("reason")) for r in log[2:]] == [("C", "E"), ("J", 2)]


def test_a_full_pool_passes_the_street_on_and_refuses_accounts() -> None:
    venue = Venue(["TWRA"], order_count_max=2)
    messages = [wire.add(ref, BUY, 100, PRICE) for ref in (1, 2, 3)]
    assert street(venue, *messages) == messages
    assert venue.counters()["street_untracked"] == 1
    enter(venue, 1, "S", 10, PRICE)
    assert wire.reports(venue.log(0, 2, 3))[0]["reason"] == 10
    street(venue, wire.deleted(1))
    enter(venue, 2, "S", 10, PRICE)
    assert fills(venue) == [(2, 10, PRICE, "R")]


def test_a_reference_of_zero_is_nobodys(venue: Venue) -> None:
    street(venue, wire.add(1, BUY, 10, PRICE), wire.deleted(1))  # the table once held something
    history = [wire.add(0, BUY, 10, PRICE), wire.executed(0, 5), wire.canceled(0, 5), wire.replaced(0, 2, 5, PRICE)]
    assert street(venue, *history, wire.deleted(0)) == [*history, wire.deleted(0)]
    assert venue.counters()["street_orders"] == 0


def test_references_reserved_for_accounts_are_not_confused_with_the_streets(venue: Venue) -> None:
    enter(venue, 1, "B", 10, PRICE)
    history = [wire.add(wire.OWN + 1, BUY, 10, PRICE), wire.deleted((1 << 63) + 1), wire.deleted(wire.OWN + 1)]
    assert street(venue, *history) == history
    assert venue.depth(1, BUY)[0].quantity == 10
