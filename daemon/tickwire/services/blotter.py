"""The blotter steward: every order and fill of the day, from rings that it only observes.

It holds nobody back, so it can miss records; then it says that it is incomplete and asks for the venue's record anew.
Closed orders leave memory for a file, oldest first, and are found there by the same queries.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import islice
from typing import Any

from tickwire.native import Ring, enum_names, lib, now_ns
from tickwire.native.trading import verdict_name
from tickwire.services.blotter_names import Names
from tickwire.services.blotter_records import (
    Down,
    Event,
    Fill,
    Live,
    OrderChange,
    OrderRecord,
    Refusal,
    Reset,
)
from tickwire.services.blotter_venue import VenueDay
from tickwire.services.collector import Collector
from tickwire.services.day_file import DayFile
from tickwire.services.day_record import DayRecord
from tickwire.services.steward import Steward

ORDERS_MAX = 8192  # in memory, of all venues; open ones stay however many they are
REFUSALS_MAX = 4096
RESYNCS_MAX = 3  # without a complete picture in between; then a person must look
COLLECT_S = 0.002
QUERY_MAX = 1000
CHECK_MAX = 1024  # reports understood at a time: the supervisor's loop has other work
REFUSAL_NUMBERS = tuple(field.name for field in fields(Refusal) if field.name != "verdict")

__all__ = ["Blotter", "Collector", "Down", "Event", "Fill", "Live", "OrderChange", "OrderQuery", "OrderRecord", "Reset"]


@dataclass(frozen=True, kw_only=True)
class OrderQuery:
    """Which orders: every field that is given must match; since is by the last report, ns."""

    instrument: int | None = None
    strategy: int | None = None
    account: int | None = None
    venue: int | None = None
    parent_id: int | None = None
    state: str | None = None  # a state's name, "open" or "closed"
    since_ns: int = 0
    limit: int = QUERY_MAX

    def matches(self, order: OrderRecord) -> bool:
        """Whether the order is one of them."""
        for name in ("instrument", "strategy", "account", "venue", "parent_id"):
            wanted = getattr(self, name)
            if wanted is not None and getattr(order, name) != wanted:
                return False
        if order.report_ns < self.since_ns:
            return False
        if self.state in ("open", "closed"):
            return order.open == (self.state == "open")
        return self.state is None or order.state == self.state


class OrdersView(Mapping[int, OrderRecord]):
    """The blotter's orders as a mapping."""

    def __init__(self, blotter: Blotter) -> None:
        self._blotter = blotter

    def __getitem__(self, order_id: int) -> OrderRecord:
        record = self._blotter.order(order_id)
        if record is None:
            raise KeyError(order_id)
        return record

    def __iter__(self) -> Iterator[int]:
        return iter([record.order_id for record in self._blotter.in_memory()])

    def __len__(self) -> int:
        return len(self._blotter.in_memory())


