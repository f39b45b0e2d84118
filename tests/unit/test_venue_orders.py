"""OUCH 5.0 as accounts see it."""

import struct

import pytest
import venue_wire as wire
from venue_desk import Desk, kinds
from venue_wire import BUY, SELL

from tickwire.native.venue import Venue

PRICE = 1_000_000


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.venue.street(wire.add(1, SELL, 100, PRICE))
    desk.venue.street(wire.add(2, SELL, 100, PRICE + 100))
    desk.venue.street(wire.add(3, BUY, 100, PRICE - 200))
    desk.public()
    return desk


def test_every_log_starts_with_the_start_of_the_day() -> None:
    venue = Venue(["TWRA"])
    assert wire.reports(venue.log(0, 1, 2)) == [{"type": "S", "time": 0, "event": "S"}]


def test_an_order_is_accepted_as_it_was_entered(desk: Desk) -> None:
    firm = b"\x05\x02TWRA"
    (accepted,) = desk.send(wire.enter(7, "B", 100, PRICE - 100, token="T0000000000001", options=firm))
    assert accepted == {
        "type": "A", "time": 7, "urn": 7, "side": "B", "shares": 100, "symbol": "AAPL", "price": PRICE - 100,
        "tif": "0", "display": "Y", "ref": wire.OWN + 1, "capacity": "P", "iso": "N", "cross": "N", "state": "L",
        "token": "T0000000000001",
    }  # fmt: skip
    assert desk.venue.log(0, 2, 3)[-8:] == b"\x00\x06" + firm  # the options come back


def test_an_aggressor_trades_price_by_price_and_the_rest_of_it_rests(desk: Desk) -> None:
    told = desk.send(wire.enter(1, "B", 250, PRICE + 100))
    assert kinds(told) == [("A", 250, None), ("E", 100, "R"), ("E", 100, "R")]
    assert [r["price"] for r in told[1:]] == [PRICE, PRICE + 100]
    assert desk.public() == ["E", "E", "A"]
    assert desk.venue.depth(1, BUY)[0].quantity == 50


def test_accounts_trade_with_each_other_at_the_resting_price(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 100, PRICE - 100))
    told = desk.send(wire.enter(1, "S", 40, PRICE - 200), account=1)
    assert [(r["price"], r["liquidity"]) for r in told if r["type"] == "E"] == [(PRICE - 100, "R")]
    (fill,) = desk.told(0)
    assert (fill["shares"], fill["liquidity"], fill["match"]) == (40, "A", told[1]["match"])


def test_what_an_immediate_order_cannot_trade_is_canceled(desk: Desk) -> None:
    assert kinds(desk.send(wire.enter(1, "B", 150, PRICE, tif="3"))) == [
        ("A", 150, None),
        ("E", 100, "R"),
        ("C", 50, "I"),
    ]
    assert kinds(desk.send(wire.enter(2, "B", 50, PRICE, tif="3"))) == [("A", 50, None), ("C", 50, "I")]
    assert desk.public() == ["E"]


