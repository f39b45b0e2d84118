"""Whatever the street and the accounts do, the venue keeps its promises.

The street here is a market of its own: history never leaves it crossed with itself, executes only what exists, and in
price-time order, as a real recording would.  Accounts send anything.
"""

from dataclasses import dataclass

import venue_wire as wire
from hypothesis import given, settings
from hypothesis import strategies as st
from venue_wire import BUY, SELL

from tickwire.native.venue import Venue

BASE = 1_000_000
ACCOUNTS = 2

prices = st.integers(-2, 2).map(lambda ticks: BASE + ticks * 100)  # few, so that orders meet
shares = st.integers(1, 300)
sides = st.sampled_from([BUY, SELL])

add = st.tuples(st.just("add"), sides, prices, shares)
execute = st.tuples(st.just("execute"), sides, shares)
street_step = st.one_of(
    *(add, add, add, execute, execute),  # most often, or the book is empty most of the time
    st.tuples(st.just("cancel"), st.integers(0, 50), shares),
    st.tuples(st.just("delete"), st.integers(0, 50)),
    st.tuples(st.just("replace"), st.integers(0, 50), prices, shares),
)
account = st.integers(0, ACCOUNTS - 1)
enter = st.tuples(st.just("enter"), account, sides, prices, shares, st.sampled_from("0003"))
account_step = st.one_of(
    *(enter, enter, enter, enter),
    st.tuples(st.just("market"), account, sides, shares),
    st.tuples(st.just("reduce"), account, st.integers(0, 20), st.integers(0, 300)),
    st.tuples(st.just("exchange"), account, st.integers(0, 20), prices, shares),
    st.tuples(st.just("mass"), account),
)
steps = st.lists(st.one_of(street_step, account_step), min_size=20, max_size=80)


@dataclass
class Past:
    """An order as history knows it."""

    side: int
    price: int
    shares: int


