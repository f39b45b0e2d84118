"""Records written behind their owner's back: in order, nobody waits, nothing is lost by a disk that is slow or full."""

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from tickwire.host import upkeep
from tickwire.host.logs import Log
from tickwire.host.upkeep import Upkeep, at_once, scribe


class Disk:
    """A disk that can be full, and a thread that can be held up."""

    def __init__(self) -> None:
        self.written: list[Any] = []
        self.is_full = False
        self.free = threading.Event()
        self.free.set()
        self._submit = scribe("test")

    def submit(self, write: Callable[[], Any]) -> "Future[Any]":
        return self._submit(lambda: self.free.wait() and write())

    def write(self, what: Any) -> None:
        if self.is_full:
            raise OSError(28, "No space left on device")
        self.written.append(what)

    def settled(self, files: Upkeep) -> None:
        """Look until everything is on disk."""
        while files.is_behind:
            files.look()
            self._submit(lambda: None).result()


@pytest.fixture
def disk() -> Iterator[Disk]:
    made = Disk()
    yield made
    made.free.set()


def upkeep_of(disk: Disk, behind: bool = True) -> Upkeep:
    return Upkeep(disk.submit if behind else at_once, disk.write, disk.write, Log("test"), "test_not_recorded")


def test_nobody_waits_for_a_disk_that_does_not_answer_and_the_order_is_kept(disk: Disk) -> None:
    files = upkeep_of(disk)
    disk.free.clear()
    for number in range(3):
        files.note({"entry": number})
        files.keep({"state": number})
    assert disk.written == []
    disk.free.set()
    disk.settled(files)
    entries = [what["entry"] for what in disk.written if "entry" in what]
    states = [what["state"] for what in disk.written if "state" in what]
    assert (entries, states) == ([0, 1, 2], [0, 2]), "of states the newest, after every entry before it"
    assert disk.written.index({"entry": 2}) < disk.written.index({"state": 2})


def test_what_a_full_disk_did_not_take_is_written_once_there_is_room(
    disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    files = upkeep_of(disk, behind=False)
    disk.is_full = True
    for number in range(3):
        files.note({"entry": number})
        files.keep({"state": number})
    assert caplog.messages == ["test_not_recorded"], "said once"
    with pytest.raises(OSError, match="No space left"):
        files.must({"entry": "not without a record"})
    disk.is_full = False
    files.look()
    assert disk.written == [{"entry": 0}, {"entry": 1}, {"entry": 2}, {"state": 2}]
    assert not files.is_behind


def test_what_must_be_on_record_is_there_after_all_before_it_or_it_is_told_that_it_is_not(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "WAIT_S_MAX", 5.0)
    files = upkeep_of(disk)
    files.note({"entry": 0})
    files.must({"entry": 1}, {"state": 1})
    assert disk.written == [{"entry": 0}, {"entry": 1}, {"state": 1}]
    monkeypatch.setattr(upkeep, "WAIT_S_MAX", 0.0)
    disk.free.clear()
    with pytest.raises(TimeoutError, match="did not answer"):
        files.must({"entry": 2})
    disk.free.set()
    files.keep({"state": 2})
    disk.settled(files)
    assert disk.written[3:] == [{"state": 2}], "what was given up is not done later"


def test_what_waits_is_bounded(disk: Disk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    monkeypatch.setattr(upkeep, "ENTRIES_MAX", 2)
    files = upkeep_of(disk)
    disk.free.clear()
    files.note({"entry": 0})
    files.look()
    for number in range(1, 5):
        files.note({"entry": number})
    disk.free.set()
    disk.settled(files)
    assert disk.written == [{"entry": 0}, {"entry": 4}], "what is being written stays, and what is newest"
