"""The blotter when it must begin anew, has missed something, or holds too much."""

import json
import os
import tracemalloc
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from blotter_rig import PRICE, Ear, accepted, broken, canceled, executed, order_id

from tickwire.native import ffi, lib
from tickwire.services.blotter import OrderQuery
from tickwire.services.blotter_store import LineFile
from tickwire.services.day_record import REFUSALS_MAX
from tickwire.services.paged_index import PagedIndex


def test_a_replay_builds_a_second_picture_and_keeps_what_only_we_know(tmp_path: Path) -> None:
    ear = Ear(tmp_path).begin()
    ear.send(1, decision_price=PRICE - 1, parent_id=7)
    ear.tell(accepted(1), executed(1, 40, 9))
    ear.check()
    ear.publish(lib.REPORT_RESET)
    ear.check()
    assert ear.blotter.orders[order_id(1)].executed == 40, "the old picture stays until the new one is whole"
    ear.replay()
    order = ear.blotter.orders[order_id(1)]
    assert (order.executed, order.decision_price, order.parent_id, order.sent_ns > 0) == (40, PRICE - 1, 7, True)
    assert order.slippage_value == 40


def test_a_replay_that_breaks_off_leaves_the_old_picture_and_the_next_one_counts_once(tmp_path: Path) -> None:
    ear = Ear(tmp_path).begin()
    ear.tell(accepted(1), executed(1, 40, 9))
    ear.check()
    ear.publish(lib.REPORT_RESET)
    ear.table.reset()
    ear._apply(ear.log[0], 1, lib.REPORT_REPLAYED)
    ear.publish(lib.REPORT_DOWN)
    ear.check()
    assert ear.blotter.orders[order_id(1)].executed == 40
    ear.replay()
    assert [fill.quantity for fill in ear.blotter.fills()] == [40]


def test_an_order_on_its_way_when_the_session_broke_stays_and_is_settled(tmp_path: Path) -> None:
    ear = Ear(tmp_path).begin()
    ear.send(1)
    ear.replay()
    assert (ear.blotter.orders[order_id(1)].state, ear.blotter.orders[order_id(1)].reason) == ("not_sent", "l")


def test_an_order_the_venue_had_accepted_and_has_no_trace_of_has_vanished(tmp_path: Path) -> None:
    ear = Ear(tmp_path).begin()
    ear.tell(accepted(1))
    ear.check()
    ear.replay(record=[])
    assert ear.blotter.orders[order_id(1)].state == "vanished"


def test_a_gap_makes_it_incomplete_and_asks_for_the_record(tmp_path: Path) -> None:
    ear = Ear(tmp_path, ring=64).begin()
    for ref in range(1, 100):
        ear.tell(accepted(ref), canceled(ref, 100))
    said = ear.check()
    assert ear.blotter.counters["missed"] > 0
    assert "missed" in said[0] and "asked venue 0 for its record" in said[0]
    assert ear.resyncs


def test_a_record_longer_than_the_ring_asks_a_bounded_number_of_times(tmp_path: Path) -> None:
    ear = Ear(tmp_path, ring=64).begin()
    ear.tell(*(accepted(ref) for ref in range(1, 200)))
    said = " ".join(ear.check() + ear.check() + ear.check() + ear.check() + ear.check())
    assert ear.resyncs == [0, 0, 0]
    assert "a person must look" in said
    assert ear.blotter.incomplete


def test_it_is_whole_again_after_the_record_came_without_a_gap(tmp_path: Path) -> None:
    ear = Ear(tmp_path, ring=512).begin()
    ear.tell(*(executed(1, 1, match) for match in range(1, 600)))
    ear.check()
    assert ear.blotter.incomplete
    ear.replay(ear.log[:400])
    assert not ear.blotter.incomplete
    assert len(ear.blotter.fills()) == 400


def test_one_who_begins_to_look_in_the_middle_is_incomplete(tmp_path: Path) -> None:
    ear = Ear(tmp_path)
    ear.tell(accepted(1))
    ear.publish(lib.REPORT_LIVE)
    ear.resync = lambda venue: False  # type: ignore[method-assign]
    ear.check()
    assert ear.blotter.incomplete


