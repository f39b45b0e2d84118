"""A venue under scripts: a street with a book of its own, accounts that send anything, and what must hold throughout.

The street here is a market of its own: history never leaves it crossed with itself, executes only what exists, and in
price-time order, as a real recording would.
"""

from dataclasses import dataclass

import venue_wire as wire
from venue_wire import BUY, SELL

from tickwire.native.venue import Venue

BASE = 1_000_000
ACCOUNTS = 2

Kind = str | tuple[str, int] | tuple[str, int, bool]


def terms(kind: Kind, price: int, quantity: int) -> tuple[str, int, bytes]:
    """Display, price and options of an order of a kind."""
    match kind:
        case "hidden":
            return "N", price, b""
        case "post_only":
            return "Y", price, wire.POST_ONLY
        case ("reserve", int(shown)):
            return "Y", price, wire.reserve(min(shown, quantity))
        case ("minimum", int(least)):
            return "N", price, wire.minimum(min(least, quantity))
        case (str(peg), int(ticks), bool(shown)):
            return "Y" if shown and peg != "M" else "N", price, wire.peg(peg, ticks * 100)
    return "Y", price, b""


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
        self.now_ns = 1
        self.trading = True  # not before a cross, when orders may stand crossed
        self.hidden: dict[object, int] = {}  # match number: side of the hidden order that was executed
        self.sides: list[dict[object, object]] = [{} for _ in range(ACCOUNTS)]  # by UserRefNum
        self.read = [0] * ACCOUNTS  # messages of each log
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
        assert self.venue.order(index, message, self.now_ns)

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

    def special(self, index: int, side: int, price: int, quantity: int, kind: Kind) -> None:
        display, price, options = terms(kind, price, quantity)
        urn = self.urn(index)
        self.send(index, wire.enter(urn, "BT"[side], quantity, price, display=display, options=options))

    def special_replace(self, index: int, back: int, price: int, quantity: int, kind: Kind) -> None:
        display, price, options = terms(kind, price, quantity)
        old = max(0, self.urns[index] - back)
        self.send(index, wire.replace(old, self.urn(index), quantity, price, display=display, options=options))

    def expiring(self, index: int, side: int, price: int, quantity: int) -> None:
        options = wire.expires(5)
        self.send(index, wire.enter(self.urn(index), "BS"[side], quantity, price, tif="6", options=options))

    def later(self, seconds: int) -> None:
        self.now_ns += seconds * 10**9
        self.venue.time(self.now_ns)

    def quote_only(self) -> None:
        self.trading = False
        self.venue.street(wire.action("Q"))

    def resume(self) -> None:
        self.trading = True
        self.venue.street(wire.action("T"))

    def restrict(self, on: bool) -> None:
        self.venue.street(wire.restriction("01"[on]))

    def mass(self, index: int) -> None:
        self.send(index, wire.mass_cancel(self.urn(index)))

    # ---- the promises ----

    def settle(self) -> None:
        """Apply the public stream, and check what must hold after every step."""
        self.learn()
        for message in wire.frames(self.venue.take_stream()):
            self.check_priority(message)
            self.check_displayed_first(message)
            self.public.apply(message)
            for ref in self.public.orders:
                self.arrivals.setdefault(ref, len(self.arrivals))
        for side in (BUY, SELL):
            mine = [(d.price, d.quantity, d.orders, d.own) for d in self.venue.depth(1, side)]
            assert mine == self.public.levels(1, side)
        if self.trading:
            self.check_uncrossed()
        self.check_conserved()

    def learn(self) -> None:
        """From what accounts were told since, which trades were with hidden orders, and of which side."""
        for index in range(ACCOUNTS):
            first, self.read[index] = self.read[index] + 1, self.venue.log_count(index)
            for told in wire.reports(self.venue.log(index, first, self.read[index] + 1)):
                if told["type"] in ("A", "U"):
                    self.sides[index][told["urn"]] = told["side"]
                if told["type"] == "E" and told["liquidity"] in ("J", "k"):
                    self.hidden[told["match"]] = BUY if self.sides[index][told["urn"]] == "B" else SELL

    def check_displayed_first(self, message: bytes) -> None:
        """A hidden order trades when nothing as good is displayed on its side any more."""
        if message[:1] != b"P":
            return
        price, match = int.from_bytes(message[32:36], "big"), int.from_bytes(message[36:44], "big")
        side = self.hidden[match]
        for order in self.public.orders.values():
            if order.side == side:
                assert order.price < price if side == BUY else order.price > price

    def check_uncrossed(self) -> None:
        """No order of an account stands crossed with anything."""
        bids, asks = self.public.levels(1, BUY), self.public.levels(1, SELL)
        for price, _, _, own in bids:
            assert not own or not asks or price < asks[0][0]
        for price, _, _, own in asks:
            assert not own or not bids or price > bids[0][0]

    def check_priority(self, message: bytes) -> None:
        """An execution goes to the first order of the best price, whoever it belongs to."""
        if message[:1] != b"E" or not self.trading:
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
        resting = self.replay(self.logs())
        for index in range(ACCOUNTS):
            self.venue.cancel_all(index, 1)
        self.settle()
        assert self.replay(self.logs()) == 0
        assert sum(order.shares for ref, order in self.public.orders.items() if ref >= wire.OWN) == 0
        assert self.venue.counters()["open_orders"] == 0
        assert resting >= 0

    def logs(self) -> list[list[dict[str, object]]]:
        count = [self.venue.log_count(index) for index in range(ACCOUNTS)]
        return [wire.reports(self.venue.log(index, 1, count[index] + 1)) for index in range(ACCOUNTS)]

    def replay(self, logs: list[list[dict[str, object]]]) -> int:
        """Shares still open by the logs; every account's fills must be its position."""
        open_shares = 0
        for index, log in enumerate(logs):
            account = Account()
            for told in log:
                account.apply(told)
            open_shares += sum(order.shares for order in account.orders.values())
            assert account.quantity == sum(row.quantity for row in self.venue.positions(index))
        return open_shares

    def check_drop_copy(self) -> None:
        """The drop copy alone gives every account's position, and no order more open than the logs have it."""
        accounts = {"TWRA": Account(), "TWRB": Account()}
        for firm, told in wire.copies(self.venue.drop_copy(1, self.venue.drop_copy_count() + 1)):
            accounts[firm].apply(told)
        for index, account in enumerate(accounts.values()):
            assert account.quantity == sum(row.quantity for row in self.venue.positions(index))
        assert sum(order.shares for account in accounts.values() for order in account.orders.values()) == self.replay(
            self.logs()
        )


@dataclass
class Told:
    """An order as its account was told."""

    side: object
    shares: int
    limit: int


class Account:
    """An account's orders and position, from what it was told; strict: anything that may not be fails the test."""

    def __init__(self) -> None:
        self.orders: dict[object, Told] = {}
        self.quantity = 0

    def apply(self, told: dict[str, object]) -> None:
        kind, urn, amount, price = told["type"], told.get("urn"), told.get("shares", 0), told.get("price", 0)
        assert isinstance(amount, int) and isinstance(price, int)
        if kind in ("A", "U"):
            assert urn not in self.orders
            if kind == "U":
                del self.orders[told["old"]]
            self.orders[urn] = Told(told["side"], amount, price)
        elif kind in ("E", "C"):
            order = self.orders[urn]
            assert 0 < amount <= order.shares
            order.shares -= amount
            if kind == "E":
                self.fill(order, amount, price)

    def fill(self, order: Told, amount: int, price: int) -> None:
        if order.limit != wire.MARKET:
            assert price <= order.limit if order.side == "B" else price >= order.limit
        self.quantity += amount if order.side == "B" else -amount
