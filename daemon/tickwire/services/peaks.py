"""High-water marks: the best total of the day by scope, and how far below it one is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from tickwire.services.fees import FEE_PER_MONEY
from tickwire.services.ledger_book import Kept, Scope

NO_PLACES: Mapping[int, int] = MappingProxyType({})


@dataclass(slots=True)
class Peak:
    """The best total, 1/1 000 000; flat is where the day began, so it is never below 0."""

    value: int = 0
    marks: Mapping[int, int] = field(default_factory=lambda: NO_PLACES)  # instrument -> mark at that moment
    sequences: Mapping[int, int] = field(default_factory=lambda: NO_PLACES)  # venue -> last message booked by then


class Peaks:
    """Remembers the peak of every scope that ever had a fill."""

    def __init__(self) -> None:
        self._peaks: dict[Scope, Peak] = {}

    def value(self, scope: Scope) -> int | None:
        """The peak, 1/1 000 000; None where nobody watches."""
        peak = self._peaks.get(scope)
        return peak.value if peak else None

    def raise_to(self, totals: Mapping[Scope, int], marks: Mapping[int, int], sequences: Mapping[int, int]) -> None:
        """Take totals over that are above their peaks; the mappings are kept and must not change."""
        for scope, total in totals.items():
            peak = self._peaks.get(scope)
            if peak is None:
                self._peaks[scope] = peak = Peak()
            if total > peak.value:
                peak.value, peak.marks, peak.sequences = total, marks, sequences

    def revalue(self, scopes: Iterable[Scope], fill: Kept) -> None:
        """A fill was broken: what it gave at the moment of the peak was never there.

        Exact for that moment.  Another moment may be the day's best now, but is no longer known; where the fill came
        later, or had no mark, the peak stays: a drawdown is rather overstated.
        """
        for scope in scopes:
            peak = self._peaks.get(scope)
            if peak is None or not 0 < fill.sequence <= peak.sequences.get(fill.key.venue, 0):
                continue
            mark = peak.marks.get(fill.key.instrument)
            if mark is not None:
                gave = fill.change * (mark - fill.price) * FEE_PER_MONEY - fill.fee
                peak.value = max(0, peak.value - gave)

    def state(self) -> list[list[int | None]]:
        """Scopes and peaks, for a file."""
        return [[*scope, peak.value] for scope, peak in self._peaks.items()]

    def restore(self, state: Iterable[Iterable[int | None]]) -> None:
        """Take peaks of earlier the same day over, where they are higher.  Raises ValueError."""
        for entry in state:
            *scope, value = entry
            if len(scope) != len(Scope()) or not isinstance(value, int):
                raise ValueError(f"no high-water mark: {entry}")
            peak = self._peaks.setdefault(Scope(*scope), Peak())
            if value > peak.value:
                peak.value, peak.marks, peak.sequences = value, NO_PLACES, NO_PLACES

    def clear(self) -> None:
        """A new day."""
        self._peaks.clear()
