"""``make bench``: every figure this project holds itself to, beside its target and its reference of the same run.

Prints a table and keeps the figures as JSON under bench-results/.  A missed target is said, with what it would take.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bench_book
import bench_risk
import bench_route
from figure import Bound, Figure, median_of
from program import ROOT, build_program
from rich.console import Console
from rich.table import Table

from tickwire import __version__
from tickwire.host.facts import cores, has_af_xdp

Say = Console(stderr=True).print


def ring_figures(runs: int) -> Iterator[Figure]:
    """A hop between the first and the last core; the reference is a bare cache line bounced between the same two."""
    own = cores()
    if len(own) < 2:
        Say("ring hop: needs two cores")
        return
    command = [str(build_program("bench_ring")), str(own[0]), str(own[-1]), "200000"]
    outputs = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(runs)
    ]
    values, count, spread = median_of([output["hop"] for output in outputs])
    floor, _, _ = median_of([output["floor"] for output in outputs])
    stream = sorted(output["stream_ns_per_record"] for output in outputs)[len(outputs) // 2]
    yield Figure(
        "ring hop, two cores, one way",
        values,
        count,
        runs,
        spread,
        [Bound("p50", 100)],
        "bare cache line between the cores",
        floor,
        note=f"back to back: {stream:.1f} ns a record; the hop includes both clock stamps",
        remedy="two cache lines move per hop (record, then index); a sequence inside the record would make it one",
    )


def book_figures() -> Iterator[Figure]:
    """Decoding and books; the reference is PyPI itch-book."""
    for name, result in bench_book.run(progress=Say).items():
        theirs = {"p50": result["reference_p50"]} if "reference_p50" in result else {}
        bounds = [Bound("p50", result["target"])] if result["target"] else []
        if theirs:
            bounds.append(Bound("p50", result["ratio_target"], ratio=True))
        yield Figure(
            result["name"],
            {"p50": result["p50"], "max": result["max"]},
            result["count"],
            result["runs"],
            (result["min"], result["max"]),
            bounds,
            result.get("reference", "" if name == "decode" else "itch-book is not installed"),
            theirs,
            note="ns per message; percentiles over whole passes",
            remedy="memory latency of the order table: larger pages, or fewer bytes an order",
        )


def risk_figures(runs: int) -> Iterator[Figure]:
    """The gate, all checks on, among 1000 working orders; its target is absolute."""
    values, count, spread = median_of([bench_risk.run() for _ in range(runs)])
    yield Figure(
        "risk gate, all checks",
        values,
        count,
        runs,
        spread,
        [Bound("p50", 100), Bound("p99", 100)],
        note="percentiles over batches of 16 orders",
        remedy="p99 is the neighbours' noise here: an isolated core",
    )


def kill_figures(runs: int) -> Iterator[Figure]:
    """From the command to the last order that could leave, and to the last cancel of what was open, under load."""
    own = cores()
    if len(own) < 2:
        Say("kill: needs two cores")
        return
    command = [str(build_program("bench_kill")), str(own[0]), str(own[-1]), "1000"]
    outputs = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(runs)
    ]
    note = "half firm-wide, half a strategy's; orders offered without a pause, on loopback TCP"
    remedy = "an isolated core: what is long here is the lane not running between its last look and the end of its send"
    for key, name in (("last_new", "kill, to the last new order"), ("last_cancel", "kill, to the last cancel")):
        values, count, spread = median_of([output[key] for output in outputs])
        bounds = [Bound("p99", 1_000_000)] if key == "last_new" else []
        yield Figure(name, values, count, runs, spread, bounds, note=note, remedy=remedy)


def route_figures(runs: int) -> Iterator[Figure]:
    """The router, a sweep over four venues; its target is absolute."""
    values, count, spread = median_of([bench_route.run() for _ in range(runs)])
    yield Figure(
        "router, parent to first intent, four venues",
        values,
        count,
        runs,
        spread,
        [Bound("p50", 1000)],
        note="one reading of the clock is within it",
        remedy="walk the venues' states once a decision instead of once a question",
    )


def echo_once() -> dict[str, float]:
    """The floor: a bare AF_XDP echo over a veth of its own."""
    command = [sys.executable, str(ROOT / "tests/bench/echo.py"), "--count", "5000", "--interval-us", "200"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def demo_once(seconds: int) -> dict[str, Any]:
    """The report of one demonstration, synthetic market, seed 1."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        command = [
            sys.executable,
            "-m",
            "tickwire",
            "demo",
            "--seconds",
            str(seconds),
            "--report",
            str(path),
            "--no-view",
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"the demo failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        report: dict[str, Any] = json.loads(path.read_text())
        return report


