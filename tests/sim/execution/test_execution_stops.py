"""Stop words: what they keep back at the last look, what a kill cancels, and what a silent venue means."""

import random
import struct
from collections.abc import Callable
from typing import Any

import pytest

from tickwire.native import lib

SECOND_NS = 1_000_000_000
OWNER = {"account": 2, "strategy": 3}
ITS = {"firm": 0, "venue": 0, "account": 2, "strategy": 3, "instrument": 1}
OTHER = {"venue": 1, "account": 1, "strategy": 4, "instrument": 0}
BITS = ("KILL", "PAUSE", "BREAK", "BREAKER", "PROBE", "THROTTLE")


def canceled(venue: Any) -> list[int]:
    """UserRefNums of the Cancel Order messages so far."""
    return [struct.unpack(">I", message[1:5])[0] for message in venue.inbound if message[:1] == b"X"]


def working(box: Any, venue: Any, *orders: dict[str, Any]) -> None:
    """Bring orders 1, 2, ... to life."""
    box.until_live()
    venue.accept_all()
    box.submit(*(box.order(user_ref, **fields) for user_ref, fields in enumerate(orders, 1)))
    box.until(lambda: len(box.of_kind(lib.REPORT_ACCEPTED)) == len(orders))


def outcome(bit: str, reducing: bool) -> str:
    """The reason an order is kept back for; empty: it leaves."""
    if bit == "KILL":
        return "k"
    return "" if bit == "PROBE" or (reducing and bit != "BREAK") else "p"


@pytest.mark.parametrize("reducing", [False, True], ids=["any", "reducing"])
@pytest.mark.parametrize("bit", BITS)
@pytest.mark.parametrize("scope", ITS)
def test_a_stop_word_of_its_scope_keeps_an_order_back(
    box: Any, venue: Any, scope: str, bit: str, reducing: bool
) -> None:
    box.until_live()
    flags = lib.ORDER_REDUCE_ONLY if reducing else 0
    box.control.stop_set(scope, ITS[scope], getattr(lib, f"STOP_{bit}"))
    box.submit(box.order(1, flags=flags, **OWNER))
    box.run(5)
    assert "".join(box.reasons()) == outcome(bit, reducing)
    assert box.count("STOPPED") == (outcome(bit, reducing) == "p")
    box.control.stop_clear(scope, ITS[scope], getattr(lib, f"STOP_{bit}"))
    box.submit(box.order(2, **OWNER))
    box.until(lambda: bool(venue.inbound) and venue.inbound[-1][1:5] == b"\0\0\0\2")


@pytest.mark.parametrize("scope", OTHER)
def test_a_stop_word_of_another_scope_does_not(box: Any, venue: Any, scope: str) -> None:
    box.until_live()
    box.control.stop_set(scope, OTHER[scope], lib.STOP_KILL | lib.STOP_PAUSE)
    box.submit(box.order(1, **OWNER))
    box.until(lambda: len(venue.inbound) == 1)


def test_a_stop_of_a_kind_this_build_does_not_know_keeps_everything_back(box: Any, venue: Any) -> None:
    box.until_live()
    box.control.stop_set("account", 2, 1 << 40)
    box.submit(box.order(1, flags=lib.ORDER_REDUCE_ONLY, **OWNER))
    box.until(lambda: box.reasons() == ["p"])


@pytest.mark.parametrize("kill", ["switch", "word"])
def test_what_the_gate_lets_pass_a_kill_leaves_and_nothing_else_does(box: Any, venue: Any, kill: str) -> None:
    box.until_live()
    if kill == "switch":
        box.control.kill = box.now_ns
    else:
        box.control.stop_set("firm", 0, lib.STOP_KILL)
    reduces = lib.ORDER_REDUCE_ONLY
    box.submit(box.order(1), box.order(2, flags=reduces), box.order(3, flags=reduces | lib.ORDER_PASSES_KILL))
    box.run(20)
    entered = [message for message in venue.inbound if message[:1] == b"O"]
    assert [int.from_bytes(message[1:5], "big") for message in entered] == [3]


def test_a_replace_is_judged_by_whose_its_target_is(box: Any, venue: Any) -> None:
    working(box, venue, OWNER)
    box.control.stop_set("strategy", 3, lib.STOP_PAUSE)
    box.submit(box.order(2, kind=lib.INTENT_REPLACE, target_order_id=box.order_id(1), account=2, strategy=9))
    box.until(lambda: box.reasons() == ["p"])


def test_cancels_pass_every_stop(box: Any, venue: Any) -> None:
    working(box, venue, OWNER)
    for scope, index in ITS.items():
        box.control.stop_set(scope, index, lib.STOP_PAUSE | lib.STOP_BREAK | lib.STOP_BREAKER | lib.STOP_THROTTLE)
    box.submit(box.order(0, kind=lib.INTENT_CANCEL, target_order_id=box.order_id(1)))
    box.until(lambda: canceled(venue) == [1])


