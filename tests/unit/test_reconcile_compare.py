"""Comparing two pictures: every difference, each in one plain sentence, and nothing else."""

from copy import deepcopy

import pytest
from blotter_rig import PRICE

from tickwire.native import lib
from tickwire.services.reconcile_compare import (
    Difference,
    compare_orders,
    compare_positions,
    compare_replay,
    money,
    position_differences,
    sentence,
)
from tickwire.venues.picture import FillLine, OrderLine, positions


def order(ref: int = 5, side: int = lib.SIDE_BUY, state: str = "live", executed: int = 60, **more: int) -> OrderLine:
    line = OrderLine(ref, ref, "AAPL", side, 100, PRICE, 100 - executed, state)
    line.heard(more.get("sequence", 1), 10)
    if executed:
        line.fill(70 + ref, FillLine(executed, PRICE, 10, more.get("sequence", 1)))
    return line


def texts(ours: list[OrderLine], theirs: list[OrderLine], source: str = "drop copy") -> list[str]:
    left, right = ({line.user_ref: line for line in lines} for lines in (ours, theirs))
    found = list(compare_orders(left, right))
    found += position_differences(positions(ours), found)
    return [sentence(one, "A", source) for one in found]


def test_equal_pictures_differ_in_nothing() -> None:
    assert texts([order()], [deepcopy(order())]) == []


def test_a_fill_only_they_have_is_named_with_what_it_does_to_the_position() -> None:
    assert texts([order(executed=0)], [order()]) == [
        "AAPL on A: the drop copy shows fill 75 of order 5, buy 60 at 100.0000, that we do not have.",
        "AAPL on A: our position is 0 and the drop copy makes it 60: a difference of 60.",
    ]


def test_a_fill_only_we_have_is_named() -> None:
    sold = order(side=lib.SIDE_SELL)
    assert texts([sold], [order(side=lib.SIDE_SELL, executed=0)]) == [
        "AAPL on A: we have fill 75 of order 5, sell 60 at 100.0000, that the drop copy does not show.",
        "AAPL on A: our position is -60 and the drop copy makes it 0: a difference of 60.",
    ]


def test_a_fill_of_another_price_or_quantity_is_named_with_both() -> None:
    other = order()
    other.fills[75] = FillLine(50, PRICE + 100, 10)
    assert texts([order()], [other]) == [
        "AAPL on A: fill 75 of order 5 has quantity 60 with us and 50 in the drop copy: a difference of -10.",
        "AAPL on A: fill 75 of order 5 has price 100.0000 with us and 100.0100 in the drop copy: "
        "a difference of 0.0100.",
        "AAPL on A: our position is 60 and the drop copy makes it 50: a difference of -10.",
    ]


def test_a_trade_broken_on_one_side_is_named_as_that() -> None:
    bust = order()
    bust.bust(75)
    assert texts([order()], [bust])[0] == (
        "AAPL on A: fill 75 of order 5, buy 60 at 100.0000, "
        "was broken by the venue according to the drop copy, and we count it."
    )
    assert texts([bust], [order()])[0] == (
        "AAPL on A: fill 75 of order 5, buy 60 at 100.0000, was broken for us, and the drop copy counts it."
    )


def test_an_order_only_one_side_has_is_named() -> None:
    assert texts([order(executed=0)], []) == [
        "AAPL on A: we have order 5, buy 100 at 100.0000, live with 100 left, that the drop copy does not show."
    ]
    assert texts([], [order(executed=0)]) == [
        "AAPL on A: the drop copy shows order 5, buy 100 at 100.0000, live with 100 left, that we do not have."
    ]


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("leaves", 30, "order 5 has leaves 40 with us and 30 in the drop copy: a difference of -10."),
        ("state", "canceled", "order 5 has state live with us and canceled in the drop copy."),
        ("quantity", 90, "order 5 has quantity 100 with us and 90 in the drop copy: a difference of -10."),
        (
            "price",
            PRICE + 1,
            "order 5 has price 100.0000 with us and 100.0001 in the drop copy: a difference of 0.0001.",
        ),
        ("side", lib.SIDE_SELL, "order 5 has side buy with us and sell in the drop copy."),
        ("symbol", "ZZZZ", "order 5 has symbol AAPL with us and ZZZZ in the drop copy."),
    ],
)
def test_each_field_of_an_order_is_compared(field: str, value: int | str, text: str) -> None:
    other = order()
    setattr(other, field, value)
    assert texts([order()], [other]) == [f"AAPL on A: {text}"]


