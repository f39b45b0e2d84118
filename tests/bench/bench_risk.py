"""The gate: nanoseconds to judge and reserve one order, all checks on, limits of every kind in force."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from tickwire.native import Segment, lib, now_ns
from tickwire.native.trading import RiskGate, record

INSTRUMENT = 3
BATCH = 16
ROUNDS = 20_000
WARM_UP_ROUNDS = 2_000
TARGET_NS = 100


def busy_gate(at_ns: int) -> RiskGate:
    """A live gate that follows 200 instruments and 1000 working orders besides the measured ones."""
    gate = RiskGate(order_count_max=4096)
    limits = record(
        "risk_limits",
        limits_age_ns_max=2**60,
        supervisor_age_ns_max=2**60,
        tick_age_ns_max=2**60,
        message_rate_max=1000,
        open_orders_max=4096,
        message_window_ns=1_000_000_000,
    )
    about = {"trading_state": lib.TRADING_OPEN, "bid_quantity": [100], "ask_quantity": [100]}
    gate.report(record("execution_report", kind=lib.REPORT_RESET))
    for instrument in range(200):
        limits.instruments[instrument] = {
            "permitted": 1,
            "order_quantity_max": 1000,
            "order_value_max": 1_000_000 * 10_000,
            "position_max": 1_000_000,
            "collar_ppm": 1000,
            "open_orders_max": 1000,
        }
        gate.market(record("market_update", instrument=instrument, bid_price=[100_0000], ask_price=[100_0100], **about))
    for order_id in range(1, 1001):
        working = {"order_id": order_id, "instrument": order_id % 200, "leaves": 100, "flags": lib.REPORT_REPLAYED}
        gate.report(record("execution_report", kind=lib.REPORT_ACCEPTED, **working))
    gate.report(record("execution_report", kind=lib.REPORT_LIVE, next_user_ref=1001))
    gate.limits(limits, at_ns)
    return gate


def run() -> dict[str, Any]:
    """Percentiles over batches of the mean time per order in a batch, ns; the clock is read twice a batch."""
    with tempfile.TemporaryDirectory() as folder, Segment.create(Path(folder) / "bench", 1 << 20) as segment:
        segment.add_control().calibrate_clock()
        at_ns = now_ns()
        gate = busy_gate(at_ns)
        intent = record(
            "order_intent",
            kind=lib.INTENT_NEW,
            instrument=INSTRUMENT,
            price=100_0000,
            quantity=100,
            rx_ns=at_ns,
        )
        moment = record("risk_moment", now_ns=at_ns, armed=1, epoch=1, supervisor_heartbeat_ns=at_ns, order_room=1)
        gate.measure(intent, moment, BATCH, WARM_UP_ROUNDS, segment.add_histogram("warm-up"))
        measured = segment.add_histogram("gate")
        passed = gate.measure(intent, moment, BATCH, ROUNDS, measured)
        if passed != BATCH * ROUNDS:
            raise RuntimeError(f"only {passed} of {BATCH * ROUNDS} orders passed: not what was to be measured")
        summary = measured.summary()
    return {
        "name": "risk gate, all checks",
        "unit": "ns per order",
        **{name: summary[name] for name in ("p50", "p95", "p99", "p99_9", "max")},
        "count": passed,
        "target": TARGET_NS,
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
