"""The order books against a slow oracle that is obviously correct, on orderly and on hostile streams."""

import struct
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickwire.native.book import BUY, SELL, Books, Change, Fault, Level, Order, Queue

LENGTHS = {
    "S": 12, "R": 39, "H": 25, "Y": 20, "L": 26, "V": 35, "W": 12, "K": 28, "J": 35, "h": 21, "A": 36, "F": 40, "E": 31,
    "C": 36, "X": 23, "D": 19, "U": 35, "P": 44, "Q": 40, "B": 19, "I": 50, "N": 20, "O": 48,
}  # fmt: skip
PRICE_MAX = 2_000_000_000
SIDES = {b"B": BUY, b"S": SELL}


@dataclass
class Resting:
    """An order of the oracle."""

    reference: int
    locate: int
    side: int
    price: int
    quantity: int
    attribution: str


@dataclass
class Oracle:
    """Orders in the order they arrived, and nothing else: every question is answered by going through them all."""

    orders_max: int
    orders: list[Resting] = field(default_factory=list)
    faults: Counter[Fault] = field(default_factory=Counter)
    types: Counter[str] = field(default_factory=Counter)
    trades: dict[int, tuple[int, int, int, int]] = field(default_factory=dict)
    volume: Counter[int] = field(default_factory=Counter)

    def find(self, reference: int) -> Resting | None:
        return next((order for order in self.orders if order.reference == reference), None)

    def apply(self, message: bytes) -> None:
        kind = chr(message[0]) if message else ""
        if message and kind not in LENGTHS:
            self.faults[Fault.TYPE] += 1
        elif not message or len(message) != LENGTHS[kind]:
            self.faults[Fault.SIZE] += 1
        else:
            self.types[kind] += 1
            handler = getattr(self, f"on_{kind}", None)
            if handler is not None:
                handler(struct.unpack_from(">H", message, 1)[0], message)

    def add(self, new: Resting) -> None:
        if new.quantity == 0:
            self.faults[Fault.QUANTITY] += 1
        elif not 0 < new.price <= PRICE_MAX:
            self.faults[Fault.PRICE] += 1
        elif self.find(new.reference):
            self.faults[Fault.DUPLICATE_ORDER] += 1
        elif len(self.orders) == self.orders_max:
            self.faults[Fault.ORDERS_FULL] += 1
        else:
            self.orders.append(new)

    def on_A(self, locate: int, message: bytes) -> None:  # noqa: N802
        reference, side, quantity, _, price = struct.unpack_from(">Q c I 8s I", message, 11)
        if side not in SIDES:
            self.faults[Fault.SIDE] += 1
            return
        attribution = message[36:40].decode("latin-1").strip(" \0")
        self.add(Resting(reference, locate, SIDES[side], price, quantity, attribution))

    on_F = on_A  # noqa: N815

    def named(self, locate: int, message: bytes) -> Resting | None:
        order = self.find(struct.unpack_from(">Q", message, 11)[0])
        if order is None:
            self.faults[Fault.UNKNOWN_ORDER] += 1
        elif order.locate != locate:
            self.faults[Fault.LOCATE] += 1
            return None
        return order

    def reduce(self, locate: int, message: bytes) -> Resting | None:
        order = self.named(locate, message)
        quantity = struct.unpack_from(">I", message, 19)[0]
        if order is None:
            return None
        if quantity == 0:
            self.faults[Fault.QUANTITY] += 1
            return None
        if quantity > order.quantity:
            self.faults[Fault.EXCESS] += 1
        order.quantity -= min(quantity, order.quantity)
        if order.quantity == 0:
            self.orders.remove(order)
        return order

    def trade(self, locate: int, price: int, quantity: int, side: int, match: int) -> None:
        if not 0 < price <= PRICE_MAX:
            self.faults[Fault.PRICE] += 1
            return
        self.trades[locate] = (price, min(quantity, 2**32 - 1), side, match)
        self.volume[locate] += quantity

    def on_D(self, locate: int, message: bytes) -> None:  # noqa: N802
        order = self.named(locate, message)
        if order:
            self.orders.remove(order)

    def on_X(self, locate: int, message: bytes) -> None:  # noqa: N802
        self.reduce(locate, message)

    def on_E(self, locate: int, message: bytes) -> None:  # noqa: N802
        order = self.reduce(locate, message)
        quantity, match = struct.unpack_from(">I Q", message, 19)
        if order:
            self.trade(locate, order.price, quantity, order.side, match)

    def on_C(self, locate: int, message: bytes) -> None:  # noqa: N802
        order = self.reduce(locate, message)
        quantity, match, printable, price = struct.unpack_from(">I Q c I", message, 19)
        if order and printable == b"Y":
            self.trade(locate, price, quantity, order.side, match)

    def on_U(self, locate: int, message: bytes) -> None:  # noqa: N802
        order = self.named(locate, message)
        reference, quantity, price = struct.unpack_from(">Q I I", message, 19)
        if order:
            self.orders.remove(order)
            self.add(Resting(reference, locate, order.side, price, quantity, order.attribution))

    def on_P(self, locate: int, message: bytes) -> None:  # noqa: N802
        side, quantity, _, price, match = struct.unpack_from(">c I 8s I Q", message, 19)
        if side not in SIDES:
            self.faults[Fault.SIDE] += 1
        elif quantity == 0:
            self.faults[Fault.QUANTITY] += 1
        else:
            self.trade(locate, price, quantity, SIDES[side], match)

    def on_Q(self, locate: int, message: bytes) -> None:  # noqa: N802
        quantity, _, price, match = struct.unpack_from(">Q 8s I Q", message, 11)
        if quantity:
            self.trade(locate, price, quantity, 2, match)

    def side_orders(self, locate: int, side: int) -> list[Order]:
        """Best price first, then first come: Python's sort is stable."""
        mine = [order for order in self.orders if (order.locate, order.side) == (locate, side)]
        mine.sort(key=lambda order: -order.price if side == BUY else order.price)
        return [Order(o.reference, o.locate, o.side, o.price, o.quantity, o.attribution) for o in mine]

    def levels(self, locate: int, side: int) -> list[Level]:
        found: dict[int, Level] = {}
        for order in self.side_orders(locate, side):
            level = found.get(order.price, Level(order.price, 0, 0))
            found[order.price] = Level(order.price, level.quantity + order.quantity, level.orders + 1)
        return list(found.values())

    def queue(self, reference: int) -> Queue:
        order = self.find(reference)
        assert order is not None
        peers = [o for o in self.side_orders(order.locate, order.side) if o.price == order.price]
        place = [peer.reference for peer in peers].index(reference)
        return Queue(sum(peer.quantity for peer in peers[:place]), place, len(peers) - place - 1)


