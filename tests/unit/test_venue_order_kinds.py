"""Orders that are more than a price: hidden, reserve, minimum quantity, post-only, pegged, good till a time."""

import struct

import pytest
import venue_wire as wire
from venue_desk import Desk, kinds
from venue_wire import BUY, SELL

PRICE = 1_000_000
BID, ASK = PRICE - 200, PRICE + 200
SECOND_NS = 10**9


@pytest.fixture
def desk() -> Desk:
    """The street bids 100 at BID and offers 100 at ASK, four ticks apart."""
    desk = Desk()
    desk.venue.street(wire.add(1, BUY, 100, BID))
    desk.venue.street(wire.add(2, SELL, 100, ASK))
    desk.public()
    return desk


def hidden(urn: int, side: str, shares: int, price: int, options: bytes = b"", tif: str = "0") -> bytes:
    return wire.enter(urn, side, shares, price, display="N", options=options, tif=tif)


# ---- hidden ----


def test_a_hidden_order_is_accepted_and_the_public_sees_nothing_of_it(desk: Desk) -> None:
    (accepted,) = desk.send(hidden(1, "B", 300, PRICE))
    assert (accepted["type"], accepted["display"]) == ("A", "N")
    assert desk.public() == []
    assert desk.venue.depth(1, BUY)[0].price == BID
    assert kinds(desk.send(wire.cancel(1, 100))) == [("C", 200, "U")]
    assert kinds(desk.send(wire.cancel(1))) == [("C", 100, "U")]
    assert desk.public() == []


def test_a_hidden_execution_is_published_as_a_trade_that_names_no_order(desk: Desk) -> None:
    desk.send(hidden(1, "B", 300, PRICE))
    assert kinds(desk.send(wire.enter(1, "S", 120, PRICE), account=1)) == [("A", 120, None), ("E", 120, "R")]
    (told,) = desk.told()
    assert (told["shares"], told["price"], told["liquidity"]) == (120, PRICE, "J")
    (trade,) = desk.messages()
    ref, side, shares, stock, price, match = struct.unpack_from(">QcI8sIQ", trade, 11)
    assert (trade[:1], ref, side, shares, stock, price) == (b"P", 0, b"B", 120, b"AAPL    ", PRICE)
    assert match == told["match"]


def test_displayed_orders_trade_before_hidden_ones_of_the_same_price(desk: Desk) -> None:
    desk.send(hidden(1, "B", 100, PRICE))
    desk.send(wire.enter(1, "B", 100, PRICE), account=1)
    desk.venue.street(wire.add(9, SELL, 150, PRICE))
    assert kinds(desk.told(1)) == [("E", 100, "A")]
    assert kinds(desk.told(0)) == [("E", 50, "J")]


def test_a_better_hidden_price_trades_before_a_displayed_one(desk: Desk) -> None:
    desk.send(hidden(1, "B", 100, PRICE))
    told = desk.send(wire.enter(1, "S", 150, BID), account=1)
    assert [(r["price"], r["shares"]) for r in told if r["type"] == "E"] == [(PRICE, 100), (BID, 50)]
    assert desk.public() == ["P", "E"]


def test_an_historical_execution_at_its_price_leaves_a_hidden_order_alone(desk: Desk) -> None:
    desk.send(hidden(1, "B", 100, BID))
    desk.venue.street(wire.executed(1, 100, match=4))
    assert desk.told() == []


def test_a_replace_may_hide_an_order_and_show_it_again(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 100, PRICE))
    desk.send(wire.replace(1, 2, 100, PRICE, display="N"))
    assert desk.public() == ["A", "D"]
    desk.send(wire.replace(2, 3, 100, PRICE))
    assert desk.public() == ["A"]


# ---- reserve ----


def test_a_reserve_order_shows_a_slice_and_refreshes_it_at_the_end_of_the_queue(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 250, PRICE, options=wire.reserve(100)))
    desk.send(wire.enter(1, "B", 80, PRICE), account=1)
    assert [(level.quantity, level.orders) for level in desk.venue.depth(1, BUY)[:1]] == [(180, 2)]
    desk.public()
    desk.venue.street(wire.add(9, SELL, 100, PRICE))
    assert kinds(desk.told(0)) == [("E", 100, "A"), ("R", None, "R")]
    assert desk.public() == ["E", "A"]
    desk.venue.street(wire.add(10, SELL, 180, PRICE))
    assert kinds(desk.told(1)) == [("E", 80, "A")]
    assert kinds(desk.told(0)) == [("E", 100, "A"), ("R", None, "R")]
    assert desk.venue.depth(1, BUY)[0].quantity == 50


