"""The table of links: every block of a box's segment.  Read this first to see who speaks to whom."""

from collections.abc import Iterable
from pathlib import Path

from tickwire.config import STAGES
from tickwire.native import Control, Segment, lib

SEGMENT_SIZE = 16 * 1024 * 1024

# ring, capacity in records, record, consumers; the producer is the stage before, the consumers those after it
RINGS = (
    ("market", 1024, "market_update", lib.MARKET_CONSUMER_COUNT),  # market-data -> signal, risk, position
    ("intent", 256, "order_intent", 1),  # signal-bridge -> risk-manager
    ("verdict", 256, "risk_refusal", 1),  # risk-manager -> signal-bridge: what was refused, and why
    ("order", 256, "order", 1),  # risk-manager -> execution-engine
    ("report", 1024, "execution_report", lib.REPORT_CONSUMER_COUNT),  # execution-engine -> signal, risk, position
    ("command.execution", 64, "command", 1),  # supervisor -> execution-engine
)
HISTOGRAMS = (
    "gate",
    "latency.book",
    "latency.signal",
    "latency.risk",
    "latency.execution",
    "latency.tick_to_order",
    "latency.transmit",
)
TABLES = (("top", "market_top"), ("position", "position_entry"))
PARAMETERS = (("signal", "signal_parameters"), ("risk", "risk_limits"))


def create_segment(path: Path, lanes: Iterable[str]) -> tuple[Segment, Control]:
    """Make the segment with all its blocks and declare the lanes.  Raises NativeError."""
    segment = Segment.create(path, SEGMENT_SIZE)
    control = segment.add_control()
    for name, capacity, record, consumers in RINGS:
        segment.add_ring(name, capacity, record, consumers)
    for stage in STAGES:
        segment.add_counters(stage)
    for name in HISTOGRAMS:
        segment.add_histogram(name)
    for name, struct in TABLES:
        segment.add_table(name, struct, lib.INSTRUMENT_COUNT_MAX)
    for name, struct in PARAMETERS:
        segment.add_parameters(name, struct)
    for name in lanes:
        control.declare_lane(name)
    control.calibrate_clock()
    return segment, control
