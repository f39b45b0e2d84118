"""The market-data steward: notices when the feed stops being one."""

from dataclasses import dataclass

from tickwire.native import Counters, lib
from tickwire.services.steward import Steward


@dataclass(frozen=True)
class _Seen:
    synchronised: int
    lost: int
    gaps: int
    sessions: int
    ends: int


class FeedWatch(Steward):
    """Says when a venue's books become complete or stop being so, and what befell its feed."""

    def __init__(self, venue: str, counters: Counters) -> None:
        self.name = f"market-data {venue}"
        super().__init__()
        self._counters = counters
        self._seen = _Seen(0, 0, 0, 0, 0)

    @property
    def synchronised(self) -> bool:
        """Whether the books are complete and the feed lives."""
        return bool(self._counters[lib.MARKET_COUNT_SYNCHRONISED])

    def check(self) -> str:
        """Compare with what was seen last."""
        counters, before = self._counters, self._seen
        now = self._seen = _Seen(
            counters[lib.MARKET_COUNT_SYNCHRONISED],
            counters[lib.MARKET_COUNT_LOST],
            counters[lib.MARKET_COUNT_GAPS],
            counters[lib.MARKET_COUNT_SESSIONS],
            counters[lib.MARKET_COUNT_ENDS],
        )
        said = []
        if now.synchronised != before.synchronised:
            said.append(
                "feed synchronised" if now.synchronised else "feed stale or incomplete: nothing is traded on it"
            )
        if now.gaps > before.gaps:
            said.append(f"{now.gaps - before.gaps} gaps")
        if now.lost > before.lost:
            said.append(f"{now.lost - before.lost} messages lost for good")
        if now.sessions > before.sessions:
            said.append("session changed")
        if now.ends > before.ends and not before.ends:
            said.append("session ended")
        return "; ".join(said)
