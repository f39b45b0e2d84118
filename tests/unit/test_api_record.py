"""The record of operations and what a retry does."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from operator_box import OFFICER, TRADER, VIEWER, OperatorBox

from tickwire.api.audit import FILE, FIRST, AuditLog
from tickwire.api.errors import Refused
from tickwire.api.people import nobody
from tickwire.native import lib


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    return AuditLog(tmp_path / FILE, lambda: 1_700_000_000_000_000_000)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[OperatorBox]:
    made = OperatorBox(tmp_path)
    yield made
    made.close()


def test_each_line_is_bound_to_the_one_before(log: AuditLog) -> None:
    lines = [log.record_now(command="kill", person=f"p{number}") for number in range(5)]
    assert [line["sequence"] for line in lines] == [1, 2, 3, 4, 5]
    assert lines[0]["previous"] == FIRST
    assert [line["previous"] for line in lines[1:]] == [line["hash"] for line in lines[:-1]]
    assert log.last(2) == lines[-2:]
    assert log.verify() == ""


def test_only_this_user_can_read_the_record(log: AuditLog, tmp_path: Path) -> None:
    log.record_now(command="kill")
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"p2"', '"p9"', "line 3 was changed"),
        ('"sequence":3', '"sequence":4', "line 3 does not follow"),
    ],
)
def test_a_line_that_was_changed_is_found(log: AuditLog, tmp_path: Path, old: str, new: str, expected: str) -> None:
    for number in range(5):
        log.record_now(person=f"p{number}")
    path = tmp_path / FILE
    path.write_text(path.read_text().replace(old, new))
    assert log.verify().startswith(expected)


@pytest.mark.parametrize("removed", [0, 2])
def test_a_line_that_was_removed_is_found(log: AuditLog, tmp_path: Path, removed: int) -> None:
    for number in range(5):
        log.record_now(person=f"p{number}")
    path = tmp_path / FILE
    lines = path.read_text().splitlines(keepends=True)
    del lines[removed]
    path.write_text("".join(lines))
    assert "does not follow" in log.verify()


def test_a_line_put_in_that_is_no_record_is_found(log: AuditLog, tmp_path: Path) -> None:
    log.record_now(person="p0")
    with (tmp_path / FILE).open("a") as file:
        file.write("garbage\n")
    log.record_now(person="p1")
    assert "is no record" in log.verify()


@pytest.mark.parametrize("cut", [1, 20, 100])
def test_the_record_goes_on_after_a_line_that_a_crash_cut_short(log: AuditLog, tmp_path: Path, cut: int) -> None:
    log.record_now(person="p0")
    log.record_now(person="p1")
    path = tmp_path / FILE
    os.truncate(path, path.stat().st_size - cut)
    AuditLog(path).record_now(person="p2")
    assert log.verify() == ""
    assert [line["person"] for line in log.last(9)][-1] == "p2"


def test_two_processes_keep_one_chain(log: AuditLog, tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom tickwire.api.audit import AuditLog\n"
        "log = AuditLog(Path(sys.argv[1]))\nfor number in range(50): log.record_now(writer='child', number=number)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program, str(tmp_path / FILE)])
    for number in range(50):
        log.record_now(writer="parent", number=number)
    assert child.wait(60) == 0
    assert log.verify() == ""
    lines = log.last(200)
    assert len(lines) == 100
    for writer in ("child", "parent"):
        assert [line["number"] for line in lines if line["writer"] == writer] == list(range(50))


def test_a_full_disk_is_an_error_and_leaves_no_part_of_a_line() -> None:
    log = AuditLog(Path("/dev/full"))
    with pytest.raises(OSError, match=r"space|full|Invalid"):
        log.record_now(person="p0")
    assert log.problem


def test_the_record_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic link"):
        AuditLog(tmp_path / FILE).record_now(person="p0")


def test_what_changes_something_is_on_record_before_it_is_done_and_how_it_ended_after(box: OperatorBox) -> None:
    asyncio.run(box.operations().execute(TRADER, "pause", {"reason": "lunch"}, "k1"))
    begun, done = box.lines()
    assert (begun["phase"], done["phase"]) == ("begun", "done")
    for line in (begun, done):
        assert (line["command"], line["person"], line["role"], line["via"]) == ("pause", "alice", "trader", "unix")
        assert line["arguments"] == {"scope": "firm", "name": "", "reason": "lunch"}
    assert done["answer"]["done"][0].startswith("the whole firm: paused")


def test_a_flood_of_refusals_fills_no_disk_and_is_counted(box: OperatorBox) -> None:
    operations = box.operations()
    stranger = nobody("http", "127.0.0.1:9")

    async def flood() -> None:
        for _ in range(1000):
            with pytest.raises(Refused):
                await operations.execute(stranger, "kill", {"reason": "x"})
        box.now_ns += 1_000_000_000
        with pytest.raises(Refused):
            await operations.execute(stranger, "kill", {"reason": "x"})

    asyncio.run(flood())
    lines = box.lines()
    assert len(lines) == 21
    assert lines[-1]["left_out"] == 980
    assert not box.control.kill


def test_who_only_looks_is_on_record_once_a_minute_with_how_often(box: OperatorBox) -> None:
    operations = box.operations()

    async def look() -> None:
        for _ in range(10):
            await operations.execute(VIEWER, "status", {})
        box.now_ns += 61_000_000_000
        await operations.execute(VIEWER, "status", {})

    asyncio.run(look())
    assert [line["times"] for line in box.lines()] == [1, 10]


def pause(box: OperatorBox, key: str, reason: str = "x") -> str:
    try:
        asyncio.run(box.operations().execute(TRADER, "cancel", {"scope": "firm", "reason": reason}, key))
    except Refused as refused:
        return refused.code
    return "done"


def test_a_retry_under_its_key_is_answered_and_not_done_again(box: OperatorBox) -> None:
    operations = box.operations()
    request = {"scope": "firm", "reason": "x"}

    async def story() -> None:
        first = await operations.execute(TRADER, "cancel", request, "key-1")
        again = await operations.execute(TRADER, "cancel", request, "key-1")
        assert again == {"done": first.done, "still_open": []}
        await operations.execute(OFFICER, "cancel", request, "key-1")  # another person's key is another key
        await operations.execute(TRADER, "cancel", request)  # and none is none
        await operations.execute(TRADER, "cancel", request)

    asyncio.run(story())
    assert len(box.desk.asked) == 4
    assert "repeated" in [line["phase"] for line in box.lines()]


def test_retries_that_come_at_once_are_done_once(box: OperatorBox) -> None:
    operations = box.operations()

    async def story() -> None:
        request = {"scope": "firm", "reason": "x"}
        await asyncio.gather(*(operations.execute(TRADER, "cancel", request, "key-1") for _ in range(20)))

    asyncio.run(story())
    assert len(box.desk.asked) == 1


def test_a_key_is_good_for_one_command(box: OperatorBox) -> None:
    operations = box.operations()

    async def story() -> None:
        await operations.execute(TRADER, "cancel", {"scope": "firm", "reason": "x"}, "key-1")
        for name, request in (("cancel", {"scope": "firm", "reason": "y"}), ("pause", {"reason": "x"})):
            with pytest.raises(Refused, match="used for another command"):
                await operations.execute(TRADER, name, request, "key-1")

    asyncio.run(story())


def test_a_retry_after_a_restart_is_not_done_again(box: OperatorBox) -> None:
    assert pause(box, "key-1") == pause(box, "key-1") == "done"
    assert len(box.desk.asked) == 1


def test_a_command_whose_end_nobody_saw_is_not_done_again_under_its_key(box: OperatorBox) -> None:
    assert pause(box, "key-1") == "done"
    path = box.state_dir / FILE
    begun = path.read_text().splitlines(keepends=True)[0]
    assert json.loads(begun)["phase"] == "begun"
    path.write_text(begun)  # as if the supervisor had died in the middle
    assert pause(box, "key-1") == "repeated"
    assert pause(box, "key-2") == "done"


def test_a_command_that_was_refused_may_be_tried_again_under_its_key(box: OperatorBox) -> None:
    box.desk.room = False
    operations = box.operations()

    async def story() -> None:
        request = {"scope": "firm", "reason": "x"}
        with pytest.raises(Refused, match="no room"):
            await operations.execute(TRADER, "cancel", request, "key-1")
        box.desk.room = True
        await operations.execute(TRADER, "cancel", request, "key-1")

    asyncio.run(story())
    box.desk.room = False
    assert pause(box, "key-2") == "busy"
    box.desk.room = True
    assert pause(box, "key-2") == "done", "also after a restart"


def test_a_late_retry_of_a_kill_does_not_kill_what_was_rearmed_since(box: OperatorBox) -> None:
    operations = box.operations()

    async def story() -> None:
        await operations.execute(TRADER, "kill", {"reason": "x"}, "key-1")
        prepared = await operations.execute(OFFICER, "rearm-prepare", {})
        await operations.execute(OFFICER, "rearm-confirm", {"code": prepared.code, "reason": "x"})
        await operations.execute(TRADER, "kill", {"reason": "x"}, "key-1")

    asyncio.run(story())
    assert not box.control.kill


@pytest.mark.parametrize("key", ["x" * 65, "ä", "a\nb", "\x00"])
def test_a_key_that_is_no_key_is_refused(box: OperatorBox, key: str) -> None:
    assert pause(box, key) == "malformed"


def test_stops_that_cannot_be_read_are_not_taken_for_none(box: OperatorBox) -> None:
    box.parts.stops.add(("venue", "A"), lib.STOP_KILL)
    path = box.state_dir / "stops.json"
    for damage in ("", "{", "[]", '{"venue A": {}}', '{"world A": {"bits": 1}}', '{"venue A": {"bits": "x"}}'):
        path.write_text(damage)
        with pytest.raises(OSError, match="damaged"):
            box.parts.stops.read()
