"""Every message of every codec, with any values, survives being decoded and encoded."""

import json
import struct
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tickwire.native import ffi, lib
from tickwire.native.codec import ItchFrames, JsonText, MoldPacket, soup_packets

ITCH = [lib.itch_layout(letter) for letter in range(256) if lib.itch_length(letter)]
INBOUND = [layout for letter in range(256) if (layout := lib.ouch_inbound_layout(letter))]
OUTBOUND = [layout for letter in range(256) if (layout := lib.ouch_outbound_layout(letter))]
TAGS = {tag: lib.ouch_option_field(tag) for tag in range(256)}

known_option = st.sampled_from([tag for tag, field in TAGS.items() if field]).flatmap(
    lambda tag: st.binary(min_size=TAGS[tag].size, max_size=TAGS[tag].size).map(lambda value: (tag, value))
)
unknown_option = st.tuples(st.sampled_from([tag for tag, field in TAGS.items() if not field]), st.binary(max_size=254))
options = st.lists(known_option | unknown_option, max_size=12)


def message_of(layout: Any) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=layout.length - 1, max_size=layout.length - 1).map(
        lambda rest: bytes([layout.type]) + rest
    )


def with_options(layout: Any) -> st.SearchStrategy[bytes]:
    fixed = message_of(layout)
    if layout.appendage == lib.CODEC_APPENDAGE_NONE:
        return fixed
    extended = st.tuples(fixed, options).map(lambda pair: pair[0] + appendage(pair[1]))
    return extended if layout.appendage == lib.CODEC_APPENDAGE_REQUIRED else fixed | extended


def appendage(chosen: list[tuple[int, bytes]]) -> bytes:
    elements = b"".join(bytes([len(value) + 1, tag]) + value for tag, value in chosen)
    return struct.pack(">H", len(elements)) + elements


itch_messages = st.sampled_from(ITCH).flatmap(message_of)


def native_json(text: bytes) -> dict[str, Any]:
    return dict(json.loads(b"{" + text + b"}"))


@given(itch_messages)
def test_an_itch_message_encodes_to_its_own_bytes(data: bytes) -> None:
    message, again = ffi.new("struct itch_message *"), ffi.new("uint8_t[]", len(data))
    assert lib.itch_decode(data, len(data), message) == len(data)
    assert lib.itch_encode(message, again, len(data)) == len(data)
    assert bytes(ffi.buffer(again)) == data


@given(itch_messages)
def test_the_text_of_an_itch_message_is_json_with_its_very_numbers(data: bytes) -> None:
    layout = lib.itch_layout(data[0])
    text = native_json(JsonText().itch(ffi.from_buffer("uint8_t[]", data), len(data)))
    assert len(text) == 2 + layout.field_count
    for index in range(layout.field_count):
        field = layout.fields[index]
        wire = data[field.offset : field.offset + field.size]
        name = ffi.string(field.name).decode() + {0: "", 4: "_1e4", 8: "_1e8"}[field.decimals]
        number = field.kind == lib.CODEC_NUMBER
        assert text[name] == (int.from_bytes(wire, "big") if number else wire.decode("latin-1").rstrip(" "))


@given(st.sampled_from(INBOUND).flatmap(with_options))
def test_an_inbound_order_message_encodes_to_its_own_bytes(data: bytes) -> None:
    message, again = ffi.new("struct ouch_inbound *"), ffi.new("uint8_t[]", len(data))
    assert lib.ouch_decode_inbound(data, len(data), message) == len(data)
    assert lib.ouch_encode_inbound(message, again, len(data)) == len(data)
    assert bytes(ffi.buffer(again)) == data


@given(st.sampled_from(OUTBOUND).flatmap(with_options))
def test_an_outbound_order_message_encodes_to_its_own_bytes(data: bytes) -> None:
    message, again = ffi.new("struct ouch_outbound *"), ffi.new("uint8_t[]", len(data))
    assert lib.ouch_decode_outbound(data, len(data), message) == len(data)
    assert lib.ouch_encode_outbound(message, again, len(data)) == len(data)
    assert bytes(ffi.buffer(again)) == data


@given(st.sampled_from(OUTBOUND), options)
def test_the_text_of_an_order_message_lists_every_option(layout: Any, chosen: list[tuple[int, bytes]]) -> None:
    if layout.appendage == lib.CODEC_APPENDAGE_NONE:
        return
    data = bytes([layout.type]) + bytes(layout.length - 1) + appendage(chosen)
    listed = native_json(JsonText().ouch_outbound(data)).get("options", [])
    assert [option["tag"] for option in listed] == [tag for tag, _ in chosen]
    signed = [option["peg_offset_1e4"] for option in listed if "peg_offset_1e4" in option]
    assert signed == [int.from_bytes(value, "big", signed=True) for tag, value in chosen if tag == 7]


@given(st.lists(st.binary(min_size=1, max_size=60), max_size=20), st.integers(0, 2**64 - 1), st.integers(20, 400))
def test_a_packet_holds_the_messages_that_fit_and_gives_them_back(
    messages: list[bytes], sequence: int, capacity: int
) -> None:
    data, builder = ffi.new("uint8_t[]", capacity), ffi.new("struct mold_builder *")
    assert lib.mold_begin(builder, data, capacity, b"SESSION001", sequence) == 0
    kept = []
    for message in messages:
        fits = builder.size + 2 + len(message) <= capacity
        assert lib.mold_append(builder, message, len(message)) == (0 if fits else lib.ERROR_FULL)
        kept += [message] if fits else []
    packet = MoldPacket(bytes(ffi.buffer(data, builder.size)))
    assert (packet.header.sequence, packet.header.count) == (sequence, len(kept))
    assert [bytes(ffi.buffer(pointer, size)) for pointer, size in packet] == kept


@given(st.lists(itch_messages, max_size=20), st.integers(1, 200))
def test_a_framed_file_gives_its_messages_however_it_is_read(messages: list[bytes], step: int) -> None:
    content = b"".join(struct.pack(">H", len(message)) + message for message in messages)
    frames, seen = ItchFrames(), []
    for start in range(0, len(content), step):
        seen += [bytes(ffi.buffer(pointer, size)) for pointer, size in frames.feed(content[start : start + step])]
    assert seen == messages and frames.pending == 0


text_field = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=6).map(str.encode)


@given(text_field, text_field, text_field, st.integers(0, 2**64 - 1))
def test_a_login_survives(username: bytes, password: bytes, session: bytes, sequence: int) -> None:
    login = ffi.new("struct soup_login *", {"username": username, "password": password, "session": session})
    login.sequence = sequence
    data = ffi.new("uint8_t[]", lib.SOUP_LOGIN_SIZE)
    assert lib.soup_encode_login(login, data, len(data)) == len(data)
    (packet,) = soup_packets(bytearray(ffi.buffer(data)))
    assert packet.fields() == {"username": username.decode(), "session": session.decode(), "sequence": sequence}
    assert packet.payload[6:16].strip() == password


@given(st.sampled_from("+SU"), st.binary(max_size=300), st.binary(max_size=50))
def test_a_packet_is_taken_off_a_stream_and_the_rest_stays(kind: str, payload: bytes, rest: bytes) -> None:
    data = ffi.new("uint8_t[]", 3 + len(payload))
    assert lib.soup_encode(ord(kind), payload, len(payload), data, len(data)) == len(data)
    stream = bytearray(bytes(ffi.buffer(data)) + rest)
    first = next(soup_packets(stream))
    assert (first.type, first.payload) == (kind, payload)
