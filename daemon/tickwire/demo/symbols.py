"""Which instruments of a recording are worth trading: those with the most orders."""

import gzip
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tickwire.host.files import open_unpacked
from tickwire.native.codec import itch_length

MESSAGES_MAX = 1_000_000  # of a whole day, the beginning has to do
STOCK_IN_DIRECTORY = slice(11, 19)
STOCK_IN_ADD = slice(24, 32)


class NoInstrumentError(Exception):
    """The recording has nothing to trade; the text says what was looked for."""


def most_active(path: Path, count: int) -> tuple[str, ...]:
    """At most count symbols by added orders in the first million messages, busiest first.  Raises NoInstrumentError."""
    names: dict[bytes, str] = {}
    adds: Counter[bytes] = Counter()
    try:
        with open_unpacked(path) as file:
            for message in _messages(path, file):
                kind, locate = message[:1], message[1:3]
                if kind == b"R":
                    names[locate] = message[STOCK_IN_DIRECTORY].decode("ascii", "replace").strip()
                elif kind in (b"A", b"F"):
                    adds[locate] += 1
                    names.setdefault(locate, message[STOCK_IN_ADD].decode("ascii", "replace").strip())
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise NoInstrumentError(f"{path}: damaged gzip: {error}") from error
    if not adds:
        raise NoInstrumentError(f"{path}: no order is added in its first {MESSAGES_MAX:,} messages")
    return tuple(names[locate] for locate, _ in adds.most_common(count))


def _messages(path: Path, file: BinaryIO) -> Iterator[bytes]:
    """The first messages; a file that does not begin with one raises NoInstrumentError."""
    for number in range(MESSAGES_MAX):
        head = file.read(2)
        if not head:
            if number == 0:
                raise NoInstrumentError(f"{path}: empty")
            return
        size = int.from_bytes(head)
        message = file.read(size)
        if number == 0 and (size == 0 or len(message) < size or itch_length(message[0]) != size):
            raise NoInstrumentError(f"{path}: not an ITCH 5.0 file")
        if size == 0 or len(message) < size:
            return  # the end mark, or a cut that the exchange will report
        yield message
