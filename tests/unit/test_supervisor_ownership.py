"""Who may run a box, and what outlives its segment."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from config_text import CORES, EXAMPLE

from tickwire.config import parse
from tickwire.native import NativeError, Segment, lib, now_ns
from tickwire.supervisor.backoff import BackOff
from tickwire.supervisor.layout import create_segment
from tickwire.supervisor.ownership import LANE_MODULE, BoxOwnedError, Ownership, throw_kill

CONFIG = parse(EXAMPLE, "box.toml", CORES)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "segment"


@pytest.fixture
def owner(path: Path, tmp_path: Path) -> Iterator[Ownership]:
    held = Ownership(path, tmp_path / "state")
    yield held
    held.close()


def test_a_second_owner_is_refused_and_told_the_pid_of_the_first(owner: Ownership, path: Path, tmp_path: Path) -> None:
    with pytest.raises(BoxOwnedError, match=f"held by pid {os.getpid()}"):
        Ownership(path, tmp_path / "state")


def test_the_right_ends_with_the_process_that_held_it(path: Path, tmp_path: Path) -> None:
    program = (
        "import sys, signal, os\nfrom pathlib import Path\nfrom tickwire.supervisor.ownership import Ownership\n"
        "held = Ownership(Path(sys.argv[1]), Path(sys.argv[2]))\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    child = subprocess.run([sys.executable, "-c", program, str(path), str(tmp_path / "state")], timeout=60)
    assert child.returncode == -signal.SIGKILL
    Ownership(path, tmp_path / "state").close()


def test_a_stale_segment_is_replaced_and_its_kill_switch_stays_on(owner: Ownership, path: Path) -> None:
    segment, control = create_segment(path, ["hot"])
    control.kill = now_ns()
    kill = control.kill
    segment.close()
    assert owner.clear_stale(CONFIG, 0) == "replaced the segment of an earlier run"
    assert not path.exists()
    assert owner.kill == kill


def test_a_file_that_is_no_segment_is_never_removed(owner: Ownership, path: Path) -> None:
    path.write_bytes(b"precious")
    with pytest.raises(BoxOwnedError, match="no segment of Tickwire: not touched"):
        owner.clear_stale(CONFIG, 0)
    assert path.read_bytes() == b"precious"


def test_a_segment_that_was_cut_is_replaced_and_the_log_says_so(owner: Ownership, path: Path) -> None:
    create_segment(path, ["hot"])[0].close()
    with path.open("r+b") as file:
        file.truncate(8192)
    assert "unfinished segment" in owner.clear_stale(CONFIG, 0)
    assert not path.exists()


def test_a_segment_of_another_version_is_left_alone_and_a_person_is_told(owner: Ownership, path: Path) -> None:
    segment, _ = create_segment(path, ["hot"])
    with segment:
        lib.segment_header(segment.handle).layout_hash ^= 1
    with pytest.raises(BoxOwnedError, match="see whether its kill switch was on, then remove the file"):
        owner.clear_stale(CONFIG, 0)
    assert path.exists()


def test_a_segment_whose_maker_died_before_it_was_whole_is_replaced(owner: Ownership, path: Path) -> None:
    Segment.create(path, 1 << 20).close()
    assert "unfinished segment" in owner.clear_stale(CONFIG, 0)
    assert not path.exists()


def test_a_segment_that_cannot_be_opened_is_not_removed(owner: Ownership, path: Path) -> None:
    path.mkdir()
    with pytest.raises(NativeError):
        owner.clear_stale(CONFIG, 0)
    assert path.exists()


def test_a_damaged_kill_file_is_an_error_that_names_it(owner: Ownership, tmp_path: Path) -> None:
    (tmp_path / "state" / "kill").write_text("1x\n")
    with pytest.raises(OSError, match="kill is damaged: expected a number"):
        assert owner.kill


def test_the_lock_is_not_taken_through_a_link(path: Path, tmp_path: Path) -> None:
    path.with_name("segment.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        Ownership(path, tmp_path / "state")
    assert not (tmp_path / "elsewhere").exists()


def test_somebody_elses_box_counts_as_owned(tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "segment.lock").touch()
    hidden.chmod(0)
    program = (
        "import os, sys\nfrom pathlib import Path\nfrom tickwire.supervisor.ownership import is_owned\n"
        "if os.getuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "sys.exit(0 if is_owned(Path(sys.argv[1])) else 9)\n"
    )
    try:
        child = subprocess.run([sys.executable, "-c", program, str(hidden / "segment")], timeout=60)
    finally:
        hidden.chmod(0o700)
    assert child.returncode == 0


def test_half_a_kill_is_done_and_the_other_half_is_told(path: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    segment, control = create_segment(path, ["hot"])
    with segment:
        done = throw_kill(path, tmp_path / "file" / "state", 7)
        assert control.kill == 7
    assert done[0].startswith(f"segment {path}: nothing new leaves")
    assert done[1].startswith("failed: ")
    path.write_bytes(b"no segment")
    done = throw_kill(path, tmp_path / "state", 7)
    assert (tmp_path / "state" / "kill").read_text() == "7\n"
    assert done[-1].startswith("failed: ")


def test_a_lane_of_an_earlier_run_that_still_lives_keeps_the_box_closed(owner: Ownership, path: Path) -> None:
    program = "import sys; print(flush=True); sys.stdin.read()"
    lane = subprocess.Popen([sys.executable, "-c", program, LANE_MODULE], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert lane.stdout is not None
        lane.stdout.readline()
        segment, control = create_segment(path, ["hot"])
        control.pointer.lanes[0].pid = lane.pid
        segment.close()
        with pytest.raises(BoxOwnedError, match=rf"hot \(pid {lane.pid}\)"):
            owner.clear_stale(CONFIG, 0)
        assert path.exists()
    finally:
        lane.communicate()
    owner.clear_stale(CONFIG, 0)
    assert not path.exists()


def test_the_kill_switch_outlives_everything_until_a_person_rearms_it(path: Path, tmp_path: Path) -> None:
    first = Ownership(path, tmp_path / "state")
    first.remember_kill(123)
    first.remember_kill(456)
    assert first.kill == 123, "the first time counts"
    first.close()
    second = Ownership(path, tmp_path / "state")
    assert second.kill == 123
    second.rearm()
    assert second.kill == 0
    second.close()


def test_every_life_gets_a_greater_epoch(owner: Ownership) -> None:
    assert [owner.next_epoch() for _ in range(3)] == [1, 2, 3]


def test_the_back_off_doubles_to_its_bound_and_starts_over_after_a_healthy_life() -> None:
    back_off = BackOff(first_s=0.1, last_s=0.5, healthy_s=30)
    assert [back_off.next_s(lived_s=1) for _ in range(5)] == [0.1, 0.2, 0.4, 0.5, 0.5]
    assert back_off.next_s(lived_s=31) == 0.1
    assert back_off.count == 6


def test_a_segment_has_every_block_once(path: Path) -> None:
    segment, _ = create_segment(path, ["hot"])
    with segment:
        blocks = [(kind, name) for name, kind, _ in segment.blocks()]
    assert len(blocks) == len(set(blocks))
    with Segment.attach(path) as again:
        assert again.creator_pid == os.getpid()
