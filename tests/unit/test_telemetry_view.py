"""What the terminal shows of a segment."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from tickwire.native import Segment, ffi, lib
from tickwire.supervisor.layout import create_segment
from tickwire.telemetry.snapshot import Snapshot, SnapshotReader
from tickwire.telemetry.view import View, message_rate, plain, render

SYMBOLS = ("AAPL", "MSFT", "INTC", "GOOG", "AMZN", "TSLA", "NVDA")


@pytest.fixture
def segment(tmp_path: Path) -> Iterator[Segment]:
    made, _ = create_segment(tmp_path / "segment", ["hot", "books"])
    with made:
        yield made


def put(segment: Segment, table: str, struct: str, index: int, **fields: object) -> None:
    """Write an entry as its stage would have."""
    entries = ffi.cast(
        f"struct {struct} *", lib.segment_find(segment.handle, table.encode(), lib.BLOCK_TABLE, ffi.NULL)
    )
    entry = entries[index]
    for name, value in fields.items():
        setattr(entry, name, value)


def busy(segment: Segment) -> Snapshot:
    """A segment in which everything has happened, with large figures."""
    for stage in ("market-data.0", "signal-bridge", "risk-manager", "execution-engine.0"):
        segment.counters(stage).values[:32] = 123_456_789
    segment.counters("execution-engine.0").values[lib.EXECUTION_COUNT_SESSION_STATE] = lib.SESSION_LIVE
    segment.counters("market-data.0").values[lib.MARKET_COUNT_SYNCHRONISED] = 1
    segment.control().armed = True
    for name in ("latency.book.0", "latency.tick_to_order.0"):
        for value in range(1, 1_000_000, 997):
            segment.histogram(name).record(value)
    for index in range(len(SYMBOLS)):
        put(
            segment,
            "position",
            "position_entry",
            index,
            quantity=-12_345,
            realised=123_456_789,
            fills=123_456,
            bought=12_345_678,
            known=1,
        )
        put(segment, "top.0", "market_top", index, updates=1)
    return SnapshotReader(segment, SYMBOLS).read()


def test_the_view_fits_eighty_columns_and_twenty_four_lines(segment: Segment) -> None:
    console = Console(width=80, height=24, file=io.StringIO(), force_terminal=True, color_system=None)
    lines = console.render_lines(render(busy(segment), 1_234_567.0, "tickwire demo", console.height), pad=False)
    assert len(lines) <= 24
    assert max(sum(part.cell_length for part in line) for line in lines) <= 80


def test_figures_of_the_stages_reach_the_snapshot_by_their_c_names(segment: Segment) -> None:
    snapshot = busy(segment)
    assert snapshot.orders["orders"] == 123_456_789
    assert (snapshot.fills, snapshot.filled_shares) == (len(SYMBOLS) * 123_456, len(SYMBOLS) * 12_345_678)
    assert snapshot.session == "live"
    assert snapshot.refusals["price_collar"] == 123_456_789
    assert "pass" not in snapshot.refusals
    assert snapshot.latency["tick_to_order"]["count"] == len(range(1, 1_000_000, 997))
    assert snapshot.pnl == len(SYMBOLS) * 123_456_789
    assert [lane.state for lane in snapshot.lanes] == ["absent", "absent"]


def test_percentiles_are_within_a_bucket_of_the_truth(segment: Segment) -> None:
    figures = busy(segment).latency["book"]
    assert figures["p50"] == pytest.approx(500_000, rel=0.035)
    assert figures["p99"] == pytest.approx(990_000, rel=0.035)
    assert figures["max"] == range(1, 1_000_000, 997)[-1]


def test_an_untouched_segment_reads_as_a_box_that_knows_nothing(segment: Segment) -> None:
    snapshot = SnapshotReader(segment, SYMBOLS[:1]).read()
    assert not snapshot.positions[0].known
    assert snapshot.tops[0].stale
    assert "not armed, session down" in plain(snapshot, 0.0)


def test_the_rate_is_messages_by_the_clock_of_the_box(segment: Segment) -> None:
    reader = SnapshotReader(segment, SYMBOLS)
    before = reader.read()
    segment.counters("market-data.0").values[lib.MARKET_COUNT_MESSAGES] += 500
    after = reader.read()
    assert message_rate(before, after) == pytest.approx(500e9 / (after.taken_ns - before.taken_ns))


def test_without_a_terminal_the_view_prints_a_line_now_and_then(segment: Segment) -> None:
    out = io.StringIO()
    snapshot = busy(segment)
    with View("demo", 30, Console(file=out, width=200)) as view:
        for elapsed in range(11):
            view.show(snapshot, float(elapsed))
    lines = out.getvalue().splitlines()
    assert [line[:5] for line in lines] == ["00:00", "00:05", "00:10"]
    assert "trading" in lines[0]
