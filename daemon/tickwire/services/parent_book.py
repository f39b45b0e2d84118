"""Parent orders of the day: what was asked of the router, and how each is, from ring "parent.report".

It only observes: the ring's one consumer is the signal.  Parents that people asked for are kept on disk, so that the
next life of the box shows them too; the strategy's own are in memory, the latest of them, and in the evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from tickwire.native import Ring, enum_names, lib
from tickwire.native.trading import verdict_name
from tickwire.services.blotter_store import LineFile
from tickwire.services.collector import Collector
from tickwire.services.steward import Steward

PARENTS_MAX = 4096  # in memory; those that work stay however many they are
EVICTED_AT_ONCE = 256
OPEN_STATES = ("asked", "working")
LOST = "lost"


@dataclass(slots=True)
class ParentRecord:
    """One parent order; prices and values in 1/10 000, times ns.

    ``state`` is asked (the router has not answered yet), working, filled, canceled, refused, or lost: the box or its
    router ended while it worked.  The fields from ``policy`` to ``venue_mask`` are known of operators' parents only.
    ``doubtful``: reports of it may have been missed.
    """

    parent_id: int
    instrument: int
    strategy: int
    side: int
    quantity: int
    policy: str = ""
    account: int = 0
    trader: int = 0
    limit_price: int = 0
    decision_price: int = 0
    slippage_ppm_max: int = 0
    duration_ns: int = 0
    interval_ns: int = 0
    venue_mask: int = 0
    started_ns: int = 0
    state: str = "asked"
    executed: int = 0
    executed_value: int = 0
    working: int = 0
    slippage: int = 0  # a share
    reason: str = ""
    verdict: str = ""
    report_ns: int = 0
    doubtful: bool = False

    @property
    def open(self) -> bool:
        """Whether it may still trade."""
        return self.state in OPEN_STATES or self.working > 0

    @property
    def by_operator(self) -> bool:
        """Whether a person asked for it, not the strategy."""
        return bool(self.parent_id >> lib.PARENT_SOURCE_SHIFT == lib.SOURCE_OPERATOR)

    @property
    def average_price(self) -> int | None:
        """Of what was executed; None without any."""
        return None if not self.executed else (2 * self.executed_value + self.executed) // (2 * self.executed)

    @property
    def slippage_bps(self) -> float | None:
        """Against the decision price, positive when worse; None when that is unknown."""
        if not self.executed or not self.decision_price:
            return None
        worse = self.executed_value - self.decision_price * self.executed
        return (worse if self.side == lib.SIDE_BUY else -worse) * 10_000 / (self.decision_price * self.executed)


class ParentBook(Steward):
    """Follows parents; today() names the day, whose file is ``parents-DAY.jsonl`` in folder.  Raises OSError."""

    name = "parents"
    interval_s = 0.02

    def __init__(self, reports: Ring, folder: Path, today: Callable[[], str]) -> None:
        super().__init__()
        self._reports = Collector(reports)
        self._folder = folder
        self._today = today
        self._day = today()
        self._file = self._open(self._day)
        self._records: dict[int, ParentRecord] = {}
        self._states = _names("parent_state", "PARENT_")
        self._reasons = _names("parent_reason", "PARENT_REASON_")
        self._policies = _names("parent_policy", "PARENT_")
        self._unwritten = ""
        self._recall()

    def get(self, parent_id: int) -> ParentRecord | None:
        """One of them."""
        return self._records.get(parent_id)

    def all(self) -> list[ParentRecord]:
        """Oldest first."""
        return list(self._records.values())

    def begun(self, parent: Any) -> None:
        """A ``struct parent_order *`` was given to the router by a person."""
        terms: dict[str, Any] = {name: int(getattr(parent, name)) for name in TERMS}
        record = ParentRecord(
            **terms,
            policy=self._policies[parent.policy],
            started_ns=int(parent.rx_ns),
        )
        self._records[record.parent_id] = record
        self._write(record)
        self._evict()

    def check(self) -> str:
        """Take what is new; says what was missed or could not be written."""
        missed = 0
        self._reports.collect()
        for report, gap in self._reports.take():
            if report is None:
                missed += gap
                self._doubt()
            elif report.parent_id == 0:
                self._lose("the router has started anew")
            else:
                self._report(report)
        said = [f"missed {missed} reports of parent orders"] if missed else []
        unwritten, self._unwritten = self._unwritten, ""
        return "; ".join([*said, *([f"parents cannot be written: {unwritten}"] if unwritten else [])])

    def _report(self, report: Any) -> None:
        parent_id = int(report.parent_id)
        record = self._records.get(parent_id)
        state = self._states.get(report.state, str(report.state))
        if record is not None and not record.open and state == "refused":
            return  # a cancel of what is over
        if record is None:
            terms: dict[str, Any] = {
                name: int(getattr(report, name)) for name in ("instrument", "strategy", "side", "quantity")
            }
            record = self._records[parent_id] = ParentRecord(parent_id, **terms, started_ns=int(report.report_ns))
            self._evict()
        if record.state == "working" and state == "refused" and report.reason == lib.PARENT_REASON_MALFORMED:
            state = LOST  # the router does not know it any more
        record.state = state
        record.executed, record.executed_value = int(report.executed), int(report.executed_value)
        record.working, record.slippage = int(report.working), int(report.slippage)
        record.reason = self._reasons.get(report.reason, str(report.reason)) if report.reason else ""
        record.verdict = verdict_name(report.verdict) if 0 < report.verdict < lib.RISK_VERDICT_COUNT else ""
        record.report_ns = int(report.report_ns)
        record.doubtful = record.doubtful and record.open
        self._write(record)

    def _lose(self, reason: str) -> None:
        for record in self._records.values():
            if record.state == "working":
                record.state, record.reason = LOST, reason
                self._write(record)

    def _doubt(self) -> None:
        for record in self._records.values():
            record.doubtful = record.doubtful or record.open

    def _evict(self) -> None:
        """Forget the oldest that are over."""
        over = len(self._records) - PARENTS_MAX
        if over > EVICTED_AT_ONCE:
            for parent_id in [record.parent_id for record in self._records.values() if not record.open][:over]:
                del self._records[parent_id]

    # ---- the file ----

    def _open(self, day: str) -> LineFile:
        return LineFile(self._folder / f"parents-{day}.jsonl")

    def _recall(self) -> None:
        """Parents of this day's earlier lives; what worked then does no more."""
        names = {field.name for field in fields(ParentRecord)}
        for entry in self._file.entries():
            if entry.keys() == names:
                record = ParentRecord(**entry)
                self._records[record.parent_id] = record
        for record in self._records.values():
            if record.open:
                record.state, record.reason, record.working = LOST, "the box ended while it worked", 0
        self._evict()

    def _write(self, record: ParentRecord) -> None:
        if not record.by_operator:
            return
        try:
            if (day := self._today()) != self._day:
                before, self._file = self._file, self._open(day)
                self._day = day
                before.close()
            self._file.append(asdict(record))
        except OSError as error:
            self._unwritten = str(error)


TOLD = ("instrument", "strategy", "side", "quantity")
TERMS = (
    *("parent_id", "instrument", "strategy", "side", "quantity", "account", "trader", "limit_price", "decision_price"),
    *("slippage_ppm_max", "duration_ns", "interval_ns", "venue_mask"),
)


def _names(enum: str, prefix: str) -> dict[int, str]:
    return {value: name for name, value in enum_names(enum, prefix).items()}
