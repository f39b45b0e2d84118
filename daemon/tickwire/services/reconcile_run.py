"""What a reconciliation is told, what it compares with, and what a run of it found."""

from __future__ import annotations

from dataclasses import dataclass, field

from tickwire.services.reconcile_breaks import Accepted, Break, OnBreak
from tickwire.venues.drop_copy import DropCopy

SESSION_REPLAY = "session replay"
DROP_COPY = "drop copy"
Source = tuple[int | None, str]


@dataclass(frozen=True, kw_only=True)
class ReconciliationSettings:
    """When to look, how patient to be, and what a difference does.

    settle_ms_max bounds a run: what could not be decided by then is left to the next one, and counted.
    partial_blocks_rearm: a run that could not look at everything is not good enough to trade again.
    """

    interval_s: float = 300.0
    replay: bool = True
    grace_ms: int = 1000
    settle_ms_max: int = 10_000
    sample_ms: int = 50
    replay_ms_max: int = 60_000
    on_break: OnBreak = "stop-instrument"
    self_clearing: bool = False
    partial_blocks_rearm: bool = True


@dataclass(frozen=True)
class DropCopyLink:
    """A venue's drop copy, and the firm in it whose orders are ours alone."""

    copy: DropCopy
    firm: str


@dataclass(frozen=True)
class Holding:
    """What another part of the box holds of an instrument; known: it says that its figure may be trusted."""

    source: str
    symbol: str
    quantity: int
    known: bool = True


@dataclass(frozen=True)
class Result:
    """What a run found; partial says what it could not look at, unsettled counts what stayed in flight.

    accepted: differences that persons have accepted and that were not seen to be gone.  compared: venue (None: the box)
    and source of whatever was compared in full.
    """

    run: int
    reason: str
    at_ns: int
    breaks: tuple[Break, ...] = ()
    orders: int = 0
    fills: int = 0
    positions: int = 0
    sources: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()
    unsettled: int = 0
    accepted: tuple[Accepted, ...] = ()
    compared: frozenset[Source] = frozenset()

    @property
    def complete(self) -> bool:
        """Whether everything was looked at and decided."""
        return not self.partial and not self.unsettled

    @property
    def state(self) -> str:
        """break, accepted differences, partial or clean."""
        if self.breaks:
            return "break"
        if self.accepted:
            return "accepted differences"
        return "clean" if self.complete else "partial"


@dataclass
class Run:
    """A run under way."""

    run: int
    reason: str
    at_ns: int
    breaks: list[Break] = field(default_factory=list)
    orders: int = 0
    fills: int = 0
    positions: int = 0
    sources: list[str] = field(default_factory=list)
    partial: list[str] = field(default_factory=list)
    unsettled: int = 0
    compared: set[Source] = field(default_factory=set)
    counted: dict[int, tuple[int, int]] = field(default_factory=dict)  # venue -> orders, fills

    def count(self, venue: int, orders: int, fills: int) -> None:
        """So many of a venue were compared; with several sources each order still counts once."""
        before = self.counted.get(venue, (0, 0))
        self.counted[venue] = max(before[0], orders), max(before[1], fills)
        self.orders = sum(one for one, _ in self.counted.values())
        self.fills = sum(one for _, one in self.counted.values())

    def result(self, accepted: tuple[Accepted, ...]) -> Result:
        """What has been found."""
        return Result(
            run=self.run,
            reason=self.reason,
            at_ns=self.at_ns,
            breaks=tuple(self.breaks),
            orders=self.orders,
            fills=self.fills,
            positions=self.positions,
            sources=tuple(self.sources),
            partial=tuple(self.partial),
            unsettled=self.unsettled,
            accepted=accepted,
            compared=frozenset(self.compared),
        )
