"""The shared-memory segment: every block of a box by name, as Python objects over the same bytes the C stages use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tickwire.native._native import ffi, lib
from tickwire.native.control import Control, Parameters
from tickwire.native.errors import NativeError, check
from tickwire.native.metric import Counters, Histogram
from tickwire.native.ring import Ring
from tickwire.native.table import Table


class Segment:
    """One mapping of a segment file.

    Everything handed out by it becomes invalid when it is closed.  Raises NativeError: already there, not found, built
    from another version of the shared headers, malformed, full.
    """

    def __init__(self, handle: Any, path: Path) -> None:
        self._handle = handle
        self.path = path

    @classmethod
    def create(cls, path: Path, size: int) -> Self:
        """Make the file of size bytes, readable by this user alone; it must not exist."""
        out = ffi.new("struct segment **")
        check(lib.segment_create(str(path).encode(), size, out), f"cannot create segment {path}")
        return cls(out[0], path)

    @classmethod
    def attach(cls, path: Path) -> Self:
        """Map an existing segment."""
        out = ffi.new("struct segment **")
        check(lib.segment_attach(str(path).encode(), out), f"cannot attach to segment {path}")
        return cls(out[0], path)

    @property
    def handle(self) -> Any:
        """``struct segment *`` for native calls; raises ValueError once closed."""
        if self._handle is None:
            raise ValueError(f"segment {self.path} is closed")
        return self._handle

    @property
    def creator_pid(self) -> int:
        """Process that created the file."""
        return int(lib.segment_header(self.handle).creator_pid)

    def blocks(self) -> Iterator[tuple[str, int, int]]:
        """(name, kind, size in bytes) of each block, in order of creation."""
        header = lib.segment_header(self.handle)
        for index in range(header.block_count):
            block = header.blocks[index]
            yield ffi.string(block.name).decode(), int(block.kind), int(block.size)

    def add_ring(self, name: str, capacity: int, record: str, consumers: int) -> Ring:
        """Create a ring of ``struct record``; capacity in records, a power of two."""
        out = ffi.new("struct ring **")
        size = ffi.sizeof(f"struct {record}")
        check(lib.ring_add(self.handle, name.encode(), capacity, size, consumers, out), f"cannot add ring {name}")
        return Ring(out[0], name, record)

    def ring(self, name: str, record: str) -> Ring:
        """The ring of that name, its records read as ``struct record``."""
        ring = Ring(self._found(lib.ring_find(self.handle, name.encode()), "ring", name), name, record)
        if ring.record_size != ffi.sizeof(f"struct {record}"):
            raise ValueError(f"ring {name} holds records of {ring.record_size} bytes, not struct {record}")
        return ring

    def add_counters(self, name: str) -> Counters:
        """Create a block of counters."""
        out = ffi.new("struct counters **")
        check(lib.counters_add(self.handle, name.encode(), out), f"cannot add counters {name}")
        return Counters(out[0])

    def counters(self, name: str) -> Counters:
        """The counters of that name."""
        return Counters(self._found(lib.counters_find(self.handle, name.encode()), "counters", name))

    def add_histogram(self, name: str) -> Histogram:
        """Create a histogram."""
        out = ffi.new("struct histogram **")
        check(lib.histogram_add(self.handle, name.encode(), out), f"cannot add histogram {name}")
        return Histogram(out[0])

    def histogram(self, name: str) -> Histogram:
        """The histogram of that name."""
        return Histogram(self._found(lib.histogram_find(self.handle, name.encode()), "histogram", name))

    def add_parameters(self, name: str, struct: str) -> Parameters:
        """Create a seqlocked ``struct struct``."""
        out = ffi.new("struct parameters_header **")
        size = ffi.sizeof(f"struct {struct}")
        check(lib.parameters_add(self.handle, name.encode(), size, out), f"cannot add parameters {name}")
        return Parameters(out[0], struct)

    def parameters(self, name: str, struct: str) -> Parameters:
        """The parameters of that name."""
        return Parameters(self._found(lib.parameters_find(self.handle, name.encode()), "parameters", name), struct)

    def add_table(self, name: str, struct: str, count: int) -> Table:
        """Create an array of count seqlocked ``struct struct``, whose first word is the version."""
        out = ffi.new("void **")
        size = ffi.sizeof(f"struct {struct}") * count
        check(lib.segment_add(self.handle, name.encode(), lib.BLOCK_TABLE, size, out), f"cannot add table {name}")
        return Table(out[0], struct, count)

    def table(self, name: str, struct: str) -> Table:
        """The table of that name; its length follows from the block's size."""
        size = ffi.new("uint64_t *")
        block = lib.segment_find(self.handle, name.encode(), lib.BLOCK_TABLE, size)
        return Table(self._found(block, "table", name), struct, size[0] // ffi.sizeof(f"struct {struct}"))

    def add_control(self) -> Control:
        """Create the control block; all zero: nothing armed."""
        out = ffi.new("struct control **")
        check(lib.control_add(self.handle, out), "cannot add the control block")
        return Control(out[0])

    def control(self) -> Control:
        """The control block."""
        return Control(self._found(lib.control_find(self.handle), "control", "control"))

    def close(self) -> None:
        """Unmap; the file stays.  Harmless when repeated."""
        if self._handle is not None:
            lib.segment_close(self._handle)
            self._handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _found(self, block: Any, kind: str, name: str) -> Any:
        if block == ffi.NULL:
            raise NativeError(f"segment {self.path} has no {kind} named {name!r}", lib.ERROR_NOT_FOUND)
        return block