def test_an_order_that_is_on_its_way_or_was_refused_is_no_difference() -> None:
    sent, refused, not_sent = (
        OrderLine(1, symbol="AAPL"),
        OrderLine(2, state="rejected"),
        OrderLine(3, state="not_sent"),
    )
    refused.heard(1, 1)
    assert texts([sent, refused, not_sent], []) == []
    assert texts([not_sent], [OrderLine(3, state="rejected", told=True)]) == []
    assert texts([], [refused, sent]) == []


def test_orders_we_sent_since_are_no_part_of_the_venues_record() -> None:
    assert list(compare_replay({}, 5, {7: OrderLine(7, 7, "AAPL")})) == []
    assert list(compare_replay({7: OrderLine(7, 7, "AAPL")}, 5, {7: OrderLine(7, 7, "AAPL")})) == []


def test_an_instrument_that_is_not_ours_is_named_by_the_venues_symbol() -> None:
    ours, theirs = order(), order()
    ours.symbol, theirs.symbol = "", "ZZZZ"
    (found,) = compare_orders({5: ours}, {5: theirs})
    assert (found.symbol, found.field, found.ours, found.theirs) == ("ZZZZ", "symbol", "", "ZZZZ")


def test_what_a_replay_says_of_messages_we_had_must_be_what_it_said_then() -> None:
    before = {5: order(executed=0, sequence=3)}
    record = {5: order(sequence=3), 6: order(6, sequence=4), 7: order(7, sequence=9)}
    kinds = [(one.kind, one.user_ref) for one in compare_replay(before, 5, record)]
    assert kinds == [("fill_unknown", 5), ("order_unknown", 6), ("fill_unknown", 6)], "order 7 is news"


def test_what_came_after_the_last_message_we_had_is_news() -> None:
    before = {5: order(executed=0, sequence=3)}
    later = order(executed=0, sequence=3)
    later.fill(99, FillLine(100, PRICE, 20, 8))
    later.heard(8, 20)
    later.state, later.leaves = "filled", 0
    bust = order(sequence=3)
    bust.bust(75)
    bust.heard(8, 20)
    assert list(compare_replay(before, 7, {5: later})) == []
    assert list(compare_replay({5: order(sequence=3)}, 7, {5: bust})) == []
    assert [one.kind for one in compare_replay({5: order(sequence=3)}, 8, {5: bust})] == ["fill_broken"]


def test_a_record_that_has_lost_what_we_had_is_a_difference_however_late() -> None:
    assert [one.kind for one in compare_replay({5: order(sequence=1)}, 1, {})] == ["order_missing", "fill_missing"]


def test_fills_that_cancel_out_leave_no_difference_of_position() -> None:
    up, down = (Difference("fill_unknown", "AAPL", 1, ref, shares=shares) for ref, shares in ((1, 5), (2, -5)))
    assert position_differences({"AAPL": 10}, [up, down]) == []


def test_positions_are_compared_by_symbol_and_nothing_is_zero() -> None:
    found = compare_positions({"AAPL": 5, "MSFT": 0}, {"AAPL": 6, "IBM": 0})
    assert [(one.symbol, one.ours, one.theirs) for one in found] == [("AAPL", 5, 6)]
    assert sentence(found[0], "", "risk gate") == (
        "AAPL: our position is 5 and the risk gate makes it 6: a difference of 1."
    )


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0.0000"), (1, "0.0001"), (-10_001, "-1.0001"), (10**9, "100000.0000")]
)
def test_money_is_written_exactly(value: int, text: str) -> None:
    assert money(value) == text
