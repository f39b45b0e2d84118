"""What breakers are measured by, read from the box: the ledger, the stages' counters and histograms, the reports."""

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tickwire.config import Config
from tickwire.native import Counters, Histogram, Segment, lib
from tickwire.native.metric import bucket_ceilings
from tickwire.services.breaker_metrics import Probes
from tickwire.services.ledger import Ledger

CHUNK = 512  # reports copied at once
CHUNKS_MAX = 32  # in one look
WINDOW_PARTS = 8  # a latency window moves on in so many steps
NS_PER_S = 1_000_000_000
PERCENTILE = 0.99

Block = TypeVar("Block", Counters, Histogram)
Scope = tuple[str, str]
FIRM: Scope = ("firm", "")


class BoxFigures:
    """Metrics of firm, venues and strategies; ``follow`` is to be called before each observation."""

    def __init__(self, config: Config, segment: Segment, ledger: Ledger) -> None:
        self._ledger = ledger
        self._venues = {config.venues[index].name: index for index in config.enabled_venues}
        self._strategies = {item.name: item.number for item in config.strategies}
        self._names = {number: name for name, number in self._strategies.items()}
        self._venue_names = [venue.name for venue in config.venues]
        self._reports = segment.ring("blotter", "execution_report").observer()
        self._counters = {name: segment.counters(f"execution-engine.{index}") for name, index in self._venues.items()}
        self._latency = {
            name: segment.histogram(f"latency.tick_to_order.{index}") for name, index in self._venues.items()
        }
        self._windows: dict[tuple[Scope, int], LatencyWindow] = {}
        self._now_ns = 0
        self._sent: Counter[Scope] = Counter()
        self._good: Counter[Scope] = Counter()
        self._bad: Counter[Scope] = Counter()

    def follow(self, now_ns: int) -> None:
        """Count what the venues said since the last time."""
        self._now_ns = now_ns
        for _ in range(CHUNKS_MAX):
            reports = self._reports.read(CHUNK)
            for report in reports:
                self._take(report)
            if len(reports) < CHUNK:
                return

    def _take(self, report: Any) -> None:
        if report.flags & lib.REPORT_REPLAYED:
            return
        if report.kind == lib.REPORT_SENT and report.target_order_id != report.order_id:
            self._count(self._sent, report)
        elif report.kind in (lib.REPORT_ACCEPTED, lib.REPORT_REPLACED):
            self._count(self._good, report)
        elif report.kind == lib.REPORT_REJECTED:
            self._count(self._bad, report)

    def loss(self, scope: str, name: str) -> int | None:
        """Of today, 1/10 000: positive when money was lost; None while the fills are not known."""
        total = self._ledger.total(**self._key(scope, name))
        return -total.net if total.known else None

    def drawdown(self, scope: str, name: str) -> int | None:
        """From the best of today, 1/10 000."""
        total = self._ledger.total(**self._key(scope, name))
        return total.drawdown if total.known else None

    def rejects(self, scope: str, name: str) -> int | None:
        """Orders that venues rejected."""
        return self._bad[scope, name]

    def disconnects(self, scope: str, name: str) -> int | None:
        """Sessions that broke."""
        return sum(counters[lib.EXECUTION_COUNT_DISCONNECTS] for counters in self._of(self._counters, scope, name))

    def latency_us(self, scope: str, name: str, window_s: int) -> int | None:
        """p99 tick to order of the last window; None: no order was measured."""
        key = ((scope, name), window_s)
        if key not in self._windows:
            self._windows[key] = LatencyWindow(list(self._of(self._latency, scope, name)), window_s * NS_PER_S)
        return self._windows[key].percentile_us(self._now_ns)

    def probes(self, scope: str, name: str) -> Probes:
        """Orders ever: sent, accepted, rejected."""
        key = (scope, name)
        return Probes(self._sent[key], self._good[key], self._bad[key])

    def _count(self, counter: Counter[Scope], report: Any) -> None:
        venue, strategy = report.venue, report.strategy
        counter[FIRM] += 1
        if venue < len(self._venue_names):
            counter["venue", self._venue_names[venue]] += 1
        if strategy in self._names:
            counter["strategy", self._names[strategy]] += 1

    def _key(self, scope: str, name: str) -> dict[str, int]:
        known = {"venue": self._venues, "strategy": self._strategies}.get(scope, {})
        return {scope: known[name]} if name in known else {}

    @staticmethod
    def _of(blocks: Mapping[str, Block], scope: str, name: str) -> Iterator[Block]:
        yield from (block for venue, block in blocks.items() if scope == "firm" or venue == name)


class LatencyWindow:
    """The values that histograms counted within the last window_ns, in steps of a part of it."""

    def __init__(self, histograms: list[Histogram], window_ns: int) -> None:
        self._histograms = histograms
        self._window_ns = window_ns
        self._seen: deque[tuple[int, NDArray[np.uint64]]] = deque()

    def percentile_us(self, now_ns: int) -> int | None:
        """p99 in us; None when nothing was counted, and of the first look, which is what the rest is compared with."""
        if not self._histograms:
            return None
        buckets: NDArray[np.uint64] = np.zeros_like(self._histograms[0].buckets)
        for histogram in self._histograms:
            buckets += histogram.buckets
        while len(self._seen) > 1 and self._seen[1][0] <= now_ns - self._window_ns:
            self._seen.popleft()
        grown = buckets - self._seen[0][1] if self._seen else np.zeros_like(buckets)
        if not self._seen or now_ns - self._seen[-1][0] >= self._window_ns // WINDOW_PARTS:
            self._seen.append((now_ns, buckets))
        cumulative = np.cumsum(grown)
        if not int(cumulative[-1]):
            return None
        index = int(np.searchsorted(cumulative, PERCENTILE * int(cumulative[-1])))
        return int(bucket_ceilings()[index]) // 1000
