"""The position steward: says when positions are known and when they are not."""

from collections.abc import Sequence

from tickwire.native import Segment
from tickwire.native.views import Position, read_positions
from tickwire.services.steward import Steward


class PositionTracker(Steward):
    """Reads positions and P&L of the configured symbols."""

    name = "position-tracker"

    def __init__(self, segment: Segment, symbols: Sequence[str]) -> None:
        super().__init__()
        self._segment = segment
        self._symbols = tuple(symbols)
        self._known = False

    def positions(self) -> tuple[Position, ...]:
        """The positions as they are now."""
        return read_positions(self._segment, self._symbols)

    @property
    def known(self) -> bool:
        """Whether all of them are to be trusted."""
        return all(position.known for position in self.positions())

    def check(self) -> str:
        """Compare with what was seen last."""
        before, self._known = self._known, self.known
        if self._known == before:
            return ""
        return "positions known" if self._known else "positions unknown until the venue's record has been replayed"
