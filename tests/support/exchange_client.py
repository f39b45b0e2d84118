"""Independent clients of the exchange: SoupBinTCP and MoldUDP64 from the layouts alone, none of our codec in them."""

import contextlib
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import venue_wire as wire

from tickwire.sim.exchange import Exchange
from tickwire.sim.settings import ExchangeSettings, LineSettings, StreetSettings

WAIT = 20.0  # bound of every wait; reached only when something is broken


def login_packet(user: str, password: str, session: str = "", sequence: str = "0") -> bytes:
    body = f"L{user:<6}{password:<10}{session:>10}{sequence:>20}".encode()
    return wire.frame(body)


class SoupClient:
    """A client that remembers everything it was sent."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=WAIT)
        self.buffer = b""
        self.sequenced: list[bytes] = []
        self.next_sequence = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def packet(self) -> bytes:
        """The next packet, its length taken off; empty when the exchange has closed."""
        while True:
            if len(self.buffer) >= 2 and len(self.buffer) >= 2 + (size := int.from_bytes(self.buffer[:2], "big")):
                packet, self.buffer = self.buffer[2 : 2 + size], self.buffer[2 + size :]
                return packet
            try:
                data = self.sock.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                return b""
            self.buffer += data

    def login(self, user: str = "TRADE1", password: str = "password1", session: str = "", sequence: str = "1") -> bytes:
        """The answer to a login."""
        self.sock.sendall(login_packet(user, password, session, sequence))
        answer = self.packet()
        if answer[:1] == b"A":
            self.next_sequence = int(answer[11:31])
        return answer

    def send(self, *messages: bytes) -> None:
        self.sock.sendall(b"".join(wire.frame(b"U" + message) for message in messages))

    def message(self) -> dict[str, object]:
        """The next sequenced message."""
        while True:
            packet = self.packet()
            assert packet, "the exchange closed the connection"
            if packet[:1] == b"S":
                self.sequenced.append(packet[1:])
                return wire.report(packet[1:])

    def copied(self) -> tuple[str, dict[str, object]]:
        """The next message of a drop copy: whose, and what."""
        while True:
            packet = self.packet()
            assert packet, "the exchange closed the connection"
            if packet[:1] == b"S":
                self.sequenced.append(packet[1:])
                return packet[1:5].decode().rstrip(), wire.report(packet[5:])

    def until(self, kind: str) -> dict[str, object]:
        """Read up to the next message of a kind."""
        while (told := self.message())["type"] != kind:
            pass
        return told

    def closed(self) -> bool:
        """Read to the end; true once the exchange closes."""
        while self.packet():
            pass
        return True


class FeedClient:
    """A listener on one line: what came, in the order it came."""

    def __init__(self) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        self.sock.bind(("127.0.0.1", 0))
        self.sock.settimeout(WAIT)
        self.messages: dict[int, bytes] = {}
        self.packets: list[tuple[int, int]] = []  # first sequence, count
        self.session = b""

    @property
    def port(self) -> int:
        return int(self.sock.getsockname()[1])

    def receive(self) -> tuple[int, int]:
        """Sequence and count of the next packet; its messages are kept."""
        data = self.sock.recv(65536)
        self.session, sequence, count = struct.unpack_from(">10sQH", data)
        self.packets.append((sequence, count))
        body = list(wire.frames(data[20:]))
        assert len(body) == (0 if count == 0xFFFF else count)
        assert len(data) <= 1400
        for index, message in enumerate(body):
            self.messages[sequence + index] = message
        return sequence, count

    def until(self, last: int) -> None:
        """Receive until a message of that sequence has come."""
        while last not in self.messages:
            self.receive()

    def until_end(self) -> int:
        """Receive to the end of the session; its next sequence."""
        while (header := self.receive())[1] != 0xFFFF:
            pass
        return header[0]

    def stream(self) -> bytes:
        """The messages from the first on, framed, as far as there is no gap."""
        framed = []
        sequence = 1
        while sequence in self.messages:
            framed.append(wire.frame(self.messages[sequence]))
            sequence += 1
        return b"".join(framed)


def request(port: int, session: bytes, sequence: int, count: int) -> FeedClient:
    """Ask the request server; the client holds the answer to come."""
    client = FeedClient()
    client.sock.sendto(struct.pack(">10sQH", session, sequence, count), ("127.0.0.1", port))
    return client


class Recorder(threading.Thread):
    """Listens to a line in the background, so that its socket never overflows."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.feed = FeedClient()
        self.end = 0

    def run(self) -> None:
        self.end = self.feed.until_end()


class Running:
    """An exchange in a thread of this process."""

    def __init__(self, settings: ExchangeSettings) -> None:
        self.exchange = Exchange(settings)
        self.order_port = self.exchange.orders.port
        self.failure: BaseException | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            self.exchange.run()
        except BaseException as error:
            self.failure = error

    def stop(self) -> None:
        """End the session and wait for it."""
        self.exchange.stop()
        self.thread.join(WAIT)
        assert not self.thread.is_alive()
        if self.failure is not None:
            raise self.failure

    def wait(self, condition: object) -> None:
        """Wait, within bounds, until condition() holds."""
        end = time.monotonic() + WAIT
        assert callable(condition)
        while not condition():
            assert time.monotonic() < end, "waited too long"
            assert self.failure is None, self.failure
            os.sched_yield()


@contextlib.contextmanager
def running(
    street: StreetSettings,
    line_a: FeedClient | None = None,
    line_b: FeedClient | None = None,
    address: str = "127.0.0.1",
    **more: object,
) -> Iterator[Running]:
    """An exchange whose lines go to these clients; faults of a line as ``a_faults`` and ``b_faults``."""
    faults = {name: more.pop(f"{name}_faults", {}) for name in "ab"}

    def line(client: FeedClient | None, name: str) -> LineSettings | None:
        given = faults[name]
        assert isinstance(given, dict)
        return None if client is None else LineSettings(address, client.port, **given)

    settings = ExchangeSettings(
        street=street,
        line_a=line(line_a, "a"),
        line_b=line(line_b, "b"),
        session="TEST",
        **more,  # type: ignore[arg-type]
    )
    started = Running(settings)
    with started.exchange:
        started.thread.start()
        try:
            yield started
        finally:
            started.stop()


def write_recording(path: Path, *messages: bytes) -> Path:
    """A file of framed messages."""
    path.write_bytes(b"".join(wire.frame(message) for message in messages))
    return path
