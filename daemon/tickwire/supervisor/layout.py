"""The table of links: every block of a box's segment.  Read this first to see who speaks to whom."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from tickwire.config import STAGES
from tickwire.native import Control, Segment, lib

SEGMENT_SIZE = 16 * 1024 * 1024

# ring, capacity in records, record, consumers; the producer is the stage before, the consumers those after it.  What is
# there once a venue carries its index: market.0, market.1, ...
RINGS = (
    ("intent.signal", 256, "order_intent", 1),  # signal-bridge -> risk-manager
    ("intent.router", 256, "order_intent", 1),
    ("intent.operator", 64, "order_intent", 1),
    ("verdict", 256, "risk_refusal", 1),  # risk-manager -> signal-bridge: what was refused, and why
    ("parent", 64, "parent_order", 1),  # signal-bridge -> router
    ("parent.report", 256, "parent_report", 1),  # router -> signal-bridge
    ("blotter", 16384, "execution_report", 0),  # position-tracker -> whoever observes
)
VENUE_RINGS = (
    ("market", 1024, "market_update", 3),  # market-data -> signal, risk, position
    ("order", 256, "order", 1),  # risk-manager -> execution-engine
    ("report", 1024, "execution_report", 3),  # execution-engine -> signal, risk, position
    ("sent", 1024, "order", 0),  # execution-engine -> whoever observes
    ("command.execution", 64, "command", 1),  # supervisor -> execution-engine
)
VENUE_STAGES = ("market-data", "execution-engine")
VENUE_HISTOGRAMS = (
    "latency.book",
    "latency.signal",
    "latency.risk",
    "latency.execution",
    "latency.tick_to_order",
    "latency.transmit",
)
HISTOGRAMS = ("gate",)
TABLES = (
    ("position", "position_entry", lib.INSTRUMENT_COUNT_MAX),
    ("exposure", "risk_scope_exposure", lib.RISK_SCOPE_COUNT),
)
VENUE_TABLES = (("top", "market_top", lib.INSTRUMENT_COUNT_MAX),)
PARAMETERS = (("signal", "signal_parameters"), ("risk", "risk_limits"))


def rings(venue_count: int) -> Iterator[tuple[str, int, str, int]]:
    """Every ring of a box with so many venues."""
    yield from RINGS
    for venue in range(venue_count):
        for name, capacity, record, consumers in VENUE_RINGS:
            yield f"{name}.{venue}", capacity, record, consumers


def histograms(venue_count: int) -> Iterator[str]:
    """Every histogram of a box with so many venues."""
    yield from HISTOGRAMS
    for venue in range(venue_count):
        yield from (f"{name}.{venue}" for name in VENUE_HISTOGRAMS)


def create_segment(path: Path, lanes: Iterable[str], venue_count: int = 1) -> tuple[Segment, Control]:
    """Make the segment with all its blocks and declare the lanes.  Raises NativeError."""
    segment = Segment.create(path, SEGMENT_SIZE)
    control = segment.add_control()
    for name, capacity, record, consumers in rings(venue_count):
        segment.add_ring(name, capacity, record, consumers)
    for stage in STAGES:
        for name in [f"{stage}.{venue}" for venue in range(venue_count)] if stage in VENUE_STAGES else [stage]:
            segment.add_counters(name)
    for name in histograms(venue_count):
        segment.add_histogram(name)
    for name, struct, count in TABLES:
        segment.add_table(name, struct, count)
    for venue in range(venue_count):
        for name, struct, count in VENUE_TABLES:
            segment.add_table(f"{name}.{venue}", struct, count)
    for name, struct in PARAMETERS:
        segment.add_parameters(name, struct)
    for name in lanes:
        control.declare_lane(name)
    control.calibrate_clock()
    return segment, control
