"""ITCH 5.0: the lengths and layouts of the specification, and what is refused."""

import pytest

from tickwire.native import ffi, lib

LENGTHS = {
    "S": 12, "R": 39, "H": 25, "Y": 20, "L": 26, "V": 35, "W": 12, "K": 28, "J": 35, "h": 21, "A": 36, "F": 40,
    "E": 31, "C": 36, "X": 23, "D": 19, "U": 35, "P": 44, "Q": 40, "B": 19, "I": 50, "N": 20, "O": 48,
}  # fmt: skip


def zeroed(letter: str, size: int) -> bytes:
    return letter.encode() + bytes(size - 1)


def decode(data: bytes) -> int:
    return int(lib.itch_decode(data, len(data), ffi.new("struct itch_message *")))


def scan(data: bytes, count: int = 10) -> tuple[int, list[int], int]:
    offset, offsets, sizes = ffi.new("size_t *"), ffi.new("uint64_t[]", count), ffi.new("uint16_t[]", count)
    found = lib.itch_file_scan(ffi.from_buffer("uint8_t[]", data), len(data), offset, offsets, sizes, count)
    return found, ffi.unpack(sizes, max(found, 0)), offset[0]


def test_every_type_has_the_length_of_the_specification() -> None:
    assert {chr(letter): lib.itch_length(letter) for letter in range(256) if lib.itch_length(letter)} == LENGTHS


@pytest.mark.parametrize("letter", LENGTHS)
def test_the_fields_of_a_layout_cover_the_message_without_gaps(letter: str) -> None:
    layout = lib.itch_layout(ord(letter))
    fields = [layout.fields[index] for index in range(layout.field_count)]
    end = 1
    for field in fields:
        assert field.offset == end
        end += field.size
    assert end == layout.length == LENGTHS[letter]
    assert len({ffi.string(field.name) for field in fields}) == len(fields)


@pytest.mark.parametrize("letter", LENGTHS)
def test_a_message_of_another_length_is_refused(letter: str) -> None:
    size = LENGTHS[letter]
    assert decode(zeroed(letter, size)) == size
    assert {decode(zeroed(letter, size)[:cut]) for cut in range(size)} == {lib.ERROR_TRUNCATED}
    assert decode(zeroed(letter, size + 1)) == lib.ERROR_MALFORMED


def test_a_type_the_feed_does_not_have_is_refused() -> None:
    assert decode(b"z" + bytes(20)) == lib.ERROR_UNSUPPORTED
    assert lib.itch_layout(ord("z")) == ffi.NULL
    message = ffi.new("struct itch_message *", {"type": ord("z")})
    assert lib.itch_encode(message, ffi.new("uint8_t[64]"), 64) == lib.ERROR_UNSUPPORTED


def test_encoding_does_not_write_past_the_capacity() -> None:
    message = ffi.new("struct itch_message *", {"type": ord("A")})
    data = ffi.new("uint8_t[]", b"\xee" * 40)
    assert lib.itch_encode(message, data, 35) == lib.ERROR_FULL
    assert bytes(ffi.buffer(data, 40)) == b"\xee" * 40


def test_a_file_is_walked_frame_by_frame_and_resumed_where_it_was_cut() -> None:
    data = b"\0\x0c" + zeroed("S", 12) + b"\0\x13" + zeroed("D", 19)
    assert scan(data) == (2, [12, 19], len(data))
    assert scan(data, count=1) == (1, [12], 14)
    for cut in range(15, len(data)):
        assert scan(data[:cut]) == (1, [12], 14)
        assert scan(data[14:cut]) == (lib.ERROR_TRUNCATED, [], 0)
    assert scan(b"") == (0, [], 0)


def test_a_frame_of_no_bytes_ends_a_file_and_is_malformed_before_its_end() -> None:
    message = b"\0\x0c" + zeroed("S", 12)
    assert scan(message + b"\0\0") == (1, [12], 16)
    assert scan(b"\0\0" + message) == (lib.ERROR_MALFORMED, [], 0)
