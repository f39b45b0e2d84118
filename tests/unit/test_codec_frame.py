"""Frames and capture files: where the payload is, and what is refused."""

import struct
from typing import Any

import pytest

from tickwire.native import ffi, lib
from tickwire.native.codec import Capture, CodecError

UDP, TCP = 17, 6


def udp(payload: bytes, length: int | None = None) -> bytes:
    return struct.pack(">HHHH", 1111, 2222, 8 + len(payload) if length is None else length, 0) + payload


def tcp(payload: bytes, options: bytes = b"") -> bytes:
    words = 5 + len(options) // 4
    return struct.pack(">HHIIBBHHH", 1111, 2222, 99, 0, words << 4, 0x18, 0, 0, 0) + options + payload


def ipv4(protocol: int, transport: bytes, options: bytes = b"", fragment: int = 0, length: int | None = None) -> bytes:
    words = 5 + len(options) // 4
    total = words * 4 + len(transport) if length is None else length
    head = struct.pack(">BBHHHBBH", 0x40 | words, 0, total, 0, fragment, 64, protocol, 0)
    return head + bytes([10, 0, 0, 1, 239, 1, 2, 3]) + options + transport


def ethernet(packet: bytes, tags: bytes = b"", kind: bytes = b"\x08\0") -> bytes:
    return bytes(12) + tags + kind + packet


def decode(frame: bytes) -> tuple[int, Any]:
    view = ffi.new("struct frame_view *")
    data = ffi.from_buffer("uint8_t[]", frame)
    result = lib.frame_decode(data, len(frame), view)
    payload = bytes(ffi.buffer(view.payload, view.payload_size)) if result == 0 else b""
    return result, (payload, view)


def test_a_datagram_is_found_with_its_addresses_and_ports() -> None:
    result, (payload, view) = decode(ethernet(ipv4(UDP, udp(b"hello"))))
    assert (result, payload, view.protocol, view.vlan_count) == (0, b"hello", UDP, 0)
    assert (view.source_address, view.destination_address) == (0x0A000001, 0xEF010203)
    assert (view.source_port, view.destination_port) == (1111, 2222)


def test_a_segment_is_found_behind_tcp_options() -> None:
    result, (payload, view) = decode(ethernet(ipv4(TCP, tcp(b"hello", options=bytes(12)))))
    assert (result, payload, view.tcp_sequence, view.tcp_flags) == (0, b"hello", 99, 0x18)


@pytest.mark.parametrize(
    ("tags", "vlans"),
    [(b"\x81\0\x20\x05", [5]), (b"\x88\xa8\0\x64\x81\0\0\xc8", [100, 200]), (b"\x91\0\0\x64\x81\0\0\xc8", [100, 200])],
)
def test_vlan_tags_are_read_outer_first(tags: bytes, vlans: list[int]) -> None:
    result, (payload, view) = decode(ethernet(ipv4(UDP, udp(b"hello")), tags))
    assert (result, payload) == (0, b"hello")
    assert list(view.vlan)[: view.vlan_count] == vlans


def test_ip_options_are_skipped_and_ethernet_padding_is_not_payload() -> None:
    frame = ethernet(ipv4(UDP, udp(b"hello"), options=b"\x01" * 8)).ljust(90, b"\xee")
    assert decode(frame)[1][0] == b"hello"
    assert decode(ethernet(ipv4(TCP, tcp(b""))).ljust(60, b"\xee"))[1][0] == b""


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        (ethernet(bytes(28), kind=b"\x08\x06"), "UNSUPPORTED"),
        (ethernet(bytes(40), kind=b"\x86\xdd"), "UNSUPPORTED"),
        (ethernet(ipv4(UDP, udp(b"hello")), b"\x81\0\0\x01" * 3), "UNSUPPORTED"),
        (ethernet(ipv4(1, bytes(8))), "UNSUPPORTED"),
        (ethernet(ipv4(UDP, udp(b"hello"), fragment=0x2000)), "UNSUPPORTED"),
        (ethernet(ipv4(UDP, udp(b"hello"), fragment=0x0001)), "UNSUPPORTED"),
        (ethernet(b"\x65" + bytes(30)), "MALFORMED"),
        (ethernet(b"\x44" + bytes(30)), "MALFORMED"),
        (ethernet(ipv4(UDP, udp(b"hello"), length=19)), "MALFORMED"),
        (ethernet(ipv4(UDP, udp(b"hello"), length=22)), "MALFORMED"),
        (ethernet(ipv4(UDP, udp(b"hello", length=7))), "MALFORMED"),
        (ethernet(ipv4(UDP, udp(b"hello", length=14))), "MALFORMED"),
        (ethernet(ipv4(TCP, tcp(b"")[:19])), "MALFORMED"),
        (ethernet(ipv4(TCP, tcp(b"", options=bytes(4))[:20])), "MALFORMED"),
        (ethernet(ipv4(UDP, udp(b"hello"), length=34)), "TRUNCATED"),
    ],
)
def test_what_is_no_whole_packet_of_ours_is_refused(frame: bytes, error: str) -> None:
    assert decode(frame)[0] == getattr(lib, f"ERROR_{error}")


