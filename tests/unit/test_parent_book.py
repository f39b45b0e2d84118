"""Parent orders of the day: what was asked, how it went, and that a restart still shows what people asked for."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tickwire.native import Ring, lib
from tickwire.native.trading import record
from tickwire.services import parent_book
from tickwire.services.parent_book import ParentBook
from tickwire.services.parent_entry import describe
from tickwire.supervisor.layout import create_segment

OWN = lib.SOURCE_OPERATOR << lib.PARENT_SOURCE_SHIFT


@pytest.fixture
def reports(tmp_path: Path) -> Iterator[Ring]:
    segment, _ = create_segment(tmp_path / "segment", ["hot"], 2)
    with segment:
        yield segment.ring("parent.report", "parent_report")


def book_of(reports: Ring, folder: Path, day: str = "2026-01-05") -> ParentBook:
    return ParentBook(reports, folder, lambda: day)


def begun(book: ParentBook, number: int = 1, **fields: Any) -> int:
    made = {"quantity": 100, "side": lib.SIDE_BUY, "strategy": 1, "decision_price": 1_000_000, "rx_ns": 5}
    book.begun(record("parent_order", parent_id=OWN | number, **(made | fields)))
    return OWN | number


def tell(reports: Ring, parent_id: int, state: str, **fields: Any) -> None:
    made = {"parent_id": parent_id, "state": getattr(lib, f"PARENT_{state}"), "quantity": 100}
    while reports.write([record("parent_report", **(made | fields))[0]]) == 0:
        reports.read(0)


def test_a_parent_is_asked_for_then_works_then_is_over(reports: Ring, tmp_path: Path) -> None:
    book = book_of(reports, tmp_path)
    parent = begun(book, policy=lib.PARENT_TWAP)
    (one,) = book.all()
    assert (one.state, one.policy, one.open) == ("asked", "twap", True)
    tell(reports, parent, "WORKING", executed=40, executed_value=40 * 1_000_100, working=10)
    book.check()
    assert (one.state, one.executed, one.working, one.average_price, one.slippage_bps) == (
        "working",
        40,
        10,
        1_000_100,
        1,
    )
    tell(reports, parent, "CANCELED", executed=40, executed_value=40 * 1_000_100, reason=lib.PARENT_REASON_TIME)
    book.check()
    assert (one.state, one.reason, one.open) == ("canceled", "time", False)
    assert describe(one) == "canceled: 40 of 100 executed, 0 working; its time was over"
    assert reports.lag(0) == 2, "the ring's consumer is not disturbed"


def test_what_the_gate_refused_is_told_with_its_words(reports: Ring, tmp_path: Path) -> None:
    book = book_of(reports, tmp_path)
    parent = begun(book)
    tell(reports, parent, "REFUSED", reason=lib.PARENT_REASON_VERDICT, verdict=lib.RISK_POSITION)
    book.check()
    (one,) = book.all()
    assert describe(one, "too many").endswith("the gate refused a piece, position: too many")


def test_a_strategys_own_parents_are_shown_and_not_written(reports: Ring, tmp_path: Path) -> None:
    book = book_of(reports, tmp_path)
    tell(reports, 7 << 8, "FILLED", executed=100)
    book.check()
    assert [one.by_operator for one in book.all()] == [False]
    assert book_of(reports, tmp_path).all() == []


def test_a_restart_shows_what_people_asked_for_and_that_what_worked_does_no_more(reports: Ring, tmp_path: Path) -> None:
    book = book_of(reports, tmp_path)
    done, working = begun(book, 1), begun(book, 2)
    tell(reports, done, "FILLED", executed=100, executed_value=100 * 1_000_000)
    tell(reports, working, "WORKING", executed=30, executed_value=30 * 1_000_000, working=20)
    book.check()
    again = ParentBook(reports, tmp_path, lambda: "2026-01-05")
    first, second = again.all()
    assert asdict(first) == asdict(book.all()[0])
    assert (second.state, second.executed, second.working) == ("lost", 30, 0)
    assert second.reason == "the box ended while it worked"
    assert book_of(reports, tmp_path, "2026-01-06").all() == []


def test_a_damaged_line_costs_only_itself(reports: Ring, tmp_path: Path) -> None:
    begun(book_of(reports, tmp_path), 1)
    with (tmp_path / "parents-2026-01-05.jsonl").open("ab") as file:
        file.write(b'{"parent_id": 5}\nnonsense\n[1]\n{"cut')
    again = book_of(reports, tmp_path)
    begun(again, 2)
    assert [one.parent_id for one in book_of(reports, tmp_path).all()] == [OWN | 1, OWN | 2]


def test_a_router_that_has_started_anew_has_lost_what_worked(reports: Ring, tmp_path: Path) -> None:
    book = book_of(reports, tmp_path)
    parent, unread = begun(book, 1), begun(book, 2)
    tell(reports, parent, "WORKING")
    book.check()
    tell(reports, 0, "WORKING", tick=5)
    tell(reports, unread, "WORKING")
    book.check()
    assert [one.state for one in book.all()] == ["lost", "working"]


def test_a_late_cancel_changes_nothing_of_what_is_over(reports: Ring, tmp_path: Path) -> None:
    book = book_of(reports, tmp_path)
    parent = begun(book)
    tell(reports, parent, "FILLED", executed=100)
    tell(reports, parent, "REFUSED", reason=lib.PARENT_REASON_MALFORMED)
    book.check()
    assert [(one.state, one.executed) for one in book.all()] == [("filled", 100)]


def test_missed_reports_are_said_and_make_what_works_doubtful(reports: Ring, tmp_path: Path) -> None:
    book = book_of(reports, tmp_path)
    parent = begun(book)
    for number in range(600):
        tell(reports, number << 8 | 1, "FILLED")
    assert "missed" in book.check()
    one = book.get(parent)
    assert one is not None and one.doubtful
    tell(reports, parent, "FILLED", executed=100)
    book.check()
    assert not one.doubtful


def test_the_oldest_that_are_over_leave_memory(reports: Ring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parent_book, "PARENTS_MAX", 2)
    monkeypatch.setattr(parent_book, "EVICTED_AT_ONCE", 0)
    book = book_of(reports, tmp_path)
    parent = begun(book)
    for number in range(5):
        tell(reports, number << 8 | 1, "FILLED")
        book.check()
    assert [one.parent_id for one in book.all()] == [parent, 4 << 8 | 1]


def test_a_disk_that_is_gone_is_said_and_nothing_stops(reports: Ring, tmp_path: Path) -> None:
    day = ["2026-01-05"]
    (tmp_path / "parents-no").touch()
    book = ParentBook(reports, tmp_path, lambda: day[0])
    day[0] = "no/folder"
    parent = begun(book)
    assert "cannot be written" in book.check()
    assert book.get(parent) is not None
