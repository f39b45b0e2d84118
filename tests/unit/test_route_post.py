"""Posts: where an order rests, when it moves, how partial executions count, and what ends it."""

from typing import Any

import pytest
from routing import BUY, MID, SELL, Desk, brief

from tickwire.native import lib

BID, ASK = MID - 100, MID + 100
COOL = 1000


@pytest.fixture
def desk() -> Desk:
    """Two venues with a queue of 500 at the same bid and ask."""
    made = Desk()
    for venue in (0, 1):
        made.show(venue, [(BID, 500), (BID - 100, 500)], [(ASK, 500), (ASK + 100, 500)])
    return made


def post(desk: Desk, parent_id: int = 1, **fields: Any) -> list[Any]:
    return desk.order(parent_id, policy=lib.PARENT_POST, **fields)


def test_an_order_rests_where_the_maker_pays_least(desk: Desk) -> None:
    desk.fees(1, fee_maker=-2000)
    (intent,) = post(desk)
    assert (intent.venue, intent.price, intent.quantity) == (1, BID, 100)
    assert (intent.time_in_force, intent.flags) == (lib.TIF_DAY, lib.ORDER_POST_ONLY)


def test_of_two_that_pay_the_same_the_shorter_queue_is_joined(desk: Desk) -> None:
    desk.show(1, [(BID, 400)], [(ASK, 500)])
    assert brief(post(desk)) == [(1, BID, 100)]
    desk.show(0, [(BID - 100, 400)], [(ASK, 500)])
    assert brief(post(desk, 2)) == [(0, BID, 100)]  # first in the queue at the best price of all venues


def test_a_sale_rests_at_the_lowest_ask(desk: Desk) -> None:
    desk.show(1, [(BID, 500)], [(ASK - 50, 100)])
    (intent,) = post(desk, side=SELL)
    assert (intent.price, intent.side) == (ASK - 50, SELL)


def test_it_never_rests_past_its_limit_and_waits_there(desk: Desk) -> None:
    assert brief(post(desk, limit_price=BID - 70)) == [(0, BID - 70, 100)]


def test_it_never_locks_another_venue(desk: Desk) -> None:
    desk.show(1, [(ASK, 100)], [(ASK + 100, 100)])
    assert post(desk) == []
    assert desk.show(1, [(ASK - 10, 100)], [(ASK + 100, 100)]) != []


def test_a_venue_that_offers_no_post_only_is_not_rested_at(desk: Desk) -> None:
    desk.fees(0, offers=0)
    assert [intent.venue for intent in post(desk)] == [1]
    desk.fees(1, offers=lib.OFFER_POST_ONLY)
    assert post(desk, 2, display_quantity=10) == []
    assert desk.last(2).state == lib.PARENT_CANCELED


def test_a_reserve_shows_only_its_part(desk: Desk) -> None:
    (intent,) = post(desk, display_quantity=10)
    assert intent.display_quantity == 10


def test_it_follows_the_touch_after_its_cool_down(desk: Desk) -> None:
    (intent,) = post(desk, venue_mask=1)
    order_id = desk.rest(intent)
    higher = [(BID + 20, 500), (BID, 600)]
    assert desk.show(0, higher, [(ASK, 500)]) == []
    assert desk.wait(COOL - 1) == []
    (move,) = desk.wait(1)
    assert (move.kind, move.target_order_id, move.price, move.quantity) == (
        lib.INTENT_REPLACE,
        order_id,
        BID + 20,
        100,
    )
    assert desk.show(0, [(BID + 40, 500)], [(ASK, 500)]) == []  # one at a time
    desk.tell("REPLACED", move, desk.sent(move), leaves=100)
    (next_move,) = desk.wait(COOL)
    assert (next_move.price, next_move.target_order_id) == (BID + 40, order_id + 1)


def test_its_own_order_is_not_the_touch_it_follows(desk: Desk) -> None:
    (intent,) = post(desk)
    desk.rest(intent)
    desk.wait(COOL)
    own_alone = [(BID, 100), (BID - 100, 500)]
    assert desk.show(1, [(BID - 100, 500)], [(ASK, 500)]) == []
    (move,) = desk.show(0, own_alone, [(ASK, 500)])
    assert move.price == BID - 100


def test_what_was_executed_counts_in_the_quantity_of_a_move(desk: Desk) -> None:
    (intent,) = post(desk, venue_mask=1)
    order_id = desk.rest(intent)
    desk.tell("EXECUTED", intent, order_id, quantity=30, leaves=70)
    desk.wait(COOL)
    (move,) = desk.show(0, [(BID + 20, 500)], [(ASK, 500)])
    assert move.quantity == 100
    second = desk.sent(move)
    desk.tell("EXECUTED", intent, order_id, quantity=10, leaves=60)  # in flight meanwhile
    desk.tell("REPLACED", move, second, leaves=60)
    assert (desk.last().executed, desk.last_report.working) == (40, 60)
    desk.tell("EXECUTED", move, second, quantity=60, leaves=0)
    assert desk.intents() == []
    assert (desk.last().state, desk.last_report.executed) == (lib.PARENT_FILLED, 100)


def test_a_move_to_a_better_venue_is_a_cancel_and_a_new_order(desk: Desk) -> None:
    desk.fees(1, fee_maker=-10)
    (intent,) = post(desk)
    order_id = desk.rest(intent)
    desk.fees(1, fee_maker=10)
    desk.wait(COOL)
    (cancel,) = desk.show(0, [(BID + 20, 500)], [(ASK, 500)])
    assert (cancel.kind, cancel.target_order_id, cancel.venue) == (lib.INTENT_CANCEL, order_id, 1)
    desk.tell("CANCELED", intent, order_id, quantity=100, leaves=0)
    assert desk.intents() == []
    assert brief(desk.wait(COOL)) == [(0, BID + 20, 100)]


