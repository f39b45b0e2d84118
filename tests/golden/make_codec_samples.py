"""Makes the small files whose decoded text is reviewed: ``python tests/golden/make_codec_samples.py FOLDER``.

Every ITCH message in one framed file, and a capture with MoldUDP64 and SoupBinTCP around every OUCH message.  Field
values are counted up, so that two fields that were swapped show.
"""

import struct
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from tickwire.native import lib

ITCH_TYPES = "SRHYLVWKJhAFECXDUPQBINO"
OUCH_INBOUND_TYPES = "OUXMCDEQ"
OUCH_OUTBOUND_TYPES = "SAUCDEBJPITMRQXGK"


def sample(layout: Any) -> bytes:
    """The fixed part of a message, each byte of it another than its neighbours."""
    message = bytearray([layout.type])
    for index in range(layout.field_count):
        field = layout.fields[index]
        if field.kind in (lib.CODEC_CHAR, lib.CODEC_TEXT):
            letters = bytes(ord("A") + (index + place) % 26 for place in range(field.size))
            message += letters[: max(1, field.size - 2)].ljust(field.size)
        else:
            message += (index + 1).to_bytes(field.size, "big")
    return bytes(message)


def option(tag: int) -> bytes:
    """An option with its tag for a value."""
    field = lib.ouch_option_field(tag)
    text = field.kind in (lib.CODEC_CHAR, lib.CODEC_TEXT)
    value = b"T".ljust(field.size) if text else (-tag).to_bytes(field.size, "big", signed=True)
    return bytes([field.size + 1, tag]) + value


def every_option() -> bytes:
    """Every tag that is defined, and one that is not."""
    return b"".join(option(tag) for tag in range(256) if lib.ouch_option_field(tag)) + b"\x03\xc8\x01\x02"


def ouch(layout: Any, options: bytes) -> bytes:
    """A message with options where it may have them."""
    if layout.appendage == lib.CODEC_APPENDAGE_NONE:
        return sample(layout)
    return sample(layout) + struct.pack(">H", len(options)) + options


def soup(kind: str, payload: bytes = b"") -> bytes:
    """A SoupBinTCP packet."""
    return struct.pack(">H", len(payload) + 1) + kind.encode() + payload


def itch_file() -> bytes:
    """Every ITCH message, framed."""
    messages = [sample(lib.itch_layout(ord(letter))) for letter in ITCH_TYPES]
    return b"".join(struct.pack(">H", len(message)) + message for message in messages)


def ethernet(protocol: int, transport: bytes, vlans: tuple[int, ...] = ()) -> bytes:
    """A frame from 10.0.0.1 to 10.0.0.2, padded to the 60 bytes Ethernet wants."""
    address = bytes([10, 0, 0, 1, 10, 0, 0, 2])
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(transport), 0, 0, 64, protocol, 0) + address
    tags = b"".join(struct.pack(">HH", 0x8100, vlan) for vlan in vlans)
    return (bytes(12) + tags + b"\x08\x00" + ip + transport).ljust(60, b"\0")


def udp(payload: bytes) -> bytes:
    """A datagram from port 1 to port 2."""
    return struct.pack(">HHHH", 1, 2, 8 + len(payload), 0) + payload


def tcp(source: int, destination: int, sequence: int, payload: bytes) -> bytes:
    """A segment."""
    return struct.pack(">HHIIBBHHH", source, destination, sequence, 0, 0x50, 0x18, 0, 0, 0) + payload


def datagrams() -> Iterator[bytes]:
    """MoldUDP64: two messages, a heartbeat, an end of session, a request, and one whose length lies."""
    session = b"SESSION001"
    blocks = b"".join(
        struct.pack(">H", len(message)) + message
        for message in (sample(lib.itch_layout(ord(letter))) for letter in "AD")
    )
    yield session + struct.pack(">QH", 7, 2) + blocks
    yield session + struct.pack(">QH", 9, 0)
    yield session + struct.pack(">QH", 9, 0xFFFF)
    yield session + struct.pack(">QH", 3, 5)
    yield session + struct.pack(">QH", 9, 2) + blocks[:-1]


def streams() -> Iterator[tuple[bool, bytes]]:
    """SoupBinTCP: (towards the venue, packet)."""
    yield True, soup("L", b"user  secret    " + b"S1".rjust(10) + b"1".rjust(20))
    yield False, soup("A", b"S1".ljust(10) + b"1".ljust(20))
    for letter in OUCH_INBOUND_TYPES:
        yield True, soup("U", ouch(lib.ouch_inbound_layout(ord(letter)), every_option()))
    for letter in OUCH_OUTBOUND_TYPES:
        yield False, soup("S", ouch(lib.ouch_outbound_layout(ord(letter)), option(28)))
    yield True, soup("R")
    yield False, soup("H")
    yield False, soup("J", b"A")
    yield False, soup("+", b"hello")
    yield True, soup("O")
    yield False, soup("Z")


def frames() -> Iterator[bytes]:
    """All of the above in frames; the streams cut into segments that do not respect packets, one of them sent twice."""
    for index, payload in enumerate(datagrams()):
        yield ethernet(17, udp(payload), vlans=(100, 200)[:index])
    sides = {True: bytearray(), False: bytearray()}
    for inbound, packet in streams():
        sides[inbound] += packet
    for inbound, ports in ((True, (40000, 8001)), (False, (8001, 40000))):
        stream = bytes(sides[inbound])
        for start in range(0, len(stream), 400):
            segment = ethernet(6, tcp(*ports, 1000 + start, stream[start : start + 400]), vlans=(5,))
            yield segment
            if start == 400:
                yield segment


def capture_file() -> bytes:
    """A little-endian pcap with nanoseconds."""
    clock = count(1)
    records = b"".join(struct.pack("<IIII", 1700000000, next(clock), len(f), len(f)) + f for f in frames())
    return struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1) + records


FILES = {"codec_every_message.itch": itch_file, "codec_session.pcap": capture_file}


def main() -> None:
    """Entry point."""
    folder = Path(sys.argv[1])
    for name, make in FILES.items():
        (folder / name).write_bytes(make())


if __name__ == "__main__":
    main()
