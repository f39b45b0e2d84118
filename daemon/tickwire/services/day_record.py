"""The whole record of one life of the box: every order, fill, bust and refusal, written while the box runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from tickwire.services.blotter_names import Names
from tickwire.services.blotter_records import (
    Bust,
    Event,
    Fill,
    Live,
    OrderRecord,
    Refusal,
    Reset,
    fill_entry,
    record_entry,
    record_from,
)
from tickwire.services.blotter_venue import USER_REF_MASK, VenueDay
from tickwire.services.day_file import DayFile
from tickwire.services.paged_index import PagedIndex

REFUSALS_MAX = 100  # lines a second; the others are counted
SECOND = 1_000_000_000


class DayRecord:
    """Writes an order once it is closed, again when it changes after that, and every open one at the end.

    ``line`` says what a line is: order, fill, bust, refusal, refusals_left_out or end.
    """

    def __init__(self, file: DayFile, names: Names) -> None:
        self._file = file
        self._names = names
        self._offsets = PagedIndex()  # by order_id, of the last line of each
        self._as_written: dict[int, tuple[Any, ...]] = {}  # of orders in memory
        self._due: dict[int, None] = {}  # closed orders that no line has as they are now
        self._replayed: dict[int, list[Fill | Bust]] = {}  # by venue, what its replay tells and we did not know
        self._unwritten: list[dict[str, Any]] = []  # fills and busts that the file would not take
        self._second = 0
        self._refusals = 0  # lines of that second
        self._left_out: Counter[str] = Counter()
        self.counters: Counter[str] = Counter()

    @property
    def problem(self) -> str:
        """Why the file does not have everything; empty when it soon will."""
        return self._file.problem

    @property
    def stored(self) -> PagedIndex:
        """The orders that have a line."""
        return self._offsets

    def load(self, order_id: int) -> OrderRecord | None:
        """An order as its last line has it; None without one.  Raises OSError, TypeError, KeyError."""
        offset = self._offsets.get(order_id)
        entry = None if offset is None else self._file.read(offset)
        return None if entry is None else record_from(entry)

    # ---- what comes ----

    def event(self, event: Event, day: VenueDay) -> None:
        """Take a fill or bust once, however often a venue's record tells it."""
        if isinstance(event, Reset):
            self._replayed[event.venue] = []
        elif isinstance(event, Live):
            self._tell_replayed(event.venue)
        elif not isinstance(event, Fill | Bust):
            return
        elif day.building is None:
            self._add_event(event)
        elif not _is_known(event, day):
            self._replayed.setdefault(event.venue, []).append(event)

    def order(self, order: OrderRecord) -> None:
        """An order changed; what is the same as its last line is not written again."""
        if order.open or self._as_written.get(order.order_id) == _shape(order):
            self._due.pop(order.order_id, None)
        else:
            self._due[order.order_id] = None

    def refused(self, refusal: Refusal) -> None:
        """Take a refusal; of too many in a second only the count."""
        second = refusal.refused_ns // SECOND
        if second != self._second:
            self._say_left_out()
            self._second, self._refusals = second, 0
        self._refusals += 1
        if self._refusals > REFUSALS_MAX:
            self._left_out[refusal.verdict] += 1
        else:
            self._add("refusal", asdict(refusal) | self._names.words(refusal))

    # ---- what is written ----

    def write(self, find: Callable[[int], OrderRecord | None], now_ns: int) -> None:
        """Write what is due; find gives an order in memory.  Never waits."""
        if now_ns // SECOND != self._second:
            self._say_left_out()
        while self._unwritten and self._offer(self._unwritten[0]):
            del self._unwritten[0]
        for order_id in list(self._due):
            order = find(order_id)
            if order is not None and not self._write_order(order):
                break
            del self._due[order_id]
        self._file.flush()

    def finish(self, orders: Iterable[OrderRecord], find: Callable[[int], OrderRecord | None], **facts: Any) -> None:
        """Write the rest, orders that are still open too, and wait for the disk.  Raises OSError."""
        for venue in list(self._replayed):
            self._tell_replayed(venue)
        self._say_left_out()
        self.write(find, self._second * SECOND)
        for order in orders:
            if order.open:
                self._write_order(order)
        self._add("end", dict(facts))
        self._file.finish()

    def may_leave(self, order_id: int) -> bool:
        """Whether the file has the order as it is."""
        offset = self._offsets.get(order_id)
        return offset is not None and order_id not in self._due and offset < self._file.written

    def left(self, order_id: int) -> None:
        """The order is not in memory any more."""
        self._as_written.pop(order_id, None)

    def _tell_replayed(self, venue: int) -> None:
        for event in self._replayed.pop(venue, []):
            self._add_event(event)

    def _add_event(self, event: Fill | Bust) -> None:
        if isinstance(event, Fill):
            self._add("fill", fill_entry(event) | self._names.words(event))
            return
        fill = None if event.fill is None else fill_entry(event.fill)
        whose = {"order_id": event.order_id, "venue": event.venue, "venue_trade_id": event.match_number}
        self._add("bust", {**whose, "replayed": event.replayed, "fill": fill})

    def _say_left_out(self) -> None:
        if self._left_out:
            by_verdict = dict(self._left_out)
            count = sum(by_verdict.values())
            self._add("refusals_left_out", {"second": self._second, "count": count, "by_verdict": by_verdict})
            self._left_out.clear()

    def _add(self, line: str, entry: dict[str, Any]) -> None:
        whole = {"line": line, **entry}
        if self._unwritten or not self._offer(whole):
            self._unwritten.append(whole)

    def _offer(self, entry: dict[str, Any]) -> bool:
        try:
            self._file.add(entry)
        except OSError:
            self.counters["store_errors"] += 1
            return False
        return True

    def _write_order(self, order: OrderRecord) -> bool:
        try:
            offset = self._file.add({"line": "order", **record_entry(order)})
        except OSError:
            self.counters["store_errors"] += 1
            return False
        self._offsets.set(order.order_id, offset)
        self._as_written[order.order_id] = _shape(order)
        return True


def _is_known(event: Fill | Bust, day: VenueDay) -> bool:
    """Whether the picture before this replay has it, and so the file."""
    line = day.book.lines.get(event.order_id & USER_REF_MASK)
    if line is None:
        return False
    return event.match_number in line.busted or (isinstance(event, Fill) and event.match_number in line.fills)


def _shape(order: OrderRecord) -> tuple[Any, ...]:
    """What of a closed order may still change."""
    return (
        *(order.state, order.leaves, order.executed, order.executed_value, len(order.fills), len(order.busted)),
        *(order.replaced_by, order.reason, order.terms_known),
    )
