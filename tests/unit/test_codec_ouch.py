"""OUCH 5.0: the lengths and layouts of the specification, appendages, and what is refused."""

from typing import Any

import pytest

from tickwire.native import ffi, lib

# (fixed length with the appendage length field where there must be one, may the field be missing)
INBOUND = {"O": 47, "U": 40, "X": 9, "M": 10, "C": 19, "D": 11, "E": 11, "Q": 1}
OUTBOUND = {
    "S": 10, "A": 64, "U": 68, "C": 18, "D": 32, "E": 36, "B": 36, "J": 29, "P": 13, "I": 13, "T": 30, "M": 18,
    "R": 16, "Q": 13, "X": 27, "G": 19, "K": 19,
}  # fmt: skip
EVERY = [("inbound", letter, size) for letter, size in INBOUND.items()] + [
    ("outbound", letter, size) for letter, size in OUTBOUND.items()
]


def layout_of(direction: str, letter: str) -> Any:
    return getattr(lib, f"ouch_{direction}_layout")(ord(letter))


def plain(direction: str, letter: str) -> bytes:
    """The shortest message of a type."""
    layout = layout_of(direction, letter)
    tail = b"\0\0" if layout.appendage == lib.CODEC_APPENDAGE_REQUIRED else b""
    return letter.encode() + bytes(layout.length - 1) + tail


def decode(direction: str, data: bytes) -> int:
    message = ffi.new(f"struct ouch_{direction} *")
    return int(getattr(lib, f"ouch_decode_{direction}")(data, len(data), message))


def appendage(data: bytes) -> tuple[Any, Any]:
    """A view of option elements, and what keeps them alive."""
    view = ffi.new("struct ouch_appendage *", {"size": len(data), "present": 1})
    held = ffi.from_buffer("uint8_t[]", data)
    view.data = held
    return view, held


def walk(data: bytes) -> list[tuple[int, bytes]]:
    view, _held = appendage(data)
    option, offset = ffi.new("struct ouch_option *"), ffi.new("uint32_t *")
    seen = []
    while (result := lib.ouch_option_next(view, offset, option)) > 0:
        seen.append((option.tag, bytes(ffi.buffer(option.value, option.size))))
    return seen if result == 0 else [*seen, (result, b"")]


def test_there_are_no_other_messages() -> None:
    for direction, known in (("inbound", INBOUND), ("outbound", OUTBOUND)):
        found = {chr(letter) for letter in range(256) if layout_of(direction, chr(letter)) != ffi.NULL}
        assert found == set(known)
        assert decode(direction, b"z" + bytes(60)) == lib.ERROR_UNSUPPORTED


@pytest.mark.parametrize(("direction", "letter", "size"), EVERY)
def test_every_message_has_the_length_of_the_specification(direction: str, letter: str, size: int) -> None:
    message = plain(direction, letter)
    assert len(message) == size == decode(direction, message)


@pytest.mark.parametrize(("direction", "letter", "size"), EVERY)
def test_the_fields_of_a_layout_cover_the_message_without_gaps(direction: str, letter: str, size: int) -> None:
    layout = layout_of(direction, letter)
    end = 1
    for index in range(layout.field_count):
        assert layout.fields[index].offset == end
        end += layout.fields[index].size
    assert end == layout.length


@pytest.mark.parametrize(("direction", "letter", "size"), EVERY)
def test_a_message_cut_anywhere_is_truncated(direction: str, letter: str, size: int) -> None:
    assert {decode(direction, plain(direction, letter)[:cut]) for cut in range(size)} == {lib.ERROR_TRUNCATED}


@pytest.mark.parametrize(("direction", "letter", "size"), EVERY)
def test_an_appendage_must_fill_the_rest_of_the_message(direction: str, letter: str, size: int) -> None:
    layout = layout_of(direction, letter)
    fixed = plain(direction, letter)[: layout.length]
    if layout.appendage == lib.CODEC_APPENDAGE_NONE:
        assert decode(direction, fixed + b"\0\0") == lib.ERROR_MALFORMED
        return
    assert decode(direction, fixed + b"\0\x03\x02\x1c\x01") == layout.length + 5
    assert decode(direction, fixed + b"\0\x04\x02\x1c\x01") == lib.ERROR_TRUNCATED
    assert decode(direction, fixed + b"\0\x02\x02\x1c\x01") == lib.ERROR_MALFORMED
    assert decode(direction, fixed + b"\0\x03\x03\x1c\x01") == lib.ERROR_MALFORMED
    assert decode(direction, fixed + b"\0") == lib.ERROR_TRUNCATED


