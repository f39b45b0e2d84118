"""MoldUDP64 and SoupBinTCP: what is read, what is built, what is refused."""

import struct

import pytest

from tickwire.native import ffi, lib
from tickwire.native.codec import CodecError, MoldPacket, SoupPacket, soup_packets

SESSION = b"SESSION001"


def mold(sequence: int, count: int, *blocks: bytes) -> bytes:
    body = b"".join(struct.pack(">H", len(block)) + block for block in blocks)
    return SESSION + struct.pack(">QH", sequence, count) + body


def check(data: bytes) -> int:
    return int(lib.mold_check(data, len(data)))


def test_a_packet_gives_its_messages_in_order() -> None:
    packet = MoldPacket(mold(7, 2, b"one", b"three"))
    assert (packet.header.session, packet.header.sequence, packet.header.count) == ("SESSION001", 7, 2)
    assert [bytes(ffi.buffer(pointer, size)) for pointer, size in packet] == [b"one", b"three"]


def test_the_iterator_counts_the_sequence() -> None:
    data = ffi.from_buffer("uint8_t[]", mold(7, 2, b"one", b"two"))
    iterator, header = ffi.new("struct mold_iterator *"), ffi.new("struct mold_header *")
    message, size = ffi.new("uint8_t **"), ffi.new("uint32_t *")
    assert lib.mold_open(iterator, data, len(data), header) == 2
    assert [(lib.mold_next(iterator, message, size), iterator.sequence) for _ in range(3)] == [(1, 8), (1, 9), (0, 9)]


def test_a_heartbeat_and_an_end_of_session_have_no_messages() -> None:
    assert check(mold(9, lib.MOLD_HEARTBEAT)) == 0
    assert check(mold(9, lib.MOLD_END_OF_SESSION)) == 0  # 0xFFFF is not minus one, nor 65 535 messages


@pytest.mark.parametrize(
    "data",
    [
        mold(1, 2, b"one"),
        mold(1, 1, b"one", b"two"),
        mold(1, 1, b""),
        mold(1, 0, b"one"),
        mold(1, lib.MOLD_END_OF_SESSION, b"one"),
        mold(1, 1) + b"\x00",
        mold(1, 1) + b"\x00\x04one",
        mold(1, 1, b"one") + b"\x00",
    ],
    ids=["short", "long", "no-bytes", "busy-heartbeat", "busy-end", "half-length", "beyond", "tail"],
)
def test_lengths_that_lie_are_malformed(data: bytes) -> None:
    assert check(data) == lib.ERROR_MALFORMED
    with pytest.raises(CodecError, match="do not add up"):
        MoldPacket(data)


def test_a_datagram_shorter_than_the_header_is_truncated() -> None:
    assert {check(mold(1, 0)[:cut]) for cut in range(lib.MOLD_HEADER_SIZE)} == {lib.ERROR_TRUNCATED}


def test_a_request_is_a_header_that_announces_and_brings_nothing() -> None:
    packet = MoldPacket(mold(3, 5))
    assert packet.request and packet.header.sequence == 3 and packet.header.count == 5 and not list(packet)


def test_a_packet_is_filled_until_the_next_message_does_not_fit() -> None:
    data = ffi.new("uint8_t[]", 32)
    builder = ffi.new("struct mold_builder *")
    assert lib.mold_begin(builder, data, 32, SESSION, 5) == 0
    assert bytes(ffi.buffer(data, builder.size)) == mold(5, 0)
    assert lib.mold_append(builder, b"three", 5) == 0
    assert lib.mold_append(builder, b"four", 4) == lib.ERROR_FULL
    assert lib.mold_append(builder, b"", 0) == lib.ERROR_ARGUMENT
    assert lib.mold_append(builder, b"two", 3) == 0
    assert bytes(ffi.buffer(data, builder.size)) == mold(5, 2, b"three", b"two")
    assert lib.mold_begin(builder, data, lib.MOLD_HEADER_SIZE - 1, SESSION, 5) == lib.ERROR_FULL


def soup(kind: str, payload: bytes = b"") -> bytes:
    return struct.pack(">H", len(payload) + 1) + kind.encode() + payload


LOGIN = b"user  secret    " + b"S1".rjust(10) + b"42".rjust(20)
EVERY_PACKET = [
    soup("L", LOGIN), soup("A", b"S1".rjust(10) + b"7".rjust(20)), soup("J", b"S"), soup("S", b"news"), soup("S"),
    soup("U", b"order"), soup("H"), soup("R"), soup("Z"), soup("O"), soup("+", b"hello"),
]  # fmt: skip


