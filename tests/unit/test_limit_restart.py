"""Limits: what a restart, a damaged file or a full disk makes of them.  Never anything looser."""

import logging
from pathlib import Path

import pytest
from limit_desk import BOB, POSITION, Desk

from tickwire.host.durable import Journal
from tickwire.services.limit_paths import RefusedError


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_looser_configuration_does_not_loosen(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.book.propose("tim", "trader", POSITION, 500, "nervous market")
    desk.start()
    assert desk.position() == 500
    text = caplog.records[-1].facts["text"]  # type: ignore[attr-defined]
    assert "500 stays in force; the configuration says 2000" in text
    assert f"tickwire limits propose {POSITION} 2000" in text


def test_a_tighter_configuration_wins_and_says_so(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.start(**{POSITION: 800})
    assert desk.position() == 800
    facts = caplog.records[-1].facts  # type: ignore[attr-defined]
    assert (facts["kept"], facts["configured"], facts["in_force"]) == ("2000", "800", "800")
    desk.start(**{POSITION: 5000})
    assert desk.position() == 800


def test_taking_a_limit_out_of_the_file_and_putting_it_back_does_not_loosen(desk: Desk) -> None:
    desk.book.propose("tim", "trader", POSITION, 500, "nervous market")
    del desk.configured[POSITION]
    desk.start()
    assert POSITION not in desk.book.effective()
    desk.start(**{POSITION: 9000})
    assert desk.position() == 500


def test_a_tighter_configuration_ends_what_was_lent_over_the_old_one(desk: Desk) -> None:
    desk.book.propose(*BOB, POSITION, 3000, "close", approver="ann", expires_s=600)
    desk.start(**{POSITION: 1000})
    assert desk.position() == 1000


@pytest.mark.parametrize("damage", [b"", b"{", b"\x00" * 100, b'{"digest": "", "state": {}}', None])
def test_without_a_sound_state_the_tightest_known_is_in_force(
    desk: Desk, damage: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    desk.book.propose("tim", "trader", POSITION, 500, "nervous market")
    if damage is None:
        desk.state.unlink()
    else:
        desk.state.write_bytes(damage)
    desk.start()
    assert desk.position() == 500
    assert [record for record in caplog.records if record.levelno == logging.ERROR]
    desk.start()
    assert desk.position() == 500
    assert len(list(desk.folder.glob("limits.json.damaged-*"))) == (damage is not None)


def test_a_state_with_a_changed_digit_is_not_believed(desk: Desk) -> None:
    desk.book.propose("tim", "trader", POSITION, 500, "nervous market")
    desk.state.write_text(desk.state.read_text().replace("500", "900"))
    desk.start()
    assert desk.position() == 500


def test_a_state_from_a_backup_does_not_bring_back_a_looser_limit(desk: Desk) -> None:
    backup = desk.state.read_bytes()
    desk.book.propose("tim", "trader", POSITION, 500, "nervous market")
    desk.state.write_bytes(backup)
    desk.start()
    assert desk.position() == 500


def test_a_damaged_history_is_put_aside_and_the_tightest_of_all_is_in_force(desk: Desk) -> None:
    desk.book.propose("tim", "trader", POSITION, 500, "nervous market")
    desk.book.propose(*BOB, POSITION, 1500, "calm again", approver="ann")
    desk.book.propose(*BOB, POSITION, 1600, "calmer", approver="ann")
    lines = desk.history.read_bytes().splitlines(keepends=True)
    desk.history.write_bytes(b"".join([lines[0], b"garbage\n", lines[2]]))
    desk.start()
    assert desk.position() == 500
    assert len(list(desk.folder.glob("limits.jsonl.damaged-*"))) == 1
    desk.start()
    assert len(list(desk.folder.glob("*.damaged-*"))) == 1


def test_a_torn_last_line_is_a_change_that_never_was(desk: Desk) -> None:
    desk.book.propose("tim", "trader", POSITION, 500, "nervous market")
    desk.history.write_bytes(desk.history.read_bytes() + b'{"event": "chan')
    desk.start()
    assert desk.position() == 500
    desk.book.propose("tim", "trader", POSITION, 400, "more so")
    assert [entry["new"] for entry in desk.start().history() if "new" in entry] == ["500", "400"]
    assert not list(desk.folder.glob("*.damaged-*"))


def test_a_stop_between_the_two_files_never_loosens(desk: Desk) -> None:
    desk.book.propose("tim", "trader", POSITION, 500, "nervous market")
    before = desk.state.read_bytes()
    desk.book.propose(*BOB, POSITION, 1500, "calm again", approver="ann")
    desk.state.write_bytes(before)
    desk.start()
    assert desk.position() == 500
    desk.book.propose("tim", "trader", POSITION, 300, "no")
    desk.state.write_bytes(before)
    desk.start()
    assert desk.position() == 300


def test_a_full_disk_holds_up_a_loosening_but_no_tightening(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append", full)
        with pytest.raises(RefusedError, match="No space left"):
            desk.book.propose(*BOB, POSITION, 3000, "index event", approver="ann")
        with pytest.raises(RefusedError, match="No space left"):
            desk.book.propose(*BOB, POSITION, 3000, "index event")
        assert (desk.position(), desk.book.pending()) == (2000, ())
        desk.book.propose("tim", "trader", POSITION, 500, "nervous market")
        assert desk.position() == 500
        assert "limits_not_recorded" in caplog.messages
    desk.book.tick()
    assert desk.book.history()[-1]["new"] == "500"
    desk.start()
    assert desk.position() == 500
