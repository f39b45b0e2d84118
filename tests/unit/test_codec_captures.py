"""Recorded traffic: every real frame and file decodes, and what was decoded encodes to the same bytes."""

from collections import Counter
from pathlib import Path

import pytest

from tickwire.native import ffi, lib
from tickwire.native.codec import Capture, ItchFrames, MoldPacket, Segment, soup_packets

pytestmark = pytest.mark.data


def again_itch(data: bytes) -> bytes:
    message, out = ffi.new("struct itch_message *"), ffi.new("uint8_t[]", lib.ITCH_LENGTH_MAX)
    assert lib.itch_decode(data, len(data), message) == len(data)
    return bytes(ffi.buffer(out, lib.itch_encode(message, out, len(out))))


def again_mold(payload: bytes) -> bytes:
    out, builder = ffi.new("uint8_t[]", len(payload)), ffi.new("struct mold_builder *")
    lib.mold_begin(builder, out, len(payload), payload[: lib.MOLD_SESSION_SIZE], MoldPacket(payload).header.sequence)
    for pointer, size in MoldPacket(payload):
        message = again_itch(bytes(ffi.buffer(pointer, size)))
        assert lib.mold_append(builder, message, size) == 0
    return bytes(ffi.buffer(out, builder.size))


def again_ouch(direction: str, payload: bytes) -> bytes:
    message, out = ffi.new(f"struct ouch_{direction} *"), ffi.new("uint8_t[]", len(payload))
    assert getattr(lib, f"ouch_decode_{direction}")(payload, len(payload), message) == len(payload)
    return bytes(ffi.buffer(out, getattr(lib, f"ouch_encode_{direction}")(message, out, len(out))))


def again_soup(payload: bytes) -> bytes:
    stream, out, result = bytearray(payload), ffi.new("uint8_t[]", len(payload)), b""
    for packet in soup_packets(stream):
        body = packet.payload
        if packet.type in "US":
            body = again_ouch("inbound" if packet.type == "U" else "outbound", body)
        result += bytes(ffi.buffer(out, lib.soup_encode(ord(packet.type), body, len(body), out, len(out))))
    assert not stream
    return result


def again(segment: Segment) -> bytes:
    return again_mold(segment.payload) if segment.protocol == lib.FRAME_PROTOCOL_UDP else again_soup(segment.payload)


def test_every_captured_frame_decodes_and_encodes_to_the_same_bytes(shared_data: Path) -> None:
    vlans: Counter[tuple[int, ...]] = Counter()
    files = sorted((shared_data / "nasdaq-pcaps").rglob("*.pcap"))
    assert len(files) == 21
    for path in files:
        capture = Capture(path.read_bytes())
        segments = list(capture)
        assert segments and (capture.skipped, capture.malformed) == (0, 0), path
        for segment in segments:
            assert again(segment) == segment.payload, path
            vlans[segment.vlans] += 1
    assert vlans[(141,)] > 0 and vlans[(5,)] == 1 and vlans[()] == 5


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("itch50-nasdaq-first1000/sample.itch", 1_000),
        ("itch50-nasdaq-20191230-snippet/12302019_SNIPPET.NASDAQ_ITCH50", 1_000),
        ("derived-itch50-from-lobster-aapl/AAPL_20120621_0930_1030.itch50", 92_081),
    ],
)
def test_every_message_of_a_recorded_file_encodes_to_the_same_bytes(shared_data: Path, name: str, count: int) -> None:
    content = (shared_data / name).read_bytes()
    message, out = ffi.new("struct itch_message *"), ffi.new("uint8_t[]", lib.ITCH_LENGTH_MAX)
    frames, result, seen = ItchFrames(), bytearray(), 0
    for pointer, size in frames.feed(content):
        assert lib.itch_decode(pointer, size, message) == size
        assert lib.itch_encode(message, out, len(out)) == size
        result += size.to_bytes(2, "big") + bytes(ffi.buffer(out, size))
        seen += 1
    assert (seen, frames.pending) == (count, 0)
    assert result == content
