"""Files that must survive a crash."""

import json
from pathlib import Path

import pytest

from tickwire.host.durable import DamagedFileError, Journal, read_state, write_state


def test_a_state_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    assert read_state(path) is None
    write_state(path, {"a": [1, "ü"], "b": None})
    assert read_state(path) == {"a": [1, "ü"], "b": None}
    assert [file.name for file in tmp_path.iterdir()] == ["state.json"]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("size", [0, 1, 20, -1, -3])
def test_a_torn_state_is_damaged_not_absent(tmp_path: Path, size: int) -> None:
    path = tmp_path / "state.json"
    write_state(path, {"a": 1})
    path.write_bytes(path.read_bytes().rstrip()[:size])
    with pytest.raises(DamagedFileError):
        read_state(path)


def test_a_changed_digit_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write_state(path, {"limit": 100})
    path.write_text(path.read_text().replace("100", "900"))
    with pytest.raises(DamagedFileError, match="digest"):
        read_state(path)


@pytest.mark.parametrize("text", ["[]", "3", '{"state": 1}', '{"digest": 1, "state": 1}', "\x00" * 64, "[" * 100_000])
def test_what_was_never_written_by_us_is_damaged(tmp_path: Path, text: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(text)
    with pytest.raises(DamagedFileError):
        read_state(path)


def test_a_journal_goes_on_where_it_was(tmp_path: Path) -> None:
    Journal(tmp_path / "log").append({"n": 1})
    again = Journal(tmp_path / "log")
    assert again.load().entries == ({"n": 1},)
    again.append({"n": 2})
    lines = Journal(tmp_path / "log").load()
    assert (lines.entries, lines.torn, lines.damaged) == (({"n": 1}, {"n": 2}), False, "")


def test_an_unfinished_last_line_is_torn_and_does_not_spoil_what_follows(tmp_path: Path) -> None:
    path = tmp_path / "log"
    Journal(path).append({"n": 1})
    path.write_bytes(path.read_bytes() + b'{"n": 2, "prev')
    journal = Journal(path)
    assert journal.load().torn
    journal.append({"n": 3})
    lines = Journal(path).load()
    assert (lines.entries, lines.torn, lines.damaged) == (({"n": 1}, {"n": 3}), False, "")


def test_a_line_changed_or_taken_out_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "log"
    journal = Journal(path)
    for n in range(3):
        journal.append({"n": n})
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[2])
    assert "line 2" in Journal(path).load().damaged
    changed = json.dumps({**json.loads(lines[1]), "n": 7}).encode() + b"\n"
    path.write_bytes(lines[0] + changed + lines[2])
    assert "line 3" in Journal(path).load().damaged
    path.write_bytes(lines[0] + b"garbage\n" + lines[2])
    assert "line 2" in Journal(path).load().damaged
