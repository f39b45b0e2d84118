"""Wire to wire: from the tick's packet leaving the exchange to the order's segment arriving.

A client that wants to be measured writes the feed's sequence number of the tick that made it trade into the order's
ClOrdID: ``T``, its last 10 digits, and who sent it in three characters more.  The arrival is the kernel's stamp of the
segment, not when this process got to it.
"""

import re
import struct

from tickwire.native import Histogram, ffi
from tickwire.native.venue import Publisher, client_order_id

TICK = re.compile(rb"T(\d{10})[0-9A-V]{3}")
SO_TIMESTAMPNS = 35  # asm-generic/socket.h; the socket module does not name it
TIMESPEC = struct.Struct("@qq")


def receive_stamp(ancillary: list[tuple[int, int, bytes]]) -> int:
    """The kernel's stamp among what recvmsg brought, CLOCK_REALTIME ns; 0 when there is none."""
    for _, kind, data in ancillary:
        if kind == SO_TIMESTAMPNS and len(data) >= TIMESPEC.size:
            seconds, nanoseconds = TIMESPEC.unpack_from(data)
            return int(seconds * 1_000_000_000 + nanoseconds)
    return 0


class WireToWire:
    """A histogram over the orders that name their tick."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._block = ffi.new("struct histogram *")
        self._histogram = Histogram(self._block)

    def order(self, message: bytes, stamp_ns: int) -> None:
        """Count an OUCH message received at stamp_ns, if it is an order that names a tick."""
        if stamp_ns == 0 or message[:1] not in (b"O", b"U"):
            return
        tick = TICK.fullmatch(client_order_id(message) or b"")
        sent_ns = self._publisher.stamp(int(tick[1])) if tick else 0
        if 0 < sent_ns <= stamp_ns:
            self._histogram.record(stamp_ns - sent_ns)

    def summary(self) -> dict[str, int]:
        """Percentiles, maximum and count, ns."""
        return self._histogram.summary()
