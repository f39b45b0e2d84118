"""Stop words: set and cleared by scope, and kept across restarts by name."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from config_text import CORES, EXAMPLE, TWO_VENUES

from tickwire.api.scopes import Key
from tickwire.api.stops import Kept, StopStore
from tickwire.config import parse
from tickwire.host.logs import Log
from tickwire.native import Control, NativeError, lib
from tickwire.native.control import STOP_SCOPES, stop_names
from tickwire.supervisor.layout import create_segment
from tickwire.supervisor.ownership import Ownership
from tickwire.supervisor.stops import Memory, directory_of, restore, take_over

CONFIG = parse(TWO_VENUES, "box.toml", CORES)
DIRECTORY = directory_of(CONFIG)
KILL, PAUSE = lib.STOP_KILL, lib.STOP_PAUSE


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    segment, made = create_segment(tmp_path / "segment", ["hot"])
    with segment:
        yield made


@pytest.fixture
def store(tmp_path: Path) -> StopStore:
    return StopStore(tmp_path)


def test_bits_of_one_scope_are_set_and_cleared_without_touching_another(control: Control) -> None:
    for scope, (_, count) in STOP_SCOPES.items():
        assert control.stop_set(scope, count - 1, KILL | PAUSE) == 0
    assert control.stop_clear("venue", lib.VENUE_COUNT_MAX - 1, KILL) == KILL | PAUSE
    assert control.stop_bits("venue", lib.VENUE_COUNT_MAX - 1) == PAUSE
    assert [scope for scope, _, _ in control.stops()] == list(STOP_SCOPES)
    assert control.kills == len(STOP_SCOPES)
    assert stop_names(KILL | PAUSE) == ("kill", "pause")


@pytest.mark.parametrize("scope", STOP_SCOPES)
def test_a_scope_that_does_not_exist_is_refused(control: Control, scope: str) -> None:
    with pytest.raises(NativeError, match=f"stop word of {scope}"):
        control.stop_set(scope, STOP_SCOPES[scope][1], KILL)


def test_a_stop_survives_by_name_when_the_order_of_the_file_changes(
    control: Control, store: StopStore, tmp_path: Path
) -> None:
    control.stop_set("venue", 1, PAUSE)
    control.stop_set("firm", 0, KILL)
    control.stop_set("strategy", 1, lib.STOP_THROTTLE | lib.STOP_PROBE)
    take_over(control, DIRECTORY, store)
    assert store.read() == {
        ("firm", ""): Kept(KILL),
        ("venue", "B"): Kept(PAUSE),
        ("strategy", "imbalance"): Kept(lib.STOP_THROTTLE),
    }
    swapped = TWO_VENUES.replace('name = "A"', 'name = "C"').replace('name = "B"', 'name = "A"')
    directory = directory_of(parse(swapped.replace('name = "C"', 'name = "B"'), "box.toml", CORES))
    other, fresh = create_segment(tmp_path / "other", ["hot"], 2)
    with other:
        assert restore(fresh, directory, store) == []
        assert (fresh.stop_bits("venue", 0), fresh.stop_bits("venue", 1)) == (PAUSE, 0)
        assert fresh.stop_bits("firm") == KILL


def test_a_stop_of_what_the_file_no_longer_has_is_told(control: Control, store: StopStore) -> None:
    store.add(("venue", "B"), PAUSE)
    assert restore(control, directory_of(parse(EXAMPLE, "box.toml", CORES)), store) == ["venue B"]


def test_a_damaged_file_of_stops_keeps_the_box_from_starting(
    control: Control, store: StopStore, tmp_path: Path
) -> None:
    (tmp_path / "stops.json").write_text("{")
    with pytest.raises(OSError, match="is damaged"):
        restore(control, DIRECTORY, store)


def test_a_crash_sets_nothing_free_of_what_the_segment_stopped(tmp_path: Path) -> None:
    owner = Ownership(tmp_path / "segment", tmp_path / "state")
    owner.stops.add(("account", "HOUSE"), PAUSE, "alice")
    segment, control = create_segment(tmp_path / "segment", ["hot"], 2)
    control.stop_set("instrument", 0, lib.STOP_BREAK)
    segment.close()
    owner.clear_stale(CONFIG, 0)
    assert owner.stops.read() == {
        ("account", "HOUSE"): Kept(PAUSE, "alice"),
        ("instrument", "AAPL"): Kept(lib.STOP_BREAK),
    }
    owner.close()


class Disk:
    """Remembers, unless it is full."""

    def __init__(self) -> None:
        self.full = False
        self.said: list[tuple[str, Key, int]] = []
        self.kills: list[int] = []

    def remember_kill(self, kill: int) -> None:
        self.kills.append(kill)

    def rearm(self) -> None:
        self.kills.clear()

    def add(self, key: Key, bits: int) -> None:
        self._say("add", key, bits)

    def remove(self, key: Key, bits: int) -> None:
        self._say("remove", key, bits)

    def _say(self, what: str, key: Key, bits: int) -> None:
        if self.full:
            raise OSError("disk full")
        self.said.append((what, key, bits))


def test_what_changed_is_written_down_once_and_again_after_the_disk_was_full(control: Control) -> None:
    disk = Disk()
    memory = Memory(control, DIRECTORY, disk, disk, Log("test"))
    memory.look()
    disk.full = True
    control.stop_set("firm", 0, PAUSE)
    memory.look()
    disk.full = False
    memory.look()
    memory.look()
    assert disk.said == [("add", ("firm", ""), PAUSE)]
    control.stop_clear("firm", 0, PAUSE)
    control.kill = 7
    memory.look()
    assert disk.said[1:] == [("remove", ("firm", ""), PAUSE)]
    assert disk.kills == [7]
