"""A market-data stage between a venue played by the test and a ring the test reads: real sockets, simulated time."""

import os
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tickwire.native import ffi, lib
from tickwire.native.lane import Lane, LaneSettings, open_stage
from tickwire.native.segment import Segment

MS = 1_000_000
SESSION = b"SIMULATED1"
LOOPBACK = 0x7F000001


@dataclass
class Venue:
    """The far end: sends on lines A and B, keeps what it sent, answers requests when told to."""

    session: bytes = SESSION
    messages: list[bytes] = field(default_factory=list)
    line: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    server: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    ports: tuple[int, int] = (0, 0)
    requests: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server.bind(("127.0.0.1", 0))
        self.server.setblocking(False)

    @property
    def following(self) -> int:
        """Sequence of the next message."""
        return len(self.messages) + 1

    def packet(self, first: int, count: int) -> bytes:
        """Messages already sent, as a packet."""
        taken = self.messages[first - 1 : first - 1 + count]
        blocks = b"".join(struct.pack(">H", len(message)) + message for message in taken)
        return struct.pack(">10sQH", self.session, first, len(taken)) + blocks

    def send(self, *messages: bytes, lines: tuple[int, ...] = (0, 1)) -> None:
        """Publish messages in one packet, on the given lines; on none: both lines lose it."""
        first = self.following
        self.messages += messages
        for line in lines:
            self.send_raw(line, self.packet(first, len(messages)))

    def heartbeat(self, count: int = 0) -> None:
        """Say on both lines which message comes next; count 0xFFFF: and that the session has ended."""
        for line in (0, 1):
            self.send_raw(line, struct.pack(">10sQH", self.session, self.following, count))

    def send_raw(self, line: int, payload: bytes) -> None:
        """Any bytes on a line."""
        self.line.sendto(payload, ("127.0.0.1", self.ports[line]))

    def answer(self) -> int:
        """Answer every request that has come, up to 20 messages a packet; how many there were."""
        count = 0
        while True:
            try:
                request, sender = self.server.recvfrom(64)
            except BlockingIOError:
                return count
            session, first, wanted = struct.unpack(">10sQH", request)
            assert session == self.session
            self.requests.append((first, wanted))
            count += 1
            for start in range(first, min(first + wanted, self.following), 20):
                self.server.sendto(self.packet(start, min(20, first + wanted - start)), sender)

    def close(self) -> None:
        self.line.close()
        self.server.close()


