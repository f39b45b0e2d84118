"""Decoding ITCH, and decoding it into full books: nanoseconds per message, beside itch-book (PyPI) in the same run.

The file is the recorded hour of AAPL where there is one, else a synthetic stream.  ``book_day`` is the synthetic stream
of a whole venue, with a million orders resting on 8000 instruments, so that the caches do not help.  Times are of the
processor, not of the wall, since other programs may be running.
"""

from __future__ import annotations

import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from itch_synthetic import Scale, make_stream
from program import ROOT, build_program

from tickwire.native.book import Books
from tickwire.native.book_replay import Replay

RUNS = 15
DAY_RUNS = 3
TARGET_NS = 50
RATIO_MAX = 0.5  # at least twice as fast as the reference
REFERENCE = "itch-book"
Times = list[float]


def recorded_hour() -> bytes | None:
    """The recorded hour of AAPL, if this machine has it."""
    shared = Path(os.environ.get("TICKWIRE_SHARED", ROOT.parent / "shared"))
    found = sorted(shared.glob("data/derived-itch50-from-lobster-aapl/*.itch50"))
    return found[0].read_bytes() if found else None


def time_ours(books: Books, opening: bytes, measured: bytes) -> tuple[float, int]:
    """ns for measured, after opening, and its messages; with best bids and offers recorded."""
    books.reset()
    replay = Replay(books, record=True)
    for _ in replay.feed(opening):
        pass
    before = replay.messages
    start = time.process_time_ns()
    for _ in replay.feed(measured):
        pass
    return time.process_time_ns() - start, replay.messages - before


def time_reference(opening: bytes, measured: bytes) -> float:
    """The same work by itch-book, ns."""
    from itch_book._core import Session

    session = Session(["bbo"], 0, [])
    session.feed(opening)
    start = time.process_time_ns()
    session.feed(measured)
    return time.process_time_ns() - start


def figure(
    name: str, ours: Times, messages: int, target: float | None = None, theirs: Times | None = None
) -> dict[str, Any]:
    """Median over the runs, its spread, and the reference's."""
    middle = statistics.median(ours)
    result: dict[str, Any] = {
        "name": name,
        "unit": "ns per message",
        "p50": middle,
        "min": min(ours),
        "max": max(ours),
        "runs": len(ours),
        "count": messages * len(ours),
        "target": target,
    }
    if theirs:
        reference = statistics.median(theirs)
        result |= {
            "reference": REFERENCE,
            "reference_p50": reference,
            "reference_min": min(theirs),
            "reference_max": max(theirs),
            "ratio": middle / reference,
            "ratio_target": RATIO_MAX,
        }
    return result


def measure_books(name: str, opening: bytes, measured: bytes, runs: int, target: float | None) -> dict[str, Any]:
    """Ours and the reference alternately, so that both see the same machine."""
    compare = importlib.util.find_spec("itch_book") is not None
    ours, theirs = [], []
    books = Books(orders_max=1 << 22, levels_max=1 << 21, orders_start=1024)
    _, messages = time_ours(books, opening, measured)  # warm up
    for _ in range(runs):
        taken, _ = time_ours(books, opening, measured)
        ours.append(taken / messages)
        if compare:
            theirs.append(time_reference(opening, measured) / messages)
    return figure(name, ours, messages, target, theirs)


def measure_decoding(content: bytes, messages: int) -> dict[str, Any]:
    """Every message into its struct, by a C program: a call a message from Python would measure Python."""
    program = build_program("bench_decode")
    with tempfile.NamedTemporaryFile(suffix=".itch") as file:
        file.write(content)
        file.flush()
        command = [str(program), file.name, str(RUNS)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    return figure("ITCH decode", json.loads(done.stdout), messages)


def run(progress: Callable[[str], object] = lambda _: None) -> dict[str, dict[str, Any]]:
    """The figures by name; progress hears what is being measured."""
    content = recorded_hour()
    source = "an hour of AAPL"
    if content is None:
        small = make_stream(Scale(resting=400, churn=40_000, instruments=1, lifetime=40))
        content, source = small.opening + small.trading, "synthetic, one instrument"
    progress(f"decode and books: {source}")
    book = measure_books(f"ITCH decode + full books, {source}", b"", content, RUNS, TARGET_NS)
    decode = measure_decoding(content, book["count"] // RUNS)
    progress("decode and books: synthetic venue, 1 000 000 orders")
    day = make_stream(Scale())
    name = "ITCH decode + full books, synthetic venue, 1 000 000 orders on 8000 instruments"
    return {
        "decode": decode,
        "book": book,
        "book_day": measure_books(name, day.opening, day.trading, DAY_RUNS, None),
    }


if __name__ == "__main__":
    print(json.dumps(run(progress=lambda text: print(text, file=sys.stderr)), indent=2))
