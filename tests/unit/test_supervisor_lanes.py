"""The supervisor with lanes that are processes but poll nothing: what it does when they end, hang or will not leave."""

import asyncio
import os
import signal
import sys
import threading
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from importlib import resources
from pathlib import Path

import pytest
from throttling import no_throttles

from tickwire.api.scopes import Key
from tickwire.config import Config, parse
from tickwire.host.logs import Log
from tickwire.native import Control, Segment, ffi, lib, now_ns
from tickwire.supervisor.layout import create_segment
from tickwire.supervisor.stewards import Stewards
from tickwire.supervisor.stops import Memory, directory_of
from tickwire.supervisor.supervisor import Supervisor

# Claims its status block and shows a heartbeat until told to stop, as a lane does.
LANE = """
import os, sys, time
from pathlib import Path
from tickwire.native import Segment, lib, now_ns
with Segment.attach(Path(sys.argv[1])) as segment:
    control = segment.control()
    control.use_clock()
    status = control.pointer.lanes[0]
    status.heartbeat_ns, status.state, status.pid = now_ns(), lib.LANE_RUNNING, os.getpid()
    while not control.stop or "stubborn" in sys.argv:
        status.heartbeat_ns = now_ns()
        time.sleep(0.01)
    del status, control
"""
FAST = """[supervisor]
hung_ms = 300
restart_ms_min = 1
cancel_ms_max = 600
stop_ms_max = 300
"""


class Box:
    """A supervisor under test, on a segment of its own."""

    def __init__(self, path: Path, *lane_arguments: str, limits_age_ms_max: int = 5000) -> None:
        example = (resources.files("tickwire.config") / "example.toml").read_text()
        example = example.replace("# limits_age_ms_max = 5000", f"limits_age_ms_max = {limits_age_ms_max}")
        self.config: Config = parse(example.replace("[supervisor]", FAST), "box.toml", {0})
        self.segment, self.control = create_segment(path, ["hot"])
        self.pids: list[int] = []
        self.kills: list[int] = []
        self.stops: dict[Key, int] = {}
        self._arguments = (str(path), *lane_arguments)
        self.disk = threading.Event()  # cleared: it does not answer
        self.disk.set()
        self.refuse_kills = 0
        self.refuse_starts = 0
        stewards = Stewards(self.config, self.segment, self.control, no_throttles(path.parent), now_ns)
        memory = Memory(self.control, directory_of(self.config), self, self, Log("test"))
        self.supervisor = Supervisor(self.config, self.control, stewards, memory, self.spawn, {0}, now_ns)
        self.orders = self.segment.counters("execution-engine.0")

    def remember_kill(self, kill: int) -> None:
        if self.refuse_kills:
            self.refuse_kills -= 1
            raise OSError("disk full")
        self.kills.append(kill)

    def rearm(self) -> None:
        self.kills.clear()

    def add(self, key: Key, bits: int) -> None:
        self.disk.wait()
        self.stops[key] = bits

    def remove(self, key: Key, bits: int) -> None:
        del self.stops[key]

    async def spawn(self, name: str) -> Process:
        if self.refuse_starts:
            self.refuse_starts -= 1
            raise OSError("too many processes")
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", LANE, *self._arguments)
        self.pids.append(process.pid)
        return process

    def make_ready(self) -> None:
        """Say what the stages would once the session is live."""
        self.orders.values[lib.EXECUTION_COUNT_SESSION_STATE] = lib.SESSION_LIVE
        self.segment.counters("risk-manager").values[lib.RISK_COUNT_RECONCILED] = 1
        table = lib.segment_find(self.segment.handle, b"position", lib.BLOCK_TABLE, ffi.NULL)
        ffi.cast("struct position_entry *", table)[0].known = 1

    def leave_session(self) -> None:
        self.orders.values[lib.EXECUTION_COUNT_SESSION_STATE] = lib.SESSION_DOWN


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.005)


def drive(box: Box, story: Callable[[], Awaitable[None]]) -> bool:
    """Run the box through the story and stop it; whether it stopped in order."""

    async def main() -> bool:
        stop = asyncio.Event()
        running = asyncio.ensure_future(box.supervisor.run(stop))
        try:
            await story()
        finally:
            stop.set()
            orderly = await running
        return orderly

    with box.segment:
        return asyncio.run(main())


def commands(segment: Segment) -> list[int]:
    return [record.kind for record in segment.ring("command.execution.0", "command").read(0)]


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_the_gate_is_armed_only_once_all_is_ready(tmp_path: Path) -> None:
    box = Box(tmp_path / "segment")
    control: Control = box.control

    async def story() -> None:
        await until(lambda: box.supervisor.keepers[0].running)
        assert not control.armed
        box.make_ready()
        await until(lambda: control.armed)
        box.leave_session()

    assert drive(box, story)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hung"])
def test_a_lane_that_ends_or_hangs_is_started_again_and_the_gate_is_shut_meanwhile(
    tmp_path: Path, number: signal.Signals
) -> None:
    box = Box(tmp_path / "segment")
    gate: list[bool] = []

    async def story() -> None:
        box.make_ready()
        await until(lambda: box.control.armed)
        os.kill(box.pids[0], number)
        await until(lambda: not box.control.armed)
        gate.append(box.control.armed)
        await until(lambda: box.control.armed)
        box.leave_session()

    assert drive(box, story)
    assert gate == [False]
    assert box.supervisor.keepers[0].restarts == 1
    assert len(box.pids) == 2
    assert not any(alive(pid) for pid in box.pids)


