"""TWAP: slices by the time that is given, what one missed in the next, and a clean end."""

from typing import Any

import pytest
from routing import MID, SECOND, Desk, brief

from tickwire.native import lib

ASK = MID + 100


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    for venue in (0, 1):
        made.show(venue, [(MID - 100, 10_000)], [(ASK, 10_000)])
    return made


def start(desk: Desk, quantity: int = 100, seconds: int = 4, **fields: Any) -> list[Any]:
    usual = {"policy": lib.PARENT_TWAP, "duration_ns": seconds * SECOND, "interval_ns": SECOND}
    return desk.order(quantity=quantity, **usual | fields)


def test_equal_slices_go_out_at_equal_times(desk: Desk) -> None:
    sizes = []
    intents = start(desk)
    for _ in range(4):
        (intent,) = intents
        assert (intent.time_in_force, intent.flags) == (lib.TIF_IOC, lib.ORDER_SWEEP)
        sizes.append(intent.quantity)
        assert desk.fill(intent) == []
        assert desk.wait(SECOND - 1) == []
        intents = desk.wait(1)
    assert sizes == [25] * 4
    assert desk.last().state == lib.PARENT_FILLED


def test_what_does_not_divide_is_spread_and_nothing_is_lost(desk: Desk) -> None:
    sizes = []
    intents = start(desk, quantity=10, seconds=4)
    for _ in range(4):
        sizes += [intent.quantity for intent in intents]
        for intent in intents:
            desk.fill(intent)
        intents = desk.wait(SECOND)
    assert sizes == [2, 3, 2, 3]


def test_more_slices_than_shares_leave_some_empty(desk: Desk) -> None:
    total = 0
    intents = start(desk, quantity=2, seconds=4)
    for _ in range(5):
        for intent in intents:
            total += intent.quantity
            desk.fill(intent)
        intents = desk.wait(SECOND)
    assert (total, desk.last().state) == (2, lib.PARENT_FILLED)


def test_what_a_slice_missed_is_in_the_next_one(desk: Desk) -> None:
    desk.show(1)
    desk.show(0, asks=[(ASK, 10)])
    (first,) = start(desk)
    assert first.quantity == 10
    assert desk.fill(first) == []
    assert desk.show(0, asks=[(ASK, 1000)]) == []
    (second,) = desk.wait(SECOND)
    assert second.quantity == 40


def test_time_that_was_missed_is_caught_up_with_in_one_slice(desk: Desk) -> None:
    desk.fill(start(desk)[0])
    (second,) = desk.wait(2 * SECOND + 5)
    assert second.quantity == 50


def test_what_is_left_at_the_end_is_not_bought(desk: Desk) -> None:
    desk.fill(start(desk)[0])
    assert desk.wait(10 * SECOND) == []
    report = desk.last()
    assert (report.state, report.reason, report.executed) == (lib.PARENT_CANCELED, lib.PARENT_REASON_TIME, 25)


def test_an_answer_that_comes_after_the_end_still_counts(desk: Desk) -> None:
    (intent,) = start(desk)
    assert desk.wait(5 * SECOND) == []
    assert desk.last().state == lib.PARENT_WORKING
    desk.fill(intent)
    assert (desk.last().state, desk.last_report.executed) == (lib.PARENT_CANCELED, 25)


def test_a_market_past_the_bound_is_waited_out(desk: Desk) -> None:
    for venue in (0, 1):
        desk.show(venue, asks=[(MID + 5000, 100)])
    assert start(desk) == []
    assert desk.last().state == lib.PARENT_WORKING
    desk.show(0, asks=[(ASK, 1000)])
    (second,) = desk.wait(SECOND)
    assert second.quantity == 50


def test_a_venue_that_refused_a_slice_is_asked_again_in_the_next(desk: Desk) -> None:
    (first,) = start(desk)
    (second,) = desk.refuse(first)
    assert desk.refuse(second) == []
    intents = desk.wait(SECOND)
    assert [intent.quantity for intent in intents] == [50]


def test_a_cancel_ends_it_at_once_when_nothing_is_on_its_way(desk: Desk) -> None:
    desk.fill(start(desk)[0])
    assert desk.cancel() == []
    assert (desk.last().state, desk.last_report.reason) == (lib.PARENT_CANCELED, lib.PARENT_REASON_REQUEST)
    assert desk.wait(SECOND) == []


def test_slices_number_the_evidence(desk: Desk) -> None:
    desk.fill(start(desk)[0])
    desk.wait(2 * SECOND)
    assert [evidence.number for evidence in desk.evidence] == [1, 3]


def test_a_slice_is_as_old_as_its_decision_and_not_as_its_parent(desk: Desk) -> None:
    desk.fill(start(desk, rx_ns=SECOND, tick=9)[0])
    (intent,) = desk.wait(SECOND)
    assert intent.rx_ns == 2 * SECOND


def test_an_interval_that_does_not_divide_the_duration_has_a_short_last_slice(desk: Desk) -> None:
    sizes = [intent.quantity for intent in start(desk, duration_ns=2 * SECOND + SECOND // 2)]
    assert sizes == [33]
    assert brief(desk.wait(2 * SECOND)) == [(1, ASK, 67)]
