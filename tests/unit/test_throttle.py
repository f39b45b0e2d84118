"""Throttled strategies: stopped until a person re-enables them, whatever restarts."""

from pathlib import Path

import pytest
from desk import Time

from tickwire.host.durable import Journal
from tickwire.services import throttle
from tickwire.services.limit_paths import RefusedError
from tickwire.services.throttle import Throttles


class Box:
    """Throttles that can be started again on the same folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.time = folder, Time()
        self.throttles = self.start()

    def start(self) -> Throttles:
        self.throttles = Throttles({1: "imbalance", 2: "quotes"}, self.folder, self.time, self.time)
        return self.throttles

    def numbers(self) -> list[int]:
        return [one.number for one in self.throttles.stopped()]


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_a_latch_of_the_gate_stops_the_strategy_once(box: Box) -> None:
    assert box.throttles.observe([1]) == [1]
    assert box.throttles.observe([1]) == []
    assert box.throttles.observe([]) == []
    assert box.numbers() == [1]


def test_it_stays_stopped_over_a_restart_of_box_and_gate(box: Box) -> None:
    box.throttles.observe([1])
    box.start()
    box.throttles.observe([])
    box.time.pass_s(1e6)
    assert box.numbers() == [1]


def test_a_person_re_enables_it_and_says_why(box: Box) -> None:
    box.throttles.observe([1])
    for who, why in (("", "x"), ("ann", " ")):
        with pytest.raises(RefusedError):
            box.throttles.reenable(1, who, why)
    box.throttles.reenable(1, "ann", "the venue had repeated itself")
    assert (box.numbers(), box.throttles.generations()) == ([], {1: 1})
    entries = Journal(box.folder / "throttles.jsonl").load().entries
    assert [(entry["event"], entry["who"]) for entry in entries] == [
        ("throttled", "gate"),
        ("re-enabled", "ann"),
    ]
    with pytest.raises(RefusedError, match="imbalance is not throttled"):
        box.throttles.reenable(1, "ann", "again")


def test_the_latch_that_the_gate_still_shows_is_the_old_one_but_not_for_long(box: Box) -> None:
    box.throttles.observe([1])
    box.throttles.reenable(1, "ann", "looked at it")
    assert box.throttles.observe([1]) == []
    box.time.pass_s(1)
    assert box.throttles.observe([1]) == [1]


def test_generations_never_start_over(box: Box) -> None:
    for _ in range(2):
        box.throttles.observe([1])
        box.throttles.reenable(1, "ann", "looked at it")
        box.time.pass_s(2)
        box.start()
    assert box.throttles.generations() == {1: 2}


@pytest.mark.parametrize("damage", [b"", b"[]", None])
def test_when_it_is_not_known_who_was_throttled_all_are(box: Box, damage: bytes | None) -> None:
    box.throttles.observe([1])
    box.throttles.reenable(1, "ann", "looked at it")
    path = box.folder / "throttles.json"
    path.unlink() if damage is None else path.write_bytes(damage)
    box.start()
    assert (box.numbers(), box.throttles.generations()) == ([1, 2], {1: 1})
    box.start()
    assert box.numbers() == [1, 2]


def test_a_full_disk_keeps_it_stopped(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(throttle, "write_state", full)
        assert box.throttles.observe([1]) == [1]
        with pytest.raises(RefusedError, match="stays throttled"):
            box.throttles.reenable(1, "ann", "looked at it")
        assert (box.numbers(), box.throttles.generations()) == ([1], {1: 0})
    box.throttles.observe([])
    assert box.start().stopped()