def test_the_stop_switches_off_cancels_logs_out_and_then_ends_the_lanes(tmp_path: Path) -> None:
    box = Box(tmp_path / "segment")
    seen: list[tuple[bool, bool, list[int]]] = []

    async def story() -> None:
        box.make_ready()
        await until(lambda: box.control.armed)
        box.orders.values[lib.EXECUTION_COUNT_OPEN_ORDERS] = 3

        async def venue() -> None:
            await until(lambda: not box.control.armed)
            signals = box.segment.parameters("signal", "signal_parameters").read()
            await until(lambda: box.segment.ring("command.execution.0", "command").lag(0) > 0)
            first = commands(box.segment)
            box.orders.values[lib.EXECUTION_COUNT_OPEN_ORDERS] = 0
            await until(lambda: box.segment.ring("command.execution.0", "command").lag(0) > 0)
            seen.append((bool(signals.enabled), box.control.stop, first + commands(box.segment)))
            box.leave_session()

        asyncio.get_running_loop().create_task(venue())

    assert drive(box, story)
    ((enabled, stopped, order),) = seen
    assert not enabled
    assert not stopped, "lanes live until the session is out"
    assert order == [lib.EXECUTION_CANCEL_ALL, lib.EXECUTION_LOGOUT]


def test_orders_that_cannot_be_cancelled_make_the_stop_disorderly(tmp_path: Path) -> None:
    box = Box(tmp_path / "segment")

    async def story() -> None:
        box.make_ready()
        await until(lambda: box.control.armed)
        box.orders.values[lib.EXECUTION_COUNT_OPEN_ORDERS] = 1

    assert not drive(box, story)
    assert not any(alive(pid) for pid in box.pids)


def test_unknown_positions_make_the_stop_disorderly(tmp_path: Path) -> None:
    box = Box(tmp_path / "segment")

    async def story() -> None:
        await until(lambda: box.supervisor.keepers[0].running)

    assert not drive(box, story)


def test_a_lane_that_will_not_leave_is_killed(tmp_path: Path) -> None:
    box = Box(tmp_path / "segment", "stubborn")

    async def story() -> None:
        box.make_ready()
        await until(lambda: box.control.armed)
        box.leave_session()

    assert not drive(box, story)
    assert not any(alive(pid) for pid in box.pids)


def test_the_kill_switch_is_remembered_as_soon_as_it_is_seen(tmp_path: Path) -> None:
    box = Box(tmp_path / "segment")

    async def story() -> None:
        box.control.kill = 77
        await until(lambda: bool(box.kills))

    drive(box, story)
    assert box.kills[0] == 77


def test_a_disk_that_does_not_answer_stops_no_heartbeat(tmp_path: Path) -> None:
    box = Box(tmp_path / "segment")

    async def story() -> None:
        box.make_ready()
        await until(lambda: box.control.armed)
        box.disk.clear()
        box.control.stop_set("strategy", 1, lib.STOP_PAUSE)
        for _ in range(3):
            seen = box.control.supervisor_heartbeat_ns
            await until(lambda seen=seen: box.control.supervisor_heartbeat_ns > seen)  # type: ignore[misc]
        assert not box.stops
        box.disk.set()
        await until(lambda: box.stops == {("strategy", "imbalance"): lib.STOP_PAUSE})
        box.leave_session()

    assert drive(box, story)


def test_a_kill_switch_that_cannot_be_remembered_is_tried_again_while_the_box_lives_on(tmp_path: Path) -> None:
    box = Box(tmp_path / "segment")

    async def story() -> None:
        box.refuse_kills = 3
        box.make_ready()
        box.control.kill = 77
        await until(lambda: bool(box.kills))
        await until(lambda: box.control.armed)
        box.leave_session()

    assert drive(box, story)
    assert box.refuse_kills == 0


def test_a_lane_that_cannot_be_started_is_tried_again(tmp_path: Path) -> None:
    box = Box(tmp_path / "segment")
    box.refuse_starts = 3

    async def story() -> None:
        box.make_ready()
        await until(lambda: box.control.armed)
        box.leave_session()

    assert drive(box, story)
    assert box.supervisor.keepers[0].restarts == 3


def test_a_part_that_fails_stops_the_box_in_order_and_counts_as_disorder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Box(tmp_path / "segment")

    def fail() -> str:
        raise RuntimeError("a bug of ours")

    async def main() -> bool:
        stop = asyncio.Event()
        running = asyncio.ensure_future(box.supervisor.run(stop))
        box.make_ready()
        await until(lambda: box.control.armed)
        monkeypatch.setattr(box.supervisor.stewards.positions, "check", fail)
        await until(stop.is_set)
        box.leave_session()
        return await running

    with box.segment:
        assert not asyncio.run(main())
        assert not box.control.armed
        assert box.control.stop
        assert commands(box.segment) == [lib.EXECUTION_CANCEL_ALL, lib.EXECUTION_LOGOUT]
    assert not any(alive(pid) for pid in box.pids)


def test_limits_are_refreshed_while_the_box_runs(tmp_path: Path) -> None:
    box = Box(tmp_path / "segment", limits_age_ms_max=400)
    limits = box.segment.parameters("risk", "risk_limits")

    async def story() -> None:
        await until(lambda: limits.version >= 2)
        await until(lambda: limits.version >= 4)
        assert limits.read().instruments[0].order_quantity_max == 500

    drive(box, story)
