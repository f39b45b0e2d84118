"""The gate as one would write it with all the time in the world: plain lists, every sum taken from scratch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gate_desk import OWNERS

from tickwire.native import lib

BUY, SELL = lib.SIDE_BUY, lib.SIDE_SELL


@dataclass
class Order:
    """An order that may still be executed; of a replace in flight both halves are here."""

    order_id: int
    venue: int
    instrument: int
    side: int
    strategy: int
    account: int
    price: int
    open: int
    executed: int = 0
    rests: bool = True
    confirmed: bool = False
    replaces: int = 0  # order id, while the venue has not done it
    replacement: int = 0


@dataclass(frozen=True)
class Fill:
    """Shares that changed hands."""

    order_id: int
    match_number: int
    venue: int
    instrument: int
    side: int
    strategy: int
    account: int
    quantity: int
    price: int

    @property
    def signed(self) -> int:
        return self.quantity if self.side == BUY else -self.quantity


@dataclass(frozen=True)
class Sums:
    """What counts against a scope's limits."""

    gross: int
    net: tuple[int, int]
    credit: int
    open_orders: int


@dataclass(frozen=True)
class Sent:
    """A message that passed."""

    at_ns: int
    intent: Any


def of_firm(_: Any) -> bool:
    return True


def of_account(number: int) -> Callable[[Any], bool]:
    return lambda thing: bool(thing.account == number)


def of_strategy(number: int) -> Callable[[Any], bool]:
    return lambda thing: bool(thing.strategy == number)


