"""The gate: nanoseconds to judge and reserve one order, all checks on, limits of every kind in force.

200 instruments at two venues, five strategies of two accounts, 1000 working orders; the orders measured go round all
of them, so that what an order needs is not always what the one before has just touched.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from shutil import which
from typing import Any

from tickwire.native import Segment, ffi, lib, now_ns
from tickwire.native.trading import RiskGate, record

INSTRUMENTS = 200
STRATEGIES = (1, 2, 3, 4, 5)
WORKING = 1000
BATCH = 16
ROUNDS = 20_000
WARM_UP_ROUNDS = 2_000
TARGET_NS = 100
CENT = 100
BID = 100_0000
PLENTY = 2**50
SCOPE = {"permitted": 1, "open_orders_max": 4096, "gross_max": PLENTY, "net_max": PLENTY, "credit_max": PLENTY}


def account_of(strategy: int) -> int:
    return 1 + strategy % 2


def all_limits() -> Any:
    """Every limit set, none of them reached; self-match and duplicates refused."""
    limits = record(
        "risk_limits",
        limits_age_ns_max=2**60,
        supervisor_age_ns_max=2**60,
        tick_age_ns_max=2**60,
        message_rate_max=1000,
        message_window_ns=1_000_000_000,
        message_burst_max=200,
        message_burst_window_ns=10_000_000,
        order_window_ns=1_000_000_000,
        duplicate_window_ns=50_000_000,
        duplicate_max=1,
        firm=SCOPE,
    )
    for venue in (0, 1):
        limits.venues[venue].permitted = 1
    for strategy in STRATEGIES:
        limits.accounts[account_of(strategy)] = SCOPE
        limits.traders[1] = 1
        limits.strategies[strategy] = {
            "scope": SCOPE,
            "account": account_of(strategy),
            "trader": 1,
            "order_count_max": 200,
            "execution_count_max": 200,
            "execution_window_ns": 60_000_000_000,
        }
    for instrument in range(INSTRUMENTS):
        limits.instruments[instrument] = {
            "permitted": 1,
            "order_quantity_max": 1000,
            "open_orders_max": 1000,
            "order_value_max": 1_000_000 * 10_000,
            "position_max": 1_000_000,
            "exposure_max": PLENTY,
            "collar_ppm": 1000,
            "collar_distance": 50 * CENT,
            "collar_last_ppm": 20_000,
            "order_count_max": 100,
            "short_sale": 1,
            "locate_quantity": 1_000_000,
            "tick_size": CENT,
        }
    return limits


def busy_gate(at_ns: int) -> RiskGate:
    """A live gate with positions and working orders of every strategy in every instrument."""
    gate = RiskGate(order_count_max=8192)
    about = {"trading_state": lib.TRADING_OPEN, "bid_quantity": [100], "ask_quantity": [100], "last_price": BID}
    for venue in (0, 1):
        gate.report(record("execution_report", kind=lib.REPORT_RESET, venue=venue))
        for instrument in range(INSTRUMENTS):
            touch = {"bid_price": [BID], "ask_price": [BID + CENT], "venue": venue, "instrument": instrument}
            gate.market(record("market_update", **about | touch))
    for number in range(1, WORKING + 1):
        strategy = STRATEGIES[number % len(STRATEGIES)]
        order = {
            "instrument": number % INSTRUMENTS,
            "venue": number // INSTRUMENTS % 2,
            "strategy": strategy,
            "account": account_of(strategy),
            "flags": lib.REPORT_REPLAYED,
            "leaves": 100,
            "price": BID - 10 * CENT,
        }
        order_id = order["venue"] << lib.ORDER_ID_VENUE_SHIFT | number
        gate.report(record("execution_report", kind=lib.REPORT_ACCEPTED, order_id=order_id, **order))
        fill = {"order_id": order_id, "quantity": 10, "match_number": number}
        gate.report(record("execution_report", kind=lib.REPORT_EXECUTED, **order | fill))
    for venue in (0, 1):
        live = {"venue": venue, "next_user_ref": WORKING + 1}
        gate.report(record("execution_report", kind=lib.REPORT_LIVE, **live))
    gate.limits(all_limits(), at_ns)
    return gate


def intents(at_ns: int) -> Any:
    """A round of orders over instruments, strategies, venues and sides, none like its neighbours."""
    made = ffi.new("struct order_intent[]", BATCH * 50)
    for index in range(len(made)):
        strategy = STRATEGIES[index % len(STRATEGIES)]
        side = index % 2
        made[index] = {
            "kind": lib.INTENT_NEW,
            "instrument": index * 7 % INSTRUMENTS,
            "side": side,
            "venue": index // 3 % 2,
            "price": BID + CENT * (1 + side),
            "quantity": 10 + index % 50,
            "strategy": strategy,
            "account": account_of(strategy),
            "trader": 1,
            "rx_ns": at_ns,
        }
    return made


def measure(rounds: int) -> dict[str, float]:
    """Percentiles over batches of the mean time per order in a batch, ns; the clock is read twice a batch."""
    with tempfile.TemporaryDirectory() as folder, Segment.create(Path(folder) / "bench", 1 << 20) as segment:
        segment.add_control().calibrate_clock()
        at_ns = now_ns()
        gate = busy_gate(at_ns)
        stops = record("control_stops")
        moment = record(
            "risk_moment", now_ns=at_ns, armed=1, epoch=1, supervisor_heartbeat_ns=at_ns, order_room=1, stops=stops
        )
        wanted = intents(at_ns)
        gate.measure(wanted, moment, BATCH, WARM_UP_ROUNDS, segment.add_histogram("warm-up"))
        measured = segment.add_histogram("gate")
        passed = gate.measure(wanted, moment, BATCH, rounds, measured)
        if passed != BATCH * rounds:
            verdict = gate.judge(ffi.addressof(wanted, 0), moment)
            raise RuntimeError(f"only {passed} of {BATCH * rounds} orders passed, now {verdict}")
        return measured.summary() | {"count": passed}


def instructions() -> int | None:
    """Instructions a reservation takes, counted by callgrind; None where valgrind is missing or cannot run the build.

    It knows no AVX-512: such a host's extension has to be built with ``TICKWIRE_MARCH=x86-64-v3`` for it.
    """
    if which("valgrind") is None:
        return None
    counted = []
    for rounds in (1, 401):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "callgrind.out"
            tool = ["valgrind", "--tool=callgrind", "--toggle-collect=risk_gate_reserve", f"--callgrind-out-file={out}"]
            command = [*tool, "--quiet", sys.executable, __file__, "--rounds", str(rounds)]
            if subprocess.run(command, capture_output=True, check=False).returncode:
                return None
            summary = next(line for line in out.read_text().splitlines() if line.startswith("summary:"))
        counted.append(int(summary.split()[1]))
    return (counted[1] - counted[0]) // (400 * BATCH)


def run() -> dict[str, Any]:
    """The figure of the gate."""
    summary = measure(ROUNDS)
    return {
        "name": "risk gate, all checks",
        "unit": "ns per order",
        **{name: summary[name] for name in ("p50", "p95", "p99", "p99_9", "max")},
        "count": summary["count"],
        "target": TARGET_NS,
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["--rounds"]:
        measure(int(sys.argv[2]))
    elif sys.argv[1:2] == ["--instructions"]:
        print(instructions())
    else:
        print(json.dumps(run(), indent=2))
