"""Breaks stop trading, survive restarts, and end only by a person's word or, where policy allows, a later run's."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from tickwire.services.blotter_store import LineFile
from tickwire.services.reconcile_breaks import BREAK_COUNT_MAX, BreakBook, OnBreak, Scope
from tickwire.services.reconcile_compare import Difference

APPLE = Difference("fill_unknown", "AAPL", 5, 77, "quantity", 0, 60, shares=60, what="buy 60 at 100.0000")
STRANGE = Difference("order_unknown", "ZZZZ", 6, theirs="live", what="buy 1 at 1.0000, live with 1 left")
BOX = Difference("position", "AAPL", field="position", ours=60, theirs=0)


class Desk:
    def __init__(self, folder: Path, on_break: OnBreak = "stop-instrument", self_clearing: bool = False) -> None:
        self.folder = folder
        self.stops: dict[tuple[str, int], bool] = {}
        self.on_break, self.self_clearing = on_break, self_clearing
        self.start()

    def start(self, stopped: Iterable[Scope] = ()) -> None:
        """As after a restart: nothing but the file is left, and stop words perhaps."""
        self.stops.clear()
        self.file = LineFile(self.folder / "reconciliations.jsonl")
        self.book = BreakBook(
            self.file,
            ["AAPL", "MSFT"],
            ["A", "B"],
            lambda scope, index, on: self.stops.__setitem__((scope, index), on),
            lambda: 5,
            self.on_break,
            self.self_clearing,
            stopped,
        )

    def find(self, *found: Difference, venue: int | None = 1, complete: bool = True) -> tuple[list[str], int]:
        breaks = self.book.found(1, venue, "drop copy", found, complete, lambda ref: ref << 8)
        return [one.text for one in breaks], len(self.book.accepted())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_break_names_the_fill_and_stops_its_instrument(desk: Desk) -> None:
    texts, _ = desk.find(APPLE)
    assert texts == ["AAPL on B: the drop copy shows fill 77 of order 5, buy 60 at 100.0000, that we do not have."]
    assert desk.stops == {("instrument", 0): True}
    (found,) = desk.book.unresolved()
    assert (found.venue, found.instrument, found.order_id, found.difference) == (1, 0, 5 << 8, 60)


@pytest.mark.parametrize(
    ("on_break", "found", "venue", "scope"),
    [
        ("stop-instrument", STRANGE, 1, ("venue", 1)),
        ("stop-instrument", BOX, None, ("instrument", 0)),
        ("stop-venue", APPLE, 1, ("venue", 1)),
        ("stop-venue", BOX, None, ("firm", 0)),
        ("stop-firm", APPLE, 0, ("firm", 0)),
    ],
)
def test_what_stops_is_the_smallest_scope_that_is_known_and_allowed(
    tmp_path: Path, on_break: OnBreak, found: Difference, venue: int | None, scope: tuple[str, int]
) -> None:
    desk = Desk(tmp_path, on_break)
    desk.find(found, venue=venue)
    assert desk.stops == {scope: True}


def test_the_same_break_found_again_is_one_break(desk: Desk) -> None:
    desk.find(APPLE)
    desk.find(APPLE)
    assert len(desk.book.unresolved()) == 1


def test_breaks_survive_a_restart_and_stop_trading_at_once(desk: Desk) -> None:
    desk.find(APPLE)
    before = desk.book.unresolved()
    desk.start()
    assert desk.book.unresolved() == before
    assert desk.stops == {("instrument", 0): True}


def test_what_a_person_accepts_stops_nothing_and_is_told_of_until_it_is_gone(desk: Desk) -> None:
    desk.find(APPLE)
    desk.book.accept(1, "ann", "venue owes us the fill")
    assert desk.stops == {("instrument", 0): False}
    for _ in range(2):
        assert desk.find(APPLE) == ([], 1)
        (one,) = desk.book.accepted()
        assert one.text.endswith("that we do not have. (accepted by ann on 1970-01-01: venue owes us the fill)")
        assert desk.book.unresolved() == ()
        desk.start()
    assert desk.stops == {}
    desk.find(complete=False)
    assert len(desk.book.accepted()) == 1, "a run that did not see everything proves nothing"
    desk.find(venue=0)
    assert len(desk.book.accepted()) == 1, "nor does another venue's"
    desk.find()
    assert desk.book.accepted() == ()
    desk.start()
    assert desk.book.accepted() == ()
    assert len(desk.find(APPLE)[0]) == 1, "back again it is a break"


def test_what_a_person_cleared_is_a_new_break_when_it_is_found_again(desk: Desk) -> None:
    desk.find(APPLE)
    desk.book.clear(1, "ann", "known")
    assert desk.stops == {("instrument", 0): False}
    desk.start()
    assert (desk.book.unresolved(), desk.book.accepted()) == ((), ())
    assert len(desk.find(APPLE)[0]) == 1
    assert desk.stops == {("instrument", 0): True}


@pytest.mark.parametrize(("who", "why"), [("", "why"), ("ann", " "), ("", "")])
def test_nobody_ends_a_break_without_name_and_reason(desk: Desk, who: str, why: str) -> None:
    desk.find(APPLE)
    for end in (desk.book.clear, desk.book.accept):
        with pytest.raises(ValueError, match="who and why"):
            end(1, who, why)
    assert len(desk.book.unresolved()) == 1


def test_clearing_twice_or_what_is_not_there_says_so(desk: Desk) -> None:
    desk.find(APPLE)
    desk.book.clear(1, "ann", "known")
    for number in (1, 99):
        with pytest.raises(KeyError):
            desk.book.clear(number, "ann", "known")


def test_what_a_person_accepted_is_a_break_when_the_claim_is_another(desk: Desk) -> None:
    desk.find(APPLE)
    desk.book.accept(1, "ann", "known")
    other = Difference("fill_unknown", "AAPL", 5, 77, "quantity", 0, 61, shares=61)
    texts, accepted = desk.find(other, complete=False)
    assert (len(texts), accepted) == (1, 0)


def test_an_accepted_position_stays_accepted_while_the_position_moves_and_the_difference_does_not(desk: Desk) -> None:
    desk.find(Difference("position", "AAPL", field="position", ours=10, theirs=70))
    desk.book.accept(1, "ann", "known")
    assert desk.find(Difference("position", "AAPL", field="position", ours=100, theirs=160)) == ([], 1)
    assert "our position is 100 and" in desk.book.accepted()[0].text, "it is told as it is now"
    assert len(desk.find(Difference("position", "AAPL", field="position", ours=100, theirs=161))[0]) == 1


def test_trading_stays_stopped_while_another_break_of_the_instrument_is_open(desk: Desk) -> None:
    desk.find(APPLE, Difference("order_missing", "AAPL", 9, ours="live"))
    desk.book.clear(1, "ann", "known")
    assert desk.stops["instrument", 0]
    desk.book.clear(2, "ann", "known")
    assert not desk.stops["instrument", 0]


def test_a_later_complete_run_clears_only_where_policy_allows(tmp_path: Path) -> None:
    for allowed in (False, True):
        desk = Desk(tmp_path / str(allowed), self_clearing=allowed)
        desk.find(APPLE)
        desk.find(complete=False)
        assert len(desk.book.unresolved()) == 1, "a run that did not see everything proves nothing"
        desk.find(venue=0)
        assert len(desk.book.unresolved()) == 1, "nor does another venue's"
        desk.find()
        assert len(desk.book.unresolved()) == (0 if allowed else 1)
        assert desk.stops["instrument", 0] is not allowed


def test_a_claim_that_changes_replaces_its_break(desk: Desk) -> None:
    desk.find(APPLE)
    desk.find(Difference("fill_unknown", "AAPL", 5, 77, "quantity", 0, 61, shares=61))
    assert [(one.break_id, one.theirs) for one in desk.book.unresolved()] == [(2, 61)]
    assert desk.stops["instrument", 0]


def test_a_full_disk_stops_trading_all_the_same_and_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(desk.file, "append", full)
    desk.find(APPLE)
    assert desk.stops == {("instrument", 0): True}
    assert "No space left" in desk.book.unwritten
    for end in (desk.book.clear, desk.book.accept):
        with pytest.raises(OSError, match="No space"):
            end(1, "ann", "known")
    assert len(desk.book.unresolved()) == 1


def test_a_line_of_the_record_that_cannot_be_read_may_hide_a_break_so_everything_stops(desk: Desk) -> None:
    desk.find(APPLE)
    path = desk.folder / "reconciliations.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"type":"break"', b'"type":"br\xff'))
    desk.start()
    (found,) = desk.book.unresolved()
    assert found.text == "reconciliations.jsonl cannot be read in full (line 1): a break may be hidden in it."
    assert desk.stops == {("firm", 0): True}
    desk.book.clear(found.break_id, "ann", "looked at the file")
    desk.start()
    assert desk.book.unresolved() == (), "the person's word holds for the line they looked at"


@pytest.mark.parametrize(
    ("stopped", "text"),
    [
        (("instrument", 1), "MSFT: stopped by a break that reconciliations.jsonl does not have."),
        (("venue", 1), "B: stopped by a break that reconciliations.jsonl does not have."),
        (("firm", 0), "The firm: stopped by a break that reconciliations.jsonl does not have."),
    ],
)
def test_a_stop_that_no_break_explains_is_one_so_that_a_person_can_end_it(
    desk: Desk, stopped: tuple[str, int], text: str
) -> None:
    desk.find(APPLE)
    desk.start([("instrument", 0), stopped])
    assert [found.text for found in desk.book.unresolved()][1:] == [text]
    desk.book.clear(2, "ann", "file was lost with the disk")
    assert desk.stops[stopped] is False


def test_more_breaks_than_a_day_can_have_do_not_fill_the_disk(desk: Desk) -> None:
    flood = [Difference("order_unknown", "AAPL", ref, theirs="live") for ref in range(BREAK_COUNT_MAX + 500)]
    desk.find(*flood)
    assert len(desk.book.unresolved()) == BREAK_COUNT_MAX