def test_the_oldest_closed_orders_leave_memory_and_every_query_still_finds_them(tmp_path: Path) -> None:
    ear = Ear(tmp_path, orders_max=10).begin()
    for ref in range(1, 51):
        ear.send(ref, decision_price=PRICE, strategy=1 + ref % 2)
        ear.tell(accepted(ref), executed(ref, 100 if ref > 5 else 60, 1000 + ref))
        ear.check()
    assert len(ear.blotter.orders) == 10
    assert {1, 2, 3, 4, 5} <= {order.user_ref for order in ear.blotter.orders.values()}, "open orders stay"
    old = ear.blotter.order(order_id(6))
    assert old is not None and (old.executed, old.decision_price, old.fills[0].match_number) == (100, PRICE, 1006)
    assert len(ear.blotter.query(OrderQuery(limit=100))) == 50
    assert len(ear.blotter.query(OrderQuery(strategy=1))) == 25
    assert (tmp_path / "blotter.jsonl").stat().st_mode & 0o077 == 0


def test_an_order_that_left_memory_is_not_stored_again_by_a_replay(tmp_path: Path) -> None:
    ear = Ear(tmp_path, orders_max=4).begin()
    for ref in range(1, 21):
        ear.tell(accepted(ref), executed(ref, 100, 1000 + ref))
    ear.check()
    lines = len(ear.lines("order"))
    for _ in range(3):
        ear.replay()
    assert len(ear.lines("order")) == lines
    assert len(ear.blotter.orders) == 4
    assert len(ear.blotter.venues[0].book.lines) == 20


def test_an_order_that_left_memory_comes_back_when_the_record_tells_it_otherwise(tmp_path: Path) -> None:
    ear = Ear(tmp_path, orders_max=1).begin()
    ear.tell(accepted(1), executed(1, 100, 9), accepted(2), executed(2, 100, 10))
    ear.check()
    ear.replay([accepted(1), executed(1, 40, 9), canceled(1, 60), accepted(2), executed(2, 100, 10)])
    order = ear.blotter.order(order_id(1))
    assert order is not None
    assert (order.executed, order.state) == (40, "canceled")


def test_a_trade_broken_after_its_order_left_memory_is_undone_and_stays_undone(tmp_path: Path) -> None:
    ear = Ear(tmp_path, orders_max=1).begin()
    ear.tell(accepted(1), executed(1, 100, 9), accepted(2), executed(2, 100, 10))
    ear.check()
    assert order_id(1) not in list(ear.blotter.orders)
    ear.tell(broken(1, 9))
    ear.check()
    for _ in range(3):
        order = ear.blotter.order(order_id(1))
        assert order is not None
        assert (order.executed, order.fills, len(order.busted)) == (0, [], 1)
        ear.replay()
    assert len(ear.blotter.query(OrderQuery())) == 2


