"""The latency of the last seconds, out of histograms that only ever grow."""

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tickwire.native import Histogram
from tickwire.native.metric import bucket_ceilings

WINDOW_PARTS = 8  # a window moves on in so many steps
NS_PER_S = 1_000_000_000
PERCENTILE = 0.99


class LatencyWindow:
    """The values that histograms counted within the last window_ns, in steps of a part of it."""

    def __init__(self, histograms: Sequence[Histogram], window_ns: int) -> None:
        self._histograms = tuple(histograms)
        self._window_ns = window_ns
        self._seen: deque[tuple[int, NDArray[np.uint64]]] = deque()

    def percentile_us(self, now_ns: int) -> int | None:
        """p99 in us; None when nothing was counted, and of the first look, which is what the rest is compared with."""
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


class LatencyWindows:
    """A window of each length that somebody asks for."""

    def __init__(self, histograms: Sequence[Histogram], clock_ns: Callable[[], int]) -> None:
        self._histograms = histograms
        self._clock_ns = clock_ns
        self._windows: dict[int, LatencyWindow] = {}

    def percentile_us(self, window_s: int) -> int | None:
        """p99 of the last window_s seconds, us."""
        if window_s not in self._windows:
            self._windows[window_s] = LatencyWindow(self._histograms, window_s * NS_PER_S)
        return self._windows[window_s].percentile_us(self._clock_ns())
