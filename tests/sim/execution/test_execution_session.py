"""The order session against a real socket: becoming live, and a venue that misbehaves in every way we know."""

import struct
from collections.abc import Callable
from typing import Any

import pytest

from tickwire.native import lib


def test_a_cold_start_probes_then_replays_from_the_first_message_then_is_live(box: Any, venue: Any) -> None:
    venue.accept(1)
    venue.execute(1, 40, match=7)
    box.until_live()
    assert venue.logins == [0, 1]
    assert box.kinds() == [
        lib.REPORT_DOWN,
        lib.REPORT_RESET,
        lib.REPORT_ACCEPTED,
        lib.REPORT_EXECUTED,
        lib.REPORT_LIVE,
    ]
    executed = box.of_kind(lib.REPORT_EXECUTED)[0]
    assert (executed.quantity, executed.leaves, executed.side, executed.instrument) == (40, 60, lib.SIDE_BUY, 1)
    assert executed.flags == lib.REPORT_REPLAYED | lib.REPORT_UNKNOWN_ORDER
    assert box.of_kind(lib.REPORT_LIVE)[0].next_user_ref == 2
    assert box.state == lib.SESSION_LIVE


@pytest.mark.parametrize("zero_means_last", [False, True])
def test_an_old_account_answer_at_the_end_of_the_record_does_not_make_it_live(
    box: Any, venue: Any, zero_means_last: bool
) -> None:
    venue.zero_means_last = zero_means_last
    venue.accept(1)
    venue.say(b"Q" + struct.pack(">QI", 1, 1))  # of an earlier life, and out of date
    venue.answers_query = False
    box.until(lambda: len(venue.logins) == 2)
    box.run(50)
    assert not box.is_live
    venue.say(b"Q" + struct.pack(">QI", 1, 2))
    box.run(5)
    venue.say(b"Q" + struct.pack(">QI", 1, 2))
    box.until_live()
    assert box.of_kind(lib.REPORT_LIVE)[0].next_user_ref == 2


def test_a_broken_connection_resumes_where_it_stopped(box: Any, venue: Any) -> None:
    box.until_live()
    box.submit(box.order(1))
    venue.on_order = lambda message: venue.accept(1)
    box.until(lambda: lib.REPORT_ACCEPTED in box.kinds())
    expected = len(venue.record) + 1
    venue.hang_up()
    venue.execute(1, 100, match=1)  # while nobody listens
    box.until(lambda: box.of_kind(lib.REPORT_DOWN)[-1] is box.seen[-1] and len(box.of_kind(lib.REPORT_DOWN)) == 2)
    box.until_live()
    assert venue.logins[-2:] == [0, expected]
    assert len(box.of_kind(lib.REPORT_RESET)) == 1
    assert [report.order_state for report in box.of_kind(lib.REPORT_EXECUTED)] == [lib.ORDER_FILLED]


def test_an_order_that_was_on_its_way_when_the_session_broke_is_settled_before_live(box: Any, venue: Any) -> None:
    box.until_live()
    venue.on_order = lambda message: venue.hang_up()
    box.submit(box.order(1))
    box.until(lambda: lib.REPORT_SENT in box.kinds())
    box.until(lambda: box.kinds().count(lib.REPORT_LIVE) == 2)
    lost = box.of_kind(lib.REPORT_NOT_SENT)[0]
    assert (lost.order_id, lost.reason, lost.leaves) == (3 << 32 | 1, ord("l"), 0)
    assert box.kinds()[-2:] == [lib.REPORT_NOT_SENT, lib.REPORT_LIVE]
    venue.on_order = lambda message: venue.accept(1)
    box.submit(box.order(1))  # its number is free again
    box.until(lambda: lib.REPORT_ACCEPTED in box.kinds())
    assert box.of_kind(lib.REPORT_ACCEPTED)[0].flags == 0