class World:
    """The venue, the public's view of it, and history's own book."""

    def __init__(self) -> None:
        self.venue = Venue(["TWRA", "TWRB"])
        self.venue.street(wire.action("T"))
        self.public = wire.SimpleBook()
        self.history: dict[int, Past] = {}
        self.reference = 0
        self.match = 0
        self.urns = [0] * ACCOUNTS
        self.arrivals: dict[int, int] = {}  # public reference: when it was first seen at its price
        self.settle()

    # ---- the street ----

    def crosses(self, side: int, price: int) -> bool:
        others = [past.price for past in self.history.values() if past.side != side]
        return any(price >= other if side == BUY else price <= other for other in others)

    def pick(self, index: int) -> int | None:
        return sorted(self.history)[index % len(self.history)] if self.history else None

    def add(self, side: int, price: int, quantity: int) -> None:
        if self.crosses(side, price):
            return
        self.reference += 1
        self.history[self.reference] = Past(side, price, quantity)
        self.venue.street(wire.add(self.reference, side, quantity, price))

    def execute(self, side: int, quantity: int) -> None:
        queue = [
            (past.price if side == SELL else -past.price, ref)
            for ref, past in self.history.items()
            if past.side == side
        ]
        if not queue:
            return
        ref = min(queue)[1]
        quantity = min(quantity, self.history[ref].shares)
        self.match += 1
        self.venue.street(wire.executed(ref, quantity, self.match))
        self.shrink(ref, quantity)

    def shrink(self, ref: int, quantity: int) -> None:
        self.history[ref].shares -= quantity
        if self.history[ref].shares == 0:
            del self.history[ref]

    def cancel(self, index: int, quantity: int) -> None:
        if (ref := self.pick(index)) is not None:
            quantity = min(quantity, self.history[ref].shares)
            self.venue.street(wire.canceled(ref, quantity))
            self.shrink(ref, quantity)

    def delete(self, index: int) -> None:
        if (ref := self.pick(index)) is not None:
            del self.history[ref]
            self.venue.street(wire.deleted(ref))

    def replace(self, index: int, price: int, quantity: int) -> None:
        ref = self.pick(index)
        if ref is None or self.crosses(self.history[ref].side, price):
            return
        self.reference += 1
        self.history[self.reference] = Past(self.history.pop(ref).side, price, quantity)
        self.venue.street(wire.replaced(ref, self.reference, quantity, price))

    # ---- the accounts ----

    def send(self, index: int, message: bytes) -> None:
        assert self.venue.order(index, message, 1)

    def urn(self, index: int) -> int:
        self.urns[index] += 1
        return self.urns[index]

    def enter(self, index: int, side: int, price: int, quantity: int, tif: str) -> None:
        self.send(index, wire.enter(self.urn(index), "BS"[side], quantity, price, tif=tif))

    def market(self, index: int, side: int, quantity: int) -> None:
        self.send(index, wire.enter(self.urn(index), "BS"[side], quantity, wire.MARKET))

    def reduce(self, index: int, back: int, quantity: int) -> None:
        self.send(index, wire.cancel(max(0, self.urns[index] - back), quantity))

    def exchange(self, index: int, back: int, price: int, quantity: int) -> None:
        old = max(0, self.urns[index] - back)
        self.send(index, wire.replace(old, self.urn(index), quantity, price))

    def mass(self, index: int) -> None:
        self.send(index, wire.mass_cancel(self.urn(index)))

    # ---- the promises ----

    def settle(self) -> None:
        """Apply the public stream, and check what must hold after every step."""
        for message in wire.frames(self.venue.take_stream()):
            self.check_priority(message)
            self.public.apply(message)
            for ref in self.public.orders:
                self.arrivals.setdefault(ref, len(self.arrivals))
        for side in (BUY, SELL):
            mine = [(d.price, d.quantity, d.orders, d.own) for d in self.venue.depth(1, side)]
            assert mine == self.public.levels(1, side)
        self.check_uncrossed()
        self.check_conserved()

    def check_uncrossed(self) -> None:
        """No order of an account stands crossed with anything."""
        bids, asks = self.public.levels(1, BUY), self.public.levels(1, SELL)
        for price, _, _, own in bids:
            assert not own or not asks or price < asks[0][0]
        for price, _, _, own in asks:
            assert not own or not bids or price > bids[0][0]

    def check_priority(self, message: bytes) -> None:
        """An execution goes to the first order of the best price, whoever it belongs to."""
        if message[:1] != b"E":
            return
        ref = int.from_bytes(message[11:19], "big")
        order = self.public.orders[ref]
        for other_ref, other in self.public.orders.items():
            if other.side != order.side or other_ref == ref:
                continue
            better = other.price > order.price if order.side == BUY else other.price < order.price
            earlier = other.price == order.price and self.arrivals[other_ref] < self.arrivals[ref]
            assert not better and not earlier

    def check_conserved(self) -> None:
        """Every share bought was sold, and every account's position is its log's."""
        held = [self.venue.positions(index) for index in range(ACCOUNTS)]
        rows = [row for positions in held for row in positions] + [self.venue.street_position()]
        assert sum(row.bought for row in rows) == sum(row.sold for row in rows)
        assert sum(row.bought_value for row in rows) == sum(row.sold_value for row in rows)
        assert sum(row.quantity for row in rows) == 0

    def check_logs(self) -> None:
        """What went in is what was filled, canceled or still rests; and the fills are the position."""
        resting = 0
        for index in range(ACCOUNTS):
            sides: dict[object, object] = {}
            quantity = 0
            for told in wire.reports(self.venue.log(index, 1, self.venue.log_count(index) + 1)):
                urn, amount = told.get("urn"), told.get("shares", 0)
                assert isinstance(amount, int)
                if told["type"] == "A":
                    sides[urn] = [told["side"], amount]
                elif told["type"] == "U":
                    del sides[told["old"]]
                    sides[urn] = [told["side"], amount]
                elif told["type"] in "EC":
                    entry = sides[urn]
                    assert isinstance(entry, list)
                    entry[1] -= amount
                    assert entry[1] >= 0
                    if told["type"] == "E":
                        quantity += amount if entry[0] == "B" else -amount
            resting += sum(entry[1] for entry in sides.values() if isinstance(entry, list))
            assert quantity == sum(row.quantity for row in self.venue.positions(index))
        assert resting == sum(order.shares for ref, order in self.public.orders.items() if ref >= wire.OWN)


@settings(max_examples=400, deadline=None)
@given(steps)
def test_the_venue_keeps_its_promises(script: list[tuple[object, ...]]) -> None:
    world = World()
    for name, *arguments in script:
        getattr(world, str(name))(*arguments)
        world.settle()
    world.check_logs()


@settings(max_examples=200, deadline=None)
@given(st.lists(street_step, max_size=80))
def test_without_accounts_the_stream_is_history(script: list[tuple[object, ...]]) -> None:
    world = World()
    sent: list[bytes] = []
    street = world.venue.street

    def record(message: bytes) -> None:
        sent.append(message)
        street(message)

    world.venue.street = record  # type: ignore[method-assign]
    for name, *arguments in script:
        getattr(world, str(name))(*arguments)
    assert list(wire.frames(world.venue.take_stream())) == sent


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=30), st.lists(st.binary(max_size=60), max_size=30))
def test_no_bytes_harm_it(street: list[bytes], orders: list[bytes]) -> None:
    venue = Venue(["TWRA"])
    venue.street(wire.action("T"))
    kinds = b"AFECXDUHRS"
    for index, message in enumerate(street):
        venue.street(message)
        size = {65: 36, 70: 40, 69: 31, 67: 36, 88: 23, 68: 19, 85: 35, 72: 25, 82: 39, 83: 12}[kinds[index % 10]]
        venue.street((kinds[index % 10 : index % 10 + 1] + message * 60)[:size].ljust(size, b"\0"))
    for message in orders:
        venue.order(0, message, 1)
        venue.order(0, (b"O" + message * 60)[:45].ljust(45, b"\0") + b"\0\0", 1)
    list(wire.frames(venue.take_stream()))
