"""Children of unknown fate: never sent again, told by the replay, and what an earlier life left behind."""

from typing import Any

import pytest
from routing import MID, SECOND, Desk

from tickwire.native import lib

ASK, BID = MID + 100, MID - 100
REPLAYED = lib.REPORT_REPLAYED


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    for venue in (0, 1):
        made.show(venue, [(BID, 1000)], [(ASK, 1000)])
    return made


def broken(desk: Desk, **fields: Any) -> tuple[Any, int]:
    """A parent at venue 0 with 30 of 100 executed when the session breaks; the child and its id."""
    (intent,) = desk.order(**{"venue_mask": 3} | fields)
    assert intent.venue == 0
    order_id = desk.sent(intent)
    desk.tell("EXECUTED", intent, order_id, quantity=30, leaves=70, sequence=1)
    desk.router.reports()
    desk.session("DOWN", 0)
    assert desk.intents() == []
    return intent, order_id


def figures(desk: Desk) -> tuple[int, int, int, int]:
    report = desk.last()
    assert report.executed + report.working <= report.quantity
    return report.state, report.reason, report.executed, report.working


def test_a_sweep_whose_child_is_of_unknown_fate_is_over_and_sends_nothing_more(desk: Desk) -> None:
    broken(desk)
    assert figures(desk) == (lib.PARENT_CANCELED, lib.PARENT_REASON_UNKNOWN, 30, 70)
    assert desk.show(1, asks=[(ASK, 5000)]) == []
    assert desk.wait(SECOND) == []


def test_the_replay_tells_what_became_of_it(desk: Desk) -> None:
    intent, order_id = broken(desk)
    desk.router.reports()
    desk.session("RESET", 0)
    desk.tell("ACCEPTED", intent, order_id, leaves=100, flags=REPLAYED, sequence=1)
    desk.tell("EXECUTED", intent, order_id, quantity=30, leaves=70, flags=REPLAYED, sequence=2)
    desk.tell("EXECUTED", intent, order_id, quantity=25, leaves=45, flags=REPLAYED, sequence=3)
    assert desk.router.reports() == []  # half a replay is nothing to tell
    desk.tell("CANCELED", intent, order_id, quantity=45, leaves=0, flags=REPLAYED, sequence=4)
    desk.session("LIVE", 0)
    assert desk.intents() == []
    assert figures(desk) == (lib.PARENT_CANCELED, lib.PARENT_REASON_UNKNOWN, 55, 0)


def test_a_child_that_the_replay_says_was_filled_fills_the_parent(desk: Desk) -> None:
    intent, order_id = broken(desk)
    desk.session("RESET", 0)
    desk.tell("ACCEPTED", intent, order_id, leaves=100, flags=REPLAYED, sequence=1)
    desk.tell("EXECUTED", intent, order_id, quantity=100, leaves=0, flags=REPLAYED, sequence=2)
    desk.session("LIVE", 0)
    assert figures(desk)[:3] == (lib.PARENT_FILLED, lib.PARENT_REASON_NONE, 100)


@pytest.mark.parametrize("lost", [True, False])
def test_a_child_without_a_trace_in_the_replay_never_was(desk: Desk, lost: bool) -> None:
    (intent,) = desk.order()
    order_id = desk.sent(intent)
    desk.session("DOWN", 0)
    desk.session("RESET", 0)
    if lost:
        desk.tell("NOT_SENT", intent, order_id, leaves=0)
    desk.session("LIVE", 0)
    assert desk.intents() == []
    assert figures(desk) == (lib.PARENT_CANCELED, lib.PARENT_REASON_UNKNOWN, 0, 0)


def test_a_replay_that_breaks_tells_nothing_until_the_next_one(desk: Desk) -> None:
    intent, order_id = broken(desk)
    desk.router.reports()
    desk.session("RESET", 0)
    desk.session("DOWN", 0)
    assert desk.router.reports() == []
    desk.session("RESET", 0)
    desk.tell("EXECUTED", intent, order_id, quantity=100, leaves=0, flags=REPLAYED, sequence=2)
    desk.session("LIVE", 0)
    assert figures(desk)[2:] == (100, 0)


@pytest.mark.parametrize("replays", [1, 2])
def test_what_had_been_executed_stands_when_the_venue_begins_another_session(desk: Desk, replays: int) -> None:
    broken(desk)
    for _ in range(replays - 1):
        desk.session("RESET", 0)
        desk.session("DOWN", 0)
    desk.replay(0)
    assert desk.intents() == []
    assert figures(desk) == (lib.PARENT_CANCELED, lib.PARENT_REASON_UNKNOWN, 30, 0)