def test_a_market_order_takes_what_there_is_at_any_price(desk: Desk) -> None:
    told = desk.send(wire.enter(1, "B", 500, wire.MARKET))
    assert kinds(told) == [("A", 500, None), ("E", 100, "R"), ("E", 100, "R"), ("C", 300, "I")]


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (wire.enter(1, "B", 100, PRICE, symbol="NOPE"), 0x17),
        (wire.enter(1, "X", 100, PRICE), 0x09),
        (wire.enter(1, "B", 0, PRICE), 0x13),
        (wire.enter(1, "B", 1_000_000, PRICE), 0x13),
        (wire.enter(1, "B", 100, 0), 0x1D),
        (wire.enter(1, "B", 100, 2_000_000_000), 0x1D),
        (wire.enter(1, "B", 100, PRICE + 1), 0x1D),
        (wire.enter(1, "B", 100, 1 << 40), 0x1D),
        (wire.enter(1, "B", 100, PRICE, tif="6"), 0x0F),
        (wire.enter(1, "B", 100, PRICE, tif="0", options=wire.expires(5)), 0x0F),
        (wire.enter(1, "B", 100, PRICE, tif="E"), 0x0F),
        (wire.enter(1, "B", 100, PRICE, display="?"), 0x03),
        (wire.enter(1, "B", 100, PRICE, capacity="?"), 0x0F),
        (wire.enter(1, "B", 100, PRICE, cross="O"), 0x14),
        (wire.enter(1, "B", 100, PRICE, options=b"\x05\x02ELSE"), 0x0C),
        (wire.enter(1, "B", 100, PRICE, options=wire.minimum(101)), 0x0D),
        (wire.enter(1, "B", 100, PRICE, options=wire.reserve(101)), 0x04),
        (wire.enter(1, "B", 100, PRICE, display="N", options=wire.reserve(50)), 0x04),
        (wire.enter(1, "B", 100, PRICE, options=wire.reserve(50) + wire.minimum(50)), 0x04),
        (wire.enter(1, "B", 100, PRICE, options=wire.peg("Q")), 0x11),
        (wire.enter(1, "B", 100, PRICE, options=wire.peg("L", 100)), 0x05),
        (wire.enter(1, "B", 100, PRICE, options=wire.peg("R", 50)), 0x1D),
        (wire.enter(1, "B", 100, PRICE, options=wire.peg("M")), 0x03),
        (wire.enter(1, "B", 100, PRICE, options=wire.option(9, PRICE, 8)), 0x0F),
        (wire.enter(1, "B", 100, PRICE, options=wire.option(13, 100)), 0x0F),
        (wire.enter(1, "B", 100, PRICE, options=wire.option(14, "SCAN")), 0x16),
        (wire.enter(1, "B", 100, PRICE, options=wire.option(17, "I")), 0x0F),
        (wire.enter(1, "B", 100, PRICE, options=wire.option(29, "A")), 0x40),
        (wire.enter(1, "B", 100, PRICE, options=b"\x02\x04R"), 0x1A),
    ],
)
def test_an_order_this_venue_cannot_take_is_rejected_with_its_reason(desk: Desk, order: bytes, reason: int) -> None:
    (rejected,) = desk.send(order)
    assert (rejected["type"], rejected["urn"], rejected["reason"]) == ("J", 1, reason)
    assert desk.public() == []
    assert kinds(desk.send(wire.enter(2, "B", 100, PRICE - 100))) == [("A", 100, None)]


def test_a_user_reference_that_does_not_rise_is_ignored(desk: Desk) -> None:
    desk.send(wire.enter(5, "B", 100, PRICE - 100))
    for urn in (5, 4, 0):
        assert desk.send(wire.enter(urn, "B", 100, PRICE - 100)) == []
        assert desk.send(wire.mass_cancel(urn)) == []
        assert desk.send(wire.replace(5, urn, 100, PRICE - 100)) == []
    assert desk.venue.counters()["ignored"] == 9
    assert desk.send(wire.enter(5, "B", 1, PRICE - 100), account=1) != []  # every account counts for itself


def test_a_cancel_brings_an_order_down_to_a_size_intended_for_its_whole_life(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 150, PRICE))  # 100 of it trade
    desk.public()
    assert desk.send(wire.cancel(1, 150)) == []
    assert desk.send(wire.cancel(1, 1000)) == []
    assert kinds(desk.send(wire.cancel(1, 120))) == [("C", 30, "U")]
    assert kinds(desk.send(wire.cancel(1, 0))) == [("C", 20, "U")]
    assert desk.send(wire.cancel(1, 0)) == []
    assert desk.public() == ["X", "D"]


