"""ITCH files through the order books at native speed."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from tickwire.native._native import ffi, lib
from tickwire.native.book import Books

Rows = npt.NDArray[Any]
"""Columns sequence, locate, bid_price, bid_quantity, ask_price, ask_quantity (prices in 1/10 000)."""

NEVER_NS = (1 << 64) - 1


class Stop(IntEnum):
    """Why a replay paused."""

    MORE = lib.BOOK_REPLAY_MORE
    ROWS = lib.BOOK_REPLAY_ROWS
    TIME = lib.BOOK_REPLAY_TIME
    END = lib.BOOK_REPLAY_END


class Replay:
    """Feeds an ITCH file (messages behind 2-byte lengths) to books a piece at a time; may record best bid and offer."""

    def __init__(self, books: Books, record: bool = False, row_capacity: int = 65_536) -> None:
        self._books = books
        self._replay = ffi.new("struct book_replay *")
        self._replay.stop_ns = NEVER_NS
        if record:
            self._raw_rows = ffi.new("struct book_row[]", row_capacity)
            self._replay.rows = self._raw_rows
            self._replay.row_capacity = row_capacity
            self._rows = np.frombuffer(ffi.buffer(self._raw_rows), dtype=_layout("struct book_row"))
        self._rest = b""
        self.stop = Stop.MORE

    @property
    def messages(self) -> int:
        """Messages applied so far."""
        return int(self._replay.sequence)

    @property
    def pending(self) -> int:
        """Bytes handed in but not applied: part of a message, or what lies behind a stop."""
        return len(self._rest)

    def stop_after(self, venue_ns: int) -> None:
        """Pause, with ``stop`` Stop.TIME, before the first message stamped later than this."""
        self._replay.stop_ns = venue_ns

    def feed(self, piece: bytes) -> Iterator[Rows]:
        """Apply piece, yielding the recorded states as arrays that are valid until the next step.

        Ends when piece is used up or when ``stop`` says otherwise; what lies behind a stop is kept and comes first at
        the next call.  Must be iterated to its end.
        """
        held = self._rest + piece if self._rest else piece
        size = len(held)
        start = ffi.from_buffer("uint8_t[]", held)
        done = 0
        while True:
            self.stop = Stop(lib.book_replay_run(self._books.pointer, self._replay, start + done, size - done))
            done += self._replay.consumed
            if self._replay.row_count:
                yield self._rows[: self._replay.row_count]
            if self.stop != Stop.ROWS:
                break
        self._rest = held[done:]

    def run(self, piece: bytes) -> Stop:
        """Apply piece without recording; returns why it paused."""
        for _ in self.feed(piece):
            pass
        return self.stop


def _layout(struct: str) -> np.dtype[np.void]:
    """A C struct of unsigned integers as a numpy record type."""
    fields = ffi.typeof(struct).fields
    return np.dtype(
        {
            "names": [name for name, _ in fields],
            "formats": [f"u{ffi.sizeof(field.type)}" for _, field in fields],
            "offsets": [field.offset for _, field in fields],
            "itemsize": ffi.sizeof(struct),
        }
    )