def test_execution_that_started_anew_knows_the_child_by_its_number_only(desk: Desk) -> None:
    intent, order_id = broken(desk)
    other_epoch = order_id + (5 << lib.ORDER_ID_EPOCH_SHIFT)
    flags = REPLAYED | lib.REPORT_UNKNOWN_ORDER
    desk.session("RESET", 0)
    desk.tell("EXECUTED", intent, other_epoch, quantity=100, leaves=0, flags=flags, sequence=2)
    desk.session("LIVE", 0)
    assert figures(desk)[2:] == (100, 0)


def test_a_child_at_the_other_venue_finishes_by_itself(desk: Desk) -> None:
    desk.fees(1, fee_taker=10)
    desk.show(0, asks=[(ASK, 40)])
    first, second = desk.order()
    desk.sent(first)
    desk.session("DOWN", 0)
    assert desk.intents() == []
    assert figures(desk)[:2] == (lib.PARENT_WORKING, lib.PARENT_REASON_UNKNOWN)
    desk.fill(second, 10)
    assert figures(desk) == (lib.PARENT_CANCELED, lib.PARENT_REASON_UNKNOWN, 10, 40)


def test_a_child_that_has_not_left_yet_is_answered_for_by_execution(desk: Desk) -> None:
    (intent,) = desk.order()
    desk.session("DOWN", 0)
    assert desk.intents() == []
    desk.tell("NOT_SENT", intent, 99, match_number=1, reason=ord("s"))
    (again,) = desk.intents()
    assert (again.venue, again.quantity) == (1, 100)


def test_that_answer_counts_even_when_a_replay_has_broken(desk: Desk) -> None:
    (intent,) = desk.order()
    for kind in ("DOWN", "RESET", "DOWN"):
        desk.session(kind, 0)
    desk.tell("NOT_SENT", intent, 99, match_number=1, reason=ord("s"))
    assert [again.venue for again in desk.intents()] == [1]


def test_a_twap_waits_for_the_replay_and_goes_on(desk: Desk) -> None:
    twap = {"policy": lib.PARENT_TWAP, "duration_ns": 4 * SECOND, "interval_ns": SECOND, "quantity": 400}
    intent, order_id = broken(desk, **twap)
    assert figures(desk) == (lib.PARENT_WORKING, lib.PARENT_REASON_UNKNOWN, 30, 70)
    assert desk.wait(SECOND) == []
    desk.session("RESET", 0)
    desk.tell("EXECUTED", intent, order_id, quantity=60, leaves=40, flags=REPLAYED, sequence=2)
    assert desk.intents() == []
    desk.tell("CANCELED", intent, order_id, quantity=40, leaves=0, flags=REPLAYED, sequence=3)
    (second,) = desk.intents()
    assert second.quantity == 200 - 60


def test_a_post_that_still_rests_is_followed_on(desk: Desk) -> None:
    intent, order_id = broken(desk, policy=lib.PARENT_POST)
    assert desk.show(0, [(BID + 20, 1000)], [(ASK, 1000)]) == []
    desk.session("RESET", 0)
    desk.tell("ACCEPTED", intent, order_id, leaves=100, flags=REPLAYED, sequence=1)
    desk.tell("EXECUTED", intent, order_id, quantity=30, leaves=70, flags=REPLAYED, sequence=2)
    assert desk.wait(SECOND) == []
    desk.session("LIVE", 0)
    (move,) = desk.intents()
    assert move.target_order_id == order_id or move.venue == 1
    assert figures(desk)[2:] == (30, 70)


def test_a_move_that_was_under_way_is_told_by_the_replay(desk: Desk) -> None:
    (intent,) = desk.order(policy=lib.PARENT_POST, venue_mask=1)
    order_id = desk.rest(intent)
    desk.tell("EXECUTED", intent, order_id, quantity=30, leaves=70, sequence=1)
    desk.wait(1000)
    (move,) = desk.show(0, [(BID + 20, 1000)], [(ASK, 1000)])
    moved = desk.sent(move)
    desk.session("DOWN", 0)
    desk.session("RESET", 0)
    desk.tell("ACCEPTED", intent, order_id, leaves=100, flags=REPLAYED, sequence=1)
    desk.tell("EXECUTED", intent, order_id, quantity=30, leaves=70, flags=REPLAYED, sequence=2)
    desk.tell("REPLACED", move, moved, leaves=70, quantity=100, flags=REPLAYED, sequence=3)
    desk.tell("EXECUTED", move, moved, quantity=20, leaves=50, flags=REPLAYED, sequence=4)
    desk.session("LIVE", 0)
    assert desk.intents() == []
    assert figures(desk)[2:] == (50, 50)
    desk.wait(SECOND)
    (again,) = desk.show(0, [(BID + 40, 1000)], [(ASK, 1000)])
    assert (again.target_order_id, again.quantity) == (moved, 100)