def test_a_frame_cut_anywhere_is_truncated() -> None:
    frame = ethernet(ipv4(UDP, udp(b"hello")), b"\x81\0\0\x01")
    assert {decode(frame[:cut])[0] for cut in range(len(frame))} == {lib.ERROR_TRUNCATED}


FRAME = ethernet(ipv4(UDP, udp(b"hello")))


def pcap(order: str, magic: int, *records: bytes) -> bytes:
    return struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, 1) + b"".join(records)


def record(order: str, seconds: int, fraction: int, frame: bytes = FRAME) -> bytes:
    return struct.pack(order + "IIII", seconds, fraction, len(frame), len(frame)) + frame


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("magic", "fraction"), [(0xA1B2C3D4, 1), (0xA1B23C4D, 1000)])
def test_a_pcap_of_either_byte_order_and_resolution_is_read(order: str, magic: int, fraction: int) -> None:
    found = list(Capture(pcap(order, magic, record(order, 5, fraction), record(order, 6, 0))))
    assert [(segment.time_ns, segment.payload) for segment in found] == [
        (5_000_001_000, b"hello"),
        (6_000_000_000, b"hello"),
    ]


def block(order: str, kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    return struct.pack(order + "II", kind, 12 + len(body)) + body + struct.pack(order + "I", 12 + len(body))


def pcapng(order: str, resolution: bytes = b"") -> bytes:
    section = block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    option = struct.pack(order + "HH", 9, 1) + resolution + bytes(3) if resolution else b""
    return section + block(order, 1, struct.pack(order + "HHI", 1, 0, 0) + option)


def enhanced(order: str, ticks: int, interface: int = 0) -> bytes:
    head = struct.pack(order + "IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(FRAME), len(FRAME))
    return block(order, 6, head + FRAME)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    ("resolution", "ticks"), [(b"", 5_000_001), (b"\x09", 5_000_001_000), (b"\x03", 5_000), (b"\x8a", 5 << 10)]
)
def test_a_pcapng_is_read_in_its_interfaces_resolution(order: str, resolution: bytes, ticks: int) -> None:
    statistics = block(order, 5, bytes(12))
    data = pcapng(order, resolution) + statistics + enhanced(order, ticks)
    (segment,) = Capture(data)
    assert segment.payload == b"hello"
    assert segment.time_ns in (5_000_001_000, 5_000_000_000)


def test_sections_of_one_pcapng_may_differ_in_byte_order() -> None:
    data = pcapng("<") + enhanced("<", 1) + pcapng(">") + enhanced(">", 2)
    assert [segment.time_ns for segment in Capture(data)] == [1000, 2000]


def test_a_capture_cut_in_a_packet_gives_what_was_good_first() -> None:
    for whole in (pcap("<", 0xA1B2C3D4, record("<", 5, 0), record("<", 6, 0)), pcapng("<") + 2 * enhanced("<", 1)):
        frames = iter(Capture(whole[:-1]))
        assert next(frames).payload == b"hello"
        with pytest.raises(CodecError, match="ends inside"):
            next(frames)


@pytest.mark.parametrize(
    "data",
    [
        pcapng("<") + enhanced("<", 1, interface=1),
        pcapng("<")[:28] + enhanced("<", 1),
        pcapng("<", b"\x20"),
        pcapng("<") + struct.pack("<III", 6, 11, 11),
        b"\x0a\x0d\x0d\x0a\x1c\0\0\0\0\0\0\0" + bytes(16),
    ],
    ids=["interface", "none", "resolution", "length", "order"],
)
def test_a_damaged_pcapng_is_refused(data: bytes) -> None:
    with pytest.raises(CodecError, match="damaged"):
        list(Capture(data))


@pytest.mark.parametrize("data", [b"", b"\xd4\xc3", b"hello, world, this is text", b"\xd4\xc3\xb2\xa1\0\0"])
def test_what_is_no_capture_is_refused(data: bytes) -> None:
    with pytest.raises(CodecError, match="not a pcap"):
        Capture(data)


def test_frames_of_others_are_counted_and_left_out() -> None:
    arp, cut = ethernet(bytes(28), kind=b"\x08\x06"), FRAME[:-1]
    capture = Capture(pcap("<", 0xA1B2C3D4, *(record("<", 1, 0, frame) for frame in (arp, cut, FRAME))))
    assert [segment.payload for segment in capture] == [b"hello"]
    assert (capture.skipped, capture.malformed) == (1, 1)
