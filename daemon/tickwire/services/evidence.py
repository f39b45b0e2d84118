"""Best-execution evidence: what every venue showed when the router decided, on disk and found by order or parent."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from tickwire.native import enum_names, lib
from tickwire.services.blotter_store import LineFile
from tickwire.services.collector import Collector
from tickwire.services.steward import Steward

PARENTS_MAX = 100_000  # whose decisions are found again; older ones stay in the file
DECISIONS_MAX = 1024  # of one parent
UNWRITTEN_MAX = 1024


@dataclass(frozen=True, slots=True)
class Shown:
    """One venue at the moment of the decision: its touch, why it could be used or not, and what was sent there."""

    venue: int
    states: tuple[str, ...]
    bid: int
    bid_quantity: int
    ask: int
    ask_quantity: int
    chosen: int
    fee: int  # 1/1 000 000 a share, negative: rebate


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision of the router; prices in 1/10 000, limit the farthest it permitted."""

    parent_id: int
    number: int
    decided_ns: int
    instrument: int
    side: int
    policy: str
    wanted: int
    limit: int
    venues: tuple[Shown, ...]


def decision_of(record: Any, venue_count: int) -> Decision:
    """A ``struct route_evidence`` in words."""
    policies = {value: name.lower() for name, value in enum_names("parent_policy", "PARENT_").items()}
    states = {value: name.lower() for name, value in enum_names("route_venue_state", "ROUTE_VENUE_").items()}
    shown = []
    for venue in range(venue_count):
        entry, bits = record.venues[venue], record.state[venue]
        names = tuple(name for bit, name in sorted(states.items()) if bits & bit)
        touch = (int(entry.bid), int(entry.bid_quantity), int(entry.ask), int(entry.ask_quantity))
        shown.append(Shown(venue, names, *touch, int(entry.chosen), int(entry.fee)))
    return Decision(
        parent_id=int(record.parent_id),
        number=int(record.number),
        decided_ns=int(record.decided_ns),
        instrument=int(record.instrument),
        side=lib.SIDE_SELL if record.how % 2 else lib.SIDE_BUY,
        policy=policies.get(record.how // 2, str(record.how // 2)),
        wanted=int(record.wanted),
        limit=int(record.limit),
        venues=tuple(shown),
    )


class EvidenceStore(Steward):
    """Takes every decision from ring "evidence" to the file; parent_of(order_id) is an order's parent, 0 for none."""

    name = "evidence"

    def __init__(self, records: Collector, file: LineFile, venue_count: int, parent_of: Callable[[int], int]) -> None:
        super().__init__()
        self._records = records
        self._file = file
        self._venue_count = venue_count
        self._parent_of = parent_of
        self._offsets: dict[int, list[int]] = {}
        self._unwritten: deque[Decision] = deque(maxlen=UNWRITTEN_MAX)
        self.counters: Counter[str] = Counter()

    def decisions(self, order_id: int) -> Sequence[Decision]:
        """Of the order's parent, or of the parent itself, in their order; none for an order that was not routed."""
        parent_id = self._parent_of(order_id) or order_id
        found = []
        for offset in self._offsets.get(parent_id, ()):
            entry = self._file.read(offset)
            if entry is None:
                self.counters["unreadable"] += 1
            else:
                found.append(decision_from(entry))
        return [*found, *(one for one in self._unwritten if one.parent_id == parent_id)]

    def check(self) -> str:
        """Write down what is new; says what was missed or could not be written."""
        missed = 0
        error = ""
        self._records.collect()
        for record, gap in self._records.take():
            if record is None:
                missed += gap
                continue
            self.counters["decisions"] += 1
            decision = decision_of(record, self._venue_count)
            try:
                self._keep(decision.parent_id, self._file.append(asdict(decision)))
            except OSError as failure:
                error = str(failure)
                self._unwritten.append(decision)
        self.counters["missed"] += missed
        said = [f"missed the evidence of {missed} routing decisions"] if missed else []
        return "; ".join([*said, *([f"evidence cannot be written: {error}"] if error else [])])

    def _keep(self, parent_id: int, offset: int) -> None:
        offsets = self._offsets.setdefault(parent_id, [])
        if len(offsets) < DECISIONS_MAX:
            offsets.append(offset)
        while len(self._offsets) > PARENTS_MAX:
            del self._offsets[next(iter(self._offsets))]


def decision_from(entry: dict[str, Any]) -> Decision:
    """The decision that was written as entry."""
    venues = tuple(Shown(**{**shown, "states": tuple(shown["states"])}) for shown in entry["venues"])
    names = {field.name for field in fields(Decision)}
    return Decision(**{**{name: entry[name] for name in names}, "venues": venues})