def header(kind: str, locate: int) -> bytes:
    return struct.pack(">c H H H I", kind.encode(), locate, 0, 0, 1)


locates = st.sampled_from((0, 1, 2, 65535))
# Few references, so that they meet again; some that a careless hash would pile up; the extremes.
references = st.one_of(st.integers(1, 24), st.integers(0, 6).map(lambda n: n << 40), st.sampled_from((0, 2**64 - 1)))
quantities = st.one_of(st.integers(1, 500), st.sampled_from((0, 1, 100, 2**32 - 1)))
# Enough prices for deep ladders, near and far from each other.
prices = st.one_of(
    st.integers(1, 40).map(lambda n: n * 100),
    st.integers(1, 400),
    st.sampled_from((0, 1, PRICE_MAX, PRICE_MAX + 1, 2**32 - 1)),
)
sides = st.sampled_from((b"B", b"S", b"B", b"S", b"B", b"S", b"X"))
matches = st.integers(0, 2**64 - 1)


def pack(kind: str, layout: str, locate: int, *values: object) -> bytes:
    return header(kind, locate) + struct.pack(">" + layout, *values)


def message(kind: str, layout: str, *values: st.SearchStrategy[object]) -> st.SearchStrategy[bytes]:
    return st.builds(lambda *drawn: pack(kind, layout, *drawn), locates, *values)


symbol = st.just(b"TEST    ")
adds = message("A", "Q c I 8s I", references, sides, quantities, symbol, prices)
attributed = message(
    "F", "Q c I 8s I 4s", references, sides, quantities, symbol, prices, st.sampled_from((b"ABCD", b"XY  "))
)
executed = message("E", "Q I Q", references, quantities, matches)
executed_at = message("C", "Q I Q c I", references, quantities, matches, st.sampled_from((b"Y", b"N")), prices)
cancelled = message("X", "Q I", references, quantities)
deleted = message("D", "Q", references)
replaced = message("U", "Q Q I I", references, references, quantities, prices)
printed = message("P", "Q c I 8s I Q", references, sides, quantities, symbol, prices, matches)
crossed = message("Q", "Q 8s I Q c", st.sampled_from((0, 100, 2**40)), symbol, prices, matches, st.just(b"O"))
others = st.builds(
    lambda kind, locate: header(kind, locate).ljust(LENGTHS[kind]), st.sampled_from("SRHYLVWKJhBINO"), locates
)
whole = st.one_of(
    adds,
    adds,
    adds,
    attributed,
    executed,
    executed_at,
    cancelled,
    deleted,
    replaced,
    replaced,
    printed,
    crossed,
    others,
)
malformed = st.one_of(
    st.binary(max_size=60),
    st.builds(lambda data, cut: data[:cut], whole, st.integers(0, 50)),
    whole.map(lambda data: data + b"\0"),
)
streams = st.lists(st.one_of(whole, whole, whole, whole, whole, whole, whole, malformed), max_size=120)