def test_an_historical_aggressor_meets_a_refreshed_slice_behind_those_who_were_there(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 250, PRICE, options=wire.reserve(50)))
    desk.venue.street(wire.add(5, BUY, 100, PRICE))
    desk.venue.street(wire.executed(5, 80, match=4))
    assert kinds(desk.told()) == [("E", 50, "A"), ("R", None, "R")]
    assert desk.venue.depth(1, BUY)[0].quantity == 70 + 50


def test_a_refresh_tells_the_new_public_reference_and_how_much_is_shown(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 150, PRICE, options=wire.reserve(100)))
    desk.messages()
    desk.venue.street(wire.add(9, SELL, 100, PRICE))
    added = desk.messages()[-1]
    (reference,) = struct.unpack_from(">Q", added, 11)
    last = desk.venue.log(0, desk.venue.log_count(0), desk.venue.log_count(0) + 1)
    assert last[-16:] == wire.option(1, reference, 8) + wire.option(22, 50)


def test_one_aggressor_takes_slice_after_slice(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 250, PRICE, options=wire.reserve(100)))
    told = desk.send(wire.enter(1, "S", 240, PRICE), account=1)
    assert kinds(told)[1:] == [("E", 100, "R"), ("E", 100, "R"), ("E", 40, "R")]
    assert desk.public() == ["A", "E", "A", "E", "A", "E"]


def test_a_partial_cancel_takes_what_nobody_saw_first(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 250, PRICE, options=wire.reserve(100)))
    desk.public()
    assert kinds(desk.send(wire.cancel(1, 100))) == [("C", 150, "U")]
    assert desk.public() == []
    desk.send(wire.cancel(1, 60))
    desk.send(wire.cancel(1, 0))
    assert desk.public() == ["X", "D"]


# ---- minimum quantity ----


def test_an_immediate_minimum_trades_at_least_so_much_or_nothing(desk: Desk) -> None:
    assert kinds(desk.send(wire.enter(1, "B", 300, ASK, tif="3", options=wire.minimum(200)))) == [
        ("A", 300, None),
        ("C", 300, "I"),
    ]
    desk.venue.street(wire.add(3, SELL, 100, ASK))
    assert kinds(desk.send(wire.enter(2, "B", 300, ASK, tif="3", options=wire.minimum(200))))[1:] == [
        ("E", 100, "R"),
        ("E", 100, "R"),
        ("C", 100, "I"),
    ]


def test_a_displayed_order_with_a_minimum_becomes_immediate(desk: Desk) -> None:
    told = desk.send(wire.enter(1, "B", 300, PRICE, options=wire.minimum(100)))
    assert told[0]["tif"] == "3"
    assert kinds(told)[1:] == [("C", 300, "I")]


def test_a_resting_minimum_is_skipped_by_smaller_aggressors(desk: Desk) -> None:
    desk.send(hidden(1, "B", 300, PRICE, wire.minimum(200)))
    assert kinds(desk.send(wire.enter(1, "S", 199, PRICE, tif="3"), account=1))[1:] == [("C", 199, "I")]
    assert kinds(desk.send(wire.enter(2, "S", 200, PRICE, tif="3"), account=1))[1:] == [("E", 200, "R")]
    assert kinds(desk.send(wire.enter(3, "S", 99, PRICE, tif="3"), account=1))[1:] == [("C", 99, "I")]
    assert kinds(desk.send(wire.enter(4, "S", 100, PRICE, tif="3"), account=1))[1:] == [("E", 100, "R")]


def test_an_unmet_minimum_does_not_stand_through_the_other_side(desk: Desk) -> None:
    desk.send(hidden(1, "B", 300, ASK + 300, wire.minimum(200)))
    desk.send(wire.enter(1, "S", 300, ASK, tif="3"), account=1)
    assert [r["price"] for r in desk.told()] == [ASK]


# ---- post-only ----


