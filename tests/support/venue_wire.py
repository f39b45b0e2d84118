"""ITCH, OUCH and a simple book for the tests of the venue: written from the layouts alone, none of our codec in it."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

BUY, SELL = 0, 1
OWN = 1 << 62  # references and match numbers of the venue's own begin here


def frame(message: bytes) -> bytes:
    return struct.pack(">H", len(message)) + message


def frames(data: bytes) -> Iterator[bytes]:
    offset = 0
    while offset < len(data):
        (size,) = struct.unpack_from(">H", data, offset)
        yield data[offset + 2 : offset + 2 + size]
        offset += 2 + size
    assert offset == len(data)


# ---- ITCH ----


def header(kind: str, time_ns: int = 1, locate: int = 1) -> bytes:
    return kind.encode() + struct.pack(">HH", locate, 0) + time_ns.to_bytes(6, "big")


def system(event: str, time_ns: int = 1) -> bytes:
    return header("S", time_ns, 0) + event.encode()


def action(state: str, symbol: str = "AAPL", time_ns: int = 1, locate: int = 1) -> bytes:
    return header("H", time_ns, locate) + symbol.ljust(8).encode() + state.encode() + b" " + b"    "


def add(ref: int, side: int, shares: int, price: int, symbol: str = "AAPL", time_ns: int = 1, locate: int = 1) -> bytes:
    body = struct.pack(">QcI8sI", ref, b"BS"[side : side + 1], shares, symbol.ljust(8).encode(), price)
    return header("A", time_ns, locate) + body


def restriction(action: str, symbol: str = "AAPL", time_ns: int = 1, locate: int = 1) -> bytes:
    """Reg SHO: 0 none, 1 or 2 in effect."""
    return header("Y", time_ns, locate) + symbol.ljust(8).encode() + action.encode()


def executed(ref: int, shares: int, match: int = 9, time_ns: int = 1) -> bytes:
    return header("E", time_ns) + struct.pack(">QIQ", ref, shares, match)


def executed_price(ref: int, shares: int, price: int, match: int = 9) -> bytes:
    return header("C") + struct.pack(">QIQcI", ref, shares, match, b"Y", price)


def canceled(ref: int, shares: int) -> bytes:
    return header("X") + struct.pack(">QI", ref, shares)


def deleted(ref: int) -> bytes:
    return header("D") + struct.pack(">Q", ref)


def replaced(ref: int, new: int, shares: int, price: int) -> bytes:
    return header("U") + struct.pack(">QQII", ref, new, shares, price)


@dataclass
class Resting:
    locate: int
    side: int
    price: int
    shares: int


@dataclass
class SimpleBook:
    """A book rebuilt from public messages only; strict: anything impossible fails the test."""

    strict: bool = True
    orders: dict[int, Resting] = field(default_factory=dict)
    matches: set[int] = field(default_factory=set)

    def apply(self, message: bytes) -> None:
        kind = chr(message[0])
        if kind in "AF":
            ref, side, shares, _, price = struct.unpack_from(">QcI8sI", message, 11)
            assert ref not in self.orders and shares > 0
            (locate,) = struct.unpack_from(">H", message, 1)
            self.orders[ref] = Resting(locate, BUY if side == b"B" else SELL, price, shares)
        elif kind in "ECX":
            ref, shares = struct.unpack_from(">QI", message, 11)
            if kind != "X":
                (match,) = struct.unpack_from(">Q", message, 23)
                assert match not in self.matches or not self.strict
                self.matches.add(match)
            self.take(ref, shares)
        elif kind == "D":
            (ref,) = struct.unpack_from(">Q", message, 11)
            if ref in self.orders or self.strict:
                del self.orders[ref]
        elif kind == "U":
            ref, new, shares, price = struct.unpack_from(">QQII", message, 11)
            if ref in self.orders or self.strict:
                old = self.orders.pop(ref)
                assert shares > 0
                self.orders[new] = Resting(old.locate, old.side, price, shares)

    def take(self, ref: int, shares: int) -> None:
        if ref not in self.orders and not self.strict:
            return
        order = self.orders[ref]
        assert 0 < shares <= order.shares
        order.shares -= shares
        if order.shares == 0:
            del self.orders[ref]

    def levels(self, locate: int, side: int) -> list[tuple[int, int, int, int]]:
        """(price, shares, orders, orders of accounts), best first."""
        found: dict[int, list[int]] = {}
        for ref, order in self.orders.items():
            if order.locate == locate and order.side == side:
                row = found.setdefault(order.price, [0, 0, 0])
                row[0] += order.shares
                row[1] += 1
                row[2] += ref >= OWN
        return [(price, *found[price]) for price in sorted(found, reverse=side == BUY)]


# ---- OUCH ----

MARKET = 0x7FFFFFFF


def enter(
    urn: int,
    side: str,
    shares: int,
    price: int,
    symbol: str = "AAPL",
    tif: str = "0",
    token: str = "",
    display: str = "Y",
    capacity: str = "P",
    cross: str = "N",
    options: bytes = b"",
) -> bytes:
    return (
        struct.pack(">cIcI8sQ", b"O", urn, side.encode(), shares, symbol.ljust(8).encode(), price)
        + (tif + display + capacity + "N" + cross + token.ljust(14)).encode()
        + struct.pack(">H", len(options))
        + options
    )


def replace(
    urn: int,
    new: int,
    shares: int,
    price: int,
    tif: str = "0",
    token: str = "",
    display: str = "Y",
    options: bytes = b"",
) -> bytes:
    body = struct.pack(">cIIIQ", b"U", urn, new, shares, price) + (tif + display + "N" + token.ljust(14)).encode()
    return body + struct.pack(">H", len(options)) + options


def option(tag: int, value: int | str, size: int = 4) -> bytes:
    """One element of an appendage: a number of size bytes, or text."""
    data = value.encode() if isinstance(value, str) else value.to_bytes(size, "big", signed=value < 0)
    return bytes([len(data) + 1, tag]) + data


def minimum(shares: int) -> bytes:
    return option(3, shares)


def reserve(shown: int) -> bytes:
    return option(5, shown)


def peg(kind: str, offset: int = 0) -> bytes:
    """R primary, P market, M midpoint; the offset is added to what it follows."""
    return option(6, kind) + (option(7, offset) if offset else b"")


POST_ONLY = option(12, "P")


def expires(seconds: int) -> bytes:
    return option(15, seconds)


def cancel(urn: int, shares: int = 0) -> bytes:
    return struct.pack(">cII", b"X", urn, shares)


def modify(urn: int, side: str, shares: int) -> bytes:
    return struct.pack(">cIcI", b"M", urn, side.encode(), shares)


def mass_cancel(urn: int, symbol: str = "", firm: str = "", options: bytes = b"") -> bytes:
    body = struct.pack(">cI4s8sH", b"C", urn, firm.ljust(4).encode(), symbol.ljust(8).encode(), len(options))
    return body + options


def order_entry(kind: str, urn: int, firm: str = "") -> bytes:
    return struct.pack(">cI4sH", kind.encode(), urn, firm.ljust(4).encode(), 0)


TERMS = (
    "urn",
    "side",
    "shares",
    "symbol",
    "price",
    "tif",
    "display",
    "ref",
    "capacity",
    "iso",
    "cross",
    "state",
    "token",
)
LAYOUTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "S": (">Qc", ("time", "event")),
    "A": (
        ">QIcI8sQccQcccc14s",
        ("time", *TERMS),
    ),
    "U": (
        ">QIIcI8sQccQcccc14s",
        ("time", "old", *TERMS),
    ),
    "C": (">QIIc", ("time", "urn", "shares", "reason")),
    "E": (">QIIQcQ", ("time", "urn", "shares", "price", "liquidity", "match")),
    "J": (">QIH14s", ("time", "urn", "reason", "token")),
    "D": (">QIIcIQcc", ("time", "urn", "shares", "reason", "prevented", "price", "liquidity", "strategy")),
    "B": (">QIQc14s", ("time", "urn", "match", "reason", "token")),
    "P": (">QI", ("time", "urn")),
    "I": (">QI", ("time", "urn")),
    "T": (">QIQcQ", ("time", "urn", "price", "display", "ref")),
    "R": (">QIc", ("time", "urn", "reason")),
    "M": (">QIcI", ("time", "urn", "side", "shares")),
    "X": (">QI4s8s", ("time", "urn", "firm", "symbol")),
    "G": (">QI4s", ("time", "urn", "firm")),
    "K": (">QI4s", ("time", "urn", "firm")),
    "Q": (">QI", ("time", "next")),
}


def report(message: bytes) -> dict[str, object]:
    """An outbound OUCH message by field; text without its padding, ``type`` added."""
    layout, names = LAYOUTS[chr(message[0])]
    values = struct.unpack_from(layout, message, 1)
    fields = {
        name: value.decode().rstrip() if isinstance(value, bytes) else value
        for name, value in zip(names, values, strict=True)
    }
    return {"type": chr(message[0]), **fields}


def reports(log: bytes) -> list[dict[str, object]]:
    """The messages in a piece of session log (SoupBinTCP sequenced packets)."""
    found = []
    for packet in frames(log):
        assert packet[:1] == b"S"
        found.append(report(packet[1:]))
    return found


def copies(drop_copy: bytes) -> list[tuple[str, dict[str, object]]]:
    """Firm and message of every packet in a piece of drop copy."""
    found = []
    for packet in frames(drop_copy):
        assert packet[:1] == b"S"
        found.append((packet[1:5].decode().rstrip(), report(packet[5:])))
    return found