class Reference:
    """Follows the same limits, markets and reports as the gate, and says what the gate must say."""

    def __init__(self, limits: Any) -> None:
        self.limits = limits
        self.orders: dict[int, Order] = {}
        self.fills: list[Fill] = []
        self.books: dict[tuple[int, int], Any] = {}
        self.marks: dict[int, int] = {}
        self.sent: list[Sent] = []
        self.state = {0: "live", 1: "live"}
        self.executions: list[tuple[int, int]] = []
        self.throttled: set[int] = set()

    # What is held.

    def working(self) -> list[Order]:
        return [order for order in self.orders.values() if not order.replaces]

    def held(self, order: Order) -> tuple[int, int]:
        """Shares and value that an order and its replacement hold: of each the larger."""
        halves = [order] + ([self.orders[order.replacement]] if order.replacement else [])
        return max(half.open for half in halves), max(half.open * half.price for half in halves)

    def position(self, scope: Callable[[Any], bool], instrument: int) -> int:
        return sum(fill.signed for fill in self.fills if scope(fill) and fill.instrument == instrument)

    def open_shares(self, scope: Callable[[Any], bool], instrument: int, side: int) -> int:
        return sum(self.held(o)[0] for o in self.working() if scope(o) and (o.instrument, o.side) == (instrument, side))

    def value(self, scope: Callable[[Any], bool], instrument: int, side: int) -> int:
        return sum(self.held(o)[1] for o in self.working() if scope(o) and (o.instrument, o.side) == (instrument, side))

    def ways(self, scope: Callable[[Any], bool], instrument: int, added: tuple[int, int] = (0, 0)) -> tuple[int, int]:
        """Net long and net short of a scope in one instrument, with that much value added by side."""
        held = self.position(scope, instrument) * self.marks.get(instrument, 0)
        buys, sells = (self.value(scope, instrument, side) + added[side] for side in (BUY, SELL))
        return held + buys, sells - held

    def sums(self, scope: Callable[[Any], bool], instrument: int = 0, added: tuple[int, int] = (0, 0)) -> Sums:
        """A scope's exposure, with that much value added by side in one instrument."""
        instruments = {thing.instrument for thing in (*self.fills, *self.orders.values())} | {instrument}
        ways = [self.ways(scope, each, added if each == instrument else (0, 0)) for each in sorted(instruments)]
        executed = sum(fill.quantity * fill.price for fill in self.fills if scope(fill))
        working = [order for order in self.working() if scope(order)]
        return Sums(
            gross=sum(max(abs(long), abs(short)) for long, short in ways),
            net=(sum(long for long, _ in ways), sum(short for _, short in ways)),
            credit=executed + sum(self.held(order)[1] for order in working) + sum(added),
            open_orders=len(working),
        )

    # What is judged.

    def judge(self, intent: Any, moment: Any) -> str:
        return next((name for name, holds in self.reasons(intent, moment) if holds), "pass")

    def reasons(self, intent: Any, moment: Any) -> Iterator[tuple[str, bool]]:
        """Every reason in the documented order, lazily: what comes later may need what came before."""
        if intent.kind == lib.INTENT_CANCEL:
            yield from self.reasons_of_session(intent)
            target = self.orders.get(intent.target_order_id)
            yield "unknown_order", target is None or target.venue != intent.venue
            yield from self.reasons_of_messages(moment.now_ns, self.limits.message_rate_max)
            return
        yield from self.reasons_of_stops(intent, moment)
        yield from self.reasons_of_session(intent)
        yield "not_reconciled", "unknown" in self.state.values()
        yield from self.reasons_of_order(intent)
        yield from self.reasons_of_price(intent)
        yield from self.reasons_of_position(intent)
        yield from self.reasons_of_exposure(intent)
        yield from self.reasons_of_rate(intent, moment.now_ns)

    def reasons_of_stops(self, intent: Any, moment: Any) -> Iterator[tuple[str, bool]]:
        bits = moment.stops.firm | moment.stops.strategy[intent.strategy] | moment.stops.venue[intent.venue]
        reduces = bool(intent.flags & lib.ORDER_REDUCE_ONLY)
        yield "killed", bool(bits & lib.STOP_KILL)
        yield "paused", bool(bits & lib.STOP_PAUSE) and not reduces
        yield "break", bool(bits & lib.STOP_BREAK)
        yield "throttled", intent.strategy in self.throttled and not reduces

    def reasons_of_session(self, intent: Any) -> Iterator[tuple[str, bool]]:
        yield "session_down", self.state[intent.venue] == "down"
        yield "not_reconciled", self.state[intent.venue] == "unknown"

    def target(self, intent: Any) -> Order | None:
        order = self.orders.get(intent.target_order_id) if intent.kind == lib.INTENT_REPLACE else None
        return order if order and order.venue == intent.venue and not order.replaces and not order.replacement else None

    def reasons_of_order(self, intent: Any) -> Iterator[tuple[str, bool]]:
        target = self.target(intent)
        yield "unknown_order", intent.kind == lib.INTENT_REPLACE and target is None
        if target:
            wanted = (intent.instrument, intent.side, intent.strategy, intent.account)
            other = wanted != (target.instrument, target.side, target.strategy, target.account)
            yield "malformed", other or intent.quantity <= target.executed
        book = self.books[intent.instrument, intent.venue]
        yield "book_stale", bool(book.flags & lib.MARKET_STALE)
        yield "trading_state", book.trading_state != lib.TRADING_OPEN

    def price(self, intent: Any) -> int:
        """Its own or, of an order without, the farthest the collar allows."""
        if intent.price:
            return int(intent.price)
        book, limits = self.books[intent.instrument, intent.venue], self.limits.instruments[intent.instrument]
        touch = book.ask_price[0] if intent.side == BUY else book.bid_price[0]
        distance = min(touch * limits.collar_ppm // 1_000_000, limits.collar_distance)
        return int(touch + distance if intent.side == BUY else touch - distance)

    def added(self, intent: Any) -> tuple[int, int]:
        """Shares and value that an order adds to what is open."""
        target = self.target(intent)
        if target is None:
            return intent.quantity, intent.quantity * self.price(intent)
        shares, value = self.held(target)
        left = intent.quantity - target.executed
        return max(0, left - shares), max(0, left * self.price(intent) - value)

    def reasons_of_price(self, intent: Any) -> Iterator[tuple[str, bool]]:
        limits = self.limits.instruments[intent.instrument]
        book, price, sign = self.books[intent.instrument, intent.venue], self.price(intent), 1 - 2 * intent.side
        other, own = (book.ask_price[0], book.bid_price[0])[:: 1 if intent.side == BUY else -1]
        yield "order_quantity", intent.quantity > limits.order_quantity_max
        yield "order_value", intent.quantity * price > limits.order_value_max
        through, behind = (price - other) * sign, (own - price) * sign
        collar = min(other * limits.collar_ppm / 1_000_000, limits.collar_distance)
        passive = 10 * min(own * limits.collar_ppm / 1_000_000, limits.collar_distance)
        yield "price_collar", through > max(collar, 0) or behind > passive
        last = book.last_price
        past = limits.collar_last_ppm > 0 and (price - last) * sign > last * limits.collar_last_ppm / 1_000_000
        yield "price_collar_last", last > 0 and past
        if intent.side == SELL:
            shares = self.added(intent)[0]
            open_sells = self.open_shares(of_firm, intent.instrument, SELL)
            short = open_sells + shares - self.position(of_firm, intent.instrument)
            yield "short_sale", short > 0 and shares > 0 and short > limits.locate_quantity
            books = [held for (instrument, _), held in self.books.items() if instrument == intent.instrument]
            restricted = any(held.flags & lib.MARKET_SHORT_SALE for held in books)
            bid = max((held.bid_price[0] for held in books if not held.flags & lib.MARKET_STALE), default=0)
            exempt = intent.flags & lib.ORDER_SHORT_EXEMPT
            yield "short_sale", bool(short > 0 and restricted and price <= bid and not exempt)

    def reasons_of_position(self, intent: Any) -> Iterator[tuple[str, bool]]:
        shares, sign = self.added(intent)[0], 1 - 2 * intent.side
        open_shares = self.open_shares(of_firm, intent.instrument, intent.side)
        reached = sign * self.position(of_firm, intent.instrument) + open_shares + shares
        yield "position", shares > 0 and reached > self.limits.instruments[intent.instrument].position_max
        own = of_strategy(intent.strategy)
        after = self.open_shares(own, intent.instrument, intent.side) + shares
        reduces = after <= -sign * self.position(own, intent.instrument)
        yield "not_reducing", bool(intent.flags & lib.ORDER_REDUCE_ONLY) and not reduces

    def reasons_of_exposure(self, intent: Any) -> Iterator[tuple[str, bool]]:
        side, value = intent.side, self.added(intent)[1]
        added = (value, 0) if side == BUY else (0, value)
        limits = self.limits
        before = max(map(abs, self.ways(of_firm, intent.instrument)))
        after = max(map(abs, self.ways(of_firm, intent.instrument, added)))
        yield "exposure_instrument", after > max(before, limits.instruments[intent.instrument].exposure_max)
        scopes = {
            "strategy": (of_strategy(intent.strategy), limits.strategies[intent.strategy].scope),
            "account": (of_account(intent.account), limits.accounts[intent.account]),
            "firm": (of_firm, limits.firm),
        }
        reached = {name: self.sums(scope, intent.instrument, added) for name, (scope, _) in scopes.items()}
        held = {name: self.sums(scope) for name, (scope, _) in scopes.items()}
        for name, (_, most) in scopes.items():
            yield f"gross_{name}", reached[name].gross > max(held[name].gross, most.gross_max)
            yield f"net_{name}", reached[name].net[side] > max(held[name].net[side], most.net_max)
        for name in ("account", "firm"):
            yield f"credit_{name}", reached[name].credit > max(held[name].credit, scopes[name][1].credit_max)
        if intent.kind == lib.INTENT_NEW:
            here = sum(order.instrument == intent.instrument for order in self.working())
            full = here >= limits.instruments[intent.instrument].open_orders_max
            yield (
                "open_orders",
                full or any(held[name].open_orders >= most.open_orders_max for name, (_, most) in scopes.items()),
            )

    def since(self, now_ns: int, window_ns: int) -> list[Sent]:
        return [sent for sent in self.sent if now_ns - sent.at_ns < window_ns]

    def reasons_of_messages(self, now_ns: int, budget: int) -> Iterator[tuple[str, bool]]:
        yield "message_rate", len(self.since(now_ns, self.limits.message_window_ns)) >= budget
        burst = len(self.since(now_ns, self.limits.message_burst_window_ns))
        yield "message_burst", burst >= self.limits.message_burst_max

    def reasons_of_rate(self, intent: Any, now_ns: int) -> Iterator[tuple[str, bool]]:
        limits = self.limits
        rate = limits.message_rate_max
        yield from self.reasons_of_messages(now_ns, rate - rate // lib.RISK_CANCEL_RESERVE)
        if intent.kind == lib.INTENT_NEW:
            recent = self.since(now_ns, limits.order_window_ns)
            orders = [sent.intent for sent in recent if sent.intent.kind == lib.INTENT_NEW]
            of_its_strategy = sum(order.strategy == intent.strategy for order in orders)
            of_its_instrument = sum(order.instrument == intent.instrument for order in orders)
            yield "order_rate", of_its_strategy >= limits.strategies[intent.strategy].order_count_max
            yield "order_rate", of_its_instrument >= limits.instruments[intent.instrument].order_count_max
            yield "duplicate", self.duplicates(intent, now_ns) > limits.duplicate_max
        reach = intent.price or (2**63 if intent.side == BUY else 0)
        facing = [
            order.price
            for order in self.orders.values()
            if order.rests
            and (order.instrument, order.venue, order.side) == (intent.instrument, intent.venue, 1 - intent.side)
        ]
        meets = any(reach >= price if intent.side == BUY else reach <= price for price in facing)
        yield "self_match", meets and not limits.self_match

    def duplicates(self, intent: Any, now_ns: int) -> int:
        def identity(of: Any) -> tuple[int, ...]:
            return of.side, of.order_type, of.time_in_force, of.price, of.quantity, of.strategy, of.venue

        orders = [sent for sent in self.sent if sent.intent.kind == lib.INTENT_NEW]
        here = [sent for sent in orders if sent.intent.instrument == intent.instrument][-lib.RISK_DUPLICATE_MEMORY :]
        window_ns = self.limits.duplicate_window_ns
        same = [sent for sent in here if identity(sent.intent) == identity(intent)]
        return sum(now_ns - sent.at_ns < window_ns for sent in same)

    # What happens.

    def market(self, update: Any) -> None:
        self.books[update.instrument, update.venue] = update
        if not update.flags & lib.MARKET_STALE:
            self.marks[update.instrument] = (update.bid_price[0] + update.ask_price[0]) // 2

    def reserve(self, intent: Any, moment: Any, order: Any) -> None:
        """Take in what passed."""
        target, price = self.target(intent), self.price(intent)
        self.sent.append(Sent(moment.now_ns, intent))
        if intent.kind == lib.INTENT_CANCEL:
            return
        made = Order(
            order_id=order.order_id,
            venue=intent.venue,
            instrument=intent.instrument,
            side=intent.side,
            strategy=intent.strategy,
            account=intent.account,
            price=price,
            open=intent.quantity - (target.executed if target else 0),
            executed=target.executed if target else 0,
            rests=intent.time_in_force != lib.TIF_IOC,
            replaces=target.order_id if target else 0,
        )
        self.orders[made.order_id] = made
        if target:
            target.replacement = made.order_id

    def finish(self, order: Order) -> None:
        if order.replaces:
            self.orders[order.replaces].replacement = 0
        self.orders.pop(order.replacement, None)
        del self.orders[order.order_id]

    def promote(self, order: Order) -> None:
        """The venue has replaced the original by it, whatever it says first."""
        if order.replaces:
            original = self.orders.pop(order.replaces)
            order.executed, order.replaces = original.executed, 0
        order.confirmed = True

    def confirmed(self, order: Order, leaves: int) -> None:
        fresh = bool(order.replaces) or not order.confirmed
        self.promote(order)
        if fresh:
            order.open = leaves
        if not order.open:
            self.finish(order)

    def refused(self, order: Order) -> None:
        if not order.confirmed:
            self.finish(order)

    def reduced(self, order: Order, quantity: int, executed: int) -> None:
        self.promote(order)
        order.open -= quantity
        order.executed += executed
        if order.replacement:
            replacement = self.orders[order.replacement]
            replacement.open = max(0, replacement.open - executed)
        if not order.open:
            self.finish(order)

    def filled(self, order: Order, report: Any) -> None:
        about = (order.venue, order.instrument, order.side, order.strategy, order.account)
        self.fills.append(Fill(order.order_id, report.match_number, *about, report.quantity, report.price))
        self.executions.append((report.report_ns, order.strategy))
        limits = self.limits.strategies[order.strategy]
        window_ns = limits.execution_window_ns
        recent = [at for at, of in self.executions if of == order.strategy and report.report_ns - at < window_ns]
        if order.strategy in OWNERS and len(recent) >= limits.execution_count_max:
            self.throttled.add(order.strategy)
        self.reduced(order, report.quantity, report.quantity)

    def broken(self, fill: Fill) -> None:
        self.fills.remove(fill)

    def reset(self, venue: int) -> None:
        self.orders = {order_id: order for order_id, order in self.orders.items() if order.venue != venue}
        self.fills = [fill for fill in self.fills if fill.venue != venue]
        self.state[venue] = "unknown"
