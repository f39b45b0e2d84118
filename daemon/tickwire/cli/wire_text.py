"""Captured traffic as lines of JSON: ITCH over MoldUDP64, OUCH over SoupBinTCP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Any

from tickwire.native import ffi, lib
from tickwire.native.codec import CodecError, JsonText, MoldPacket, Segment, SoupPacket, soup_packets


@dataclass(frozen=True, slots=True)
class Line:
    """One message or packet: the members of its JSON object, its bytes, and its type for the filter."""

    type: str
    members: bytes
    raw: bytes
    bad: bool = False


def bad_line(reason: str, raw: bytes, prefix: bytes = b"") -> Line:
    """What could not be read, with the reason, so that the good traffic around it still shows."""
    return Line("", prefix + b'"error":' + json.dumps(reason).encode(), raw, bad=True)


def itch_line(text: JsonText, pointer: Any, size: int, prefix: bytes = b"") -> Line:
    """One ITCH message, or why it is none."""
    raw = bytes(ffi.buffer(pointer, size))
    try:
        return Line(chr(raw[0]), prefix + text.itch(pointer, size), raw)
    except CodecError as error:
        return bad_line(str(error), raw, prefix)


def _members(**values: object) -> bytes:
    return json.dumps(values, separators=(",", ":")).encode()[1:-1]


def _endpoint(endpoint: tuple[int, int]) -> str:
    return f"{IPv4Address(endpoint[0])}:{endpoint[1]}"


def _where(segment: Segment) -> bytes:
    members: dict[str, object] = {
        "time_ns": segment.time_ns,
        "source": _endpoint(segment.source),
        "destination": _endpoint(segment.destination),
    }
    if segment.vlans:
        members["vlan"] = list(segment.vlans)
    return _members(**members) + b","


def datagram_lines(text: JsonText, segment: Segment) -> Iterator[Line]:
    """A MoldUDP64 packet: a line a message, or one line for a heartbeat, an end of session or a request."""
    where = _where(segment)
    try:
        packet = MoldPacket(segment.payload)
    except CodecError as error:
        yield bad_line(str(error), segment.payload, where)
        return
    header = packet.header
    if packet.request or header.count in (lib.MOLD_HEARTBEAT, lib.MOLD_END_OF_SESSION):
        kind = {lib.MOLD_HEARTBEAT: "heartbeat", lib.MOLD_END_OF_SESSION: "end_of_session"}.get(header.count, "request")
        count = {"count": header.count} if packet.request else {}
        yield Line(
            "", where + _members(mold=kind, session=header.session, sequence=header.sequence, **count), segment.payload
        )
        return
    for index, (pointer, size) in enumerate(packet):
        place = _members(session=header.session, sequence=header.sequence + index)
        yield itch_line(text, pointer, size, where + place + b",")


@dataclass
class Flow:
    """One direction of a TCP connection, put back in order as far as the capture allows."""

    held: bytearray = field(default_factory=bytearray)
    next_sequence: int | None = None

    def take(self, segment: Segment) -> bool:
        """Add what is new in segment; False when bytes before it are missing: what was held then is useless."""
        start = segment.sequence + (1 if segment.flags & lib.FRAME_TCP_SYN else 0)
        ahead = 0 if self.next_sequence is None else _distance(self.next_sequence, start)
        if ahead > 0:
            self.held.clear()
        new = segment.payload[max(0, -ahead) :]  # a segment sent again begins with bytes that are known
        self.held += new
        if ahead >= 0 or new:
            self.next_sequence = start + len(segment.payload) & 0xFFFFFFFF
        return ahead <= 0


def _distance(earlier: int, later: int) -> int:
    """From one TCP sequence number to another, negative when it is behind."""
    return (later - earlier + 0x80000000 & 0xFFFFFFFF) - 0x80000000


_DIRECTIONS = {**dict.fromkeys("LURO", "inbound"), **dict.fromkeys("AJSHZ", "outbound")}


class Streams:
    """Every TCP connection of a capture, as SoupBinTCP."""

    def __init__(self, text: JsonText) -> None:
        self._text = text
        self._flows: dict[tuple[tuple[int, int], tuple[int, int]], Flow] = {}

    def lines(self, segment: Segment) -> Iterator[Line]:
        """The packets completed by segment."""
        flow = self._flows.setdefault((segment.source, segment.destination), Flow())
        where = _where(segment)
        if not flow.take(segment):
            yield bad_line("bytes are missing before this segment", segment.payload, where)
        try:
            for packet in soup_packets(flow.held):
                yield self._line(packet, where)
        except CodecError as error:
            yield bad_line(str(error), bytes(flow.held), where)
            flow.held.clear()

    def unfinished(self) -> Iterator[Line]:
        """What was left of packets whose end was not captured."""
        for (source, _), flow in self._flows.items():
            if flow.held:
                yield bad_line(f"the stream from {_endpoint(source)} ends inside a packet", bytes(flow.held))

    def _line(self, packet: SoupPacket, where: bytes) -> Line:
        head = where + _members(soup=packet.type)
        if direction := _DIRECTIONS.get(packet.type):  # a debug packet does not say where it goes
            head += b"," + _members(direction=direction)
        try:
            if packet.type in "US":
                read = self._text.ouch_inbound if packet.type == "U" else self._text.ouch_outbound
                return Line(packet.payload[:1].decode("latin-1"), head + b"," + read(packet.payload), packet.payload)
            fields = packet.fields()
        except CodecError as error:
            return bad_line(str(error), packet.payload, head + b",")
        return Line("", head + (b"," + _members(**fields) if fields else b""), packet.payload)