def test_a_post_only_order_that_would_trade_is_canceled_instead(desk: Desk) -> None:
    assert kinds(desk.send(wire.enter(1, "B", 100, ASK, options=wire.POST_ONLY)))[1:] == [("C", 100, "G")]
    assert kinds(desk.send(wire.enter(2, "B", 100, PRICE, options=wire.POST_ONLY)))[1:] == []
    assert kinds(desk.send(wire.replace(2, 3, 100, ASK, options=wire.POST_ONLY)))[1:] == [("C", 100, "G")]
    assert desk.public() == ["A", "D"]


# ---- pegged ----


@pytest.mark.parametrize(
    ("side", "kind", "offset", "price"),
    [
        ("B", "R", 0, BID),
        ("S", "R", 0, ASK),
        ("B", "R", -100, BID - 100),
        ("B", "R", 100, BID + 100),
        ("S", "R", -100, ASK - 100),
        ("B", "P", -100, ASK - 100),
        ("S", "P", 300, BID + 300),
        ("B", "M", 0, PRICE),
        ("S", "M", 100, PRICE + 100),
    ],
)
def test_a_peg_is_priced_by_the_book_and_its_offset(desk: Desk, side: str, kind: str, offset: int, price: int) -> None:
    display = "N" if kind == "M" else "Y"
    desk.send(wire.enter(1, side, 100, wire.MARKET, display=display, options=wire.peg(kind, offset)))
    other = "S" if side == "B" else "B"
    far = 100 if other == "S" else 2 * PRICE
    desk.send(wire.enter(1, other, 300, far, tif="3"), account=1)
    assert price in [r["price"] for r in desk.told()]


def test_a_displayed_peg_follows_the_book_and_says_so(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 100, PRICE + 100, options=wire.peg("R")))
    desk.public()
    desk.venue.street(wire.add(3, BUY, 100, PRICE))
    (moved,) = desk.told()
    assert (moved["type"], moved["price"], moved["display"]) == ("T", PRICE, "Y")
    assert desk.public() == ["A", "U"]
    desk.venue.street(wire.deleted(3))
    assert [r["price"] for r in desk.told()] == [BID]


def test_a_peg_never_passes_its_limit(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 100, BID + 100, options=wire.peg("R")))
    desk.venue.street(wire.add(3, BUY, 100, PRICE))
    assert [r["price"] for r in desk.told() if r["type"] == "T"] == [BID + 100]


def test_pegs_do_not_follow_one_another(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 100, wire.MARKET, options=wire.peg("R", 100)))
    desk.send(wire.enter(2, "B", 100, wire.MARKET, options=wire.peg("R", 100)))
    desk.venue.street(wire.add(9, SELL, 10, ASK + 500))
    assert [level.price for level in desk.venue.depth(1, BUY)] == [BID + 100, BID]


def test_midpoint_pegs_meet_at_half_a_tick_and_say_so(desk: Desk) -> None:
    desk.venue.street(wire.add(3, BUY, 100, BID + 100))
    desk.send(hidden(1, "B", 100, wire.MARKET, wire.peg("M")))
    told = desk.send(hidden(1, "S", 100, wire.MARKET, wire.peg("M")), account=1)
    assert [(r["price"], r["liquidity"]) for r in told[1:]] == [(PRICE + 50, "R")]
    assert [(r["price"], r["liquidity"]) for r in desk.told()] == [(PRICE + 50, "k")]


def test_a_peg_that_the_book_moves_through_the_other_side_trades(desk: Desk) -> None:
    desk.send(hidden(1, "S", 50, PRICE + 100))
    desk.send(wire.enter(1, "B", 100, wire.MARKET, options=wire.peg("R", 100)), account=1)
    desk.venue.street(wire.add(3, BUY, 10, PRICE))
    assert [(r["type"], r["price"]) for r in desk.told(1)] == [("E", PRICE + 100), ("T", PRICE + 100)]


def test_without_a_price_to_follow_a_peg_is_refused_and_a_resting_one_stays(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 100, wire.MARKET, options=wire.peg("R", 100)))
    desk.venue.street(wire.deleted(1))
    assert desk.told() == []
    assert kinds(desk.send(wire.enter(2, "B", 100, wire.MARKET, options=wire.peg("R")))) == [("J", None, 1)]
    assert kinds(desk.send(hidden(3, "B", 100, wire.MARKET, wire.peg("M")))) == [("J", None, 1)]


# ---- hours ----


