"""A venue's session as a list of messages, the box's ear for it (order table, ring, blotter), and its drop copy."""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tickwire.host.upkeep import Submit, at_once
from tickwire.native import Segment, ffi, lib
from tickwire.native.execution import ExecutionSettings, OrderTable
from tickwire.services.blotter import Blotter, Event
from tickwire.services.blotter_names import Names
from tickwire.services.blotter_store import LineFile
from tickwire.services.day_file import DayFile
from tickwire.venues.drop_copy import DropCopy

SYMBOLS = ("AAPL", "MSFT")
PRICE = 1_000_000
FIRM = b"TWRA"
EPOCH = 0  # orders that the table adopts are of the epoch it was never told


def _terms(urn: int, side: str, shares: int, price: int, symbol: str, reference: int, state: str) -> bytes:
    body = struct.pack(">IcI8sQ", urn, side.encode(), shares, symbol.ljust(8).encode(), price)
    return body + b"0Y" + struct.pack(">Q", reference) + b"PNN" + state.encode() + b"token".ljust(14) + b"\0\0"


def accepted(
    urn: int,
    side: str = "B",
    shares: int = 100,
    price: int = PRICE,
    symbol: str = "AAPL",
    state: str = "L",
    at: int = 1,
) -> bytes:
    return b"A" + struct.pack(">Q", at) + _terms(urn, side, shares, price, symbol, urn + 7, state)


def replaced(old: int, urn: int, side: str = "B", shares: int = 100, price: int = PRICE, at: int = 1) -> bytes:
    return b"U" + struct.pack(">QI", at, old) + _terms(urn, side, shares, price, "AAPL", urn + 7, "L")


def executed(urn: int, shares: int, match: int, price: int = PRICE, at: int = 1) -> bytes:
    return b"E" + struct.pack(">QIIQcQ", at, urn, shares, price, b"R", match) + b"\0\0"


def canceled(urn: int, shares: int, at: int = 1) -> bytes:
    return b"C" + struct.pack(">QIIc", at, urn, shares, b"U")


def broken(urn: int, match: int, at: int = 1) -> bytes:
    return b"B" + struct.pack(">QIQc14s", at, urn, match, b"E", b"token".ljust(14))


def rejected(urn: int, reason: int = 23, at: int = 1) -> bytes:
    return b"J" + struct.pack(">QIH14s", at, urn, reason, b"token".ljust(14)) + b"\0\0"


def order_id(urn: int, venue: int = 0) -> int:
    return venue << 60 | EPOCH << 32 | urn


class Clock:
    """Time that only a test moves; sleeping moves it."""

    def __init__(self) -> None:
        self.now = 10**18

    def __call__(self) -> int:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += round(seconds * 1e9)


class Ear:
    """One venue as this box hears it; ``tell`` is the venue speaking, ``replay`` its record once more."""

    def __init__(
        self,
        folder: Path,
        orders_max: int = 1000,
        ring: int = 1024,
        venues: Sequence[str] = ("A",),
        names: Names | None = None,
        submit: Submit = at_once,
    ) -> None:
        self.clock = Clock()
        self.segment = Segment.create(folder / "segment", 8 << 20)
        self.reports = self.segment.add_ring("blotter", ring, "execution_report", 0)
        self.verdicts = self.segment.add_ring("verdict", 64, "risk_refusal", 0)
        self.sent = self.segment.add_ring("sent.0", 64, "order", 0)
        settings = ExecutionSettings("127.0.0.1", 1, "user", "secret", SYMBOLS, order_count_max=1 << 15)
        self.table = OrderTable(settings)
        self.log: list[bytes] = []
        self.store = DayFile(folder / "blotter.jsonl", submit)
        self.resyncs: list[int] = []
        self.blotter = Blotter(
            self.reports,
            SYMBOLS,
            self.store,
            self.resync,
            len(venues),
            self.verdicts,
            [self.sent],
            orders_max=orders_max,
            names=names,
        )
        self.events: list[Event] = []
        self.blotter.subscribe(self.events.append)
        self.copy = DropCopy(self.clock)
        self.copied = 0
        self.heard = 0  # messages of the log that the box was told live

    def resync(self, venue: int) -> bool:
        """Execution does it at once."""
        self.resyncs.append(venue)
        self.replay(check=False)
        return True

    def publish(self, kind: int, flags: int = 0, report: Any = None, **fields: int) -> None:
        made = ffi.new("struct execution_report *", fields) if report is None else report
        if report is None:
            made.kind = kind
        made.flags |= flags
        made.report_ns = self.clock()
        assert self.reports.write([made[0]]) == 1

    def send(self, urn: int, shares: int = 100, price: int = PRICE, target: int = 0, **order: int) -> None:
        """Our order leaves."""
        kind = lib.INTENT_REPLACE if target else lib.INTENT_NEW
        ids = {"order_id": order_id(urn), "target_order_id": order_id(target) if target else 0, "kind": kind}
        made = ffi.new("struct order *", ids | {"quantity": shares, "price": price} | order)
        self.table.enter(made)
        self.sent.write([made[0]])
        terms = {"quantity": shares, "leaves": shares, "price": price, "side": made.side, "order_state": lib.ORDER_SENT}
        who = {name: getattr(made, name) for name in ("instrument", "account", "strategy", "trader")}
        self.publish(lib.REPORT_SENT, order_id=order_id(urn), target_order_id=ids["target_order_id"], **terms, **who)

    def tell(self, *messages: bytes, live: bool = True, copy: bool = True, logged: bool = True) -> None:
        """The venue speaks: to us now, in its record, in its drop copy."""
        for message in messages:
            if logged:
                self.log.append(message)
            if live:
                self.heard += 1
                self._apply(message, self.heard, 0)
            if copy:
                self.copied += 1
                self.copy.session_message(self.copied, FIRM + message)

    def _apply(self, message: bytes, sequence: int, flags: int) -> None:
        report = self.table.apply(message, sequence, self.clock())
        if report is not None:
            self.publish(report.kind, flags, report)

    def begin(self) -> "Ear":
        """Live, with nothing said yet, the drop copy up and idle."""
        self.replay()
        self.copy.session_reset("S", True)
        self.copy.session_up()
        return self

    def replay(self, record: Sequence[bytes] | None = None, check: bool = True) -> None:
        """RESET, the record (what the venue logged, unless another is given), LIVE."""
        if record is not None:
            self.log = list(record)
        self.publish(lib.REPORT_RESET)
        self.table.reset()
        for sequence, message in enumerate(self.log, 1):
            self._apply(message, sequence, lib.REPORT_REPLAYED)
            if check and sequence % 256 == 0:
                self.blotter.collect()
        self.table.settle_lost()
        for report in self.table.settle():
            self.publish(report.kind, 0, report)
        self.publish(lib.REPORT_LIVE)
        self.heard = len(self.log)
        if check:
            self.check()

    def lines(self, kind: str) -> list[dict[str, Any]]:
        """What the blotter has written of a kind."""
        entries = LineFile(self.store.path).entries()
        return [entry for entry in entries if entry["line"] == kind]

    def idle(self) -> None:
        """The drop copy has nothing more to say."""
        self.clock.now += 1
        self.copy.session_heartbeat()

    def check(self) -> list[str]:
        """The blotter understands everything."""
        said = [self.blotter.check()]
        while self.blotter.behind:
            said.append(self.blotter.check())
        return [text for text in said if text]
