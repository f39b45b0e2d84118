"""Gate, execution and venues around a router, answering late and as they like; what really happened is kept apart."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import Any

from routing import AAPL, BUY, MID, SECOND, Desk

from tickwire.native import lib
from tickwire.native.trading import record

TICK = 100


@dataclass
class Order:
    """An order as its venue knows it."""

    order_id: int
    parent_id: int
    intent: Any
    leaves: int
    chained: int = 0  # executed by the orders it replaced
    executed: int = 0
    at_venue: bool = True  # False: lost on its way


@dataclass
class Venue:
    """One venue, its record of the session, and the ring of reports that the router has not read yet."""

    index: int
    live: bool = True
    shown: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ((), ())  # type: ignore[assignment]
    fresh: bool = False
    orders: dict[int, Order] = field(default_factory=dict)
    record: list[dict[str, Any]] = field(default_factory=list)
    ring: deque[dict[str, Any]] = field(default_factory=deque)
    number: int = 0


class World:
    """Drives a desk at random; ``check`` after every step holds it to what must always be so."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        count = self.random.randint(1, 4)
        self.desk = Desk(count, post_cooldown_ns=SECOND // 10, answer_ns_max=self.random.choice([0, 5 * SECOND]))
        self.venues = [Venue(index) for index in range(count)]
        for venue in self.venues:
            fees = {"fee_taker": self.random.randint(-30, 30) * 100, "fee_maker": self.random.randint(-30, 30) * 100}
            self.desk.fees(venue.index, **fees)
        self.parents: dict[int, Any] = {}
        self.told: dict[int, Any] = {}
        self.gate: deque[Any] = deque()  # intents nobody has judged yet
        self.trace: list[Any] = []

    # --- what can happen -----------------------------------------------------------------------------------------

    def step(self) -> None:
        actions = {
            self.market: 6,
            self.parent: 2,
            self.cancel: 1,
            self.judge: 12,
            self.trade: 8,
            self.read: 12,
            self.drop: 1,
            self.recover: 2,
            self.wait: 4,
        }
        self.random.choices(list(actions), list(actions.values()))[0]()
        self.take_intents()
        self.check()

    def market(self) -> None:
        venue = self.random.choice(self.venues)
        mid = MID + self.random.randint(-4, 4) * TICK
        sides = [
            [(mid + sign * TICK * (level + 1), self.random.randint(1, 9) * 40) for level in range(3)]
            for sign in (-1, 1)
        ]
        for side in sides:
            del side[self.random.randint(0, 3) :]
        venue.shown, venue.fresh = (sides[0], sides[1]), self.random.random() < 0.9
        flags = 0 if venue.fresh else lib.MARKET_STALE
        self.gate.extend(self.desk.show(venue.index, *venue.shown, flags=flags))

    def parent(self) -> None:
        parent_id = len(self.parents) + 1
        policy = self.random.choice([lib.PARENT_SWEEP, lib.PARENT_POST, lib.PARENT_TWAP])
        fields = {
            "side": self.random.randint(0, 1),
            "policy": policy,
            "quantity": self.random.randint(1, 600),
            "decision_price": self.random.choice([0, MID]),
            "limit_price": self.random.choice([0, 0, MID + self.random.randint(-5, 5) * TICK]),
            "slippage_ppm_max": self.random.choice([0, 300, 2000]),
            "venue_mask": self.random.choice([0, 0, self.random.randint(1, 15)]),
            "duration_ns": 4 * SECOND,
            "interval_ns": SECOND,
        }
        made = {"parent_id": parent_id, "kind": lib.INTENT_NEW, "instrument": AAPL, **fields}
        self.parents[parent_id] = record("parent_order", **made)
        assert self.desk.router.parent(self.parents[parent_id])

    def cancel(self) -> None:
        if self.parents:
            self.gate.extend(self.desk.cancel(self.random.choice(list(self.parents))))

    def wait(self) -> None:
        self.gate.extend(self.desk.wait(self.random.choice([1, SECOND // 10, SECOND])))

    def judge(self, kindly: bool = False) -> None:
        """The gate and execution deal with the oldest intent."""
        if not self.gate:
            return
        intent = self.gate.popleft()
        venue = self.venues[intent.venue]
        chance = 1.0 if kindly else self.random.random()
        if not venue.live or chance < 0.1:
            if self.random.random() < 0.5:
                self.refuse(intent)
            else:
                self.not_sent(venue, intent)
        elif intent.kind == lib.INTENT_CANCEL:
            self.report(venue, "SENT", intent, intent.target_order_id)
            self.cancel_order(venue, intent.target_order_id)
        elif chance < 0.15:
            self.lose(venue, intent)
        else:
            self.enter(venue, intent, rejected=chance < 0.2)

    def trade(self) -> None:
        """A venue executes, or ends, one of the orders it holds; the session need not be there for that."""
        venue = self.random.choice(self.venues)
        open_orders = [order for order in venue.orders.values() if order.leaves and order.at_venue]
        if not open_orders:
            return
        order = self.random.choice(open_orders)
        if self.random.random() < 0.7:
            quantity = order.leaves if self.random.random() < 0.5 else self.random.randint(1, order.leaves)
            order.leaves -= quantity
            order.executed += quantity
            self.say(venue, "EXECUTED", order, quantity=quantity)
        else:
            self.cancel_order(venue, order.order_id)

    def read(self) -> None:
        """The router reads some of what execution has reported."""
        venue = self.random.choice(self.venues)
        for _ in range(self.random.randint(1, 5)):
            if venue.ring:
                self.desk.router.report(record("execution_report", **venue.ring.popleft()))

    def drop(self) -> None:
        venue = self.random.choice(self.venues)
        if venue.live:
            venue.live = False
            venue.ring.append({"kind": lib.REPORT_DOWN, "venue": venue.index})

    def recover(self) -> None:
        venue = self.random.choice(self.venues)
        if venue.live:
            return
        again = [made | {"flags": lib.REPORT_REPLAYED} for made in venue.record]
        venue.ring.append({"kind": lib.REPORT_RESET, "venue": venue.index})
        if self.random.random() < 0.2:  # and breaks again
            venue.ring.extend(again[: self.random.randint(0, len(again))])
            venue.ring.append({"kind": lib.REPORT_DOWN, "venue": venue.index})
            return
        venue.ring.extend(again)
        for order in [order for order in venue.orders.values() if not order.at_venue]:
            self.report(venue, "NOT_SENT", order.intent, order.order_id)
            del venue.orders[order.order_id]
        venue.ring.append({"kind": lib.REPORT_LIVE, "venue": venue.index})
        venue.live = True

    # --- how it is told ------------------------------------------------------------------------------------------

    def report(self, venue: Venue, kind: str, intent: Any, order_id: int, **fields: Any) -> None:
        made = {
            "kind": getattr(lib, f"REPORT_{kind}"),
            "venue": venue.index,
            "order_id": order_id,
            "target_order_id": intent.target_order_id if kind in ("SENT", "NOT_SENT") else 0,
            "match_number": intent.parent_id if kind in ("SENT", "NOT_SENT") else 0,
            "instrument": AAPL,
            "side": intent.side,
            "price": intent.price,
            "quantity": intent.quantity,
            "time_in_force": intent.time_in_force,
        }
        venue.ring.append(made | fields)

    def say(self, venue: Venue, kind: str, order: Order, **fields: Any) -> None:
        """The venue says something: into its record, and to execution while there is a session."""
        made = {"sequence": len(venue.record) + 1, "leaves": order.leaves}
        before = len(venue.ring)
        self.report(venue, kind, order.intent, order.order_id, **made | fields)
        venue.record.append(venue.ring[-1])
        if not venue.live:
            venue.ring.pop()
        assert len(venue.ring) - before == venue.live

    def refuse(self, intent: Any) -> None:
        self.gate.extend(self.desk.refuse(intent))

    def not_sent(self, venue: Venue, intent: Any) -> None:
        cancels = intent.kind == lib.INTENT_CANCEL
        venue.number += not cancels
        self.report(venue, "NOT_SENT", intent, intent.target_order_id if cancels else self.order_id(venue))

    @staticmethod
    def order_id(venue: Venue) -> int:
        return venue.index << lib.ORDER_ID_VENUE_SHIFT | 1 << lib.ORDER_ID_EPOCH_SHIFT | venue.number

    def lose(self, venue: Venue, intent: Any) -> None:
        """It is handed to the kernel and the session breaks: the venue never sees it."""
        venue.number += 1
        order = Order(self.order_id(venue), intent.parent_id, intent, 0, at_venue=False)
        venue.orders[order.order_id] = order
        self.report(venue, "SENT", intent, order.order_id, leaves=intent.quantity)
        venue.live = False
        venue.ring.append({"kind": lib.REPORT_DOWN, "venue": venue.index})

    def enter(self, venue: Venue, intent: Any, rejected: bool) -> None:
        target = venue.orders.get(intent.target_order_id)
        if intent.kind == lib.INTENT_REPLACE and (target is None or not target.leaves):
            self.not_sent(venue, intent)
            return
        venue.number += 1
        order = Order(self.order_id(venue), intent.parent_id, intent, intent.quantity)
        self.report(venue, "SENT", intent, order.order_id, leaves=intent.quantity)
        if rejected:
            order.leaves = 0
            self.say(venue, "REJECTED", order)
            return
        venue.orders[order.order_id] = order
        if target is None:
            self.say(venue, "ACCEPTED", order)
            return
        order.chained = target.chained + target.executed
        order.leaves = max(0, intent.quantity - order.chained)
        target.leaves = 0
        self.say(venue, "REPLACED", order, target_order_id=target.order_id)

    def cancel_order(self, venue: Venue, order_id: int) -> None:
        order = venue.orders.get(order_id)
        if order and order.leaves and order.at_venue:
            gone, order.leaves = order.leaves, 0
            self.say(venue, "CANCELED", order, quantity=gone)

    # --- what must be so -----------------------------------------------------------------------------------------

    def take_intents(self) -> None:
        for intent in self.desk.intents():
            self.gate.append(intent)
        for intent in list(self.gate):
            if intent.kind != lib.INTENT_CANCEL:
                self.check_price(intent)

    def check_price(self, intent: Any) -> None:
        parent = self.parents[intent.parent_id]
        sign = 1 if parent.side == BUY else -1
        ppm = parent.slippage_ppm_max or 1000
        assert sign * intent.price <= sign * intent.decision_price + intent.decision_price * ppm // 1_000_000
        if parent.limit_price:
            assert sign * intent.price <= sign * parent.limit_price
        assert not parent.venue_mask or parent.venue_mask >> intent.venue & 1
        assert intent.side == parent.side
        assert (intent.time_in_force == lib.TIF_DAY) == (parent.policy == lib.PARENT_POST)

    def truth(self, parent_id: int) -> tuple[int, int, int]:
        """(executed, open at venues, asked for and not judged) shares of a parent."""
        orders = [order for venue in self.venues for order in venue.orders.values() if order.parent_id == parent_id]
        asked = [i.quantity for i in self.gate if i.parent_id == parent_id and i.kind == lib.INTENT_NEW]
        return sum(order.executed for order in orders), sum(order.leaves for order in orders), sum(asked)

    def check(self) -> None:
        for parent_id, parent in self.parents.items():
            assert sum(self.truth(parent_id)) <= parent.quantity, f"parent {parent_id} is exceeded"
        for report in self.desk.router.reports():
            assert report.executed + report.working <= report.quantity
            self.told[report.parent_id] = report

    def settle(self) -> None:
        """Everything comes back, is answered and read; parents that do not end by themselves are canceled."""
        for _ in range(60):
            for parent_id in self.parents:
                self.gate.extend(self.desk.cancel(parent_id))
            for venue in self.venues:
                while not venue.live:
                    self.recover_of(venue)
                for order_id in list(venue.orders):
                    if venue.orders[order_id].intent.time_in_force == lib.TIF_IOC:
                        self.cancel_order(venue, order_id)
                while venue.ring:
                    self.desk.router.report(record("execution_report", **venue.ring.popleft()))
            self.gate.extend(self.desk.wait(SECOND // 5))
            while self.gate:
                self.judge(kindly=True)
            self.take_intents()
            self.check()

    def recover_of(self, venue: Venue) -> None:
        venues, self.venues = self.venues, [venue]
        self.recover()
        self.venues = venues
