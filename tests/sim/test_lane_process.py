"""A lane as a process: every idle strategy, every way to be told to stop, and what it does with its core."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tickwire.native import Lane, LaneSettings, NativeError, Segment, now_ns
from tickwire.supervisor.layout import create_segment

WAIT_S = 20
PROGRAM = """
import sys
from pathlib import Path
from tickwire.native import Lane, LaneSettings, Segment, lib, open_stage
with Segment.attach(Path(sys.argv[1])) as segment:
    lane = Lane(segment, LaneSettings("lane", **eval(sys.argv[2])))
    print(*lane.warnings, sep="; ", flush=True)
    lane.add(open_stage(lib.position_stage_open, segment, 1)[0])
    lane.run()
    lane.close()
"""


@pytest.fixture
def segment(tmp_path: Path) -> Iterator[Segment]:
    made, control = create_segment(tmp_path / "segment", ["lane"])
    control.calibrate_clock(1_000_000)
    control.supervisor_heartbeat_ns = now_ns()
    with made:
        yield made


@pytest.fixture
def start(segment: Segment) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a lane process with the given settings; what still runs at the end is killed."""
    processes = []

    def run(**settings: object) -> subprocess.Popen[str]:
        argv = [sys.executable, "-c", PROGRAM, str(segment.path), repr(settings)]
        processes.append(subprocess.Popen(argv, stdout=subprocess.PIPE, text=True))
        wait_for(lambda: segment.control().lane("lane").state in ("running", "stopped"))
        return processes[-1]

    yield run
    for process in processes:
        process.kill()
        process.communicate()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)


@pytest.mark.parametrize("idle", ["spin", "pause", "yield", "sleep"])
def test_a_lane_of_any_idle_strategy_turns_and_stops_when_told(
    segment: Segment, start: Callable[..., subprocess.Popen[str]], idle: str
) -> None:
    process = start(idle=idle)
    before = segment.control().lane("lane").cycles
    wait_for(lambda: segment.control().lane("lane").cycles > before)
    segment.control().stop = True
    assert process.wait(WAIT_S) == 0
    status = segment.control().lane("lane")
    assert (status.state, status.pid, status.starts) == ("stopped", 0, 1)


def test_a_lane_leaves_its_loop_on_sigterm(segment: Segment, start: Callable[..., subprocess.Popen[str]]) -> None:
    process = start()
    process.send_signal(signal.SIGTERM)
    assert process.wait(WAIT_S) == 0
    assert segment.control().lane("lane").state == "stopped"


def test_a_lane_ends_by_itself_when_the_supervisor_falls_silent(start: Callable[..., subprocess.Popen[str]]) -> None:
    assert start(orphan_ns_max=200_000_000).wait(WAIT_S) == 0


def test_a_lane_stays_on_its_core(start: Callable[..., subprocess.Popen[str]]) -> None:
    core = max(os.sched_getaffinity(0))
    assert os.sched_getaffinity(start(core=core).pid) == {core}


def test_a_core_that_does_not_exist_is_a_warning_and_not_the_end(start: Callable[..., subprocess.Popen[str]]) -> None:
    process = start(core=1023)
    assert process.stdout is not None
    assert "not pinned to core 1023" in process.stdout.readline()


def test_real_time_priority_is_taken_or_its_refusal_said(start: Callable[..., subprocess.Popen[str]]) -> None:
    process = start(fifo_priority=1)
    assert process.stdout is not None
    taken = os.sched_getscheduler(process.pid) == os.SCHED_FIFO
    assert taken or "no SCHED_FIFO priority 1" in process.stdout.readline()


def test_memory_is_locked_or_its_refusal_said(start: Callable[..., subprocess.Popen[str]]) -> None:
    process = start(lock_memory=True)
    assert process.stdout is not None
    status = Path(f"/proc/{process.pid}/status").read_text()
    locked = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmLck"))
    assert locked > 0 or "memory not locked" in process.stdout.readline()


def test_a_lane_that_was_never_declared_is_refused(segment: Segment) -> None:
    with pytest.raises(NativeError, match="not found"):
        Lane(segment, LaneSettings("another"))


def test_a_killed_lane_finds_its_status_block_again(
    segment: Segment, start: Callable[..., subprocess.Popen[str]]
) -> None:
    first = start()
    first.kill()
    first.wait()
    second = start()
    wait_for(lambda: segment.control().lane("lane").pid == second.pid)
    assert segment.control().lane("lane").starts == 2