def test_a_restarted_stage_says_that_nothing_is_known_and_replays_everything(box: Any, venue: Any) -> None:
    box.until_live()
    venue.on_order = lambda message: venue.accept(1)
    box.submit(box.order(1))
    box.until(lambda: lib.REPORT_ACCEPTED in box.kinds())
    box.restart()
    box.seen.clear()
    box.until_live()
    assert venue.logins[-2:] == [0, 1]
    assert box.kinds() == [lib.REPORT_DOWN, lib.REPORT_RESET, lib.REPORT_ACCEPTED, lib.REPORT_LIVE]


def test_a_stage_that_asks_for_it_gets_the_record_from_the_start(box: Any, venue: Any) -> None:
    box.until_live()
    venue.on_order = lambda message: venue.accept(1)
    box.submit(box.order(1))
    box.until(lambda: lib.REPORT_ACCEPTED in box.kinds())
    box.control.pointer.resync_requests += 1
    box.until(lambda: lib.REPORT_DOWN in box.kinds()[1:])
    box.until_live()
    assert venue.logins[-2:] == [0, 1]
    assert len(box.of_kind(lib.REPORT_RESET)) == 2
    again = box.of_kind(lib.REPORT_ACCEPTED)[1]
    assert again.flags == lib.REPORT_REPLAYED  # still known as ours, with its tick
    assert (again.tick, again.order_id) == (41, 3 << 32 | 1)
    box.run(50)
    assert len(box.of_kind(lib.REPORT_RESET)) == 2


def test_a_replay_cut_off_in_the_middle_begins_again_from_the_first_message(box: Any, venue: Any) -> None:
    venue.accept(1)
    venue.execute(1, 40, match=7)
    venue.answers_query = False
    box.until(lambda: lib.REPORT_EXECUTED in box.kinds())
    venue.hang_up()
    venue.answers_query = True
    box.until_live()
    words = [kind for kind in box.kinds() if kind in (lib.REPORT_RESET, lib.REPORT_DOWN, lib.REPORT_LIVE)]
    assert words[-4:] == [lib.REPORT_RESET, lib.REPORT_DOWN, lib.REPORT_RESET, lib.REPORT_LIVE]
    assert len(box.of_kind(lib.REPORT_EXECUTED)) == 2  # whoever dropped the half picture has the whole one


def test_a_number_the_venue_never_saw_is_not_given_again_even_after_a_restart(box: Any, venue: Any) -> None:
    box.until_live()
    venue.reads = False
    box.submit(box.order(1))
    box.until(lambda: lib.REPORT_SENT in box.kinds())
    venue.hang_up()
    venue.reads = True
    box.restart()
    box.until(lambda: len(box.of_kind(lib.REPORT_LIVE)) == 2)
    assert box.of_kind(lib.REPORT_LIVE)[-1].next_user_ref == 2


def test_another_session_of_the_venue_means_everything_from_one(box: Any, venue: Any) -> None:
    box.until_live()
    venue.on_order = lambda message: venue.accept(1)
    box.submit(box.order(1))
    box.until(lambda: lib.REPORT_ACCEPTED in box.kinds())
    venue.new_session("DAY0000002")
    venue.send(b"\0\1Z")
    box.until(lambda: len(box.of_kind(lib.REPORT_LIVE)) == 2)
    assert venue.logins[-2:] == [0, 1]
    assert len(box.of_kind(lib.REPORT_RESET)) == 2
    assert box.of_kind(lib.REPORT_LIVE)[1].next_user_ref == 2  # a number names one order in the life of the box
    assert box.count("OPEN_ORDERS") == 0
    venue.on_order = lambda message: venue.accept(1)
    box.submit(box.order(1))
    box.until(lambda: box.kinds()[-1] == lib.REPORT_ACCEPTED)


def test_a_session_that_changed_between_probe_and_login_is_started_over(box: Any, venue: Any) -> None:
    def change(sequence: int) -> None:
        if sequence == 1 and venue.session == "DAY0000001":
            venue.new_session("DAY0000002")

    venue.on_login = change
    box.until_live()
    assert venue.logins == [0, 1, 0, 1]