@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_touch_past_the_bound_is_not_chased(desk: Desk, side: int) -> None:
    (intent,) = post(desk, side=side, slippage_ppm_max=150)
    order_id = desk.rest(intent)
    away = 300 if side == BUY else -300
    (cancel,) = desk.show(0, [(BID + away, 500)], [(ASK + away, 500)]) or desk.wait(0)
    assert (cancel.kind, cancel.target_order_id) == (lib.INTENT_CANCEL, order_id)
    desk.tell("CANCELED", intent, order_id, quantity=100, leaves=0)
    assert desk.intents() == []
    assert (desk.last().state, desk.last_report.reason) == (lib.PARENT_CANCELED, lib.PARENT_REASON_SLIPPAGE)


@pytest.mark.parametrize("change", [{"flags": lib.MARKET_STALE}, {"trading_state": lib.TRADING_HALTED}])
def test_an_order_at_a_venue_nobody_can_see_is_taken_back_and_rested_elsewhere(
    desk: Desk, change: dict[str, int]
) -> None:
    (intent,) = post(desk)
    order_id = desk.rest(intent)
    (cancel,) = desk.show(0, [(BID, 500)], [(ASK, 500)], **change)
    assert (cancel.kind, cancel.target_order_id) == (lib.INTENT_CANCEL, order_id)
    desk.tell("CANCELED", intent, order_id, quantity=100, leaves=0)
    desk.wait(COOL)
    assert desk.last().state == lib.PARENT_WORKING
    assert any(intent.venue == 1 for intent in desk.wait(COOL)) or desk.sent_to(1)


def test_a_parents_cancel_cancels_until_the_order_is_gone(desk: Desk) -> None:
    (intent,) = post(desk)
    order_id = desk.rest(intent)
    (cancel,) = desk.cancel()
    assert desk.refuse(cancel) == []
    assert desk.wait(1) == []
    (again,) = desk.wait(100_000_000)
    assert (again.kind, again.target_order_id) == (lib.INTENT_CANCEL, order_id)
    desk.tell("CANCELED", intent, order_id, quantity=100, leaves=0)
    assert desk.intents() == []
    assert (desk.last().state, desk.last_report.reason) == (lib.PARENT_CANCELED, lib.PARENT_REASON_REQUEST)


def test_a_cancel_before_the_order_has_a_number_waits_for_it(desk: Desk) -> None:
    (intent,) = post(desk)
    assert desk.cancel() == []
    order_id = desk.sent(intent)
    (cancel,) = desk.intents()
    assert cancel.target_order_id == order_id


def test_an_execution_while_it_is_being_canceled_counts(desk: Desk) -> None:
    (intent,) = post(desk)
    order_id = desk.rest(intent)
    desk.cancel()
    desk.tell("EXECUTED", intent, order_id, quantity=100, leaves=0)
    assert desk.intents() == []
    assert (desk.last().state, desk.last_report.reason) == (lib.PARENT_FILLED, lib.PARENT_REASON_NONE)


@pytest.mark.parametrize("kind", ["REJECTED", "NOT_SENT"])
def test_a_refused_move_leaves_the_order_where_it_is_for_a_while(desk: Desk, kind: str) -> None:
    (intent,) = post(desk, venue_mask=1)
    order_id = desk.rest(intent)
    desk.wait(COOL)
    (move,) = desk.show(0, [(BID + 20, 500)], [(ASK, 500)])
    desk.tell(kind, move, desk.sent(move))
    assert desk.wait(COOL) == []
    (again,) = desk.wait(100_000_000)
    assert (again.kind, again.target_order_id) == (lib.INTENT_REPLACE, order_id)


def test_a_post_that_every_venue_refuses_is_over(desk: Desk) -> None:
    (first,) = post(desk)
    assert desk.refuse(first) == []
    (second,) = desk.wait(COOL)
    assert second.venue != first.venue
    desk.refuse(second)
    desk.wait(COOL)
    assert (desk.last().state, desk.last_report.reason) == (lib.PARENT_REFUSED, lib.PARENT_REASON_VERDICT)


def test_the_price_a_venue_has_slid_it_to_is_the_one_that_counts(desk: Desk) -> None:
    (intent,) = post(desk, venue_mask=1)
    order_id = desk.sent(intent)
    desk.tell("ACCEPTED", intent, order_id, leaves=100, price=BID - 30)
    (move,) = desk.wait(COOL)
    assert (move.kind, move.price) == (lib.INTENT_REPLACE, BID)


def test_a_move_carries_the_tick_that_caused_it(desk: Desk) -> None:
    (intent,) = post(desk, venue_mask=1)
    desk.rest(intent)
    desk.wait(COOL)
    (move,) = desk.show(0, [(BID + 20, 500)], [(ASK, 500)])
    assert (move.tick, move.rx_ns) == (desk.tick, desk.now_ns)


def test_every_move_is_evidence(desk: Desk) -> None:
    post(desk)
    (evidence,) = desk.evidence
    assert (evidence.how, evidence.limit, evidence.wanted) == (2 * lib.PARENT_POST, BID, 100)
    assert [venue.chosen for venue in evidence.venues] == [100, 0, 0, 0]
