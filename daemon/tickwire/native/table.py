"""Tables: arrays of structs, each under the seqlock word it starts with."""

from typing import Any

from tickwire.native._native import ffi, lib
from tickwire.native.errors import NativeError


class Table:
    """count entries of ``struct struct``; the C stage writes, Python reads consistent copies."""

    def __init__(self, pointer: Any, struct: str, count: int) -> None:
        self._entries = ffi.cast(f"struct {struct} *", pointer)
        self._struct = struct
        self._count = count

    def __len__(self) -> int:
        return self._count

    def read(self, index: int) -> Any:
        """A consistent copy of one entry (``struct *``); IndexError, or NativeError when a writer died inside it."""
        if not 0 <= index < self._count:
            raise IndexError(index)
        entry = ffi.new(f"struct {self._struct} *")
        if not lib.table_read(ffi.addressof(self._entries, index), entry, ffi.sizeof(entry[0])):
            raise NativeError(f"table entry {self._struct}[{index}]", lib.ERROR_BUSY)
        return entry