def test_a_login_accepted_behind_the_sequence_asked_for_is_not_believed(box: Any, venue: Any) -> None:
    box.until_live()
    venue.hang_up()
    wrong = iter([True])
    venue.on_login = lambda sequence: venue.accepted(sequence + 5) if sequence > 1 and next(wrong, False) else None
    box.until(lambda: len(box.of_kind(lib.REPORT_LIVE)) == 2)
    assert len(box.of_kind(lib.REPORT_RESET)) == 2  # only the whole record will do
    assert venue.logins[-1] == 1


def test_a_login_accepted_before_the_sequence_asked_for_repeats_nothing(box: Any, venue: Any) -> None:
    box.until_live()
    venue.on_order = lambda message: venue.accept(1)
    box.submit(box.order(1))
    box.until(lambda: lib.REPORT_ACCEPTED in box.kinds())

    def from_the_start(sequence: int) -> bytes | None:
        if sequence < 2:
            return None
        return venue.accepted(1) + b"".join(struct.pack(">Hc", len(m) + 1, b"S") + m for m in venue.record)

    venue.on_login = from_the_start
    venue.hang_up()
    box.until(lambda: len(box.of_kind(lib.REPORT_LIVE)) == 2)
    assert len(box.of_kind(lib.REPORT_ACCEPTED)) == 1
    assert box.count("ILLEGAL") == 0


def test_a_refused_login_is_not_hammered_and_an_operator_can_retry(box: Any, venue: Any) -> None:
    venue.on_login = lambda sequence: b"\0\2JA"
    box.until(lambda: box.state == lib.SESSION_REFUSED)
    tries = venue.connects
    box.run(1000, step_ns=15_000_000)  # 15 s: fifteen times the longest back-off
    assert venue.connects == tries
    venue.on_login = lambda sequence: None
    box.command(lib.EXECUTION_LOGIN)
    box.until_live()


def test_an_unavailable_session_is_tried_again_with_growing_pauses(box: Any, venue: Any) -> None:
    venue.on_login = lambda sequence: b"\0\2JS"
    box.run(10_000)  # 10 s: pauses of 0.1, 0.2, 0.4, 0.8, then 1 s
    assert 10 <= venue.connects <= 14
    venue.on_login = lambda sequence: None
    box.until_live()