def test_a_partial_cancel_keeps_the_place_in_the_queue(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 100, PRICE - 100))
    desk.send(wire.enter(1, "B", 100, PRICE - 100), account=1)
    desk.send(wire.cancel(1, 60))
    desk.venue.street(wire.add(9, SELL, 60, PRICE - 100))
    assert kinds(desk.told(0)) == [("E", 60, "A")]
    assert kinds(desk.told(1)) == []


def test_a_replace_takes_the_shares_already_traded_off_and_loses_its_place(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 150, PRICE))
    desk.send(wire.enter(1, "B", 10, PRICE), account=1)
    desk.public()
    (told,) = desk.send(wire.replace(1, 2, 130, PRICE, token="again"))
    assert (told["type"], told["old"], told["urn"], told["shares"], told["state"]) == ("U", 1, 2, 30, "L")
    assert (told["token"], told["symbol"], told["side"]) == ("again", "AAPL", "B")
    assert desk.public() == ["U"]
    desk.venue.street(wire.add(9, SELL, 10, PRICE))
    assert desk.told(0) == []
    assert kinds(desk.told(1)) == [("E", 10, "A")]


def test_a_replace_may_trade_at_once(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 150, PRICE - 100))
    desk.public()
    assert kinds(desk.send(wire.replace(1, 2, 150, PRICE))) == [("U", 150, None), ("E", 100, "R")]
    assert desk.public() == ["E", "D", "A"]
    assert kinds(desk.send(wire.replace(2, 3, 400, PRICE + 100, tif="3"))) == [
        ("U", 300, None), ("E", 100, "R"), ("C", 200, "I"),
    ]  # fmt: skip


def test_a_replace_to_less_than_was_traded_is_dead(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 150, PRICE))
    desk.public()
    (told,) = desk.send(wire.replace(1, 2, 100, PRICE))
    assert (told["shares"], told["state"]) == (0, "D")
    assert desk.public() == ["D"]
    assert desk.send(wire.cancel(2)) == []


def test_a_replace_of_nothing_is_ignored_and_uses_up_no_number(desk: Desk) -> None:
    assert desk.send(wire.replace(1, 2, 100, PRICE)) == []
    assert kinds(desk.send(wire.enter(1, "B", 100, PRICE - 100))) == [("A", 100, None)]


def test_a_replace_with_wrong_terms_costs_the_order_its_life_but_no_number(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 100, PRICE - 100))
    assert kinds(desk.send(wire.replace(1, 2, 100, PRICE + 1))) == [("C", 100, "U")]
    assert kinds(desk.send(wire.enter(2, "B", 100, PRICE - 100))) == [("A", 100, None)]


def test_modify_changes_the_kind_of_selling_or_the_size(desk: Desk) -> None:
    desk.send(wire.enter(1, "S", 100, PRICE + 500))
    assert kinds(desk.send(wire.modify(1, "T", 100))) == [("M", 100, None)]
    assert kinds(desk.send(wire.modify(1, "T", 40))) == [("M", 40, None)]
    assert desk.send(wire.modify(1, "T", 40)) == []
    assert desk.send(wire.modify(1, "B", 10)) == []
    assert desk.send(wire.modify(1, "?", 10)) == []
    assert kinds(desk.send(wire.modify(1, "E", 0))) == [("M", 0, None)]
    assert desk.public() == ["A", "X", "D"]


