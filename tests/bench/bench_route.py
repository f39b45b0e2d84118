"""The router: nanoseconds from a parent order to its first intent, a sweep over four venues of three levels each."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from tickwire.native import Segment, lib
from tickwire.native.route import Router
from tickwire.native.trading import record

INSTRUMENT = 3
VENUES = range(4)
MID = 100_0000
ROUNDS = 50_000
WARM_UP_ROUNDS = 2_000
TARGET_NS = 1000


def busy_router() -> Router:
    """Four live venues, each with a book of its own, and twenty resting parents besides the measured one."""
    router = Router(len(VENUES))
    venues = [
        {"enabled": 1, "offers": lib.OFFER_POST_ONLY, "fee_taker": 3000 - 700 * venue, "latency_ns": 1000 * venue}
        for venue in VENUES
    ]
    bounds = {"instrument_count": 10, "slippage_ppm": 1000, "parent_count_max": 64, "round_count_max": 8}
    router.parameters(record("route_parameters", venues=venues, **bounds))
    router.advance(1_000_000_000)
    for venue in VENUES:
        for kind in (lib.REPORT_RESET, lib.REPORT_LIVE):
            router.report(record("execution_report", kind=kind, venue=venue))
        ladder = {
            "bid_price": [MID - 100 * (level + 1) for level in range(3)],
            "ask_price": [MID + 100 * (level + 1) for level in range(3)],
            "bid_quantity": [100] * 3,
            "ask_quantity": [100] * 3,
        }
        for instrument in range(10):
            about = {"instrument": instrument, "venue": venue, "trading_state": lib.TRADING_OPEN}
            router.market(record("market_update", **ladder, **about))
    for number in range(20):
        router.parent(parent(1000 + number, policy=lib.PARENT_POST, instrument=number % 10))
    router.intents()
    router.evidence()
    router.reports()
    return router


def parent(parent_id: int, **fields: Any) -> Any:
    """A buy of 800, which takes two levels of every venue."""
    usual = {"kind": lib.INTENT_NEW, "instrument": INSTRUMENT, "quantity": 800, "decision_price": MID}
    return record("parent_order", parent_id=parent_id, **usual | fields)


def run() -> dict[str, Any]:
    """Percentiles of the time to the first intent, ns; one reading of the clock is within it."""
    with tempfile.TemporaryDirectory() as folder, Segment.create(Path(folder) / "bench", 1 << 20) as segment:
        segment.add_control().calibrate_clock()
        router = busy_router()
        router.measure(parent(10_000), WARM_UP_ROUNDS, segment.add_histogram("warm-up"))
        measured = segment.add_histogram("route")
        intents = router.measure(parent(1_000_000), ROUNDS, measured)
        if intents != ROUNDS * len(VENUES):
            raise RuntimeError(f"{intents} intents of {ROUNDS} sweeps: not what was to be measured")
        summary = measured.summary()
    return {
        "name": "router, parent to first intent, four venues",
        "unit": "ns per parent",
        **{name: summary[name] for name in ("p50", "p95", "p99", "p99_9", "max")},
        "count": ROUNDS,
        "target": TARGET_NS,
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