class MarketRig:
    """The stage in a lane of its own, polled by hand at simulated times."""

    def __init__(self, path: Path, symbols: tuple[str, ...], capacity: int = 1024, **settings: int) -> None:
        self.venue = Venue()
        self.symbols = symbols
        self.settings = {
            "order_count_max": 4096,
            "stale_ns": 1000 * MS,
            "lag_ns_max": 20 * MS,
            "gap_wait_ns": MS,
        } | settings
        self.now_ns = 1_000 * MS
        self.segment = Segment.create(path / "segment", 16 << 20)
        self.segment.add_control().declare_lane("market")
        self.ring = self.segment.add_ring("market.0", capacity, "market_update", 1)
        self.top = self.segment.add_table("top.0", "market_top", max(len(symbols), 1))
        self.counters = self.segment.add_counters("market-data.0")
        self.lane: Lane | None = None

    def config(self) -> Any:
        """struct market_config of the rig, on two free ports of loopback."""
        config = ffi.new("struct market_config *")
        probes = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for probe, channel in zip(probes, config.packet.channels, strict=False):
            probe.bind(("127.0.0.1", 0))
            channel.address = LOOPBACK
            channel.port = probe.getsockname()[1]
        for probe in probes:
            probe.close()
        self.venue.ports = (config.packet.channels[0].port, config.packet.channels[1].port)
        config.packet.backend = lib.PACKET_SOCKET
        config.packet.channel_count = 2
        config.packet.interface = b"lo"
        config.request_address = LOOPBACK
        config.request_port = self.venue.server.getsockname()[1]
        config.request_retry_ns = 10 * MS
        config.instrument_count = len(self.symbols)
        for index, symbol in enumerate(self.symbols):
            config.instruments[index].symbol = symbol.ljust(8).encode()
        for name, value in self.settings.items():
            setattr(config, name, value)
        return config

    def start(self) -> None:
        """Open the stage as a new process would; what an earlier one knew is gone."""
        self.stop()
        self._open(self.config())

    def start_process(self) -> int:
        """Run the stage in a process of its own, on the real clock; returns its id."""
        self.stop()
        config = self.config()
        pid = os.fork()
        if pid == 0:
            try:
                self._open(config).run()
            finally:
                os._exit(1)
        return pid

    def stop(self) -> None:
        """Close the stage, if there is one in this process."""
        if self.lane is not None:
            self.lane.close()
            self.lane = None

    def _open(self, config: Any) -> Lane:
        self.lane = Lane(self.segment, LaneSettings(name="market", housekeep_ns=0))
        stage, _ = open_stage(lib.market_stage_open, self.segment, config)
        self.lane.add(stage)
        return self.lane

    def poll(self, times: int = 4, step_ns: int = 0) -> None:
        """Duty cycles, each step_ns after the one before."""
        assert self.lane is not None
        for _ in range(times):
            self.now_ns += step_ns
            self.lane.poll(self.now_ns)

    def recover(self, rounds: int = 400) -> None:
        """Duty cycles 1 ms apart with the request server answering in between, until there is nothing to ask."""
        for _ in range(rounds):
            self.poll(times=8)
            self.poll(times=1, step_ns=MS)
            if self.venue.answer() == 0 and self.count("synchronised"):
                return

    def updates(self, count: int = 4096) -> list[Any]:
        """What the stage has published since the last call."""
        return self.ring.read(0, count)

    def count(self, name: str) -> int:
        """A counter of the stage, by its name in enum market_counter."""
        return self.counters.named("market_counter", "MARKET_COUNT_")[name]

    def close(self) -> None:
        self.stop()
        self.segment.close()
        self.venue.close()


@pytest.fixture
def market_rig(tmp_path: Path) -> Iterator[Callable[..., MarketRig]]:
    """Makes rigs: market_rig("AAPL", capacity=..., and any number of struct market_config)."""
    rigs: list[MarketRig] = []

    def make(*symbols: str, **settings: int) -> MarketRig:
        folder = tmp_path / str(len(rigs))
        folder.mkdir()
        rigs.append(MarketRig(folder, symbols, **settings))
        rigs[-1].start()
        return rigs[-1]

    yield make
    for rig in rigs:
        rig.close()


class Itch:
    """The ITCH messages a test needs, for one instrument."""

    def __init__(self, symbol: str, locate: int) -> None:
        self.symbol = symbol.ljust(8).encode()
        self.locate = locate
        self.clock_ns = 34_200_000_000_000

    def _message(self, kind: bytes, body: bytes) -> bytes:
        self.clock_ns += 1_000
        return kind + struct.pack(">HH", self.locate, 0) + self.clock_ns.to_bytes(6, "big") + body

    def directory(self) -> bytes:
        return self._message(b"R", self.symbol + b"QN" + struct.pack(">I", 100) + b"NC  PN 1N" + bytes(4) + b"N")

    def action(self, state: bytes = b"T") -> bytes:
        return self._message(b"H", self.symbol + state + b" " + b"    ")

    def short_sale(self, action: bytes) -> bytes:
        return self._message(b"Y", self.symbol + action)

    def add(self, reference: int, side: bytes, shares: int, price: int) -> bytes:
        return self._message(b"A", struct.pack(">QcI8sI", reference, side, shares, self.symbol, price))

    def delete(self, reference: int) -> bytes:
        return self._message(b"D", struct.pack(">Q", reference))

    def execute(self, reference: int, shares: int, match: int = 1) -> bytes:
        return self._message(b"E", struct.pack(">QIQ", reference, shares, match))

    def cancel(self, reference: int, shares: int) -> bytes:
        return self._message(b"X", struct.pack(">QI", reference, shares))

    def replace(self, old: int, new: int, shares: int, price: int) -> bytes:
        return self._message(b"U", struct.pack(">QQII", old, new, shares, price))


@pytest.fixture
def itch() -> type[Itch]:
    """Builds ITCH messages of one instrument."""
    return Itch