def test_mass_cancel_answers_and_then_cancels_what_it_names(desk: Desk) -> None:
    desk.venue.street(wire.action("T", "MSFT", locate=2))
    for urn, side, symbol in ((1, "B", "AAPL"), (2, "S", "AAPL"), (3, "B", "MSFT")):
        desk.send(wire.enter(urn, side, 100, PRICE - 100 if side == "B" else PRICE + 500, symbol=symbol))
    desk.send(wire.enter(1, "B", 100, PRICE - 100), account=1)
    told = desk.send(wire.mass_cancel(4, "AAPL", options=b"\x02\x1bS"))
    assert [(r["type"], r["urn"]) for r in told] == [("X", 4), ("C", 2)]
    assert [(r["type"], r["urn"]) for r in desk.send(wire.mass_cancel(5, "AAPL", "TWRA"))] == [("X", 5), ("C", 1)]
    assert [(r["type"], r["urn"]) for r in desk.send(wire.mass_cancel(6))] == [("X", 6), ("C", 3)]
    assert kinds(desk.send(wire.mass_cancel(7, "NOPE"))) == [("J", None, 0x17)]
    assert kinds(desk.send(wire.mass_cancel(8, firm="TWRB"))) == [("J", None, 0x0C)]
    assert desk.venue.counters()["open_orders"] == 1


def test_an_account_may_switch_its_own_order_entry_off_and_on(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 100, PRICE - 100))
    assert [r["type"] for r in desk.send(wire.order_entry("D", 2))] == ["G"]
    assert kinds(desk.send(wire.enter(3, "B", 100, PRICE - 100))) == [("J", None, 0x0C)]
    assert kinds(desk.send(wire.replace(1, 4, 100, PRICE - 100))) == [("J", None, 0x0C)]
    assert kinds(desk.send(wire.cancel(1))) == [("C", 100, "U")]
    assert [r["type"] for r in desk.send(wire.order_entry("E", 5, "TWRA"))] == ["K"]
    assert kinds(desk.send(wire.order_entry("D", 6, "TWRB"))) == [("J", None, 0x0C)]
    assert kinds(desk.send(wire.enter(7, "B", 100, PRICE - 100))) == [("A", 100, None)]


def test_an_account_query_says_which_number_comes_next(desk: Desk) -> None:
    desk.send(wire.enter(41, "B", 100, PRICE - 100))
    assert desk.send(b"Q") == [{"type": "Q", "time": 7, "next": 42}]


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"?",
        b"Q!",
        wire.enter(1, "B", 100, PRICE)[:-1],
        wire.enter(1, "B", 100, PRICE) + b"x",
        wire.enter(1, "B", 100, PRICE, options=b"\x09\x02TWRA"),
        wire.cancel(1)[:5],
    ],
)
def test_bytes_that_are_no_message_are_refused_and_counted(desk: Desk, message: bytes) -> None:
    assert not desk.venue.order(0, message, 7)
    assert desk.told() == []
    assert desk.venue.counters()["malformed"] == 1


def test_positions_are_what_was_bought_and_sold(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 150, PRICE))
    desk.send(wire.enter(1, "S", 70, PRICE - 200), account=1)
    (held,) = desk.venue.positions(0)
    assert (held.symbol, held.quantity, held.bought, held.sold, held.fills) == ("AAPL", 150, 150, 0, 2)
    assert held.bought_value == 150 * PRICE
    (other,) = desk.venue.positions(1)
    assert (other.quantity, other.sold, other.sold_value) == (-70, 70, 50 * PRICE + 20 * (PRICE - 200))
    street = desk.venue.street_position()
    assert (street.quantity, street.bought, street.sold) == (-80, 20, 100)


def test_cancel_all_ends_every_order_of_one_account(desk: Desk) -> None:
    for account in (0, 1):
        desk.send(wire.enter(1, "B", 100, PRICE - 100), account)
    desk.venue.cancel_all(0, 9)
    assert kinds(desk.told(0)) == [("C", 100, "Z")]
    assert desk.told(1) == []


def test_the_clock_of_the_venue_never_runs_backwards(desk: Desk) -> None:
    desk.venue.street(wire.add(9, SELL, 10, PRICE + 900, time_ns=1000))
    (told,) = desk.send(wire.enter(1, "B", 100, PRICE - 100))
    assert told["time"] == 1000
    (public,) = list(wire.frames(desk.venue.take_stream()))[1:]
    assert struct.unpack(">Q", b"\0\0" + public[5:11]) == (1000,)
