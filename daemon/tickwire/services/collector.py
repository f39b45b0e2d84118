"""Copies of a ring's records, for whoever understands them more slowly than they come."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from typing import Any

from tickwire.native import Ring

PENDING_MAX = 1 << 20  # records collected and not yet read
CHUNK = 256


class Collector:
    """Copies a ring's records away faster than they are understood; ``missed`` counts what it came too late for.

    collect may be called from a thread of its own, take from another.
    """

    def __init__(self, ring: Ring, from_start: bool = True) -> None:
        self._observer = ring.observer(0 if from_start else None)
        self._lock = threading.Lock()
        self._chunks: deque[Any] = deque()
        self._rest: Any = None  # the chunk that take is in
        self._index = 0
        self._count = 0  # records in the chunks
        self._missed = 0

    @property
    def pending(self) -> int:
        """Records and gaps that take has to hand out."""
        with self._lock:
            left = 0 if self._rest is None else len(self._rest) - self._index
            return left + self._count + (1 if self._chunks else 0)

    def collect(self) -> None:
        """Copy what is new."""
        with self._lock:
            while self._count < PENDING_MAX:
                chunk = self._observer.read(CHUNK)
                if self._observer.missed != self._missed:
                    self._chunks.append(self._observer.missed - self._missed)
                    self._missed = self._observer.missed
                if not len(chunk):
                    return
                self._chunks.append(chunk)
                self._count += len(chunk)

    def take(self) -> Iterator[tuple[Any | None, int]]:
        """(record, 0) for each record, (None, how many) where some were missed; whoever stops loses nothing."""
        while True:
            if self._rest is None or self._index >= len(self._rest):
                with self._lock:
                    if not self._chunks:
                        self._rest = None
                        return
                    chunk = self._chunks.popleft()
                    self._count -= 0 if isinstance(chunk, int) else len(chunk)
                if isinstance(chunk, int):
                    self._rest = None
                    yield None, chunk
                    continue
                self._rest, self._index = chunk, 0
            self._index += 1
            yield self._rest[self._index - 1], 0