def test_a_good_till_time_order_ends_on_time_with_or_without_messages(desk: Desk) -> None:
    for urn in (1, 2):
        desk.send(wire.enter(urn, "B", 100, PRICE, tif="6", options=wire.expires(5 * urn)))
    desk.venue.time(5 * SECOND_NS + 6)
    assert desk.told() == []
    desk.venue.time(5 * SECOND_NS + 7)
    assert [(r["urn"], r["reason"]) for r in desk.told()] == [(1, "T")]
    desk.venue.street(wire.add(9, SELL, 10, ASK, time_ns=11 * SECOND_NS))
    assert [(r["urn"], r["reason"]) for r in desk.told()] == [(2, "T")]


def test_day_orders_end_with_market_hours_and_extended_ones_with_system_hours(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 100, PRICE))
    desk.send(wire.enter(2, "B", 100, PRICE, tif="5"))
    desk.venue.street(wire.system("M"))
    assert [(r["urn"], r["reason"]) for r in desk.told()] == [(1, "E")]
    assert kinds(desk.send(wire.enter(3, "B", 100, PRICE))) == [("J", None, 2)]
    assert kinds(desk.send(wire.enter(4, "B", 100, PRICE, tif="5"))) == [("A", 100, None)]
    desk.venue.street(wire.system("E"))
    assert [(r["urn"], r["reason"]) for r in desk.told()] == [(2, "E"), (4, "E")]


def test_before_a_cross_a_cancel_is_promised_once_and_kept_when_trading_resumes(desk: Desk) -> None:
    for urn in (1, 2):
        desk.send(wire.enter(urn, "B", 100, PRICE))
    desk.venue.street(wire.action("Q"))
    assert kinds(desk.send(wire.cancel(1, 40))) == [("P", None, None)]
    assert kinds(desk.send(wire.cancel(1))) == [("I", None, None)]
    assert kinds(desk.send(wire.replace(1, 3, 100, PRICE))) == [("J", None, 11)]
    assert kinds(desk.send(wire.replace(2, 4, 100, PRICE))) == [("J", None, 21)]
    assert kinds(desk.send(wire.enter(5, "B", 100, PRICE))) == [("J", None, 7)]
    assert [r["type"] for r in desk.send(wire.mass_cancel(6))] == ["X", "I", "P"]
    desk.venue.street(wire.add(9, SELL, 10, PRICE))
    assert desk.told() == []
    desk.venue.street(wire.action("T"))
    told = [(r["type"], r["urn"], r.get("shares")) for r in desk.told()]
    assert told == [("C", 1, 60), ("C", 2, 100), ("E", 1, 10), ("T", 1, None)]


def test_a_halt_before_a_cross_takes_promised_orders_out_as_any_other(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 100, PRICE))
    desk.venue.street(wire.action("Q"))
    desk.send(wire.cancel(1))
    desk.venue.street(wire.action("H"))
    assert kinds(desk.told()) == [("C", 100, "H")]


# ---- short sales ----


@pytest.mark.parametrize("side", ["S", "T", "E"])
def test_every_kind_of_sale_is_taken_and_echoed(desk: Desk, side: str) -> None:
    told = desk.send(wire.enter(1, side, 100, PRICE))
    assert (told[0]["type"], told[0]["side"]) == ("A", side)


@pytest.mark.parametrize("action", ["1", "2"])
def test_under_restriction_a_short_sale_at_or_below_the_best_bid_is_refused(desk: Desk, action: str) -> None:
    desk.venue.street(wire.restriction(action))
    for urn, (side, price, taken) in enumerate(
        [("T", BID, False), ("T", wire.MARKET, False), ("T", BID + 100, True), ("S", BID, True), ("E", BID, True)], 1
    ):
        told = desk.send(wire.enter(urn, side, 10, price))
        assert (told[0]["type"] == "A") is taken, (side, price)
    desk.venue.street(wire.restriction("0"))
    assert desk.send(wire.enter(9, "T", 10, BID))[0]["type"] == "A"


def test_a_pegged_short_sale_stays_above_the_best_bid_for_as_long_as_the_restriction_lasts(desk: Desk) -> None:
    desk.venue.street(wire.restriction("1"))
    desk.send(wire.enter(1, "T", 100, 100, options=wire.peg("R", -400)))
    assert desk.venue.depth(1, SELL)[0].price == BID + 100
    desk.venue.street(wire.restriction("0"))
    assert [(r["type"], r["price"]) for r in desk.told()] == [("E", BID)]