def test_a_stream_gives_the_same_packets_however_it_is_cut() -> None:
    stream = b"".join(EVERY_PACKET)
    for step in (1, 2, 3, 5, 7, len(stream)):
        held, seen = bytearray(), []
        for start in range(0, len(stream), step):
            held += stream[start : start + step]
            seen += [soup(packet.type, packet.payload) for packet in soup_packets(held)]
        assert seen == EVERY_PACKET and not held


@pytest.mark.parametrize("packet", EVERY_PACKET, ids=lambda packet: repr(packet[2:3]))
def test_every_packet_encodes_to_its_bytes(packet: bytes) -> None:
    data = ffi.new("uint8_t[]", len(packet))
    assert lib.soup_encode(packet[2], packet[3:], len(packet) - 3, data, len(packet)) == len(packet)
    assert bytes(ffi.buffer(data)) == packet
    assert lib.soup_encode(packet[2], packet[3:], len(packet) - 3, data, len(packet) - 1) == lib.ERROR_FULL


@pytest.mark.parametrize(
    "data", [b"\0\0", soup("z"), soup("H", b"x"), soup("L", LOGIN[1:]), soup("J"), soup("A", b"x" * 31)]
)
def test_what_is_no_soup_is_refused(data: bytes) -> None:
    with pytest.raises(CodecError, match="no SoupBinTCP"):
        list(soup_packets(bytearray(data)))


def test_a_bad_type_is_refused_before_its_payload_has_come() -> None:
    assert lib.soup_next(b"\xff\xffz", 3, ffi.new("struct soup_packet *")) == lib.ERROR_MALFORMED


@pytest.mark.parametrize("session", [b"S1".ljust(10), b"S1".rjust(10), b"S1".center(10)])
@pytest.mark.parametrize("sequence", [b"42".ljust(20), b"42".rjust(20), b"42".rjust(20, b"0")])
def test_fields_are_read_whichever_side_they_are_justified_to(session: bytes, sequence: bytes) -> None:
    assert SoupPacket("A", session + sequence).fields() == {"session": "S1", "sequence": 42}
    login = SoupPacket("L", LOGIN[:16] + session + sequence).fields()
    assert login == {"username": "user", "session": "S1", "sequence": 42}


@pytest.mark.parametrize("sequence", [b"", b"4x", b"-1", b"1 2", b"18446744073709551616"])
def test_a_sequence_that_is_no_number_is_malformed(sequence: bytes) -> None:
    with pytest.raises(CodecError, match="SoupBinTCP packet"):
        SoupPacket("A", b"S1".rjust(10) + sequence.rjust(20)).fields()


def test_a_login_is_written_as_the_specification_justifies_it() -> None:
    login = ffi.new("struct soup_login *", {"username": b"user", "password": b"secret", "session": b"S1"})
    login.sequence = 2**64 - 1
    data = ffi.new("uint8_t[]", lib.SOUP_LOGIN_SIZE)
    assert lib.soup_encode_login(login, data, len(data)) == lib.SOUP_LOGIN_SIZE
    assert bytes(ffi.buffer(data)) == soup("L", LOGIN[:26] + b"18446744073709551615")
    accepted = ffi.new("struct soup_accepted *", {"session": b"S1", "sequence": 7})
    assert lib.soup_encode_accepted(accepted, data, len(data)) == lib.SOUP_ACCEPTED_SIZE
    assert bytes(ffi.buffer(data, lib.SOUP_ACCEPTED_SIZE)) == EVERY_PACKET[1]
    assert lib.soup_encode_rejected(ord("S"), data, len(data)) == lib.SOUP_REJECTED_SIZE
    assert bytes(ffi.buffer(data, lib.SOUP_REJECTED_SIZE)) == EVERY_PACKET[2]


def test_a_packet_that_the_protocol_cannot_carry_is_not_written() -> None:
    data = ffi.new("uint8_t[]", lib.SOUP_PACKET_MAX)
    payload = bytes(lib.SOUP_PAYLOAD_MAX + 1)
    assert lib.soup_encode(ord("U"), payload, len(payload), data, len(data)) == lib.ERROR_ARGUMENT
    assert lib.soup_encode(ord("U"), payload, len(payload) - 1, data, len(data)) == lib.SOUP_PACKET_MAX
    assert lib.soup_encode(ord("H"), b"x", 1, data, len(data)) == lib.ERROR_ARGUMENT
    assert lib.soup_encode(ord("z"), b"", 0, data, len(data)) == lib.ERROR_ARGUMENT
