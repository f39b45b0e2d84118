"""What the report says of a run."""

import io
import json
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from tickwire.native.views import Position
from tickwire.supervisor.layout import create_segment
from tickwire.telemetry import report_text
from tickwire.telemetry.report import ExchangePosition, Report, Run, build, compare, save
from tickwire.telemetry.snapshot import Snapshot, SnapshotReader

RUN = Run(
    mode="sockets on loopback",
    market="synthetic, seed 1",
    speed="1",
    seconds=30.0,
    version="0.1.0",
    host={"cores": 2},
    orderly=True,
    notes=[],
)
HELD = Position("AAPL", quantity=100, bought=300, sold=200, realised=15_000, fills=5, known=True)
THEIRS = ExchangePosition("AAPL", quantity=100, bought=300, sold=200, bought_value=0, sold_value=0)


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    segment, _ = create_segment(tmp_path / "segment", ["hot"])
    with segment:
        return replace(SnapshotReader(segment, ["AAPL"]).read(), positions=(HELD,))


def text_of(report: Report) -> str:
    out = io.StringIO()
    report_text.show(report, Console(file=out, width=100))
    return out.getvalue()


def test_equal_positions_are_no_break(snapshot: Snapshot) -> None:
    report = build(snapshot, [THEIRS], {}, RUN)
    assert report.position_breaks == 0
    assert report.good
    assert "The box's positions equal the exchange's own." in text_of(report)


@pytest.mark.parametrize(
    "theirs",
    [
        [msgspec.structs.replace(THEIRS, quantity=0)],
        [msgspec.structs.replace(THEIRS, bought=400, sold=300)],
        [],
        [THEIRS, ExchangePosition("MSFT", 1, 1, 0, 0, 0)],
    ],
    ids=["another quantity", "missed a round trip", "the exchange knows nothing of it", "missed an instrument"],
)
def test_a_difference_is_a_break_and_is_said_plainly(snapshot: Snapshot, theirs: list[ExchangePosition]) -> None:
    report = build(snapshot, theirs, {}, RUN)
    assert report.position_breaks == 1
    assert not report.good
    assert "BREAK: the box's positions differ from the exchange's in" in text_of(report)


def test_a_position_that_the_box_does_not_know_equals_nothing() -> None:
    (line,) = compare([replace(HELD, known=False)], [THEIRS])
    assert not line.equal


def test_a_disorderly_stop_is_not_good_even_when_positions_are_equal(snapshot: Snapshot) -> None:
    report = build(snapshot, [THEIRS], {}, msgspec.structs.replace(RUN, orderly=False))
    assert not report.good
    assert "did not stop in order" in text_of(report)


def test_fills_are_those_of_the_positions_however_often_the_record_was_replayed(snapshot: Snapshot) -> None:
    replayed = replace(snapshot, orders={**snapshot.orders, "executed": 15, "executed_shares": 1500})
    report = build(replayed, [THEIRS], {}, RUN)
    assert (report.fills, report.filled_shares) == (5, 500)


def test_the_json_has_the_promised_keys(snapshot: Snapshot, tmp_path: Path) -> None:
    wire = {"p50": 1, "p95": 2, "p99": 3, "p99_9": 4, "max": 5, "count": 6}
    refused = replace(snapshot, verdicts={"pass": 9, "price_collar": 2, "killed": 0})
    save(build(refused, [THEIRS], {"A": wire}, RUN), tmp_path / "report.json")
    data = json.loads((tmp_path / "report.json").read_text())
    assert {"messages", "orders", "fills", "rejects", "position_breaks", "pnl", "latency_ns"} <= data.keys()
    assert data["rejects"] == {"price_collar": 2}
    assert data["pnl"] == 1.5
    assert data["latency_ns"]["wire_to_wire"] == wire
    assert set(data["latency_ns"]["tick_to_order"]) == {"p50", "p95", "p99", "p99_9", "max", "count"}
