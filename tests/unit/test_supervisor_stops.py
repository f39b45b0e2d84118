"""Stop words: set and cleared by scope, and kept across restarts by name."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from config_text import CORES, EXAMPLE, TWO_VENUES

from tickwire.config import parse
from tickwire.host.logs import Log
from tickwire.native import Control, NativeError, lib
from tickwire.native.control import STOP_SCOPES, stop_names
from tickwire.supervisor.layout import create_segment
from tickwire.supervisor.ownership import Ownership
from tickwire.supervisor.stops import Memory, StopFile, Words, merge, read_words, restore

CONFIG = parse(TWO_VENUES, "box.toml", CORES)
KILL, PAUSE = lib.STOP_KILL, lib.STOP_PAUSE


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    segment, made = create_segment(tmp_path / "segment", ["hot"])
    with segment:
        yield made


def test_bits_of_one_scope_are_set_and_cleared_without_touching_another(control: Control) -> None:
    for scope, (_, count) in STOP_SCOPES.items():
        assert control.stop_set(scope, count - 1, KILL | PAUSE) == 0
    assert control.stop_clear("venue", lib.VENUE_COUNT_MAX - 1, KILL) == KILL | PAUSE
    assert control.stop_bits("venue", lib.VENUE_COUNT_MAX - 1) == PAUSE
    assert dict.fromkeys(STOP_SCOPES) == dict.fromkeys(scope for scope, _, _ in control.stops())
    assert control.kills == len(STOP_SCOPES)
    assert stop_names(KILL | PAUSE) == ("kill", "pause")


@pytest.mark.parametrize("scope", STOP_SCOPES)
def test_a_scope_that_does_not_exist_is_refused(control: Control, scope: str) -> None:
    with pytest.raises(NativeError, match=f"stop word of {scope}"):
        control.stop_set(scope, STOP_SCOPES[scope][1], KILL)


def test_a_stop_survives_by_name_when_the_order_of_the_file_changes(control: Control, tmp_path: Path) -> None:
    control.stop_set("venue", 1, PAUSE)
    control.stop_set("firm", 0, KILL)
    control.stop_set("strategy", 1, lib.STOP_THROTTLE)
    words = read_words(control, CONFIG)
    assert words == {"firm": {"": KILL}, "venue": {"B": PAUSE}, "strategy": {"imbalance": lib.STOP_THROTTLE}}
    swapped = (
        TWO_VENUES.replace('name = "A"', 'name = "C"')
        .replace('name = "B"', 'name = "A"')
        .replace('name = "C"', 'name = "B"')
    )
    other, fresh = create_segment(tmp_path / "other", ["hot"], 2)
    with other:
        assert restore(fresh, parse(swapped, "box.toml", CORES), words) == []
        assert (fresh.stop_bits("venue", 0), fresh.stop_bits("venue", 1)) == (PAUSE, 0)
        assert fresh.stop_bits("firm") == KILL


def test_a_stop_of_what_the_file_no_longer_has_is_told(control: Control) -> None:
    words: Words = {"venue": {"B": PAUSE}, "desk": {"x": PAUSE}}
    assert restore(control, parse(EXAMPLE, "box.toml", CORES), words) == ["venue B", "desk x"]


def test_what_either_stopped_is_stopped() -> None:
    first: Words = {"venue": {"A": KILL}, "firm": {"": PAUSE}}
    assert merge(first, {"venue": {"A": PAUSE, "B": KILL}}) == {
        "venue": {"A": KILL | PAUSE, "B": KILL},
        "firm": {"": PAUSE},
    }


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"venue": 1}', '{"venue": {"A": -1}}', '{"venue": {"A": "x"}}', "9" * 999]
)
def test_a_damaged_file_of_stops_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "stops").write_text(text)
    with pytest.raises(OSError, match="stops is damaged"):
        StopFile(tmp_path).read()


def test_a_stop_set_while_no_supervisor_lives_is_there_at_the_next_start(tmp_path: Path) -> None:
    owner = Ownership(tmp_path / "segment", tmp_path / "state")
    owner.remember_stops({"venue": {"A": PAUSE}})
    StopFile(tmp_path / "state").add("venue", "A", KILL)
    assert owner.stops == {"venue": {"A": KILL | PAUSE}}
    owner.close()


def test_a_crash_sets_nothing_free_of_what_the_segment_stopped(tmp_path: Path) -> None:
    owner = Ownership(tmp_path / "segment", tmp_path / "state")
    owner.remember_stops({"account": {"HOUSE": PAUSE}})
    segment, control = create_segment(tmp_path / "segment", ["hot"], 2)
    control.stop_set("instrument", 0, lib.STOP_BREAK)
    segment.close()
    owner.clear_stale(CONFIG, 0)
    assert owner.stops == {"account": {"HOUSE": PAUSE}, "instrument": {"AAPL": lib.STOP_BREAK}}
    owner.close()


class Disk:
    """Remembers, unless it is full."""

    def __init__(self) -> None:
        self.full = False
        self.words: list[Words] = []
        self.kills: list[int] = []

    def remember_kill(self, kill: int) -> None:
        self.kills.append(kill)

    def remember_stops(self, words: Words) -> None:
        if self.full:
            raise OSError("disk full")
        self.words.append(words)


def test_what_changed_is_written_down_once_and_again_after_the_disk_was_full(control: Control) -> None:
    disk = Disk()
    memory = Memory(control, CONFIG, disk, Log("test"))
    memory.look()
    memory.look()
    assert disk.words == [{}]
    disk.full = True
    control.stop_set("firm", 0, PAUSE)
    memory.look()
    disk.full = False
    memory.look()
    assert disk.words == [{}, {"firm": {"": PAUSE}}]
    control.kill = 7
    memory.look()
    assert disk.kills == [7]
