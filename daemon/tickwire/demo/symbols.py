"""Which instruments of a recording are worth trading: those with the most orders."""

from collections import Counter
from pathlib import Path

from tickwire.host.files import open_unpacked

MESSAGES_MAX = 1_000_000  # of a whole day, the beginning has to do
STOCK_IN_DIRECTORY = slice(11, 19)
STOCK_IN_ADD = slice(24, 32)


class NoInstrumentError(Exception):
    """The recording has nothing to trade; the text says what was looked for."""


def most_active(path: Path, count: int) -> tuple[str, ...]:
    """At most count symbols by added orders in the first million messages, busiest first.  Raises NoInstrumentError."""
    names: dict[bytes, str] = {}
    adds: Counter[bytes] = Counter()
    with open_unpacked(path) as file:
        for _ in range(MESSAGES_MAX):
            size = int.from_bytes(file.read(2))
            message = file.read(size)
            if size == 0 or len(message) < size:
                break
            kind, locate = message[:1], message[1:3]
            if kind == b"R":
                names[locate] = message[STOCK_IN_DIRECTORY].decode("ascii", "replace").strip()
            elif kind in (b"A", b"F"):
                adds[locate] += 1
                names.setdefault(locate, message[STOCK_IN_ADD].decode("ascii", "replace").strip())
    if not adds:
        raise NoInstrumentError(f"{path}: no order is added in its first {MESSAGES_MAX:,} messages")
    return tuple(names[locate] for locate, _ in adds.most_common(count))
