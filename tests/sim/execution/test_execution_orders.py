"""Orders from the ring to the venue and back: what is sent, what is not, and what happens when the kernel is slow."""

import struct
from collections.abc import Callable
from typing import Any

import pytest

from tickwire.native import lib

ENTER_SIZE = 47 + 6  # with the Firm appendage


def test_an_order_goes_out_as_one_enter_message_that_names_its_tick(box: Any, venue: Any) -> None:
    box.until_live()
    box.submit(box.order(1, tick=1234567890123456, time_in_force=lib.TIF_IOC, side=lib.SIDE_SELL))
    box.until(lambda: bool(venue.inbound))
    kind, user_ref, side, quantity, symbol, price, tif, display, capacity, sweep, cross, client_id, options = (
        struct.unpack(">cIcI8sQccccc14s8s", venue.inbound[0])
    )
    assert (kind, user_ref, side, quantity, symbol, price) == (b"O", 1, b"S", 100, b"AAPL    ", 1_000_000)
    assert (tif, display, capacity, sweep, cross) == (b"3", b"Y", b"P", b"N", b"N")
    assert client_id == b"T7890123456000"
    assert options == b"\0\6\5\2LIME"


def test_a_box_without_a_firm_sends_no_appendage(make_box: Callable[..., Any], venue: Any) -> None:
    box = make_box(firm="")
    box.until_live()
    box.submit(box.order(1))
    box.until(lambda: bool(venue.inbound))
    assert len(venue.inbound[0]) == 47
    assert venue.inbound[0][-2:] == b"\0\0"


def test_every_sent_order_carries_its_trace_and_is_measured_stage_by_stage(box: Any, venue: Any) -> None:
    box.until_live()
    box.submit(box.order(1, rx_ns=lib.clock_now_ns()))
    box.until(lambda: lib.REPORT_SENT in box.kinds())
    sent = box.of_kind(lib.REPORT_SENT)[0]
    assert (sent.tick, sent.book_ns, sent.signal_ns, sent.risk_ns, sent.leaves) == (41, 100, 150, 250, 100)
    assert sent.order_state == lib.ORDER_SENT
    assert sent.execution_ns > 0
    assert sent.report_ns >= sent.rx_ns + sent.execution_ns
    assert [box.latency[name].count for name in box.latency] == [1] * 6
    assert [box.latency[name].summary()["max"] for name in ("book", "signal", "risk")] == [100, 50, 100]


def test_orders_that_wait_together_leave_in_one_send_and_in_order(box: Any, venue: Any) -> None:
    box.until_live()
    box.submit(*(box.order(user_ref) for user_ref in (1, 2, 3)))
    box.until(lambda: len(venue.inbound) == 3)
    assert [struct.unpack(">I", message[1:5])[0] for message in venue.inbound] == [1, 2, 3]
    sent = box.of_kind(lib.REPORT_SENT)
    assert [report.order_id & 0xFFFFFFFF for report in sent] == [1, 2, 3]
    assert len({report.report_ns for report in sent}) == 1
    assert len({report.transmit_ns for report in sent}) == 1


def test_an_order_that_must_not_leave_splits_a_send_and_its_report_keeps_its_place(box: Any, venue: Any) -> None:
    box.until_live()
    before = len(box.seen)
    box.submit(box.order(1), box.order(2, order_id=2 << 32 | 2), box.order(3))
    box.until(lambda: len(venue.inbound) == 2)
    kinds = [report.kind for report in box.seen[before:]]
    assert kinds[:3] == [lib.REPORT_SENT, lib.REPORT_NOT_SENT, lib.REPORT_SENT]


def test_the_kill_switch_stops_the_orders_of_a_send_and_lets_its_cancels_out(box: Any, venue: Any) -> None:
    box.until_live()
    box.submit(box.order(1))
    box.until(lambda: len(venue.inbound) == 1)
    box.control.kill = 99
    box.submit(box.order(2), box.order(0, kind=lib.INTENT_CANCEL, target_order_id=3 << 32 | 1), box.order(3))
    box.step()
    stopped = box.of_kind(lib.REPORT_NOT_SENT)
    assert [(report.order_id & 0xFFFFFFFF, report.reason) for report in stopped] == [(2, ord("k")), (3, ord("k"))]
    box.until(lambda: len(venue.inbound) > 1)
    assert {message[:1] for message in venue.inbound[1:]} == {b"X"}


