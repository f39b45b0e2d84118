"""What must not leave does not, at the last moment; and what must go is canceled until it is gone."""

import struct
from collections.abc import Callable
from typing import Any

import pytest

from tickwire.native import lib

SECOND_NS = 1_000_000_000
AAPL = 1


def reasons(box: Any) -> list[str]:
    """Why orders were not sent, in order."""
    return [chr(report.reason) for report in box.of_kind(lib.REPORT_NOT_SENT)]


def accept_all(venue: Any) -> None:
    """From now on every new order is accepted."""
    venue.on_order = lambda message: venue.accept(struct.unpack(">I", message[1:5])[0]) if message[:1] == b"O" else None


def refuse_cancel(venue: Any, user_ref: int) -> None:
    """Cancel Rejected."""
    venue.say(struct.pack(">cQIH", b"I", 1, user_ref, 0))


def test_an_order_that_waits_while_the_gate_is_disarmed_is_not_sent(box: Any, venue: Any) -> None:
    box.until_live()
    box.control.armed = False
    box.submit(box.order(1))
    box.until(lambda: lib.REPORT_NOT_SENT in box.kinds())
    box.control.armed = True
    box.submit(box.order(2))
    box.until(lambda: len(venue.inbound) == 1)
    assert reasons(box) == ["d"]
    assert venue.inbound[0][1:5] == b"\0\0\0\2"


def test_a_cancel_leaves_whether_armed_or_not_and_however_old(make_box: Callable[..., Any], venue: Any) -> None:
    box = make_box(order_age_ns_max=1)
    box.until_live()
    accept_all(venue)
    box.submit(box.order(1))
    box.until(lambda: lib.REPORT_ACCEPTED in box.kinds())
    box.control.armed = False
    box.submit(box.order(0, kind=lib.INTENT_CANCEL, target_order_id=3 << 32 | 1, rx_ns=1))
    box.until(lambda: len(venue.inbound) == 2)
    assert venue.inbound[1][:5] == b"X\0\0\0\1"


@pytest.mark.parametrize(("late_ns", "leaves"), [(0, True), (1, False)])
def test_an_order_leaves_until_its_tick_is_as_old_as_allowed(
    make_box: Callable[..., Any], venue: Any, late_ns: int, leaves: bool
) -> None:
    box = make_box(order_age_ns_max=5_000_000)
    box.until_live()
    box.submit(box.order(1, rx_ns=box.now_ns - 4_000_000 - late_ns))  # the next cycle is 1 ms from here
    box.run(5)
    assert reasons(box) == ([] if leaves else ["a"])
    assert len(venue.inbound) == leaves


def test_nothing_is_sent_on_a_connection_that_has_been_given_up(box: Any, venue: Any) -> None:
    box.until_live()
    venue.send(b"\0\1?")  # no such packet
    box.until(lambda: box.count("MALFORMED") == 1)
    assert box.state == lib.SESSION_LIVE  # it is closed at the next look
    box.submit(box.order(1), box.order(0, kind=lib.INTENT_CANCEL, target_order_id=3 << 32 | 1))
    box.step()
    assert reasons(box) == ["s", "s"]
    assert venue.inbound == []


def test_an_order_of_the_gate_s_earlier_picture_is_not_sent_after_live(box: Any, venue: Any) -> None:
    box.until_live()
    before = box.order(1)
    venue.hang_up()
    box.until(lambda: box.kinds().count(lib.REPORT_LIVE) == 2)
    box.submit(before, box.order(2))
    box.until(lambda: len(venue.inbound) == 1)
    assert reasons(box) == ["s"]
    assert venue.inbound[0][1:5] == b"\0\0\0\2"


def test_an_order_of_an_earlier_life_of_execution_is_not_sent(box: Any, venue: Any) -> None:
    box.until_live()
    before = box.order(1)
    box.restart()
    box.until(lambda: box.kinds().count(lib.REPORT_LIVE) == 2)
    box.submit(before)
    box.until(lambda: lib.REPORT_NOT_SENT in box.kinds())
    assert reasons(box) == ["s"]


