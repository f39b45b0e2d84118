"""Counters and histograms as numpy views."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tickwire.native._native import ffi, lib

QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}


@cache
def enum_names(enum: str, prefix: str = "") -> Mapping[str, int]:
    """Names of ``enum enum`` in lower case without prefix, with their values: the C header is the only list."""
    values: dict[str, int] = ffi.typeof(f"enum {enum}").relements
    return {name.removeprefix(prefix).lower(): value for name, value in values.items()}


class Counters:
    """A stage's counters; ``values`` is a live view, uint64[COUNTER_COUNT_MAX]."""

    def __init__(self, pointer: Any) -> None:
        self._block = pointer
        self.values: NDArray[np.uint64] = np.frombuffer(ffi.buffer(pointer), dtype=np.uint64)

    @property
    def pointer(self) -> Any:
        """``struct counters *`` for native calls."""
        return self._block

    def __getitem__(self, index: int) -> int:
        return int(self.values[index])

    def named(self, enum: str, prefix: str) -> dict[str, int]:
        """Every counter of ``enum enum`` by its name without prefix."""
        return {name: int(self.values[index]) for name, index in enum_names(enum, prefix).items()}


@cache
def bucket_ceilings() -> NDArray[np.uint64]:
    """Largest value counted in each bucket, uint64[HISTOGRAM_BUCKET_COUNT]."""
    floors = [lib.histogram_bucket_floor(index) for index in range(1, lib.HISTOGRAM_BUCKET_COUNT)]
    return np.array([floor - 1 for floor in floors] + [2**64 - 1], dtype=np.uint64)


class Histogram:
    """A latency histogram in ns; live."""

    def __init__(self, pointer: Any) -> None:
        self._block = pointer
        words: NDArray[np.uint64] = np.frombuffer(ffi.buffer(pointer), dtype=np.uint64)
        self.buckets = words[8:]

    @property
    def pointer(self) -> Any:
        """``struct histogram *`` for native calls."""
        return self._block

    def record(self, value: int) -> None:
        """Count one value; only the owner of the block may."""
        lib.histogram_record_value(self._block, value)

    @property
    def count(self) -> int:
        """Values recorded."""
        return int(self._block.count)

    @property
    def maximum(self) -> int:
        """The largest value recorded."""
        return int(self._block.max)

    @property
    def sum(self) -> int:
        """Sum of the values recorded."""
        return int(self._block.sum)

    def summary(self) -> dict[str, int]:
        """p50, p95, p99, p99_9, max and count; upper bounds of the buckets, within 3.2 %."""
        return summarise((self,))


def summarise(histograms: Iterable[Histogram]) -> dict[str, int]:
    """The summary of all that these histograms counted."""
    taken = list(histograms)
    buckets = np.sum([histogram.buckets for histogram in taken], axis=0, dtype=np.uint64)
    maximum = max(histogram.maximum for histogram in taken)
    cumulative = np.cumsum(buckets)
    total = int(cumulative[-1])
    summary = dict.fromkeys((*QUANTILES, "max"), 0) | {"count": total}
    if total == 0:
        return summary
    for name, quantile in QUANTILES.items():
        index = int(np.searchsorted(cumulative, quantile * total))
        summary[name] = min(int(bucket_ceilings()[index]), maximum)
    return summary | {"max": maximum}