def expected_changes(before: tuple[Level, ...], after: tuple[Level, ...], side: int) -> Change:
    best, top = (Change.BEST_BID, Change.TOP_BID) if side == BUY else (Change.BEST_ASK, Change.TOP_ASK)
    shown = Change(0)
    if [level[:2] for level in before[:1]] != [level[:2] for level in after[:1]]:
        shown |= best
    if before[:3] != after[:3]:
        shown |= top
    return shown


def compare(books: Books, oracle: Oracle) -> None:
    for locate in (0, 1, 2, 65535):
        for side in (BUY, SELL):
            assert books.levels(locate, side) == oracle.levels(locate, side)
            assert books.orders(locate, side) == oracle.side_orders(locate, side)
        tops = [oracle.levels(locate, side)[:1] for side in (BUY, SELL)]
        assert books.best(locate) == tuple(value for top in tops for value in (top[0][:2] if top else (0, 0)))
        shown = books.instrument(locate)
        last = (shown.last_price, shown.last_quantity, shown.last_side, shown.last_match)
        assert last == oracle.trades.get(locate, (0, 0, 2, 0))
        assert shown.volume == oracle.volume[locate]
    for order in oracle.orders:
        assert books.queue(order.reference) == oracle.queue(order.reference)
    stats = books.stats()
    assert stats.faults == dict(oracle.faults)
    assert stats.types == dict(oracle.types)
    assert stats.orders == len(oracle.orders)
    assert stats.messages == sum(oracle.types.values()) + oracle.faults[Fault.SIZE] + oracle.faults[Fault.TYPE]
    assert books.check() == 0


@pytest.fixture(scope="module")
def small_books() -> Books:
    """Small enough to fill up; starting with the smallest table, which then grows."""
    return Books(orders_max=20, levels_max=64, orders_start=1)


@given(streams)
@settings(deadline=None, max_examples=250)
def test_books_equal_the_oracle_after_any_stream(small_books: Books, stream: list[bytes]) -> None:
    small_books.reset()
    oracle = Oracle(orders_max=20)
    for data in stream:
        small_books.apply(data)
        oracle.apply(data)
    compare(small_books, oracle)


@given(streams)
@settings(deadline=None, max_examples=150)
def test_every_visible_change_is_announced(small_books: Books, stream: list[bytes]) -> None:
    small_books.reset()
    oracle = Oracle(orders_max=20)
    watched = Change.BEST_BID | Change.BEST_ASK | Change.TOP_BID | Change.TOP_ASK
    for data in stream:
        locate = struct.unpack_from(">H", data.ljust(3, b"\0"), 1)[0]
        before = [tuple(oracle.levels(locate, side)) for side in (BUY, SELL)]
        faults = sum(oracle.faults.values())
        event = small_books.apply(data)
        oracle.apply(data)
        after = [tuple(oracle.levels(locate, side)) for side in (BUY, SELL)]
        expected = expected_changes(before[0], after[0], BUY) | expected_changes(before[1], after[1], SELL)
        assert expected & ~event.changes == 0
        # A replace that changes nothing may say that the top was touched; the best level is never announced in vain.
        best = Change.BEST_BID | Change.BEST_ASK
        assert event.changes & watched & best == expected & best
        assert bool(event.changes & Change.FAULT) == (sum(oracle.faults.values()) > faults)
        assert (event.fault != Fault.NONE) == bool(event.changes & Change.FAULT)


@given(st.lists(st.one_of(adds, deleted), min_size=200, max_size=600), st.integers(0, 2**16))
@settings(deadline=None, max_examples=20)
def test_a_table_that_grows_loses_no_order(stream: list[bytes], salt: int) -> None:
    books = Books(orders_max=4096, levels_max=4096, orders_start=1)
    oracle = Oracle(orders_max=4096)
    for number, data in enumerate(stream):  # spread the references, so that many orders live at once
        reference = (salt + number * 4) if data[:1] == b"A" else salt + 4 * (number // 2)
        data = data[:11] + reference.to_bytes(8, "big") + data[19:]
        books.apply(data)
        oracle.apply(data)
    compare(books, oracle)
