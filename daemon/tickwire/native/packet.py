"""Packet ports and senders: the slow, convenient way in and out, for services off the hot path, tools and tests."""

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any, NamedTuple, Self

from tickwire.native._native import ffi, lib
from tickwire.native.errors import NativeError, check

BACKENDS = {"socket": lib.PACKET_SOCKET, "af_xdp": lib.PACKET_AF_XDP, "pcap": lib.PACKET_PCAP}
MESSAGE_SIZE = 1024
RECEIVE_COUNT = 64


class PacketError(NativeError):
    """A port or sender could not be opened; the text is the native message."""

    def __init__(self, message: str, code: int) -> None:
        Exception.__init__(self, message)
        self.code = code


class Channel(NamedTuple):
    """A group (or own address) and UDP port to listen to."""

    address: str
    port: int


class Datagram(NamedTuple):
    """One received payload."""

    channel: int
    rx_ns: int
    data: bytes


@dataclass(frozen=True)
class PacketSettings:
    """``struct packet_config``; a zero or empty value asks for the native default."""

    backend: str  # socket, af_xdp or pcap
    channels: tuple[Channel, ...]
    interface: str = ""
    path: str = ""
    interface_address: str = ""
    queue: int = 0
    frame_count: int = 0
    busy_poll_us: int = 0
    generic: bool = False
    receive_buffer: int = 0

    def fill(self, config: Any) -> None:
        """Write everything into a ``struct packet_config``."""
        if len(self.channels) > lib.PACKET_CHANNEL_COUNT_MAX:
            raise ValueError(f"{len(self.channels)} channels, at most {lib.PACKET_CHANNEL_COUNT_MAX}")
        config.backend = BACKENDS[self.backend]
        config.channel_count = len(self.channels)
        for slot, channel in zip(config.channels, self.channels, strict=False):
            slot.address = _address(channel.address)
            slot.port = channel.port
        config.interface = self.interface.encode()
        config.path = self.path.encode()
        config.interface_address = _address(self.interface_address)
        config.queue = self.queue
        config.frame_count = self.frame_count
        config.busy_poll_us = self.busy_poll_us
        config.generic = self.generic
        config.receive_buffer = self.receive_buffer


@dataclass(frozen=True)
class PacketStats:
    """``struct packet_stats``."""

    received: int
    received_bytes: int
    dropped: int
    malformed: int
    transmitted: int
    wakeups: int
    native_mode: bool
    huge_pages: bool
    zero_copy: bool


class Port:
    """An open packet port; ``message`` says what was decided on the way, line by line."""

    def __init__(self, settings: PacketSettings) -> None:
        config = ffi.new("struct packet_config *")
        settings.fill(config)
        port = ffi.new("struct packet_port **")
        text = ffi.new("char[]", MESSAGE_SIZE)
        code = lib.packet_open(config, port, text, MESSAGE_SIZE)
        self.message: list[str] = ffi.string(text).decode().splitlines()
        if code < 0:
            raise PacketError("; ".join(self.message), code)
        self._port = ffi.gc(port[0], lib.packet_close)
        self._views = ffi.new("struct packet_view[]", RECEIVE_COUNT)

    @property
    def pointer(self) -> Any:
        """``struct packet_port *`` for native calls."""
        return self._port

    def receive(self) -> list[Datagram]:
        """Copies of what has arrived, at most RECEIVE_COUNT; never waits."""
        count = lib.packet_receive(self._port, self._views, RECEIVE_COUNT)
        if count == 0:
            lib.packet_idle(self._port)
            return []
        views = self._views[0:count]
        datagrams = [Datagram(v.channel, v.rx_ns, bytes(ffi.buffer(v.data, v.size))) for v in views]
        lib.packet_release(self._port, count)
        return datagrams

    def stats(self) -> PacketStats:
        """Counts since the port was opened."""
        stats = ffi.new("struct packet_stats *")
        check(lib.packet_get_stats(self._port, stats), "cannot read packet statistics")
        return PacketStats(
            stats.received,
            stats.received_bytes,
            stats.dropped,
            stats.malformed,
            stats.transmitted,
            stats.wakeups,
            bool(stats.native_mode),
            bool(stats.huge_pages),
            bool(stats.zero_copy),
        )

    def echo(self, count: int, idle_ns_max: int) -> None:
        """Send count datagrams back to their senders, spinning in C; NativeError when none comes for idle_ns_max."""
        check(lib.packet_echo_run(self._port, count, idle_ns_max), "cannot echo")

    def close(self) -> None:
        """Leave the groups and detach from the interface."""
        ffi.release(self._port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class Sender:
    """One outgoing UDP flow; ``sent_ns`` is CLOCK_REALTIME just before the system call of the last send."""

    def __init__(self, address: str, port: int, interface_address: str = "", ttl: int = 1) -> None:
        config = ffi.new("struct packet_sender_config *")
        config.address = _address(address)
        config.interface_address = _address(interface_address)
        config.port = port
        config.ttl = ttl
        sender = ffi.new("struct packet_sender **")
        text = ffi.new("char[]", MESSAGE_SIZE)
        code = lib.packet_sender_open(config, sender, text, MESSAGE_SIZE)
        if code < 0:
            raise PacketError(ffi.string(text).decode(), code)
        self._sender = ffi.gc(sender[0], lib.packet_sender_close)
        self._sent_ns = ffi.new("uint64_t *")

    @property
    def sent_ns(self) -> int:
        """When the last send entered the kernel, ns since the Unix epoch."""
        return int(self._sent_ns[0])

    def send(self, payloads: Sequence[bytes]) -> int:
        """How many of payloads, from the first on, the kernel took."""
        buffers = [ffi.from_buffer(payload) for payload in payloads]
        list_ = ffi.new("struct packet_payload[]", [(buffer, len(buffer), 0) for buffer in buffers])
        return check(lib.packet_sender_send(self._sender, list_, len(buffers), self._sent_ns), "cannot send")

    def answers(self) -> socket.socket:
        """A descriptor of its own for the flow's socket, where answers arrive."""
        return socket.socket(fileno=os.dup(lib.packet_sender_fd(self._sender)))

    def close(self) -> None:
        """Close the flow's socket."""
        ffi.release(self._sender)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _address(text: str) -> int:
    """IPv4 address in host order; 0 for none."""
    return int(IPv4Address(text)) if text else 0