def test_options_are_walked_and_unknown_tags_are_kept() -> None:
    assert walk(b"\x05\x02LIME\x02\x0cP\x03\xc8ab\x01\xc9") == [(2, b"LIME"), (12, b"P"), (200, b"ab"), (201, b"")]


@pytest.mark.parametrize("data", [b"\0", b"\x01", b"\0\x02", b"\x02\x0c", b"\x03\x0cPP", b"\x04\x02LIM"])
def test_an_option_whose_size_lies_is_malformed(data: bytes) -> None:
    assert walk(data) == [(lib.ERROR_MALFORMED, b"")]


def test_an_option_is_found_by_its_tag() -> None:
    view, _held = appendage(b"\x02\x0cP\x05\x07\xff\xff\xff\x9c")
    option = ffi.new("struct ouch_option *")
    assert lib.ouch_option_find(view, lib.OUCH_TAG_PEG_OFFSET, option) == 1
    assert lib.ouch_option_number(option) == -100
    assert lib.ouch_option_find(view, lib.OUCH_TAG_FIRM, option) == 0


def test_options_are_appended_in_their_type() -> None:
    data, size = ffi.new("uint8_t[]", 32), ffi.new("uint16_t *")
    assert lib.ouch_option_append_text(data, size, 32, lib.OUCH_TAG_FIRM, b"AB") == 0
    assert lib.ouch_option_append_number(data, size, 32, lib.OUCH_TAG_PEG_OFFSET, -1) == 0
    assert lib.ouch_option_append_number(data, size, 32, lib.OUCH_TAG_GROUP_ID, 258) == 0
    assert lib.ouch_option_append_text(data, size, 32, lib.OUCH_TAG_POST_ONLY, b"P") == 0
    expected = b"\x05\x02AB  \x05\x07\xff\xff\xff\xff\x03\x18\x01\x02\x02\x0cP"
    assert bytes(ffi.buffer(data, size[0])) == expected


def test_an_option_of_the_wrong_kind_or_size_is_not_appended() -> None:
    data, size = ffi.new("uint8_t[]", 8), ffi.new("uint16_t *")
    assert lib.ouch_option_append_text(data, size, 8, lib.OUCH_TAG_FIRM, b"LIMES") == lib.ERROR_ARGUMENT
    assert lib.ouch_option_append_text(data, size, 8, lib.OUCH_TAG_MIN_QUANTITY, b"A") == lib.ERROR_ARGUMENT
    assert lib.ouch_option_append_number(data, size, 8, lib.OUCH_TAG_FIRM, 1) == lib.ERROR_ARGUMENT
    assert lib.ouch_option_append_number(data, size, 8, 200, 1) == lib.ERROR_ARGUMENT
    assert lib.ouch_option_append(data, size, 8, lib.OUCH_TAG_FIRM, b"AB", 2) == lib.ERROR_ARGUMENT
    assert lib.ouch_option_append_number(data, size, 8, lib.OUCH_TAG_DISPLAY_PRICE, 1) == lib.ERROR_FULL
    assert size[0] == 0


def test_the_hot_encoders_write_what_the_general_one_does() -> None:
    message = ffi.new("struct ouch_inbound *", {"type": ord("O")})
    message.enter.user_ref, message.enter.quantity, message.enter.price = 7, 100, 1234500
    message.enter.side, message.enter.symbol = b"B", b"AAPL    "
    view, _held = appendage(b"\x05\x02LIME")
    message.appendage = view[0]
    general, hot = ffi.new("uint8_t[]", 64), ffi.new("uint8_t[]", 64)
    assert lib.ouch_encode_inbound(message, general, 64) == 53
    assert lib.ouch_encode_enter(ffi.addressof(message, "enter"), view, hot, 64) == 53
    assert bytes(ffi.buffer(general)) == bytes(ffi.buffer(hot))
    assert lib.ouch_encode_enter(ffi.addressof(message, "enter"), ffi.NULL, hot, 64) == 47
    assert lib.ouch_encode_enter(ffi.addressof(message, "enter"), ffi.NULL, hot, 46) == lib.ERROR_FULL


def test_a_cancel_goes_without_an_appendage_and_a_replace_never_does() -> None:
    data = ffi.new("uint8_t[]", 64)
    cancel = ffi.new("struct ouch_cancel *", {"user_ref": 7, "quantity": 0})
    assert lib.ouch_encode_cancel(cancel, ffi.NULL, data, 64) == 9
    assert bytes(ffi.buffer(data, 9)) == b"X\0\0\0\x07\0\0\0\0"
    assert lib.ouch_encode_replace(ffi.new("struct ouch_replace *"), ffi.NULL, data, 64) == 40
    assert lib.ouch_encode_cancel(cancel, ffi.NULL, data, 8) == lib.ERROR_FULL
