"""The record-keepers as a box has them: made from its file, on its segment, with its stop words."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from blotter_rig import Clock
from config_text import CORES, EXAMPLE, TWO_VENUES

from tickwire.config import parse
from tickwire.native import Control, ffi, lib
from tickwire.services.record_keeping import RecordKeepers, box_holdings, open_records
from tickwire.supervisor.layout import create_segment


class Box:
    def __init__(self, folder: Path, text: str = EXAMPLE) -> None:
        text = text.replace('password_file = "/etc/tickwire/drop-copy.password"', 'password = "secret"')
        self.config = parse(text, "box.toml", CORES)
        self.segment, self.control = create_segment(folder / "segment", ["hot"], len(self.config.venues))
        self.clock = Clock()
        self.folder = folder
        self.asked: list[int] = []
        self.records = self.open()

    def open(self) -> RecordKeepers:
        def resync(venue: int) -> bool:
            self.asked.append(venue)
            return True

        return open_records(self.config, self.segment, self.control, self.folder, resync, self.clock)

    def report(self, kind: int, venue: int = 0, **fields: int) -> None:
        made = ffi.new("struct execution_report *", {"kind": kind, "venue": venue, **fields})
        assert self.segment.ring("blotter", "execution_report").write([made[0]]) == 1

    def live(self) -> None:
        for venue in range(len(self.config.venues)):
            self.report(lib.REPORT_RESET, venue)
            self.report(lib.REPORT_LIVE, venue)
        self.records.blotter.check()


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = Box(tmp_path)
    yield made
    made.segment.close()


def stopped(control: Control) -> list[tuple[str, int]]:
    return [(scope, index) for scope, index, bits in control.stops() if bits & lib.STOP_BREAK]


def test_the_shipped_example_gives_a_box_with_a_drop_copy_and_the_routers_evidence(box: Box) -> None:
    names = [steward.name for steward in box.records.stewards()]
    routed = any(name == "evidence" for name, _, _ in box.segment.blocks())
    assert names == ["blotter", *(["evidence"] if routed else []), "drop-copy A", "reconciliation"]
    assert box.records.drop_copies[0].check() == "drop copy not connected: not connected yet"
    assert box.records.reconciliation.blocks_rearm == "nothing has been reconciled yet"


def test_two_venues_have_a_drop_copy_each(tmp_path: Path) -> None:
    box = Box(tmp_path, TWO_VENUES)
    assert [one.name for one in box.records.drop_copies] == ["drop-copy A", "drop-copy B"]
    assert len(box.records.blotter.venues) == 2
    box.segment.close()


def test_a_break_sets_the_stop_word_of_its_instrument_and_clearing_it_lifts_it(box: Box) -> None:
    box.live()
    order = {"order_id": 1, "instrument": 0, "side": lib.SIDE_BUY, "quantity": 100, "order_state": lib.ORDER_LIVE}
    box.report(lib.REPORT_ACCEPTED, sequence=1, **order)
    box.report(lib.REPORT_EXECUTED, sequence=2, match_number=9, **order)
    box.records.blotter.check()
    box.report(lib.REPORT_RESET)
    box.report(lib.REPORT_ACCEPTED, sequence=1, **order)
    box.report(lib.REPORT_EXECUTED, sequence=2, match_number=9, **{**order, "quantity": 90})
    box.report(lib.REPORT_LIVE)
    box.records.blotter.check()
    result = asyncio.run(box.records.reconciliation.run_now("command", False))
    symbol = box.config.symbols[0]
    assert [found.text for found in result.breaks] == [
        f"{symbol} on A: fill 9 of order 1 has quantity 100 with us and 90 in the session replay: a difference of -10.",
        f"{symbol} on A: our position is 100 and the session replay makes it 90: a difference of -10.",
    ]
    assert stopped(box.control) == [("instrument", 0)]
    for found in result.breaks:
        asyncio.run(box.records.reconciliation.clear(found.break_id, "ann", "venue confirmed 90"))
    assert stopped(box.control) == []


def test_a_stop_word_that_no_record_explains_blocks_until_a_person_looks(box: Box) -> None:
    box.control.stop_set("venue", 0, lib.STOP_BREAK)
    box.records = box.open()
    assert box.records.reconciliation.blocks_rearm == (
        "1 unresolved breaks, the first: A: stopped by a break that reconciliations.jsonl does not have."
    )
    asyncio.run(box.records.reconciliation.clear(1, "ann", "looked"))
    assert stopped(box.control) == []


def test_other_stops_of_the_scope_are_left_alone(box: Box) -> None:
    box.control.stop_set("instrument", 0, lib.STOP_BREAK | lib.STOP_PAUSE)
    box.records = box.open()
    asyncio.run(box.records.reconciliation.clear(1, "ann", "looked"))
    assert box.control.stop_bits("instrument", 0) == lib.STOP_PAUSE


def test_what_tracker_and_gate_do_not_know_makes_the_run_partial_and_no_break(box: Box) -> None:
    box.live()
    assert {holding.known for holding in box_holdings(box.segment, box.config.symbols)} == {False}
    result = asyncio.run(box.records.reconciliation.run_now("start", False))
    assert result.breaks == ()
    assert "the risk gate does not know its position in" in " ".join(result.partial)


def test_a_replay_is_asked_of_every_live_venue(tmp_path: Path) -> None:
    box = Box(tmp_path, TWO_VENUES)
    box.live()

    async def scene() -> None:
        running = asyncio.create_task(box.records.reconciliation.run_now("command", True))
        while not box.asked:
            await asyncio.sleep(0)
        for venue in (0, 1):
            box.report(lib.REPORT_RESET, venue)
            box.report(lib.REPORT_LIVE, venue)
        result = await running
        assert [source for source in result.sources if "replay" in source] == [
            "session replay of A",
            "session replay of B",
        ]

    asyncio.run(scene())
    assert box.asked == [0, 1]
    box.segment.close()


def test_files_of_one_life_are_kept_apart_and_private(box: Box) -> None:
    box.control.epoch = 7
    box.open()
    names = {path.name for path in box.folder.glob("*.jsonl")}
    assert {"blotter-0.jsonl", "blotter-7.jsonl", "reconciliations.jsonl"} <= names
    assert all(path.stat().st_mode & 0o077 == 0 for path in box.folder.glob("*.jsonl"))
