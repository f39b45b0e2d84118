"""One venue's day in the blotter: its orders as its reports tell them, and a second picture during a replay."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tickwire.native import lib
from tickwire.services.blotter_names import Names
from tickwire.services.blotter_records import Bust, Down, Event, Fill, Live, OrderChange, OrderRecord, Reset
from tickwire.venues.picture import FillLine, OrderLine

STATES = {
    lib.ORDER_SENT: "sent",
    lib.ORDER_LIVE: "live",
    lib.ORDER_FILLED: "filled",
    lib.ORDER_CANCELED: "canceled",
    lib.ORDER_REJECTED: "rejected",
    lib.ORDER_REPLACED: "replaced",
}
TERMS = (lib.REPORT_ACCEPTED, lib.REPORT_REPLACED)
REPLACED_MAX = 4
SENT_COUNT_MAX = 4096
USER_REF_MASK = 0xFFFFFFFF
NO_NAMES = Names()
TERMS_SENT = (
    *("parent_id", "decision_price", "score", "source", "display", "display_quantity", "minimum_quantity"),
    *("peg_offset", "flags", "short_sale"),
)
LOCAL_KNOWLEDGE = (*TERMS_SENT, "limit_price", "terms_known", "tick", "sent_ns", "cancel_ns")


@dataclass(slots=True)
class Book:
    """One picture: what is compared of every order of the session, and the full records of those still in memory."""

    lines: dict[int, OrderLine] = field(default_factory=dict)  # by UserRefNum
    records: dict[int, OrderRecord] = field(default_factory=dict)  # by order_id
    high: int = 0  # the highest sequence of the venue's messages in it
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Replaced:
    """What a replay is compared with: the picture before it, whole, up to and with the venue's message high."""

    lines: dict[int, OrderLine]
    high: int
    record_high: int  # the last message of the replay


