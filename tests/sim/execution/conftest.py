"""A venue written out by hand, byte by byte, and a box in front of it, both driven by the test on one clock."""

import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tickwire.native import Segment, ffi, lib
from tickwire.native.execution import ExecutionSettings, open_execution

SYMBOL = b"AAPL    "
STEP_NS = 1_000_000
STEPS_MAX = 20_000
HISTOGRAMS = ("book", "signal", "risk", "execution", "tick_to_order", "transmit")


def packet(kind: bytes, payload: bytes = b"") -> bytes:
    """One SoupBinTCP packet."""
    return struct.pack(">Hc", len(payload) + 1, kind) + payload


class ScriptedVenue:
    """A SoupBinTCP/OUCH server that answers what its attributes say; one connection at a time."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.port: int = self.listener.getsockname()[1]
        self.peer: socket.socket | None = None
        self.unread = b""
        self.session = "DAY0000001"
        self.record: list[bytes] = []  # every sequenced message of the session
        self.logins: list[int] = []  # requested sequences, in order
        self.inbound: list[bytes] = []  # OUCH messages, in order
        self.heartbeats = 0
        self.connects = 0
        self.next_user_ref = 1
        self.zero_means_last = False  # a login with 0 starts at the last message, not behind it
        self.answers_login = True
        self.answers_query = True
        self.reads = True
        self.on_login: Callable[[int], bytes | None] = lambda sequence: None  # bytes instead of the normal answer
        self.on_order: Callable[[bytes], None] = lambda message: None

    def step(self) -> None:
        """Take what is there, answer it."""
        try:
            peer, _ = self.listener.accept()
        except BlockingIOError:
            pass
        else:
            self.hang_up()
            peer.setblocking(False)
            self.peer, self.unread = peer, b""
            self.connects += 1
        if self.peer is None or not self.reads:
            return
        try:
            data = self.peer.recv(65536)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if not data:
            self.hang_up()
            return
        self.unread += data
        while len(self.unread) >= 3 and len(self.unread) >= 2 + (size := struct.unpack(">H", self.unread[:2])[0]):
            kind, payload = self.unread[2:3], self.unread[3 : 2 + size]
            self.unread = self.unread[2 + size :]
            self._hear(kind, payload)

    def _hear(self, kind: bytes, payload: bytes) -> None:
        if kind == b"L":
            self._login(int(payload[26:46]))
        elif kind == b"R":
            self.heartbeats += 1
        elif kind == b"O":
            self.hang_up()
        elif kind == b"U" and payload == b"Q":
            if self.answers_query:
                self.say(b"Q" + struct.pack(">QI", 1, self.next_user_ref))
        elif kind == b"U":
            self.inbound.append(payload)
            self.on_order(payload)

    def _login(self, sequence: int) -> None:
        self.logins.append(sequence)
        if (instead := self.on_login(sequence)) is not None:
            self.send(instead)
            return
        if not self.answers_login:
            return
        behind = len(self.record) + 1
        start = sequence or (max(behind - 1, 1) if self.zero_means_last else behind)
        self.send(self.accepted(start))
        for message in self.record[start - 1 :]:
            self.send(packet(b"S", message))

    def accepted(self, sequence: int) -> bytes:
        """Login Accepted with that next sequence."""
        return packet(b"A", self.session.rjust(10).encode() + str(sequence).rjust(20).encode())

    def say(self, message: bytes) -> None:
        """Add a sequenced message to the record and send it."""
        self.record.append(message)
        self.send(packet(b"S", message))

    def send(self, data: bytes) -> None:
        """Raw bytes to whoever is connected."""
        if self.peer is not None and data:
            try:
                self.peer.sendall(data)
            except ConnectionError:
                self.hang_up()

    def hang_up(self) -> None:
        """Close the connection."""
        if self.peer is not None:
            self.peer.close()
            self.peer = None

    def accept(
        self,
        user_ref: int,
        quantity: int = 100,
        price: int = 1_000_000,
        state: bytes = b"L",
        side: bytes = b"B",
        symbol: bytes = SYMBOL,
        token: bytes = b"T".ljust(14),
        display: bytes = b"Y",
        options: bytes = b"",
    ) -> None:
        """Order Accepted, a buy if not said otherwise."""
        head = struct.pack(">cQIcI8sQccQ", b"A", 1, user_ref, side, quantity, symbol, price, b"0", display, user_ref)
        self.next_user_ref = max(self.next_user_ref, user_ref + 1)
        self.say(head + b"PNN" + state + token + struct.pack(">H", len(options)) + options)

    def accept_all(self) -> None:
        """From now on every new order is accepted as it was sent."""
        self.on_order = lambda message: (
            self.accept(
                struct.unpack(">I", message[1:5])[0], side=message[5:6], symbol=message[10:18], token=message[31:45]
            )
            if message[:1] == b"O"
            else None
        )

    def execute(self, user_ref: int, quantity: int, match: int) -> None:
        """Order Executed."""
        self.say(struct.pack(">cQIIQcQH", b"E", 1, user_ref, quantity, 1_000_000, b"A", match, 0))

    def cancel(self, user_ref: int, quantity: int) -> None:
        """Order Canceled by the user."""
        self.say(struct.pack(">cQIIc", b"C", 1, user_ref, quantity, b"U"))

    def new_session(self, name: str) -> None:
        """Another day."""
        self.session, self.record, self.next_user_ref = name, [], 1

    def close(self) -> None:
        """Stop serving."""
        self.hang_up()
        self.listener.close()


class Box:
    """A segment with the execution stage, its rings read and written by the test."""

    def __init__(self, path: Path, exchange: ScriptedVenue, **settings: Any) -> None:
        self.venue = exchange
        self.segment = Segment.create(path, 1 << 24)
        self.index = index = settings.get("venue", 0)
        reports = settings.pop("report_capacity", 1 << 12)
        self.orders = self.segment.add_ring(f"order.{index}", 1 << 12, "order", 1)
        self.reports = self.segment.add_ring(f"report.{index}", reports, "execution_report", 1)
        self.sent = self.segment.add_ring(f"sent.{index}", 1 << 12, "order", 0)
        self.commands = self.segment.add_ring(f"command.execution.{index}", 8, "command", 1)
        self.counters = self.segment.add_counters(f"execution-engine.{index}")
        self.latency = {name: self.segment.add_histogram(f"latency.{name}.{index}") for name in HISTOGRAMS}
        self.control = self.segment.add_control()
        self.control.epoch = 3
        self.control.armed = True
        self.now_ns = 10**18
        defaults: dict[str, Any] = {
            "heartbeat_ns": 1_000_000_000,
            "silence_ns_max": 3_000_000_000,
            "reconnect_ns_min": 100_000_000,
            "reconnect_ns_max": 1_000_000_000,
            "firm": "LIME",
            "order_count_max": 8192,
            "username": "user",
            "password": "secret",
            "symbols": ["MSFT", "AAPL"],
        }
        self.settings = ExecutionSettings("127.0.0.1", exchange.port, **(defaults | settings))
        self.stage = open_execution(self.segment, self.settings)
        self.seen: list[Any] = []

    def restart(self) -> None:
        """The lane's process died and another has attached."""
        lib.stage_close(self.stage)
        self.stage = open_execution(self.segment, self.settings)

    def step(self, step_ns: int = STEP_NS) -> None:
        """One duty cycle of the box and one of the venue."""
        self.now_ns += step_ns
        lib.stage_poll(self.stage, self.now_ns)
        lib.stage_housekeep(self.stage, self.now_ns)
        self.seen += self.reports.read(0)
        self.venue.step()

    def until(self, condition: Callable[[], bool], step_ns: int = STEP_NS) -> None:
        """Step until it holds; fails after a bounded number of steps."""
        for _ in range(STEPS_MAX):
            if condition():
                return
            self.step(step_ns)
        raise AssertionError(f"never came true; session {self.state}, reports {self.kinds()}")

    def run(self, steps: int, step_ns: int = STEP_NS) -> None:
        """Step that often."""
        for _ in range(steps):
            self.step(step_ns)

    def until_live(self) -> None:
        """Step until the stage has published LIVE since the last RESET or DOWN."""
        self.until(lambda: self.is_live)

    @property
    def is_live(self) -> bool:
        """Whether the last word on the session was LIVE."""
        words = [
            report.kind for report in self.seen if report.kind in (lib.REPORT_RESET, lib.REPORT_LIVE, lib.REPORT_DOWN)
        ]
        return bool(words) and words[-1] == lib.REPORT_LIVE

    @property
    def state(self) -> int:
        """``enum session_state``."""
        return self.count("SESSION_STATE")

    def count(self, name: str) -> int:
        """A counter by its name."""
        return self.counters[getattr(lib, f"EXECUTION_COUNT_{name}")]

    @property
    def generation(self) -> int:
        """What a gate that has followed every report stamps on its orders."""
        return max((report.generation for report in self.of_kind(lib.REPORT_LIVE)[-1:]), default=0)

    def kinds(self) -> list[int]:
        """Kinds of every report so far."""
        return [report.kind for report in self.seen]

    def of_kind(self, kind: int) -> list[Any]:
        """Reports of one kind."""
        return [report for report in self.seen if report.kind == kind]

    def order_id(self, user_ref: int) -> int:
        """The id of an order of this epoch and venue."""
        return self.index << lib.ORDER_ID_VENUE_SHIFT | 3 << lib.ORDER_ID_EPOCH_SHIFT | user_ref

    def order(self, user_ref: int, **fields: Any) -> Any:
        """A buy of 100 AAPL that the gate let through."""
        values = {
            "order_id": self.order_id(user_ref),
            "venue": self.index,
            "kind": lib.INTENT_NEW,
            "instrument": 1,
            "quantity": 100,
            "price": 1_000_000,
            "tick": 41,
            "rx_ns": lib.clock_now_ns(),
            "book_ns": 100,
            "signal_ns": 150,
            "risk_ns": 250,
            "generation": self.generation,
        }
        return ffi.new("struct order *", values | fields)[0]

    def submit(self, *orders: Any) -> None:
        """Put orders on the ring."""
        assert self.orders.write(orders) == len(orders)

    def command(self, kind: int, *arguments: int) -> None:
        """Put a command on the ring."""
        self.commands.write([ffi.new("struct command *", {"kind": kind, "argument": list(arguments)})[0]])

    def reasons(self) -> list[str]:
        """Why orders were not sent, in order."""
        return [chr(report.reason) for report in self.of_kind(lib.REPORT_NOT_SENT)]

    def close(self) -> None:
        """Stop and unmap."""
        lib.stage_close(self.stage)
        self.segment.close()


@pytest.fixture
def venue() -> Iterator[ScriptedVenue]:
    """A venue on loopback."""
    made = ScriptedVenue()
    yield made
    made.close()


@pytest.fixture
def make_box(tmp_path: Path, venue: ScriptedVenue) -> Iterator[Callable[..., Box]]:
    """Builds a box in front of the venue, or another exchange; settings override the defaults."""
    boxes: list[Box] = []

    def make(exchange: Any = venue, **settings: Any) -> Box:
        boxes.append(Box(tmp_path / f"box{len(boxes)}", exchange, **settings))
        return boxes[-1]

    yield make
    for made in boxes:
        made.close()


@pytest.fixture
def box(make_box: Callable[..., Box]) -> Box:
    """A box with the usual settings."""
    return make_box()