def test_a_replace_takes_its_target_s_place(box: Any, venue: Any) -> None:
    box.until_live()
    venue.on_order = lambda message: venue.accept(1) if message[:1] == b"O" else None
    box.submit(box.order(1))
    box.until(lambda: lib.REPORT_ACCEPTED in box.kinds())
    box.submit(box.order(2, kind=lib.INTENT_REPLACE, target_order_id=3 << 32 | 1, quantity=70, price=990_000, tick=42))
    box.until(lambda: len(venue.inbound) == 2)
    assert venue.inbound[1] == struct.pack(
        ">cIIIQccc14sH", b"U", 1, 2, 70, 990_000, b"0", b"Y", b"N", b"T0000000042000", 0
    )
    replaced = struct.pack(">cQIIcI8sQccQ", b"U", 1, 1, 2, b"B", 70, b"AAPL    ", 990_000, b"0", b"Y", 9)
    venue.say(replaced + b"PNNL" + b"T".ljust(14) + b"\0\0")
    box.until(lambda: lib.REPORT_REPLACED in box.kinds())
    report = box.of_kind(lib.REPORT_REPLACED)[0]
    assert (report.order_id, report.target_order_id, report.leaves) == (3 << 32 | 2, 3 << 32 | 1, 70)
    assert (report.tick, report.price, report.order_reference) == (42, 990_000, 9)
    box.step()
    assert box.count("OPEN_ORDERS") == 1


def test_a_cancel_takes_all_that_is_open_whatever_its_quantity_says(box: Any, venue: Any) -> None:
    box.until_live()
    venue.on_order = lambda message: venue.accept(1) if message[:1] == b"O" else venue.cancel(1, 100)
    box.submit(box.order(1))
    box.until(lambda: lib.REPORT_ACCEPTED in box.kinds())
    box.submit(box.order(0, kind=lib.INTENT_CANCEL, target_order_id=3 << 32 | 1, quantity=55))
    box.until(lambda: lib.REPORT_CANCELED in box.kinds())
    assert venue.inbound[1] == struct.pack(">cII", b"X", 1, 0)
    sent = box.of_kind(lib.REPORT_SENT)[1]
    assert (sent.order_id, sent.target_order_id, sent.order_state) == (3 << 32 | 1, 3 << 32 | 1, lib.ORDER_LIVE)


NOT_SENT: list[tuple[str, dict[str, Any], str]] = [
    ("another epoch", {"order_id": 4 << 32 | 1}, "e"),
    ("no such instrument", {"instrument": 2}, "m"),
    ("no such kind", {"kind": 9}, "m"),
    ("no number", {"order_id": 3 << 32}, "m"),
    ("no target", {"kind": lib.INTENT_REPLACE, "target_order_id": 3 << 32 | 7}, "t"),
    ("nothing to cancel", {"kind": lib.INTENT_CANCEL, "target_order_id": 3 << 32 | 7}, "t"),
]


@pytest.mark.parametrize(("why", "fields", "reason"), NOT_SENT, ids=[case[0] for case in NOT_SENT])
def test_an_order_that_must_not_leave_is_reported_and_the_next_one_leaves(
    box: Any, venue: Any, why: str, fields: dict[str, Any], reason: str
) -> None:
    box.until_live()
    box.submit(box.order(1, **fields), box.order(2))
    box.until(lambda: lib.REPORT_SENT in box.kinds())
    assert [chr(report.reason) for report in box.of_kind(lib.REPORT_NOT_SENT)] == [reason]
    box.until(lambda: len(venue.inbound) == 1)
    assert venue.inbound[0][1:5] == b"\0\0\0\2"


def test_a_number_used_twice_is_sent_once(box: Any, venue: Any) -> None:
    box.until_live()
    box.submit(box.order(1), box.order(1))
    box.until(lambda: lib.REPORT_NOT_SENT in box.kinds())
    assert box.of_kind(lib.REPORT_NOT_SENT)[0].reason == ord("f")
    box.run(5)
    assert len(venue.inbound) == 1


