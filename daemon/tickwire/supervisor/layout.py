"""The table of links: every block of a box's segment.  Read this first to see who speaks to whom.

What is there once a venue carries its index: market.0, market.1, ...
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tickwire.native import Control, Segment, lib

SEGMENT_SIZE = 32 * 1024 * 1024


class RingPlan(NamedTuple):
    """A ring: its name, capacity in records, record, consumers (0: for observers only)."""

    name: str
    capacity: int
    record: str
    consumers: int


RINGS = (
    RingPlan("intent.signal", 256, "order_intent", 1),  # signal -> risk
    RingPlan("intent.router", 256, "order_intent", 1),  # router -> risk
    RingPlan("intent.operator", 64, "order_intent", 1),  # supervisor -> risk
    RingPlan("parent", 64, "parent_order", 1),  # signal -> router
    RingPlan("parent.operator", 64, "parent_order", 1),  # supervisor -> router
    RingPlan("parent.report", 256, "parent_report", 1),  # router -> signal
    RingPlan(
        "verdict", 256, "risk_refusal", lib.VERDICT_CONSUMER_COUNT
    ),  # risk -> signal, router: what was refused, and why
    RingPlan("blotter", 16384, "execution_report", 0),  # position -> whoever observes
    RingPlan("evidence", 4096, "route_evidence", 0),  # router -> whoever observes
)
VENUE_RINGS = (
    RingPlan(
        "market", 1024, "market_update", lib.MARKET_CONSUMER_COUNT
    ),  # market-data -> signal, risk, position, router
    RingPlan("order", 256, "order", 1),  # risk -> execution
    RingPlan(
        "report", 1024, "execution_report", lib.REPORT_CONSUMER_COUNT
    ),  # execution -> signal, risk, position, router
    RingPlan("sent", 1024, "order", 0),  # execution -> whoever observes
    RingPlan("command.execution", 64, "command", 1),  # supervisor -> execution
)
COUNTERS = ("signal-bridge", "router", "risk-manager", "position-tracker")
VENUE_COUNTERS = ("market-data", "execution-engine")
HISTOGRAMS = ("gate",)
VENUE_HISTOGRAMS = (
    "latency.book",
    "latency.signal",
    "latency.risk",
    "latency.execution",
    "latency.tick_to_order",
    "latency.transmit",
)
TABLES = (
    ("position", "position_entry", lib.INSTRUMENT_COUNT_MAX),
    ("exposure", "risk_scope_exposure", lib.RISK_SCOPE_COUNT),
)
VENUE_TABLES = (("top", "market_top", lib.INSTRUMENT_COUNT_MAX),)
PARAMETERS = (
    ("signal", "signal_parameters"),
    ("risk", "risk_limits"),
    ("route", "route_parameters"),
)


def of_venues(names: Iterable[str], venue_count: int) -> Iterator[str]:
    """Each name with each venue's index."""
    for venue in range(venue_count):
        yield from (f"{name}.{venue}" for name in names)


def rings(venue_count: int) -> Iterator[RingPlan]:
    """Every ring of a box with so many venues."""
    yield from RINGS
    for venue in range(venue_count):
        yield from (plan._replace(name=f"{plan.name}.{venue}") for plan in VENUE_RINGS)


def histograms(venue_count: int) -> Iterator[str]:
    """Every histogram of a box with so many venues."""
    yield from HISTOGRAMS
    yield from of_venues(VENUE_HISTOGRAMS, venue_count)


def create_segment(path: Path, lanes: Iterable[str], venue_count: int = 1) -> tuple[Segment, Control]:
    """Make the segment with all its blocks and declare the lanes.  Raises NativeError."""
    segment = Segment.create(path, SEGMENT_SIZE)
    control = segment.add_control()
    for plan in rings(venue_count):
        segment.add_ring(*plan)
    for name in (*COUNTERS, *of_venues(VENUE_COUNTERS, venue_count)):
        segment.add_counters(name)
    for name in histograms(venue_count):
        segment.add_histogram(name)
    for name, struct, count in TABLES:
        segment.add_table(name, struct, count)
    for base, struct, count in VENUE_TABLES:
        for name in of_venues((base,), venue_count):
            segment.add_table(name, struct, count)
    for name, struct in PARAMETERS:
        segment.add_parameters(name, struct)
    for name in lanes:
        control.declare_lane(name)
    control.calibrate_clock()
    return segment, control
