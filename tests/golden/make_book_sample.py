"""Write ``book/sample.itch``: a few messages of every kind that matters to a book, wrong ones among them.

Run by hand when the sample is to change: ``python tests/golden/make_book_sample.py``; then review what the goldens say.
"""

import struct
from itertools import count
from pathlib import Path

OPEN_NS = (9 * 3600 + 30 * 60) * 10**9
CLOCK = count(OPEN_NS + 1)
SYMBOLS = {1: b"ALFA    ", 2: b"BETA    "}


def message(kind: bytes, locate: int, layout: str, *values: object) -> bytes:
    """One message, a nanosecond after the one before."""
    return struct.pack(">cHH", kind, locate, 0) + next(CLOCK).to_bytes(6, "big") + struct.pack(">" + layout, *values)


def add(reference: int, side: bytes, quantity: int, price: int, locate: int = 1) -> bytes:
    """An anonymous order."""
    return message(b"A", locate, "QcI8sI", reference, side, quantity, SYMBOLS[locate], price)


def sample() -> list[bytes]:
    """The messages."""
    return [
        message(b"R", 1, "8s20x", SYMBOLS[1]),
        message(b"R", 2, "8s20x", SYMBOLS[2]),
        add(1, b"B", 100, 100_0000),
        add(2, b"S", 200, 101_0000),
        message(b"F", 1, "QcI8sI4s", 3, b"B", 50, SYMBOLS[1], 100_0000, b"MMKR"),
        add(4, b"B", 300, 99_9950),
        add(5, b"S", 10, 250_0000, locate=2),
        message(b"E", 1, "QIQ", 1, 60, 1),
        message(b"X", 1, "QI", 2, 50),
        message(b"U", 1, "QQII", 4, 6, 300, 100_0100),
        message(b"C", 1, "QIQcI", 6, 100, 2, b"Y", 100_0050),
        message(b"D", 1, "Q", 3),
        message(b"D", 1, "Q", 99),  # unknown
        add(1, b"B", 5, 100_0000),  # reference taken
        add(7, b"S", 5, 0),  # no price
        message(b"E", 1, "QIQ", 1, 500, 3),  # more than is left
        message(b"P", 1, "QcI8sIQ", 0, b"B", 70, SYMBOLS[1], 100_5000, 4),
        message(b"z", 1, "c", b"?"),  # unknown type
        message(b"D", 1, "5s", b"short"),  # wrong size
        add(8, b"B", 40, 260_0000, locate=2),  # crosses
        message(b"H", 2, "8scx4s", SYMBOLS[2], b"H", b"LUDP"),
        message(b"D", 1, "Q", 2),
    ]


def main() -> None:
    """Write the file."""
    target = Path(__file__).resolve().parent / "book" / "sample.itch"
    target.write_bytes(b"".join(struct.pack(">H", len(data)) + data for data in sample()))


if __name__ == "__main__":
    main()
