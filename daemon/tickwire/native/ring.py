"""Rings from Python: for tests, tools and stewards; the hot path uses the inline C."""

from collections.abc import Iterable
from typing import Any

from tickwire.native._native import ffi, lib
from tickwire.native.errors import check


class Ring:
    """A ring of ``struct record``: written from one place, read by numbered consumers, observed by anyone."""

    def __init__(self, pointer: Any, name: str, record: str) -> None:
        self._ring = pointer
        self.name = name
        self.record = record

    @property
    def capacity(self) -> int:
        """Records it holds."""
        return int(self._ring.capacity)

    @property
    def record_size(self) -> int:
        """Bytes of a record."""
        return int(self._ring.record_size)

    @property
    def published(self) -> int:
        """Records published since creation."""
        return int(self._ring.published)

    @property
    def stalls(self) -> int:
        """Times the producer found it full."""
        return int(self._ring.stalls)

    def lag(self, consumer: int) -> int:
        """Records published that the consumer has not released."""
        return int(self._ring.published - self._ring.consumers[consumer].next)

    @property
    def room(self) -> int:
        """Records that fit in front of the slowest consumer."""
        consumers = range(int(self._ring.consumer_count))
        return self.capacity - max((self.lag(index) for index in consumers), default=0)

    def write(self, records: Iterable[Any]) -> int:
        """Copy cdata records in; how many fitted."""
        wanted = list(records)
        buffer = ffi.new(f"struct {self.record}[]", len(wanted))
        for index, record in enumerate(wanted):
            buffer[index] = record
        return check(lib.ring_write(self._ring, buffer, len(wanted)), f"ring {self.name}")

    def read(self, consumer: int, count: int = 256) -> list[Any]:
        """Take at most count records as that consumer; copies."""
        buffer = ffi.new(f"struct {self.record}[]", count)
        taken = check(lib.ring_read(self._ring, consumer, buffer, count), f"ring {self.name} as consumer {consumer}")
        return [self._copy(buffer[index]) for index in range(taken)]

    def observer(self, position: int | None = None) -> "RingObserver":
        """A reader that is no consumer, from position on (default: from now on)."""
        return RingObserver(self._ring, self.record, self.published if position is None else position)

    def _copy(self, record: Any) -> Any:
        copy = ffi.new(f"struct {self.record} *")
        copy[0] = record
        return copy


class RingObserver:
    """Reads a ring without holding its producer back; ``missed`` counts what was overwritten before it was read."""

    def __init__(self, pointer: Any, record: str, position: int) -> None:
        self._ring = pointer
        self._record = record
        self._position = ffi.new("uint64_t *", position)
        self._missed = ffi.new("uint64_t *", 0)

    @property
    def missed(self) -> int:
        """Records lost to this observer."""
        return int(self._missed[0])

    def read(self, count: int = 256) -> Any:
        """At most count records, as a cdata array ``struct record[n]`` of its own memory."""
        buffer = ffi.new(f"struct {self._record}[]", count)
        taken = lib.ring_observe(self._ring, self._position, self._missed, buffer, count)
        if taken == count:
            return buffer
        records = ffi.new(f"struct {self._record}[]", taken)  # a slice would not keep the buffer alive
        ffi.memmove(records, buffer, taken * ffi.sizeof(f"struct {self._record}"))
        return records