def test_orders_stay_where_a_stop_is_not_a_kill(box: Any, venue: Any) -> None:
    working(box, venue, OWNER)
    for scope, index in ITS.items():
        box.control.stop_set(scope, index, lib.STOP_PAUSE | lib.STOP_BREAK | lib.STOP_BREAKER | lib.STOP_THROTTLE)
    box.run(20)
    assert canceled(venue) == []


KILLED = [
    ("firm", 0, [1, 2, 3, 4]),
    ("venue", 0, [1, 2, 3, 4]),
    ("account", 2, [2, 4]),
    ("strategy", 3, [3, 4]),
    ("instrument", 0, [4]),
]
ORDERS = (
    {"account": 1, "strategy": 1},
    {"account": 2, "strategy": 1},
    {"account": 1, "strategy": 3},
    {"account": 2, "strategy": 3, "instrument": 0},
)


@pytest.mark.parametrize(("scope", "index", "expected"), KILLED, ids=[killed[0] for killed in KILLED])
def test_a_kill_cancels_the_open_orders_of_its_scope_in_one_go_and_no_other(
    box: Any, venue: Any, scope: str, index: int, expected: list[int]
) -> None:
    working(box, venue, *ORDERS)
    venue.on_order = lambda message: None
    box.control.stop_set(scope, index, lib.STOP_KILL)
    before = len(box.of_kind(lib.REPORT_SENT))
    box.step()
    assert len({report.report_ns for report in box.of_kind(lib.REPORT_SENT)[before:]}) == 1  # one send
    box.run(20)
    assert canceled(venue) == expected


def test_two_kills_at_once_cancel_both_scopes_each_order_once(box: Any, venue: Any) -> None:
    working(box, venue, *ORDERS)
    box.control.stop_set("account", 2, lib.STOP_KILL)
    box.control.stop_set("strategy", 3, lib.STOP_KILL)
    box.run(20)
    assert canceled(venue) == [2, 3, 4]


def test_a_kill_of_another_venue_cancels_nothing_here(make_box: Callable[..., Any], venue: Any) -> None:
    box = make_box(venue=1)
    working(box, venue, {"account": 1})
    box.control.stop_set("venue", 0, lib.STOP_KILL)
    box.run(20)
    assert canceled(venue) == []
    box.control.stop_set("venue", 1, lib.STOP_KILL)
    box.until(lambda: canceled(venue) == [1])


def test_an_order_that_outlives_the_kill_of_its_scope_is_canceled_again_until_the_scope_is_free(
    box: Any, venue: Any
) -> None:
    working(box, venue, *ORDERS)
    box.control.stop_set("account", 2, lib.STOP_KILL)
    for _ in range(25):
        venue.send(b"\0\1H")
        box.run(100)
    assert canceled(venue) == [2, 4] * 3
    assert box.count("SWEEP_RETRIES") == 2
    box.control.stop_clear("account", 2, lib.STOP_KILL)
    for _ in range(25):
        venue.send(b"\0\1H")
        box.run(100)
    assert canceled(venue) == [2, 4] * 3


def test_a_replay_that_brings_orders_back_into_a_killed_scope_cancels_them(box: Any, venue: Any) -> None:
    working(box, venue, *ORDERS)
    box.restart()
    box.control.stop_set("strategy", 3, lib.STOP_KILL)
    box.seen.clear()
    box.until_live()
    box.until(lambda: len(canceled(venue)) == 2)
    box.run(20)
    assert canceled(venue) == [3, 4]
    venue.hang_up()  # and again after every break of the session, while they are still open
    box.until(lambda: box.kinds().count(lib.REPORT_LIVE) == 2)
    box.until(lambda: len(canceled(venue)) == 4)


def test_a_kill_while_the_session_is_down_is_obeyed_when_it_is_back(box: Any, venue: Any) -> None:
    working(box, venue, *ORDERS)
    venue.hang_up()
    box.until(lambda: box.count("DISCONNECTS") > 1)
    box.control.stop_set("instrument", 0, lib.STOP_KILL)
    box.until(lambda: canceled(venue) == [4])


def test_the_time_from_the_kill_to_the_last_new_order_is_told(box: Any, venue: Any) -> None:
    working(box, venue, {}, {})
    assert box.count("KILL_NS") == 0
    last = box.of_kind(lib.REPORT_SENT)[-1].report_ns
    box.control.kill = last - 500  # it was set while that send was under way
    box.run(3)
    assert box.count("KILL_NS") == 500
    box.control.kill = last + 500
    box.run(3)
    assert box.count("KILL_NS") == 0
    box.control.kill = 0
    box.run(3)
    box.submit(box.order(3))
    box.until(lambda: len(box.of_kind(lib.REPORT_ACCEPTED)) == 3)
    assert box.count("KILL_NS") == 0


