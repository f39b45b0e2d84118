"""What a box was started with is on the operations log."""

import getpass
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from config_text import CORES, EXAMPLE

import tickwire
from tickwire.api.audit import AuditLog
from tickwire.config import parse
from tickwire.supervisor.configuration_record import CHANGES_MAX, FILE, HIDDEN, effective_values, record_start

SECRET = "hunter2"


class Starts:
    """A box that is started again and again; each gives the lines it wrote."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.state.mkdir()
        self.file = folder / "box.toml"
        self.audit = AuditLog(self.state / "operations.jsonl")
        self.epoch = 0

    def text(self, text: str) -> str:
        text = text.replace("/var/lib/tickwire/box", str(self.state))
        return text.replace('password_file = "/etc/tickwire/drop-copy.password"', f'password = "{SECRET}"')

    def start(self, text: str = EXAMPLE) -> list[dict[str, Any]]:
        self.file.write_text(self.text(text))
        self.epoch += 1
        before = len(self.lines())
        record_start(parse(self.text(text), "box.toml", CORES), self.file, self.audit, self.epoch)
        return self.lines()[before:]

    def lines(self) -> list[dict[str, Any]]:
        path = self.state / "operations.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def starts(tmp_path: Path) -> Starts:
    return Starts(tmp_path)


@pytest.mark.rule("RTS 6 Art 5(7)")
def test_a_start_says_which_file_which_version_who_and_what_changed_since_the_last(starts: Starts) -> None:
    (first,) = starts.start()
    assert (first["event"], first["first"], first["changes"]) == ("configuration", True, [])
    assert first["sha256"] == hashlib.sha256(starts.file.read_bytes()).hexdigest()
    assert (first["version"], first["user"], first["epoch"]) == (tickwire.__version__, getpass.getuser(), 1)
    other = EXAMPLE.replace("gross_exposure_max = 5000000", "gross_exposure_max = 5000001", 1)
    (second,) = starts.start(other)
    (change,) = second["changes"]
    assert (change["path"], second["sections"]) == ("accounts.HOUSE.gross_exposure_max", ["accounts"])
    assert (change["old"], change["new"]) == (50_000_000_000, 50_000_010_000)
    assert (second["sha256_before"], second["first"]) == (first["sha256"], False)
    (third,) = starts.start(other)
    assert (third["changes"], third["count"]) == ([], 0)
    assert starts.audit.verify() == ""


def test_no_secret_is_on_any_record(starts: Starts) -> None:
    person = '[[operators.people]]\nname = "ann"\nrole = "viewer"\ntoken_sha256 = "' + "ab" * 32 + '"\n'
    starts.start()
    starts.start(EXAMPLE + "\n" + person)
    told = "".join(path.read_text() for path in starts.state.iterdir())
    assert SECRET not in told
    assert "ab" * 32 not in told
    values = effective_values(parse(starts.text(EXAMPLE), "box.toml", CORES))
    assert values["venues.A.drop_copy.password"] == HIDDEN
    assert all(path.stat().st_mode & 0o077 == 0 for path in starts.state.iterdir())


def test_many_changes_are_told_on_several_lines_and_none_is_left_out(starts: Starts) -> None:
    starts.start()
    block = EXAMPLE[EXAMPLE.index("[[instruments]]") :]
    block = block[: block.index("\n[", block.index("[instruments.limits]") + 1)]
    symbol = parse(starts.text(EXAMPLE), "box.toml", CORES).symbols[0]
    more = "".join("\n" + block.replace(f'"{symbol}"', f'"ZZ{chr(65 + index)}"') + "\n" for index in range(8))
    lines = starts.start(EXAMPLE.replace("[[instruments]]", more + "[[instruments]]", 1))
    assert len(lines) > 1
    assert all(len(line["changes"]) <= CHANGES_MAX for line in lines)
    assert sum(len(line["changes"]) for line in lines) == lines[0]["count"]
    assert lines[0]["sections"] == ["instruments"]


def test_kept_values_that_are_damaged_are_said_and_the_start_is_on_record_all_the_same(starts: Starts) -> None:
    starts.start()
    (starts.state / FILE).write_text("{")
    (line,) = starts.start()
    assert line["first"] and "is damaged" in line["problem"]


def test_a_start_that_cannot_be_recorded_is_none(starts: Starts) -> None:
    (starts.state / "operations.jsonl").mkdir()
    starts.lines = list  # type: ignore[method-assign]
    with pytest.raises(OSError, match="Is a directory"):
        starts.start()
