"""Several venues on one screen and in one report: sums, the best of all, and a line for each."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from tickwire.native import Segment, ffi, lib
from tickwire.supervisor.layout import create_segment
from tickwire.telemetry import report_text
from tickwire.telemetry.report import Run, build
from tickwire.telemetry.snapshot import Snapshot, SnapshotReader
from tickwire.telemetry.view import condition, render

VENUES = {0: "A", 1: "B"}
SYMBOLS = ("AAPL", "MSFT", "INTC", "GOOG")


@pytest.fixture
def segment(tmp_path: Path) -> Iterator[Segment]:
    made, _ = create_segment(tmp_path / "segment", ["hot"], 2)
    with made:
        yield made


def live(segment: Segment) -> Snapshot:
    """Both venues live and busy, with different figures."""
    segment.control().armed = True
    for venue in VENUES:
        orders, feed = segment.counters(f"execution-engine.{venue}"), segment.counters(f"market-data.{venue}")
        orders.values[lib.EXECUTION_COUNT_ORDERS] = 100 * (venue + 1)
        orders.values[lib.EXECUTION_COUNT_SESSION_STATE] = lib.SESSION_LIVE
        feed.values[lib.MARKET_COUNT_MESSAGES] = 1000 * (venue + 1)
        feed.values[lib.MARKET_COUNT_SYNCHRONISED] = 1
        segment.histogram(f"latency.book.{venue}").record(1000 * (venue + 1))
        block = lib.segment_find(segment.handle, f"top.{venue}".encode(), lib.BLOCK_TABLE, ffi.NULL)
        top = ffi.cast("struct market_top *", block)[0]
        top.updates = 1
        top.last.bid_price[0], top.last.ask_price[0] = 100 + venue, 110 + venue
        top.last.bid_quantity[0] = top.last.ask_quantity[0] = 5
    return SnapshotReader(segment, SYMBOLS, VENUES).read()


def test_figures_are_sums_tops_the_best_and_latencies_of_all(segment: Segment) -> None:
    snapshot = live(segment)
    assert (snapshot.orders["orders"], snapshot.feed["messages"]) == (300, 3000)
    assert [venue.orders["orders"] for venue in snapshot.venues] == [100, 200]
    assert (snapshot.tops[0].bid_price, snapshot.tops[0].ask_price) == (101, 110)
    assert (snapshot.latency["book"]["count"], snapshot.latency["book"]["max"]) == (2, 2000)
    assert (snapshot.session, condition(snapshot)) == ("live", "trading")


def test_one_feed_or_session_that_is_not_live_is_the_boxs_condition_and_named(segment: Segment) -> None:
    live(segment)
    segment.counters("execution-engine.1").values[lib.EXECUTION_COUNT_SESSION_STATE] = lib.SESSION_REPLAYING
    snapshot = SnapshotReader(segment, SYMBOLS, VENUES).read()
    assert (snapshot.session, condition(snapshot)) == ("replaying", "session replaying at B")
    segment.counters("market-data.1").values[lib.MARKET_COUNT_SYNCHRONISED] = 0
    snapshot = SnapshotReader(segment, SYMBOLS, VENUES).read()
    assert not snapshot.feed["synchronised"]
    assert [venue.condition for venue in snapshot.venues] == ["live", "session replaying"]


def test_what_is_stopped_is_said(segment: Segment) -> None:
    live(segment)
    segment.control().stop_set("venue", 1, lib.STOP_PAUSE)
    segment.control().stop_set("firm", 0, lib.STOP_BREAKER)
    assert condition(SnapshotReader(segment, SYMBOLS, VENUES).read()) == "stopped: firm (breaker), venue 1 (pause)"


def test_two_venues_fit_the_screen(segment: Segment) -> None:
    console = Console(width=80, height=24, file=io.StringIO(), force_terminal=True, color_system=None)
    lines = console.render_lines(render(live(segment), 1.0, "tickwire demo", console.height), pad=False)
    assert len(lines) <= 24
    assert max(sum(part.cell_length for part in line) for line in lines) <= 80


def test_the_report_has_a_line_for_each_venue(segment: Segment) -> None:
    run = Run("sockets", "synthetic", "1", 1.0, "0", {}, True, [])
    report = build(live(segment), [], {}, run)
    assert [(line.name, line.orders, line.messages) for line in report.venues] == [("A", 100, 1000), ("B", 200, 2000)]
    out = io.StringIO()
    report_text.show(report, Console(file=out, width=100))
    assert [line.split()[0] for line in out.getvalue().splitlines() if line.startswith(("A ", "B "))] == ["A", "B"]