def test_a_silent_venue_has_every_order_canceled_and_gets_nothing_new_until_it_speaks(
    make_box: Callable[..., Any], venue: Any
) -> None:
    box = make_box(silence_cancel_ns=SECOND_NS)
    working(box, venue, {}, {})
    venue.on_order = lambda message: None
    box.run(900)
    assert canceled(venue) == []
    box.run(200)
    assert canceled(venue) == [1, 2]
    assert box.count("SILENCES") == 1
    box.submit(box.order(3))
    box.until(lambda: box.reasons() == ["s"])
    venue.accept_all()
    venue.send(b"\0\1H")
    box.run(5)
    box.submit(box.order(4))
    box.until(lambda: len(box.of_kind(lib.REPORT_ACCEPTED)) == 3)
    assert box.count("SILENCES") == 1


def test_heartbeats_are_words_enough(make_box: Callable[..., Any], venue: Any) -> None:
    box = make_box(silence_cancel_ns=SECOND_NS)
    working(box, venue, {})
    for _ in range(5):
        venue.send(b"\0\1H")
        box.run(900)
    assert canceled(venue) == []
    assert box.count("SILENCES") == 0


def test_orders_that_the_venue_canceled_with_the_connection_come_out_of_the_record(box: Any, venue: Any) -> None:
    working(box, venue, {}, {})
    venue.hang_up()
    venue.cancel(1, 100)  # cancel-on-disconnect
    venue.cancel(2, 100)
    box.until(lambda: box.kinds().count(lib.REPORT_LIVE) == 2)
    assert box.count("OPEN_ORDERS") == 0
    gone = [report.order_id for report in box.seen if report.kind == lib.REPORT_CANCELED]
    assert gone == [box.order_id(1), box.order_id(2)]
    assert len(venue.inbound) == 2


@pytest.mark.parametrize("seed", range(12))
def test_no_order_is_ever_sent_twice_whatever_breaks(make_box: Callable[..., Any], venue: Any, seed: int) -> None:
    chooser = random.Random(seed)
    box = make_box(silence_cancel_ns=SECOND_NS // 2)
    box.until_live()
    said = 0

    def hear(message: bytes) -> None:
        if message[:1] == b"O" and chooser.random() < 0.5:
            venue.accept(struct.unpack(">I", message[1:5])[0])
        if chooser.random() < 0.1:
            venue.hang_up()

    venue.on_order = hear
    for _ in range(150):
        what = chooser.choice(["order", "order", "order", "break", "kill", "free", "resync", "restart", "slow"])
        if what == "order":  # the gate counts on from what LIVE told it, and offers a number only once
            lives = box.of_kind(lib.REPORT_LIVE)
            said = max(said + 1, lives[-1].next_user_ref)
            box.submit(box.order(said))
        elif what == "break":
            venue.hang_up()
        elif what in ("kill", "free"):
            box.control.kill = box.now_ns if what == "kill" else 0
        elif what == "resync":
            box.command(lib.EXECUTION_RESYNC)
        elif what == "restart":
            box.restart()
        venue.reads = what != "slow"
        box.run(chooser.choice([1, 3, 200]))
    entered = [message[1:5] for message in venue.inbound if message[:1] == b"O"]
    assert len(entered) == len(set(entered)) > 3, f"seed {seed}"


def test_the_rest_of_an_order_the_kernel_tore_counts_as_leaving_after_the_kill(
    make_box: Callable[..., Any], venue: Any
) -> None:
    venue.listener.setsockopt(1, 8, 4096)  # SOL_SOCKET, SO_RCVBUF: inherited by the connection
    box = make_box(send_buffer=4096)
    box.until_live()
    venue.reads = False
    box.submit(*(box.order(user_ref) for user_ref in range(1, 3001)))
    box.until(lambda: box.count("SEND_BLOCKED") > 0)
    box.run(10)
    box.control.kill = killed_ns = lib.clock_now_ns()
    box.run(3)
    assert box.count("KILL_NS") == 0
    venue.reads = True
    box.until(lambda: box.count("CANCELS") == box.count("ORDERS"))
    box.until(lambda: len(venue.inbound) == 2 * box.count("ORDERS"))
    assert len({len(message) for message in venue.inbound if message[:1] == b"O"}) == 1  # never half an order
    assert box.count("KILL_NS") <= lib.clock_now_ns() - killed_ns
    if box.count("KILL_NS") == 0:
        pytest.skip("the kernel took whole orders only")
