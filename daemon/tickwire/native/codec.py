"""The codecs as Python objects: messages as JSON text, captured frames, datagrams and order-entry streams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tickwire.native._native import ffi, lib
from tickwire.native.errors import check

_TEXT_SIZE = int(lib.CODEC_JSON_SIZE_MAX)
_SCAN_COUNT = 8192

_itch_layouts = [lib.itch_layout(letter) for letter in range(256)]
_itch_lengths = [int(lib.itch_length(letter)) for letter in range(256)]


class CodecError(ValueError):
    """Bytes that the protocol forbids, cuts short or does not know; the text says which."""


def _reason(error: int) -> str:
    return str(ffi.string(lib.error_text(error)).decode())


class JsonText:
    """Messages as the members of a JSON object, without its braces; one buffer serves every call."""

    def __init__(self) -> None:
        self._text = ffi.new("char[]", _TEXT_SIZE)

    def itch(self, data: Any, size: int) -> bytes:
        """One ITCH message of size bytes at data (a native pointer); raises CodecError."""
        letter = data[0]
        if _itch_lengths[letter] != size:
            if _itch_lengths[letter] == 0:
                raise CodecError(f"unknown ITCH type {chr(letter)!r}")
            raise CodecError(f"ITCH type {chr(letter)!r} of {size} bytes instead of {_itch_lengths[letter]}")
        return self._fields(_itch_layouts[letter], data)

    def ouch_inbound(self, payload: bytes) -> bytes:
        """One OUCH message to the venue, options included; raises CodecError."""
        message = ffi.new("struct ouch_inbound *")
        return self._ouch(payload, message, lib.ouch_decode_inbound, lib.ouch_inbound_layout)

    def ouch_outbound(self, payload: bytes) -> bytes:
        """One OUCH message from the venue, options included; raises CodecError."""
        message = ffi.new("struct ouch_outbound *")
        return self._ouch(payload, message, lib.ouch_decode_outbound, lib.ouch_outbound_layout)

    def _ouch(self, payload: bytes, message: Any, decode: Any, layout: Any) -> bytes:
        data = ffi.from_buffer("uint8_t[]", payload)
        result = decode(data, len(payload), message)
        if result < 0:
            kind = chr(payload[0]) if payload else ""
            raise CodecError(f"OUCH message {kind!r} of {len(payload)} bytes: {_reason(result)}")
        text = self._fields(layout(message.type), data)
        options = [self._option(option) for option in _options(message.appendage)]
        return text + b',"options":[' + b",".join(options) + b"]" if options else text

    def _fields(self, layout: Any, data: Any) -> bytes:
        size = lib.codec_json(layout, data, self._text, _TEXT_SIZE)
        return bytes(ffi.buffer(self._text, check(size, "cannot write a message as text")))

    def _option(self, option: Any) -> bytes:
        if option.field == ffi.NULL:
            return b'{"tag":%d,"raw":"%s"}' % (option.tag, bytes(ffi.buffer(option.value, option.size)).hex().encode())
        size = check(lib.codec_json_field(option.field, option.value, self._text, _TEXT_SIZE), "cannot write an option")
        return b'{"tag":%d,%s}' % (option.tag, bytes(ffi.buffer(self._text, size)))


def _options(appendage: Any) -> Iterator[Any]:
    offset = ffi.new("uint32_t *")
    option = ffi.new("struct ouch_option *")
    view = ffi.addressof(appendage)
    while lib.ouch_option_next(view, offset, option) > 0:
        yield option


def itch_length(kind: int) -> int:
    """Bytes of an ITCH message of that type; 0 when there is no such type."""
    return int(lib.itch_length(kind))


class ItchFrames:
    """Splits framed ITCH that arrives in pieces of any size.

    ``feed`` yields (pointer, size) of each whole message; a pointer is valid until the next is asked for.  What is left
    over waits for the next piece; ``pending`` says how many bytes that is.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._offset = ffi.new("size_t *")
        self._offsets = ffi.new("uint64_t[]", _SCAN_COUNT)
        self._sizes = ffi.new("uint16_t[]", _SCAN_COUNT)

    @property
    def pending(self) -> int:
        """Bytes of a message whose end has not come yet."""
        return len(self._rest)

    def feed(self, piece: bytes) -> Iterator[tuple[Any, int]]:
        """Messages completed by piece; raises CodecError at a frame of no bytes."""
        held = self._rest + piece
        data = ffi.from_buffer("uint8_t[]", held)
        self._offset[0] = 0
        while True:
            found = lib.itch_file_scan(data, len(held), self._offset, self._offsets, self._sizes, _SCAN_COUNT)
            if found <= 0:
                break
            for offset, size in zip(ffi.unpack(self._offsets, found), ffi.unpack(self._sizes, found), strict=True):
                yield data + offset, size
        self._rest = held[self._offset[0] :]
        if found not in (0, lib.ERROR_TRUNCATED):
            raise CodecError("a message of no bytes: this is not framed ITCH, or its lengths lie")


@dataclass(frozen=True, slots=True)
class Segment:
    """What one captured frame carried."""

    time_ns: int
    protocol: int
    source: tuple[int, int]  # IPv4 address and port
    destination: tuple[int, int]
    sequence: int  # TCP
    flags: int  # TCP
    payload: bytes
    vlans: tuple[int, ...]


