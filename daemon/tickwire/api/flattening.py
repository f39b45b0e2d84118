"""Close every position of a scope, instrument by instrument: what stands in the way of one holds up no other."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from tickwire.api.collaborators import Collaborators, Order, OrderDesk
from tickwire.api.lines import SIDES
from tickwire.api.queries import Queries
from tickwire.api.scopes import FIRM, Directory, Stop, Target, stop_names
from tickwire.services.closing import Where, closable, where_of

LOOK_S = 0.1  # the blotter takes what is new every 50 ms
QUIET_LOOKS = 2
SETTLE_S_MAX = 2.0  # an order open for longer is waited for no more: what it cannot touch is closed
STUCK_MAX = 2  # times in a row that this left nothing to close
PARENTS_MAX = 1000  # closing orders of one command

Key = tuple[int, int, int, int]  # instrument, strategy, account, venue


@dataclass(slots=True)
class Waiting:
    """An instrument whose orders and positions are to come to rest."""

    since_s: float
    held: list[int] = field(default_factory=list)
    quiet: int = 0
    stuck: int = 0
    over: bool = False  # nothing of it is left, or nothing more can be done


def tell_order(directory: Directory, order: Order) -> str:
    """An order that may still trade, in words."""
    what = f"{SIDES.get(order.side, '')} {order.leaves} {directory.name('instrument', order.instrument)}"
    return f"order {order.order_id} ({what} open at {directory.name('venue', order.venue)})"


class Flattening:
    """One command's work; ``parents`` are the orders it closed by."""

    def __init__(self, parts: Collaborators, queries: Queries, desk: OrderDesk, target: Target) -> None:
        self.parents: list[int] = []
        self._parts = parts
        self._queries = queries
        self._desk = desk
        self._target = target
        self._waiting: dict[int, Waiting] = {}

    async def run(self) -> None:
        """Until nothing is left to close, or nothing that may be."""
        ended = False
        while not ended and len(self.parents) < PARENTS_MAX:
            await asyncio.sleep(LOOK_S)
            ended = self._look(asyncio.get_running_loop().time())

    def left(self) -> list[str]:
        """What is not closed, and what stands in the way of which instrument; a sentence each."""
        held = list(self._queries.keyed_positions(self._target))
        net: Counter[Where] = Counter()  # what was bought at one venue and sold at another is no position
        for key, position in held:
            net[key[:3]] += position.quantity
        orders = self._orders()
        lines = [
            f"{self._what(key, position.quantity)}: NOT closed{self._why_not(key) or self._in_the_way(key[0], orders)}"
            for key, position in held
            if position.quantity and net[key[:3]]
        ]
        named = {key[0] for key, position in held if position.quantity and net[key[:3]] and not self._why_not(key)}
        for instrument in sorted(orders.keys() - named):
            for order in orders[instrument]:
                symbol = self._parts.directory.name("instrument", instrument)
                lines.append(f"{symbol}: NOT canceled: {self._told(order)}, it may still trade")
        return lines

    def still_open(self) -> list[int]:
        """Orders of the scope that may still trade."""
        return sorted(order.order_id for orders in self._orders().values() for order in orders)

    def _told(self, order: Order) -> str:
        return tell_order(self._parts.directory, order)

    def _look(self, now_s: float) -> bool:
        """Once over all instruments; whether all are over."""
        orders = self._orders()
        held: dict[int, list[int]] = defaultdict(list)
        for key, position in self._queries.keyed_positions(self._target):
            held[key[0]].append(position.quantity)
        for instrument in held.keys() | orders.keys() | self._waiting.keys():
            waiting = self._waiting.setdefault(instrument, Waiting(now_s))
            is_quiet = waiting.held == held[instrument] and not orders.get(instrument)
            if waiting.held != held[instrument]:
                waiting.over, waiting.stuck = False, 0
            waiting.quiet = waiting.quiet + 1 if is_quiet else 0
            waiting.held = held[instrument]
            if not waiting.over:
                self._advance(instrument, waiting, now_s)
        return all(waiting.over for waiting in self._waiting.values())

    def _advance(self, instrument: int, waiting: Waiting, now_s: float) -> None:
        settled = waiting.quiet >= QUIET_LOOKS
        if not settled and now_s - waiting.since_s < SETTLE_S_MAX:
            return
        sent = self._close(instrument)
        waiting.since_s, waiting.quiet = now_s, 0
        waiting.stuck = 0 if sent else waiting.stuck + 1
        waiting.over = not sent and (settled or waiting.stuck >= STUCK_MAX or not any(waiting.held))

    def _close(self, instrument: int) -> bool:
        """One order for each position of it that is left and may be closed; whether there was one."""
        sent = len(self.parents)
        room = self._room(instrument)
        for key, position in self._queries.keyed_positions(self._target):
            if key[0] != instrument or room[key[:3]] * position.quantity <= 0 or self._why_not(key):
                continue
            most = min(abs(position.quantity), abs(room[key[:3]]))
            if self._parts.order_quantity_max is not None:
                most = min(most, self._parts.order_quantity_max(instrument, position.mark or 0))
            quantity = most if position.quantity > 0 else -most
            if most and (parent := self._desk.close_position(*key, quantity)):
                self.parents.append(parent)
                room[key[:3]] -= quantity
        return len(self.parents) > sent

    def _room(self, instrument: int) -> dict[Where, int]:
        """Of each position, net of venues: what no order that is still open can take of it."""
        net: Counter[Where] = Counter()
        for key, position in self._queries.keyed_positions(FIRM):
            if key[0] == instrument:
                net[key[:3]] += position.quantity
        orders = [order for order in self._queries.open_orders(FIRM) if order.instrument == instrument]
        return {
            where: closable(held, (order for order in orders if where_of(order) == where))
            for where, held in net.items()
        }

    def _orders(self) -> dict[int, list[Order]]:
        """Open orders of the scope by instrument."""
        found: dict[int, list[Order]] = defaultdict(list)
        for order in self._queries.open_orders(self._target):
            found[order.instrument].append(order)
        return found

    def _in_the_way(self, instrument: int, orders: dict[int, list[Order]]) -> str:
        told = ", ".join(self._told(order) for order in orders.get(instrument, ()))
        return f": in the way is {told}, whose cancel is not answered" if told else ""

    def _what(self, key: Key, quantity: int) -> str:
        name = self._parts.directory.name
        return f"{name('instrument', key[0])} {quantity:+,} of {name('strategy', key[1]) or 'nobody'}"

    def _why_not(self, key: Key) -> str:
        """What keeps even an order that reduces from leaving; empty: nothing."""
        chain: Iterable[tuple[str, int]] = zip(("instrument", "strategy", "account", "venue"), key, strict=True)
        for scope, index in chain:
            if bits := self._parts.words.stop_bits(scope, index) & (Stop.KILL | Stop.BREAK):
                return f", its {scope} is stopped by {', '.join(stop_names(bits))}"
        return ""