def test_a_cancel_of_a_parent_in_doubt_is_over_at_once_and_cancels_what_the_replay_brings_back(desk: Desk) -> None:
    intent, order_id = broken(desk, policy=lib.PARENT_POST)
    assert desk.cancel() == []
    assert figures(desk) == (lib.PARENT_CANCELED, lib.PARENT_REASON_UNKNOWN, 30, 70)
    desk.session("RESET", 0)
    desk.tell("ACCEPTED", intent, order_id, leaves=100, flags=REPLAYED, sequence=1)
    desk.tell("EXECUTED", intent, order_id, quantity=30, leaves=70, flags=REPLAYED, sequence=2)
    desk.session("LIVE", 0)
    (cancel,) = desk.intents()
    assert (cancel.kind, cancel.target_order_id) == (lib.INTENT_CANCEL, order_id)
    desk.tell("CANCELED", intent, order_id, quantity=70, leaves=0)
    assert figures(desk) == (lib.PARENT_CANCELED, lib.PARENT_REASON_UNKNOWN, 30, 0)


def test_a_child_that_nobody_answers_for_is_given_up_and_never_sent_again(desk: Desk) -> None:
    (intent,) = desk.order()
    assert desk.wait(10 * SECOND - 1) == []
    assert desk.wait(1) == []
    assert figures(desk) == (lib.PARENT_CANCELED, lib.PARENT_REASON_UNKNOWN, 0, 100)
    assert desk.router.count(lib.ROUTE_COUNT_UNANSWERED) == 1
    order_id = desk.sent(intent)
    desk.tell("EXECUTED", intent, order_id, quantity=100, leaves=0)
    assert figures(desk)[:3] == (lib.PARENT_FILLED, 0, 100)


def test_it_may_still_be_sent_after_a_replay_that_knew_nothing_of_it(desk: Desk) -> None:
    (intent,) = desk.order()
    desk.wait(10 * SECOND)
    desk.session("DOWN", 0)
    desk.replay(0)
    assert figures(desk) == (lib.PARENT_CANCELED, lib.PARENT_REASON_UNKNOWN, 0, 0)
    desk.tell("EXECUTED", intent, desk.sent(intent), quantity=60, leaves=40)
    assert figures(desk) == (lib.PARENT_CANCELED, lib.PARENT_REASON_UNKNOWN, 60, 40)


def test_a_resting_child_answered_for_too_late_is_canceled(desk: Desk) -> None:
    (intent,) = desk.order(policy=lib.PARENT_POST)
    desk.wait(10 * SECOND)
    order_id = desk.sent(intent)
    (cancel,) = desk.intents()
    assert (cancel.kind, cancel.target_order_id) == (lib.INTENT_CANCEL, order_id)


def test_a_resting_child_of_an_earlier_life_is_canceled(desk: Desk) -> None:
    (intent,) = desk.order(policy=lib.PARENT_POST)
    other = Desk()
    other.tell("SENT", intent, 1 << 32 | 7, match_number=intent.parent_id, leaves=100)
    (cancel,) = other.intents()
    assert (cancel.kind, cancel.target_order_id, cancel.venue) == (lib.INTENT_CANCEL, 1 << 32 | 7, 0)
    assert other.router.count(lib.ROUTE_COUNT_ORPHANS) == 1


def test_what_is_nobodys_child_is_left_alone(desk: Desk) -> None:
    (intent,) = desk.order(policy=lib.PARENT_POST)
    other = Desk()
    other.tell("SENT", intent, 1 << 32 | 7, leaves=100)
    other.tell("EXECUTED", intent, 1 << 32 | 7, quantity=100)
    by_hand = lib.PARENT_BY_HAND << lib.PARENT_SOURCE_SHIFT | 5
    other.tell("SENT", intent, 1 << 32 | 8, match_number=by_hand, leaves=100)
    assert other.intents() == []
    assert other.router.reports() == []


def test_the_same_execution_told_twice_counts_once(desk: Desk) -> None:
    (intent,) = desk.order()
    order_id = desk.sent(intent)
    for _ in range(2):
        desk.tell("EXECUTED", intent, order_id, quantity=30, leaves=70, sequence=5)
    assert figures(desk)[2:] == (30, 70)


def test_a_broken_trade_opens_no_parent_again(desk: Desk) -> None:
    (intent,) = desk.order()
    order_id = desk.sent(intent)
    desk.tell("EXECUTED", intent, order_id, quantity=100, leaves=0, match_number=4)
    desk.tell("BROKEN", intent, order_id, match_number=4)
    assert desk.intents() == []
    assert desk.last().state == lib.PARENT_FILLED