def test_a_line_that_a_crash_cut_short_damages_no_other(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    file = LineFile(path)
    file.append({"one": 1})
    file.close()
    with path.open("ab") as torn:
        torn.write(b'{"two":')
    file = LineFile(path)
    assert file.entries() == [{"one": 1}]
    offset = file.append({"three": 3})
    assert file.read(offset) == {"three": 3}
    assert file.entries() == [{"one": 1}, {"three": 3}]
    assert file.damaged == [2]


@pytest.mark.parametrize("line", [b"\xff\xfe\n", b"[1]\n", b"{}" * 3 + b"\n", b"\0" * 9000 + b"\n"])
def test_a_damaged_line_is_named_and_the_others_are_read(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'{"one":1}\n' + line + json.dumps({"two": 2}).encode() + b"\n")
    file = LineFile(path)
    assert file.entries() == [{"one": 1}, {"two": 2}]
    assert file.damaged == [2]
    assert file.read(10) is None


def test_a_full_disk_keeps_orders_in_memory_until_it_takes_each_line_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ear = Ear(tmp_path, orders_max=2).begin()
    whole, room = os.pwrite, 100

    def full(descriptor: int, data: bytes, offset: int) -> int:
        if offset >= room:
            raise OSError(28, "No space left on device")
        return whole(descriptor, data[: room - offset], offset)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        ear.tell(*(message for ref in range(1, 6) for message in (accepted(ref), executed(ref, 100, ref))))
        ear.check()
        assert len(ear.blotter.orders) == 5
    ear.check()
    ear.check()
    assert len(ear.blotter.orders) == 2
    assert len(ear.lines("order")) == len(ear.lines("fill")) == 5


@pytest.mark.rule("RTS 6 Art 28 and Annex II")
def test_a_stopped_box_leaves_every_order_and_each_fill_once(tmp_path: Path) -> None:
    ear = Ear(tmp_path, orders_max=4).begin()
    for ref in range(1, 21):
        ear.send(ref)
        ear.tell(accepted(ref), executed(ref, 60, 1000 + ref))
        ear.check()
        if ref % 7 == 0:
            ear.replay()
        if ref % 2:
            ear.tell(executed(ref, 40, 2000 + ref))
    ear.tell(broken(1, 1001))
    ear.tell(executed(20, 1, 3000), live=False)  # only the record of the venue has it
    ear.replay()
    ear.send(21)
    ear.blotter.finish()
    made = [1000 + ref for ref in range(1, 21)] + [2000 + ref for ref in range(1, 21, 2)] + [3000]
    assert sorted(fill["venue_trade_id"] for fill in ear.lines("fill")) == sorted(made)
    assert [bust["venue_trade_id"] for bust in ear.lines("bust")] == [1001]
    last = {entry["order_id"]: entry for entry in ear.lines("order")}
    assert set(last) == {order_id(ref) for ref in range(1, 22)}
    assert {entry["state"] for entry in last.values() if entry["user_ref"] % 2} == {"filled", "sent"}
    assert [entry["incomplete"] for entry in ear.lines("end")] == [False]
    assert ear.store.path.stat().st_mode & 0o777 == 0o600


def test_a_flood_of_refusals_is_bounded_and_what_was_left_out_is_counted(tmp_path: Path) -> None:
    ear = Ear(tmp_path).begin()
    refusal = ffi.new("struct risk_refusal *", {"verdict": lib.RISK_KILLED, "refused_ns": 5 * 10**9, "strategy": 3})[0]
    for _ in range(10):
        ear.verdicts.write([refusal] * 50)
        ear.check()
    ear.blotter.finish()
    told = ear.lines("refusal")
    assert len(told) == REFUSALS_MAX
    assert (told[0]["verdict"], told[0]["strategy"]) == ("killed", 3)
    assert sum(entry["count"] for entry in ear.lines("refusals_left_out")) == 500 - REFUSALS_MAX


def test_the_loop_does_not_wait_for_the_disk_and_orders_stay_until_they_are_written(tmp_path: Path) -> None:
    jobs: list[tuple[Callable[[], Any], Future[Any]]] = []

    def later(job: Callable[[], Any]) -> "Future[Any]":
        jobs.append((job, Future()))
        return jobs[-1][1]

    ear = Ear(tmp_path, orders_max=2, submit=later).begin()
    ear.tell(*(message for ref in range(1, 6) for message in (accepted(ref), executed(ref, 100, ref))))
    ear.check()
    ear.check()
    assert len(jobs) == 1, "one write at a time"
    assert (ear.store.written, len(ear.blotter.orders)) == (0, 5)
    job, future = jobs.pop()
    future.set_result(job())
    ear.check()
    assert len(ear.blotter.orders) == 2
    order = ear.blotter.order(order_id(1))
    assert order is not None and order.executed == 100


def test_the_index_of_stored_orders_takes_a_few_bytes_an_order(
    record_property: Callable[[str, object], None],
) -> None:
    tracemalloc.start()
    index, count = PagedIndex(), 200_000
    before = tracemalloc.get_traced_memory()[0]
    for ref in range(count):
        index.set(order_id(ref, venue=1), ref * 700)
    size = (tracemalloc.get_traced_memory()[0] - before) / count
    tracemalloc.stop()
    print(f"{size:.1f} bytes an order")
    record_property("bytes_an_order", size)
    assert size < 200
    assert index.get(order_id(77, venue=1)) == 77 * 700
    assert index.get(order_id(count, venue=1)) is None
    assert len(index) == count


def test_a_line_that_the_disk_did_not_take_is_told_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs: list[Callable[[], Any]] = []

    def later(job: Callable[[], Any]) -> "Future[Any]":
        jobs.append(job)
        return Future()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    file = LineFile(tmp_path / "lines.jsonl", later)
    file.append({"line": 1}, durable=True)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        jobs.pop()()
    with pytest.raises(OSError, match="No space left"):
        file.append({"line": 2})
    file.append({"line": 3})
    assert [entry["line"] for entry in file.entries()] == [1, 2, 3]