GARBAGE = [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0", b"\0\1?", b"\xff\xff" * 40, b"\0\5A123", b"\0\2H!", b"\0\1R"]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_is_counted_and_the_session_comes_back(box: Any, venue: Any, garbage: bytes) -> None:
    box.until_live()
    venue.send(garbage)
    box.until(lambda: len(box.of_kind(lib.REPORT_LIVE)) == 2)
    assert box.count("MALFORMED") == 1
    assert len(box.of_kind(lib.REPORT_RESET)) == 1


def test_a_message_nobody_can_read_makes_everything_unknown(box: Any, venue: Any) -> None:
    box.until_live()
    venue.send(struct.pack(">Hc", 5, b"S") + b"Axyz")
    box.until(lambda: len(box.of_kind(lib.REPORT_LIVE)) == 2)
    assert box.count("MALFORMED") == 1
    assert len(box.of_kind(lib.REPORT_RESET)) == 2


def test_a_message_type_of_the_future_is_passed_over(box: Any, venue: Any) -> None:
    box.until_live()
    venue.say(b"~future")
    venue.accept(1)
    box.until(lambda: lib.REPORT_ACCEPTED in box.kinds())
    assert len(box.of_kind(lib.REPORT_DOWN)) == 1


def test_a_venue_that_closes_in_the_middle_of_a_message_loses_nothing(box: Any, venue: Any) -> None:
    box.until_live()
    whole = venue.peer
    venue.peer = None
    venue.accept(1)  # recorded, and half of it arrives
    whole.sendall(struct.pack(">Hc", len(venue.record[-1]) + 1, b"S") + venue.record[-1][:20])
    whole.close()
    box.until(lambda: len(box.of_kind(lib.REPORT_LIVE)) == 2)
    assert [report.leaves for report in box.of_kind(lib.REPORT_ACCEPTED)] == [100]


def test_a_message_in_single_bytes_is_one_message(box: Any, venue: Any) -> None:
    box.until_live()
    peer, venue.peer = venue.peer, None
    venue.accept(1)
    venue.peer = peer
    for byte in struct.pack(">Hc", len(venue.record[-1]) + 1, b"S") + venue.record[-1]:
        peer.sendall(bytes([byte]))
        box.step()
    box.until(lambda: lib.REPORT_ACCEPTED in box.kinds())
    assert box.count("MALFORMED") == 0


@pytest.mark.parametrize("silent", ["login", "query"])
def test_a_venue_that_never_answers_is_left_and_tried_again(box: Any, venue: Any, silent: str) -> None:
    setattr(venue, f"answers_{silent}", False)
    box.until(lambda: venue.connects >= 6)
    assert not box.is_live
    setattr(venue, f"answers_{silent}", True)
    box.until_live()


def test_a_venue_that_is_not_there_is_tried_until_it_is(make_box: Callable[..., Any], venue: Any) -> None:
    venue.listener.close()
    box = make_box()
    box.venue = type("Nobody", (), {"step": lambda self: None})()
    box.run(3000)
    assert box.count("CONNECTS") == 0
    assert box.state in (lib.SESSION_DOWN, lib.SESSION_CONNECTING)


def test_silence_of_the_venue_ends_the_connection_and_its_heartbeats_keep_it(box: Any, venue: Any) -> None:
    box.until_live()
    for _ in range(10):
        venue.send(b"\0\1H")
        box.run(1000)
    assert len(box.of_kind(lib.REPORT_DOWN)) == 1
    assert box.count("HEARTBEATS_RECEIVED") == 10
    box.until(lambda: len(box.of_kind(lib.REPORT_DOWN)) == 2)


def test_the_box_says_that_it_lives_once_a_second(box: Any, venue: Any) -> None:
    box.until_live()
    for _ in range(10):
        venue.send(b"\0\1H")
        box.run(1000)
    assert 9 <= venue.heartbeats <= 10
    assert venue.heartbeats == box.count("HEARTBEATS_SENT")


def test_debug_and_unsequenced_packets_are_passed_over(box: Any, venue: Any) -> None:
    box.until_live()
    venue.send(b"\0\6+hello\0\3Uab")
    venue.accept(1)
    box.until(lambda: lib.REPORT_ACCEPTED in box.kinds())


def test_logout_stays_out_until_login(box: Any, venue: Any) -> None:
    box.until_live()
    box.command(lib.EXECUTION_LOGOUT)
    box.until(lambda: box.state == lib.SESSION_DOWN)
    connects = venue.connects
    box.run(500, step_ns=10_000_000)
    assert (venue.connects, box.kinds()[-1]) == (connects, lib.REPORT_DOWN)
    box.command(lib.EXECUTION_LOGIN)
    box.until_live()
    assert len(box.of_kind(lib.REPORT_RESET)) == 1


def test_only_a_live_session_that_breaks_is_a_loss_and_each_is_one(box: Any, venue: Any) -> None:
    box.until_live()
    assert (box.count("LOSSES"), box.count("DISCONNECTS")) == (0, 1), "the probe's connection is no loss"
    for drops in (1, 2, 3):
        venue.hang_up()
        box.until(lambda: box.kinds().count(lib.REPORT_LIVE) == drops + 1)  # noqa: B023
        box.run(20)
        assert box.count("LOSSES") == drops


def test_a_session_that_we_end_ourselves_is_no_loss(box: Any, venue: Any) -> None:
    box.until_live()
    box.command(lib.EXECUTION_RESYNC)
    box.command(lib.EXECUTION_RESYNC)
    box.until(lambda: box.kinds().count(lib.REPORT_LIVE) == 2)
    box.command(lib.EXECUTION_LOGOUT)
    box.until(lambda: box.state == lib.SESSION_DOWN)
    box.run(20)
    assert (box.count("LOSSES"), box.count("DISCONNECTS")) == (0, 4)


def test_a_session_that_ends_because_the_venue_makes_no_sense_is_a_loss(box: Any, venue: Any) -> None:
    box.until_live()
    venue.say(b"A")
    box.until(lambda: box.count("LOSSES") == 1)
