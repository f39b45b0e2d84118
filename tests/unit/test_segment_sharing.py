"""The segment: made once, found by name, refused when it is not ours."""

from pathlib import Path

import pytest

from tickwire.native import NativeError, Segment, ffi, lib

SIZE = 1 << 20


@pytest.fixture
def segment(tmp_path: Path) -> Segment:
    with Segment.create(tmp_path / "box", SIZE) as made:
        yield made


def test_a_second_mapping_finds_every_block_by_name(segment: Segment) -> None:
    segment.add_ring("market.0", 8, "market_update", 2)
    segment.add_counters("risk")
    segment.add_histogram("gate")
    segment.add_parameters("limits", "risk_limits")
    segment.add_table("top.0", "market_top", 3)
    segment.add_control()
    with Segment.attach(segment.path) as other:
        assert [name for name, _, _ in other.blocks()] == ["market.0", "risk", "gate", "limits", "top.0", "control"]
        assert other.ring("market.0", "market_update").capacity == 8
        assert len(other.table("top.0", "market_top")) == 3
        other.control().kill = 7
    assert segment.control().kill == 7


def test_every_block_starts_on_a_cache_line(segment: Segment) -> None:
    segment.add_counters("a")
    segment.add_ring("b", 2, "order", 1)
    header = lib.segment_header(segment.handle)
    assert all(header.blocks[index].offset % lib.CACHE_LINE == 0 for index in range(header.block_count))


def test_a_name_is_taken_only_once(segment: Segment) -> None:
    segment.add_counters("risk")
    with pytest.raises(NativeError, match="already there"):
        segment.add_histogram("risk")


def test_a_block_of_another_kind_is_not_found(segment: Segment) -> None:
    segment.add_counters("risk")
    with pytest.raises(NativeError, match="no histogram named 'risk'"):
        segment.histogram("risk")


def test_a_ring_is_not_read_as_records_of_another_size(segment: Segment) -> None:
    segment.add_ring("verdict", 2, "risk_refusal", 1)
    with pytest.raises(ValueError, match="64 bytes"):
        segment.ring("verdict", "market_update")


def test_a_full_segment_says_so(segment: Segment) -> None:
    with pytest.raises(NativeError, match="full"):
        segment.add_ring("big", 4096, "market_update", 1)
        segment.add_ring("too big", 4096, "market_update", 1)


def test_creating_over_an_existing_segment_is_refused(segment: Segment) -> None:
    with pytest.raises(NativeError, match="already there"):
        Segment.create(segment.path, SIZE)


def test_a_segment_is_readable_by_its_owner_alone(segment: Segment) -> None:
    assert segment.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"short", b"\0" * SIZE, b"\xff" * SIZE])
def test_a_file_that_is_no_segment_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(NativeError, match="malformed"):
        Segment.attach(path)


def test_a_segment_of_another_layout_is_refused(segment: Segment) -> None:
    lib.segment_header(segment.handle).layout_hash ^= 1
    with pytest.raises(NativeError, match="another version of the shared headers"):
        Segment.attach(segment.path)


def test_a_truncated_segment_is_refused(segment: Segment) -> None:
    with segment.path.open("r+b") as file:
        file.truncate(SIZE // 2)
    with pytest.raises(NativeError, match="malformed"):
        Segment.attach(segment.path)


def test_a_missing_segment_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NativeError, match="not found"):
        Segment.attach(tmp_path / "none")


def test_parameters_are_unknown_until_written_and_whole_afterwards(segment: Segment) -> None:
    parameters = segment.add_parameters("risk", "risk_limits")
    assert parameters.read() is None
    limits = ffi.new("struct risk_limits *")
    limits.message_rate_max = 42
    parameters.write(limits, 5)
    assert parameters.version == 2
    read = parameters.read()
    assert read is not None and read.message_rate_max == 42


def test_an_entry_whose_writer_died_inside_it_is_reported_and_not_read(segment: Segment) -> None:
    table = segment.add_table("top.0", "market_top", 1)
    assert table.read(0).updates == 0
    block = lib.segment_find(segment.handle, b"top.0", lib.BLOCK_TABLE, ffi.NULL)
    ffi.cast("struct market_top *", block).version = 3
    with pytest.raises(NativeError, match="busy"):
        table.read(0)
