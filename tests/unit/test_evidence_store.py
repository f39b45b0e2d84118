"""Best-execution evidence: every decision on disk, found by order and by parent."""

from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tickwire.native import Segment, ffi, lib
from tickwire.services.blotter_store import LineFile
from tickwire.services.collector import Collector
from tickwire.services.evidence import EvidenceStore, decision_from, decision_of

SWEEP_SELL = lib.SIDE_SELL + 2 * lib.PARENT_SWEEP


class Scene:
    def __init__(self, folder: Path, capacity: int = 64) -> None:
        self.segment = Segment.create(folder / "segment", 1 << 20)
        self.ring = self.segment.add_ring("evidence", capacity, "route_evidence", 0)
        self.file = LineFile(folder / "evidence.jsonl")
        self.store = EvidenceStore(Collector(self.ring), self.file, 2, {5: 77}.get)  # type: ignore[arg-type]

    def decide(self, parent_id: int, number: int = 1, **fields: int) -> None:
        record = ffi.new("struct route_evidence *", {"parent_id": parent_id, "number": number, **fields})
        record.how = SWEEP_SELL
        record.state[0] = lib.ROUTE_VENUE_ENABLED | lib.ROUTE_VENUE_LIVE
        shown: dict[str, Any] = {"bid": 999_900, "ask": 1_000_000, "bid_quantity": 5, "ask_quantity": 6, "chosen": 100}
        for name, value in (shown | {"fee": -20}).items():
            setattr(record.venues[1], name, value)
        assert self.ring.write([record[0]]) == 1


def test_a_decision_says_what_every_venue_showed_and_what_was_chosen(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.decide(77, wanted=100, limit=999_800, decided_ns=9)
    scene.store.check()
    (decision,) = scene.store.decisions(5)
    assert (decision.parent_id, decision.policy, decision.side, decision.wanted) == (77, "sweep", lib.SIDE_SELL, 100)
    assert decision.venues[0].states == ("enabled", "live")
    other = decision.venues[1]
    assert (other.bid, other.bid_quantity, other.ask, other.chosen, other.fee) == (999_900, 5, 1_000_000, 100, -20)


def test_decisions_are_found_by_the_order_and_by_the_parent_in_their_order(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    for number in (1, 2, 3):
        scene.decide(77, number)
        scene.decide(78, number)
    scene.store.check()
    assert [one.number for one in scene.store.decisions(5)] == [1, 2, 3]
    assert scene.store.decisions(78)[0].parent_id == 78
    assert scene.store.decisions(12345) == []


def test_evidence_that_was_missed_is_said(tmp_path: Path) -> None:
    scene = Scene(tmp_path, capacity=4)
    for number in range(20):
        scene.decide(77, number)
    assert scene.store.check().startswith("missed the evidence of ")
    assert scene.store.counters["missed"] > 0


def test_a_full_disk_is_said_and_the_evidence_kept_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(tmp_path)

    def full(_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(scene.file, "append", full)
    scene.decide(77)
    assert "No space left" in scene.store.check()
    assert len(scene.store.decisions(5)) == 1


def test_a_decision_is_the_same_after_it_was_written_and_read() -> None:
    venue = SimpleNamespace(bid=1, bid_quantity=2, ask=3, ask_quantity=4, chosen=5, fee=6)
    record = SimpleNamespace(
        parent_id=1, number=2, decided_ns=3, instrument=4, how=0, wanted=6, limit=7, venues=[venue], state=[3]
    )
    decision = decision_of(record, 1)
    assert decision_from(asdict(decision)) == decision