def test_nothing_leaves_before_the_session_is_live(box: Any, venue: Any) -> None:
    venue.answers_query = False
    box.until(lambda: len(venue.logins) == 2)
    box.submit(box.order(1))
    box.until(lambda: lib.REPORT_NOT_SENT in box.kinds())
    assert box.of_kind(lib.REPORT_NOT_SENT)[0].reason == ord("s")
    assert venue.inbound == []


def test_the_kill_switch_cancels_every_open_order_once_and_lets_no_other_out(box: Any, venue: Any) -> None:
    box.until_live()
    count = 50  # more than one batch of a duty cycle
    venue.on_order = lambda message: venue.accept(struct.unpack(">I", message[1:5])[0]) if message[:1] == b"O" else None
    box.submit(*(box.order(user_ref) for user_ref in range(1, count + 1)))
    box.until(lambda: len(box.of_kind(lib.REPORT_ACCEPTED)) == count)
    box.control.kill = 99
    box.submit(box.order(count + 1), box.order(count + 2, kind=lib.INTENT_REPLACE, target_order_id=3 << 32 | 1))
    box.run(100)
    canceled = [struct.unpack(">cII", message) for message in venue.inbound[count:]]
    assert canceled == [(b"X", user_ref, 0) for user_ref in range(1, count + 1)]
    assert [report.reason for report in box.of_kind(lib.REPORT_NOT_SENT)] == [ord("k")] * 2
    box.submit(box.order(0, kind=lib.INTENT_CANCEL, target_order_id=3 << 32 | 5))
    box.until(lambda: len(venue.inbound) == 2 * count + 1)  # a cancel is always let out
    box.control.kill = 0
    box.submit(box.order(count + 1))
    box.until(lambda: len(venue.inbound) == 2 * count + 2)
    assert venue.inbound[-1][:1] == b"O"


def test_the_kill_switch_cancels_orders_that_a_replay_brings_to_light(box: Any, venue: Any) -> None:
    venue.accept(1)
    venue.accept(2)
    venue.cancel(2, 100)
    box.control.kill = 99
    box.until(lambda: bool(venue.inbound))
    box.run(20)
    assert venue.inbound == [struct.pack(">cII", b"X", 1, 0)]


def test_cancel_all_cancels_every_open_order(box: Any, venue: Any) -> None:
    box.until_live()
    box.submit(box.order(1), box.order(2))
    box.until(lambda: len(venue.inbound) == 2)
    box.command(lib.EXECUTION_CANCEL_ALL)
    box.until(lambda: len(venue.inbound) == 4)
    assert [message[:5] for message in venue.inbound[2:]] == [b"X\0\0\0\1", b"X\0\0\0\2"]


def test_a_slow_venue_sees_whole_orders_in_order_and_none_that_waited_too_long(
    make_box: Callable[..., Any], venue: Any
) -> None:
    venue.listener.setsockopt(1, 8, 4096)  # SOL_SOCKET, SO_RCVBUF: inherited by the connection
    box = make_box(send_buffer=4096, order_age_ns_max=500_000_000)
    box.until_live()
    venue.reads = False
    count = 3000
    box.submit(*(box.order(user_ref, rx_ns=box.now_ns) for user_ref in range(1, count + 1)))
    box.until(lambda: box.count("SEND_BLOCKED") > 0)
    box.run(100)
    sent = box.count("ORDERS")
    assert box.orders.lag(0) == count - sent > 0  # the rest waits in the ring
    box.now_ns += 500_000_000
    venue.reads = True
    box.submit(box.order(count + 1, rx_ns=box.now_ns))
    box.until(lambda: len(venue.inbound) == sent + 1)
    heard = [struct.unpack(">I", message[1:5])[0] for message in venue.inbound]
    assert heard == [*range(1, sent + 1), count + 1]
    assert all(len(message) == ENTER_SIZE for message in venue.inbound)
    assert [chr(report.reason) for report in box.of_kind(lib.REPORT_NOT_SENT)] == ["a"] * (count - sent)