class VenueDay:
    """Applies the reports of one venue; each call returns what to tell the listeners.

    load brings an order back that has left memory, archived says whether it has.
    """

    def __init__(
        self,
        venue: int,
        symbols: Sequence[str],
        archived: Callable[[int], bool],
        load: Callable[[int], OrderRecord | None],
        names: Names = NO_NAMES,
    ) -> None:
        self._venue = venue
        self._symbols = symbols
        self._archived = archived
        self._load = load
        self._names = names
        self.book = Book(complete=False)
        self.building: Book | None = None
        self.replaced: deque[Replaced] = deque(maxlen=REPLACED_MAX)  # whoever compares takes them off
        self.state = "unknown"
        self.last_ns = 0  # the venue's time of its last live message
        self.counters: Counter[str] = Counter()
        self._sent: dict[int, tuple[int, ...]] = {}  # orders whose first report is still to come

    @property
    def incomplete(self) -> bool:
        """Whether reports were missed, or none of the venue's record has been seen yet."""
        return not self.book.complete

    def missed(self) -> None:
        """Reports were lost on their way here, perhaps the RESET or LIVE that we wait for."""
        self.state = "gap"
        self.book.complete = False
        if self.building is not None:
            self.building.complete = False

    def apply(self, report: Any) -> list[Event]:
        """Take a ``struct execution_report``."""
        kind = report.kind
        if kind == lib.REPORT_RESET:
            self.building = Book()
            self.state = "replaying"
            return [Reset(self._venue)]
        if kind == lib.REPORT_LIVE:
            return self._live()
        if kind == lib.REPORT_DOWN:
            self.state = "down"
            return [Down(self._venue)]
        if kind in (lib.REPORT_SENT, lib.REPORT_NOT_SENT) and report.target_order_id == report.order_id:
            self._cancel_sent(report)
            return []  # a cancel: it has no identity of its own and changes nothing by being sent
        return self._order(self.building if self.building is not None else self.book, report)

    def _cancel_sent(self, report: Any) -> None:
        record = self.book.records.get(int(report.order_id))
        if record is not None and report.kind == lib.REPORT_SENT:
            record.cancel_ns = record.cancel_ns or int(report.report_ns)

    def _order(self, book: Book, report: Any) -> list[Event]:
        user_ref = report.order_id & USER_REF_MASK
        line = book.lines.get(user_ref)
        if line is None:
            line = book.lines[user_ref] = OrderLine(user_ref, int(report.order_id))
        record = self._record(book, report)
        if report.kind > lib.REPORT_NOT_SENT:
            line.heard(report.sequence, report.venue_ns)
            book.high = max(book.high, report.sequence)
            self.last_ns = max(self.last_ns, report.venue_ns)
        events = self._what_happened(book, report, line, record)
        line.state = STATES.get(report.order_state, line.state)
        line.leaves = report.leaves
        if report.kind == lib.REPORT_NOT_SENT:
            line.state, line.leaves = "not_sent", 0
        if record is not None:
            self._follow(record, line, report)
            events.append(OrderChange(record))
        return events

    def _record(self, book: Book, report: Any) -> OrderRecord | None:
        """The order's full record; None while the record replays one that has left memory."""
        order_id = int(report.order_id)
        record = book.records.get(order_id)
        if record is None and self._archived(order_id):
            if book is self.building:
                return None
            record = self._load(order_id)
        if record is None:
            record = OrderRecord(order_id, self._venue, int(report.instrument), int(report.side))
            self._say_what_was_sent(record)
        book.records[order_id] = record
        return record

    def sent(self, order: Any) -> None:
        """Take a ``struct order`` that left: what the venue never hears of it, whether its report came first or not."""
        order_id = int(order.order_id)
        self._sent[order_id] = (int(order.price), *(int(getattr(order, name)) for name in TERMS_SENT))
        record = self.book.records.get(order_id)
        if record is not None:
            self._say_what_was_sent(record)
        while len(self._sent) > SENT_COUNT_MAX:
            del self._sent[next(iter(self._sent))]

    def _say_what_was_sent(self, record: OrderRecord) -> None:
        known = self._sent.pop(record.order_id, None)
        if known is not None:
            record.terms_known, record.limit_price = True, known[0]
            for name, value in zip(TERMS_SENT, known[1:], strict=True):
                setattr(record, name, value)

    def _what_happened(self, book: Book, report: Any, line: OrderLine, record: OrderRecord | None) -> list[Event]:
        kind = report.kind
        if kind in (lib.REPORT_SENT, lib.REPORT_NOT_SENT, *TERMS):
            self._terms(book, report, line, record)
        elif kind == lib.REPORT_EXECUTED:
            return self._executed(report, line, record)
        elif kind == lib.REPORT_BROKEN:
            return self._broken(report, line, record)
        elif kind == lib.REPORT_RESTATED:
            line.price = int(report.price)
        return []

    def _terms(self, book: Book, report: Any, line: OrderLine, record: OrderRecord | None) -> None:
        if report.instrument < len(self._symbols):
            line.symbol = self._symbols[report.instrument]
        line.side, line.quantity, line.price = int(report.side), int(report.quantity), int(report.price)
        target_id = int(report.target_order_id)
        if record is not None:
            record.instrument, record.side = int(report.instrument), line.side
            record.quantity, record.time_in_force = line.quantity, int(report.time_in_force)
            record.order_type, record.replaces = int(report.order_type), target_id
            if report.kind == lib.REPORT_SENT:
                record.sent_ns = int(report.report_ns)
        if report.kind == lib.REPORT_REPLACED and target_id:
            target = book.lines.get(target_id & USER_REF_MASK)
            if target is not None and target.open:
                target.state, target.leaves = "replaced", 0
                target.heard(report.sequence, report.venue_ns)
            old = book.records.get(target_id)
            if old is not None:
                old.replaced_by = int(report.order_id)
                if old.open:
                    old.state, old.leaves = "replaced", 0

    def _executed(self, report: Any, line: OrderLine, record: OrderRecord | None) -> list[Event]:
        quantity, price, match = int(report.quantity), int(report.price), int(report.match_number)
        if not line.fill(match, FillLine(quantity, price, int(report.venue_ns), int(report.sequence))):
            self.counters["duplicates"] += 1
            return []
        fill = Fill(
            order_id=int(report.order_id),
            match_number=match,
            venue=self._venue,
            instrument=int(report.instrument),
            account=int(report.account),
            strategy=int(report.strategy),
            side=int(report.side),
            quantity=quantity,
            price=price,
            liquidity=chr(report.liquidity) if report.liquidity else "",
            venue_ns=int(report.venue_ns),
            report_ns=int(report.report_ns),
            sequence=int(report.sequence),
            replayed=bool(report.flags & lib.REPORT_REPLAYED),
        )
        if record is not None:
            record.book(fill)
        return [fill]

    def _broken(self, report: Any, line: OrderLine, record: OrderRecord | None) -> list[Event]:
        match = int(report.match_number)
        known = line.bust(match)
        fill = record.bust(match) if record is not None else None
        self.counters["busts" if known is not None else "unknown_busts"] += 1
        replayed = bool(report.flags & lib.REPORT_REPLAYED)
        return [Bust(int(report.order_id), match, self._venue, fill, replayed)]

    def _follow(self, record: OrderRecord, line: OrderLine, report: Any) -> None:
        record.state, record.leaves, record.price = line.state, line.leaves, line.price
        if report.kind == lib.REPORT_CANCEL_REJECTED:
            record.cancel_ns = 0  # it was answered
        record.report_ns = int(report.report_ns)
        record.account = int(report.account) or record.account
        record.strategy = int(report.strategy) or record.strategy
        record.trader = int(report.trader) or record.trader
        record.venue_ns = int(report.venue_ns) or record.venue_ns
        record.tick = int(report.tick) or record.tick
        record.order_reference = int(report.order_reference) or record.order_reference
        record.unknown = record.unknown or bool(report.flags & lib.REPORT_UNKNOWN_ORDER)
        record.replayed = bool(report.flags & lib.REPORT_REPLAYED)
        if report.reason:
            rejected = report.kind == lib.REPORT_REJECTED  # its reasons are numbers, all others letters
            record.reason = str(report.reason) if rejected else chr(report.reason)
        self._names.put_on(record)

    def _live(self) -> list[Event]:
        """The second picture takes the first one's place."""
        self.state = "live"
        if self.building is None:  # we began to look in the middle: nothing was replayed before our eyes
            return [Live(self._venue)]
        old, new, self.building = self.book, self.building, None
        vanished = self._carry_over(old, new)
        if new.complete and old.complete:
            self.replaced.append(Replaced(old.lines, old.high, new.high))
        self.book = new
        return [*(OrderChange(record) for record in vanished), Live(self._venue)]

    def _carry_over(self, old: Book, new: Book) -> list[OrderRecord]:
        """What only we know of our orders; returns those that the venue's record does not have any more."""
        vanished = []
        for order_id, record in old.records.items():
            before, line = old.lines[record.user_ref], new.lines.get(record.user_ref)
            if (fresh := new.records.get(order_id)) is not None:
                for name in LOCAL_KNOWLEDGE:
                    setattr(fresh, name, getattr(record, name) or getattr(fresh, name))
                fresh.unknown = record.unknown
            elif line is not None:  # it had left memory, and was back
                new.records[order_id] = self._as_told(record, line)
            else:
                new.records[order_id] = record
                if before.told:
                    record.state, record.leaves = "vanished", 0
                    vanished.append(record)
                else:
                    new.lines[record.user_ref] = before
        for user_ref, line in new.lines.items():
            self._correct_archived(old.lines.get(user_ref), line, new)
        return vanished

    def _correct_archived(self, before: OrderLine | None, line: OrderLine, book: Book) -> None:
        """An order that left memory and looks different now comes back as the venue tells it."""
        if line.order_id in book.records or not self._archived(line.order_id):
            return
        if before is not None and (before.state, before.fills) == (line.state, line.fills):
            return
        record = self._load(line.order_id)
        if record is not None:
            book.records[line.order_id] = self._as_told(record, line)

    def _as_told(self, record: OrderRecord, line: OrderLine) -> OrderRecord:
        """The record with the state and the fills of the line."""
        record.state, record.leaves = line.state, line.leaves
        known = {fill.match_number: fill for fill in [*record.fills, *record.busted]}
        record.busted = [
            known.get(match) or self._told_fill(record, match, told) for match, told in line.busted.items()
        ]
        record.fills = []
        record.executed = record.executed_value = 0
        for match, told in line.fills.items():
            fill = known.get(match)
            same = fill is not None and (fill.quantity, fill.price) == (told.quantity, told.price)
            record.book(fill if fill is not None and same else self._told_fill(record, match, told))
        return record

    def _told_fill(self, record: OrderRecord, match: int, told: FillLine) -> Fill:
        return Fill(
            order_id=record.order_id,
            match_number=match,
            venue=self._venue,
            instrument=record.instrument,
            account=record.account,
            strategy=record.strategy,
            side=record.side,
            quantity=told.quantity,
            price=told.price,
            liquidity="",
            venue_ns=told.venue_ns,
            report_ns=record.report_ns,
            sequence=told.sequence,
            replayed=True,
        )