def system_figures(runs: int, seconds: int) -> Iterator[Figure]:
    """Tick to order in the box and wire to wire, from whole runs; the floor is measured before each of them."""
    with_echo = os.geteuid() == 0 and has_af_xdp() and len(cores()) > 1
    floors, reports = [], []
    for number in range(runs):
        Say(f"whole runs: {number + 1} of {runs}, {seconds} s each")
        if with_echo:
            floors.append(echo_once())
        reports.append(demo_once(seconds))
    mode = reports[0]["run"]["mode"]
    for stage in reports[0]["latency_ns"]:
        if stage in ("tick_to_order", "wire_to_wire"):
            continue
        values, count, spread = median_of([report["latency_ns"][stage] for report in reports])
        yield Figure(f"stage: {stage}", values, count, runs, spread, note=mode)
    values, count, spread = median_of([report["latency_ns"]["tick_to_order"] for report in reports])
    yield Figure(
        "tick to order in the box, native signal",
        values,
        count,
        runs,
        spread,
        [Bound("p50", 1000), Bound("p99", 5000)],
        note=f"from the packet seen to the instant before the send; {mode}",
        remedy="an isolated core; deciding within a packet, not after it; less of the path cold between two orders",
    )
    values, count, spread = median_of([report["latency_ns"]["wire_to_wire"] for report in reports])
    floor = median_of(floors)[0] if floors else {}
    yield Figure(
        "tick to order, wire to wire",
        values,
        count,
        runs,
        spread,
        [Bound("p50", 1.5, ratio=True)],
        "bare AF_XDP echo" if floors else "no AF_XDP echo here",
        floor,
        note=f"from before the tick's send to the kernel's receive stamp of the order; {mode}",
        remedy="the order leaves through the kernel's TCP stack, the echo does not: kernel-bypass TCP for the session",
    )


def show(figures: list[Figure]) -> None:
    """The table a person reads."""
    table = Table(title="ns; medians over the runs")
    for column in (
        "figure",
        "p50",
        "p50 spread",
        "p95",
        "p99",
        "p99.9",
        "max",
        "n",
        "reference p50",
        "ratio",
        "target",
    ):
        table.add_column(column, justify="left" if column in ("figure", "target") else "right")
    for one in figures:
        numbers = [f"{one.values[key]:,.4g}" if key in one.values else "" for key in ("p95", "p99", "p99_9", "max")]
        verdicts = {True: "[green]met[/]", False: "[red]MISSED[/]", None: "[yellow]no reference[/]"}
        table.add_row(
            one.name,
            f"{one.values['p50']:,.4g}",
            f"{one.spread[0]:,.4g}-{one.spread[1]:,.4g}",
            *numbers,
            f"{one.count:,}",
            f"{one.reference_values['p50']:,.4g}" if one.reference_values else "",
            f"{one.ratio:.2f}" if one.ratio else "",
            "\n".join(f"{bound}: {verdicts[one.met(bound)]}" for bound in one.bounds),
        )
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    for one in figures:
        if any(one.met(bound) is False for bound in one.bounds):
            print(f"missed: {one.name}.  What it would take: {one.remedy}")


def main() -> int:
    """Command line; 0 also when a target was missed: a figure is a fact, not a failure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=5, help="repetitions of each figure")
    parser.add_argument("--seconds", type=int, default=15, help="length of a whole run")
    parser.add_argument("--only", default="ring,book,risk,route,kill,system", help="which, with commas between")
    options = parser.parse_args()
    parts = {
        "ring": lambda: ring_figures(options.runs),
        "book": book_figures,
        "risk": lambda: risk_figures(options.runs),
        "route": lambda: route_figures(options.runs),
        "kill": lambda: kill_figures(options.runs),
        "system": lambda: system_figures(options.runs, options.seconds),
    }
    wanted = options.only.split(",")
    if unknown := set(wanted) - set(parts):
        parser.error(f"no such figure: {', '.join(sorted(unknown))}; there are {', '.join(parts)}")
    figures = []
    for name in wanted:
        Say(f"[bold]{name}[/]")
        figures.extend(parts[name]())
    show(figures)
    folder = ROOT / "bench-results"
    folder.mkdir(exist_ok=True)
    path = folder / f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.json"
    content = {"version": __version__, "cores": len(cores()), "figures": [one.as_json() for one in figures]}
    path.write_text(json.dumps(content, indent=2) + "\n")
    print(f"kept as {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