def test_orders_that_wait_for_a_slow_venue_are_stopped_by_the_kill_switch(
    make_box: Callable[..., Any], venue: Any
) -> None:
    venue.listener.setsockopt(1, 8, 4096)
    box = make_box(send_buffer=4096)
    box.until_live()
    venue.reads = False
    count = 3000
    box.submit(*(box.order(user_ref) for user_ref in range(1, count + 1)))
    box.until(lambda: box.count("SEND_BLOCKED") > 0)
    box.run(10)
    sent = box.count("ORDERS")
    box.control.kill = 99
    box.run(10)
    venue.reads = True
    box.until(lambda: box.count("CANCELS") == sent)
    box.until(lambda: len(venue.inbound) == 2 * sent)
    assert box.count("ORDERS") == sent
    assert [message[:1] for message in venue.inbound] == [b"O"] * sent + [b"X"] * sent
    box.until(lambda: len(box.of_kind(lib.REPORT_NOT_SENT)) == count - sent)


def test_a_connection_that_breaks_in_the_middle_of_an_order_settles_it(
    make_box: Callable[..., Any], venue: Any
) -> None:
    venue.listener.setsockopt(1, 8, 4096)
    box = make_box(send_buffer=4096)
    box.until_live()
    venue.reads = False
    box.submit(*(box.order(user_ref) for user_ref in range(1, 3001)))
    box.until(lambda: box.count("SEND_BLOCKED") > 0)
    box.run(10)
    venue.reads = True
    venue.hang_up()  # nothing of all that was ever processed
    box.until(lambda: box.kinds().count(lib.REPORT_LIVE) == 2)
    box.until(lambda: len(box.of_kind(lib.REPORT_NOT_SENT)) == 3000)  # not even those decided on before
    assert venue.inbound == []
    assert {chr(report.reason) for report in box.of_kind(lib.REPORT_NOT_SENT)} == {"l", "s"}
    assert box.count("OPEN_ORDERS") == 0


def test_a_full_report_ring_holds_orders_and_messages_back_and_loses_none(
    make_box: Callable[..., Any], venue: Any
) -> None:
    box = make_box(report_capacity=4)
    box.until_live()
    venue.on_order = lambda message: venue.accept(struct.unpack(">I", message[1:5])[0])
    box.submit(*(box.order(user_ref) for user_ref in range(1, 101)))
    for _ in range(10_000):  # nobody takes the reports: longer than the venue may be silent
        box.now_ns += 1_000_000
        lib.stage_poll(box.stage, box.now_ns)
        venue.step()
    assert box.count("BACKPRESSURE") > 0
    assert len(venue.inbound) <= 4
    box.until(lambda: len(box.of_kind(lib.REPORT_ACCEPTED)) == 100)
    assert len(box.of_kind(lib.REPORT_SENT)) == 100
    assert len(box.of_kind(lib.REPORT_DOWN)) == 1
    assert box.control.resync_requests == 0


def test_more_orders_than_the_table_holds_are_refused_here_and_feared_in_the_record(
    make_box: Callable[..., Any], venue: Any
) -> None:
    box = make_box(order_count_max=10)
    box.until_live()
    box.submit(*(box.order(user_ref) for user_ref in range(1, 12)))
    box.until(lambda: lib.REPORT_NOT_SENT in box.kinds())
    assert box.of_kind(lib.REPORT_NOT_SENT)[0].order_id == 3 << 32 | 11
    venue.accept(12)  # an order we have no room for: positions can no longer be known
    box.until(lambda: box.kinds()[-1] == lib.REPORT_DOWN)
    assert box.state == lib.SESSION_REFUSED


def test_a_stage_without_its_blocks_says_which_one_is_missing(box: Any, tmp_path: Any) -> None:
    from tickwire.native import NativeError, Segment
    from tickwire.native.execution import open_execution

    with Segment.create(tmp_path / "bare", 1 << 20) as segment:
        with pytest.raises(NativeError, match=r'no ring "order\.0"'):
            open_execution(segment, box.settings)
        segment.add_ring("order.0", 8, "order", 1)
        with pytest.raises(NativeError, match=r'no ring "report\.0"'):
            open_execution(segment, box.settings)