def test_live_comes_after_the_last_order_of_the_picture_before(box: Any, venue: Any) -> None:
    venue.answers_query = False
    box.until(lambda: box.state == lib.SESSION_REPLAYING)
    box.run(5)
    box.submit(*(box.order(user_ref) for user_ref in range(1, 1001)))
    for _ in range(2):  # the first answer may be to an earlier question
        venue.say(b"Q" + struct.pack(">QI", 1, 1))
    box.until_live()
    assert len(box.of_kind(lib.REPORT_NOT_SENT)) == 1000
    assert box.kinds()[-1] == lib.REPORT_LIVE


def test_messages_of_a_replay_are_counted_as_replayed_and_nothing_else(box: Any, venue: Any) -> None:
    venue.accept(1)
    venue.execute(1, 100, 7)
    box.until_live()
    replayed = len(venue.record)
    accept_all(venue)
    box.submit(box.order(2))
    box.until(lambda: box.count("ACCEPTED") == 1)
    assert box.count("EXECUTED") == box.count("EXECUTED_SHARES") == 0
    assert box.count("REPLAYED") == replayed
    assert box.count("OTHER") == 0


@pytest.mark.rule("FIA cancel on disconnect")
def test_a_silent_supervisor_has_every_open_order_canceled_once(make_box: Callable[..., Any], venue: Any) -> None:
    box = make_box(supervisor_silence_ns_max=SECOND_NS // 10)
    box.control.supervisor_heartbeat_ns = box.now_ns
    box.until_live()
    box.control.supervisor_heartbeat_ns = box.now_ns
    accept_all(venue)
    box.submit(box.order(1), box.order(2))
    box.until(lambda: len(box.of_kind(lib.REPORT_ACCEPTED)) == 2)
    abandoned = box.count("ABANDONED")
    box.until(lambda: len(venue.inbound) == 4)
    box.run(100)
    assert [message[:5] for message in venue.inbound[2:]] == [b"X\0\0\0\1", b"X\0\0\0\2"]
    assert box.count("ABANDONED") == abandoned + 1


def test_a_supervisor_that_speaks_again_ends_the_danger(make_box: Callable[..., Any], venue: Any) -> None:
    box = make_box(supervisor_silence_ns_max=SECOND_NS // 10)
    box.until_live()
    box.control.supervisor_heartbeat_ns = 1
    box.until(lambda: box.count("ABANDONED") == 1)
    box.control.supervisor_heartbeat_ns = box.now_ns
    accept_all(venue)
    box.submit(box.order(1))
    box.run(50)
    assert [message[:1] for message in venue.inbound] == [b"O"]


def test_a_cancel_refused_while_the_kill_switch_is_on_is_tried_again_after_a_pause(box: Any, venue: Any) -> None:
    venue.accept(1)
    venue.accept(2)
    box.until_live()
    venue.on_order = lambda message: (
        refuse_cancel(venue, 1) if message[4] == 1 and len(venue.inbound) < 4 else venue.cancel(message[4], 100)
    )
    box.control.kill = 99
    box.run(500)
    assert [message[:5] for message in venue.inbound] == [b"X\0\0\0\1", b"X\0\0\0\2"]
    assert box.count("SWEEP_RETRIES") == 0
    box.until(lambda: box.count("OPEN_ORDERS") == 0)
    assert [message[:5] for message in venue.inbound[2:]] == [b"X\0\0\0\1"] * 2
    assert box.count("SWEEP_RETRIES") == 2


def test_a_cancel_refused_again_and_again_is_given_up(box: Any, venue: Any) -> None:
    venue.accept(1)
    box.until_live()
    venue.on_order = lambda message: refuse_cancel(venue, 1)
    box.control.kill = 99
    for _ in range(200):
        venue.send(b"\0\1H")  # the venue lives
        box.run(10, SECOND_NS // 100)
    assert len(venue.inbound) == 9
    assert box.count("SWEEP_RETRIES") == 8
    box.control.kill = 100  # the operator insists
    box.until(lambda: len(venue.inbound) == 10)


def test_no_cancel_is_tried_again_once_the_kill_switch_is_off(box: Any, venue: Any) -> None:
    venue.accept(1)
    box.until_live()
    box.control.kill = 99
    box.until(lambda: len(venue.inbound) == 1)
    box.control.kill = 0
    box.run(2000)
    assert len(venue.inbound) == 1