class Blotter(Steward):
    """Builds orders and fills from ring "blotter", refusals from "verdict", reasons from "sent.N".

    resync(venue) asks that venue's execution for the record of the session; it returns whether it could be asked.
    """

    name = "blotter"
    interval_s = 0.05

    def __init__(
        self,
        reports: Ring,
        symbols: Sequence[str],
        store: DayFile,
        resync: Callable[[int], bool],
        venue_count: int = 1,
        verdicts: Ring | None = None,
        sent: Sequence[Ring] = (),
        orders_max: int = ORDERS_MAX,
        names: Names | None = None,
    ) -> None:
        super().__init__()
        self._reports = Collector(reports)
        self._verdicts = None if verdicts is None else Collector(verdicts)
        self._sent = [Collector(ring) for ring in sent]
        self._record = DayRecord(store, names or Names())
        self._resync = resync
        self._orders_max = orders_max
        self._closed: dict[int, None] = {}  # orders in memory that may leave it, oldest first
        self._listeners: list[Callable[[Event], None]] = []
        self._resyncs = Counter[int]()
        self._problem = ""
        self.refusals: deque[Refusal] = deque(maxlen=REFUSALS_MAX)
        self.counters: Counter[str] = Counter()
        self.venues = tuple(
            VenueDay(venue, symbols, self._is_stored, self.load, names or Names()) for venue in range(venue_count)
        )
        self._kinds = {value: name.lower() for name, value in enum_names("report_kind", "REPORT_").items()}

    # ---- what it knows ----

    @property
    def orders(self) -> Mapping[int, OrderRecord]:
        """Orders by order_id: all are found, those in memory are listed; ``query`` lists the others too."""
        return OrdersView(self)

    def in_memory(self) -> list[OrderRecord]:
        """Orders that have not left memory."""
        return [record for day in self.venues for record in day.book.records.values()]

    def fills(self) -> Sequence[Fill]:
        """Fills of the orders in memory, in the order they were reported."""
        found = [fill for order in self.in_memory() for fill in order.fills]
        return sorted(found, key=lambda fill: (fill.report_ns, fill.sequence))

    def order(self, order_id: int) -> OrderRecord | None:
        """One order, wherever it is; None when there is none."""
        for day in self.venues:
            if (record := day.book.records.get(order_id)) is not None:
                return record
        return self.load(order_id)

    def query(self, query: OrderQuery) -> list[OrderRecord]:
        """Matching orders, the last reported first, at most query.limit."""
        found = [record for record in self.in_memory() if query.matches(record)]
        found.sort(key=lambda record: record.report_ns, reverse=True)
        if query.state not in ("open", "live", "sent"):
            for order_id in reversed(self._record.stored):
                if len(found) >= query.limit:
                    break
                record = None if self._in_memory(order_id) else self.load(order_id)
                if record is not None and query.matches(record):
                    found.append(record)
        return found[: query.limit]

    @property
    def incomplete(self) -> bool:
        """Whether orders or fills may be missing."""
        return any(day.incomplete for day in self.venues)

    def subscribe(self, listener: Callable[[Event], None]) -> None:
        """From now on call listener with every event, in order."""
        self._listeners.append(listener)

    # ---- following ----

    def collect(self) -> None:
        """Copy what is new in the rings; cheap, and safe from another thread than the one that checks."""
        for collector in (self._reports, *self._sent, *([self._verdicts] if self._verdicts else [])):
            collector.collect()

    def check(self) -> str:
        """Understand what has come; says what a person should know."""
        self.collect()
        for collector in self._sent:
            for order, _ in collector.take():
                if order is not None and order.venue < len(self.venues):
                    self.venues[order.venue].sent(order)
        self._take_verdicts()
        missed = 0
        for report, gap in islice(self._reports.take(), CHECK_MAX):
            if report is None:
                missed += gap
                for day in self.venues:
                    day.missed()
            else:
                self._report(report)
        self._write()
        self._evict()
        said = [self._say_missed(missed)] if missed else []
        said += [text for day_index in range(len(self.venues)) if (text := self._want_resync(day_index))]
        return "; ".join(said)

    @property
    def behind(self) -> int:
        """Reports collected and not yet understood."""
        return self._reports.pending

    async def run(self) -> None:
        """Check until cancelled, while a thread keeps pace with bursts; a burst is understood in pieces."""
        ended = threading.Event()
        thread = threading.Thread(target=self._keep_collecting, args=(ended,), name="blotter", daemon=True)
        thread.start()
        try:
            while True:
                if said := self.check():
                    self.log.info("steward_acted", said=said)
                await asyncio.sleep(0 if self.behind else self.interval_s)
        finally:
            ended.set()
            thread.join()

    def _keep_collecting(self, ended: threading.Event) -> None:
        while not ended.is_set():
            self.collect()
            time.sleep(COLLECT_S)

    def _report(self, report: Any) -> None:
        self.counters["reports"] += 1
        if report.venue >= len(self.venues) or report.kind not in self._kinds:
            self.counters["malformed"] += 1
            return
        day = self.venues[report.venue]
        for event in day.apply(report):
            self._record.event(event, day)
            if isinstance(event, OrderChange):
                self._note_closed(event.order)
            elif isinstance(event, Live):
                self._begin_anew(day)
            for listener in self._listeners:
                listener(event)

    def _take_verdicts(self) -> None:
        if self._verdicts is None:
            return
        for refusal, missed in self._verdicts.take():
            if refusal is None:
                self.counters["refusals_missed"] += missed
                continue
            self.counters["refusals"] += 1
            known = refusal.verdict < lib.RISK_VERDICT_COUNT
            verdict = verdict_name(refusal.verdict) if known else f"verdict {refusal.verdict}"
            numbers = {name: int(getattr(refusal, name)) for name in REFUSAL_NUMBERS}
            self.refusals.append(Refusal(verdict, **numbers))
            self._record.refused(self.refusals[-1])

    # ---- gaps ----

    def _say_missed(self, missed: int) -> str:
        self.counters["missed"] += missed
        return f"missed {missed} reports: orders and fills are incomplete until the venue's record is replayed"

    def _want_resync(self, venue: int) -> str:
        """Ask for the record where our picture is not whole, a bounded number of times."""
        day = self.venues[venue]
        if not day.incomplete:
            self._resyncs[venue] = 0
        elif day.state in ("live", "gap") and self._resyncs[venue] < RESYNCS_MAX:
            if not self._resync(venue):
                return ""
            self._resyncs[venue] += 1
            day.state = "asked"
            last = self._resyncs[venue] == RESYNCS_MAX
            return f"asked venue {venue} for its record{': for the last time, a person must look' if last else ''}"
        return ""

    # ---- memory ----

    def finish(self) -> None:
        """Understand what has come, and have the whole record on disk, open orders too.  Raises OSError."""
        self.check()
        while self.behind:
            self.check()
        facts = {"missed": self.counters["missed"], "refusals_missed": self.counters["refusals_missed"]}
        self._record.finish(self.in_memory(), self._found, incomplete=self.incomplete, **facts)

    def _write(self) -> None:
        """Hand what is closed to the writer."""
        self._record.write(self._found, now_ns())
        self.counters["store_errors"] = self._record.counters["store_errors"]
        if self._record.problem != self._problem:
            self._problem = self._record.problem
            if self._problem:
                self.log.error("blotter_not_stored", reason=self._problem, done="kept in memory; tried again")

    def _found(self, order_id: int) -> OrderRecord | None:
        """An order in memory."""
        return self.venues[order_id >> int(lib.ORDER_ID_VENUE_SHIFT)].book.records.get(order_id)

    def _is_stored(self, order_id: int) -> bool:
        """Whether it has left memory."""
        return order_id in self._record.stored and not self._in_memory(order_id)

    def _in_memory(self, order_id: int) -> bool:
        return any(order_id in day.book.records for day in self.venues)

    def load(self, order_id: int) -> OrderRecord | None:
        """An order from the store; None when it never left memory, or its line is damaged."""
        try:
            return self._record.load(order_id)
        except (OSError, TypeError, KeyError):
            self.counters["unreadable"] += 1
            return None

    def _note_closed(self, order: OrderRecord) -> None:
        self._record.order(order)
        if order.open:
            self._closed.pop(order.order_id, None)
        else:
            self._closed[order.order_id] = None

    def _begin_anew(self, day: VenueDay) -> None:
        """After a swap: which orders of the venue are in memory, and closed."""
        for record in day.book.records.values():
            self._note_closed(record)

    def _evict(self) -> None:
        """Move the oldest closed orders to the store while there are too many in memory."""
        if any(day.building is not None for day in self.venues):
            return  # two pictures are in memory: after the swap
        count = sum(len(day.book.records) for day in self.venues)
        while count > self._orders_max and self._closed:
            order_id = next(iter(self._closed))
            day = self.venues[order_id >> lib.ORDER_ID_VENUE_SHIFT]
            if order_id in day.book.records:
                if not self._record.may_leave(order_id):
                    return  # once it is written
                del day.book.records[order_id]
                self._record.left(order_id)
                count -= 1
            del self._closed[order_id]