class Capture:
    """The frames of a pcap or pcapng file in memory; iterating raises CodecError where the file goes wrong.

    Frames that are not whole IPv4 packets with UDP or TCP are left out and counted in ``skipped`` (other protocols,
    fragments) or ``malformed`` (lengths that lie, frames cut by the capture).
    """

    def __init__(self, data: bytes) -> None:
        self._data = ffi.from_buffer("uint8_t[]", data)
        self._capture = ffi.new("struct capture *")
        self.skipped = 0
        self.malformed = 0
        result = lib.capture_open(self._capture, self._data, len(data))
        if result < 0:
            raise CodecError(f"not a pcap or pcapng file: {_reason(result)}")

    def __iter__(self) -> Iterator[Segment]:
        packet = ffi.new("struct capture_packet *")
        view = ffi.new("struct frame_view *")
        while (result := lib.capture_next(self._capture, packet)) > 0:
            error = lib.ERROR_UNSUPPORTED
            if packet.link_type == lib.CAPTURE_LINK_ETHERNET:
                error = lib.frame_decode(packet.data, packet.size, view)
            if error == 0:
                yield _segment(packet, view)
            elif error == lib.ERROR_UNSUPPORTED:
                self.skipped += 1
            else:
                self.malformed += 1
        if result == lib.ERROR_TRUNCATED:
            raise CodecError("the capture ends inside a packet")
        if result < 0:
            raise CodecError(f"the capture is damaged: {_reason(result)}")


def _segment(packet: Any, view: Any) -> Segment:
    return Segment(
        time_ns=packet.time_ns,
        protocol=view.protocol,
        source=(view.source_address, view.source_port),
        destination=(view.destination_address, view.destination_port),
        sequence=view.tcp_sequence,
        flags=view.tcp_flags,
        payload=bytes(ffi.buffer(view.payload, view.payload_size)),
        vlans=tuple(view.vlan[index] for index in range(view.vlan_count)),
    )


@dataclass(frozen=True, slots=True)
class MoldHeader:
    """Of a MoldUDP64 packet or request."""

    session: str
    sequence: int
    count: int


class MoldPacket:
    """One datagram as MoldUDP64; raises CodecError when it is none."""

    def __init__(self, payload: bytes) -> None:
        self._data = ffi.from_buffer("uint8_t[]", payload)
        self._size = len(payload)
        header = ffi.new("struct mold_header *")
        checked = lib.mold_check(self._data, self._size)
        if lib.mold_decode(self._data, self._size, header) < 0:
            raise CodecError(f"a datagram of {self._size} bytes is no MoldUDP64 packet")
        if checked < 0 and self._size != lib.MOLD_HEADER_SIZE:
            raise CodecError(f"a datagram of {self._size} bytes is no MoldUDP64 packet: its lengths do not add up")
        session = bytes(ffi.buffer(header.session)).decode("latin-1").strip(" \0")
        self.header = MoldHeader(session, header.sequence, header.count)
        self.request = checked < 0  # a header that announces messages and brings none

    def __iter__(self) -> Iterator[tuple[Any, int]]:
        """(pointer, size) of each message."""
        if self.request:
            return
        iterator = ffi.new("struct mold_iterator *")
        message, size = ffi.new("uint8_t **"), ffi.new("uint32_t *")
        lib.mold_open(iterator, self._data, self._size, ffi.new("struct mold_header *"))
        while lib.mold_next(iterator, message, size) > 0:
            yield message[0], size[0]


@dataclass(frozen=True, slots=True)
class SoupPacket:
    """One SoupBinTCP packet."""

    type: str
    payload: bytes

    def fields(self) -> dict[str, str | int]:
        """What a login or debug packet says (never the password); nothing for others.  Raises CodecError."""
        data = ffi.from_buffer("uint8_t[]", self.payload)
        packet = ffi.new("struct soup_packet *", {"type": ord(self.type), "payload_size": len(self.payload)})
        packet.payload = data
        if self.type == "L":
            login = ffi.new("struct soup_login *")
            self._check(lib.soup_decode_login(packet, login))
            text = {name: ffi.string(getattr(login, name)).decode("latin-1") for name in ("username", "session")}
            return {**text, "sequence": int(login.sequence)}
        if self.type == "A":
            accepted = ffi.new("struct soup_accepted *")
            self._check(lib.soup_decode_accepted(packet, accepted))
            return {"session": ffi.string(accepted.session).decode("latin-1"), "sequence": int(accepted.sequence)}
        if self.type in "J+":
            return {"reason" if self.type == "J" else "text": self.payload.decode("latin-1")}
        return {}

    def _check(self, result: int) -> None:
        if result < 0:
            raise CodecError(f"SoupBinTCP packet {self.type!r}: {_reason(result)}")


def soup_packets(stream: bytearray) -> Iterator[SoupPacket]:
    """Take whole packets off the front of stream; raises CodecError where it is no SoupBinTCP."""
    whole = bytes(stream)
    data = ffi.from_buffer("uint8_t[]", whole)
    packet = ffi.new("struct soup_packet *")
    offset = 0
    try:
        while (used := lib.soup_next(data + offset, len(whole) - offset, packet)) > 0:
            offset += used
            yield SoupPacket(chr(packet.type), whole[offset - packet.payload_size : offset])
    finally:
        del stream[:offset]
    if used < 0:
        raise CodecError("the stream is no SoupBinTCP")
