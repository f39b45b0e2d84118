"""A measured figure beside its target and its reference of the same run."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

PERCENTILES = ("p50", "p95", "p99", "p99_9", "max")


@dataclass(frozen=True)
class Bound:
    """A target: the percentile or value ``of`` stays at or below ``limit`` (ns, or a ratio to the reference's p50)."""

    of: str
    limit: float
    ratio: bool = False

    def __str__(self) -> str:
        return f"{self.of} ≤ {self.limit:g}{' x the reference' if self.ratio else ' ns'}"


@dataclass(frozen=True)
class Figure:
    """ns by percentile (medians over ``runs`` repetitions), with the spread of p50 over them."""

    name: str
    values: Mapping[str, float]
    count: int
    runs: int
    spread: tuple[float, float]
    bounds: Sequence[Bound] = ()
    reference: str = ""
    reference_values: Mapping[str, float] = field(default_factory=dict)
    remedy: str = ""  # what it would take, should a bound be missed
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours over the reference's, at p50; None without a reference."""
        theirs = self.reference_values.get("p50")
        return self.values["p50"] / theirs if theirs else None

    def met(self, bound: Bound) -> bool | None:
        """Whether the bound holds; None when its reference could not be measured here."""
        if not bound.ratio:
            return self.values[bound.of] <= bound.limit
        theirs = self.reference_values.get(bound.of)
        return None if not theirs else self.values[bound.of] / theirs <= bound.limit

    def as_json(self) -> dict[str, Any]:
        """What is kept."""
        return {
            "name": self.name,
            "ns": dict(self.values),
            "count": self.count,
            "runs": self.runs,
            "p50_spread": list(self.spread),
            "targets": [{"target": str(bound), "met": self.met(bound)} for bound in self.bounds],
            "reference": {"name": self.reference, "ns": dict(self.reference_values), "ratio_p50": self.ratio},
            "note": self.note,
            "remedy": self.remedy if any(self.met(bound) is False for bound in self.bounds) else "",
        }


def median_of(samples: Sequence[Mapping[str, float]]) -> tuple[dict[str, float], int, tuple[float, float]]:
    """Median of each percentile over the samples, total count, (least, greatest) p50."""
    keys = [key for key in PERCENTILES if all(key in sample for sample in samples)]
    values = {key: float(statistics.median(sample[key] for sample in samples)) for key in keys}
    middle = [float(sample["p50"]) for sample in samples]
    return values, int(sum(sample.get("count", 0) for sample in samples)), (min(middle), max(middle))
