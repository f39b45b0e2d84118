"""Cancel and flatten: the commands that reach a venue."""

import asyncio
from collections import Counter

from tickwire.api import answers, commands
from tickwire.api.collaborators import Collaborators, OrderDesk
from tickwire.api.errors import Refused
from tickwire.api.people import Principal
from tickwire.api.queries import Queries
from tickwire.api.scopes import Stop, Target, stop_names
from tickwire.api.stopping import Stopping

FLATTEN_S_MAX = 20.0
LOOK_S = 0.1  # the blotter takes what is new every 50 ms
QUIET_LOOKS = 2
PARENTS_MAX = 1000  # closing orders of one command


class Trading:
    """What takes orders and positions away."""

    def __init__(self, parts: Collaborators, queries: Queries, stopping: Stopping) -> None:
        self._parts = parts
        self._queries = queries
        self._stopping = stopping

    async def cancel(self, who: Principal, request: commands.Cancel) -> answers.Done:
        """One order, or all of a scope."""
        if (request.order_id is None) == (request.scope is None):
            raise Refused("malformed", "say an order id or a scope, one of them; every order: scope firm")
        if request.scope is not None:
            return answers.Done(done=[self._cancel_scope(self._parts.directory.find(request.scope, request.name))])
        order = self._queries.order(request.order_id or 0)
        if not order.open:
            raise Refused("state", f"order {order.order_id} is {order.state}: nothing of it is open")
        if not self._desk().cancel_order(order.order_id):
            raise Refused("busy", "the cancel found no room: try again")
        return answers.Done(done=[f"order {order.order_id}: cancel asked for"])

    def _cancel_scope(self, target: Target) -> str:
        if not self._desk().cancel_scope(target.scope, target.index):
            raise Refused("busy", "the cancels found no room: try again")
        return f"{target}: cancel of every open order asked for"

    async def flatten(self, who: Principal, request: commands.ScopeWithReason) -> answers.Flattened:
        """Pause, cancel what is open, and close each position by orders that only reduce, until all are flat."""
        target = self._parts.directory.find(request.scope, request.name)
        if self._parts.ledger is None:
            raise Refused("unavailable", "this box has no ledger")
        if not self._parts.box.positions_known:
            raise Refused("state", "positions are unknown until the venue's record has been replayed: nothing was done")
        if self._parts.words.kill or self._parts.words.stop_bits("firm", 0) & (Stop.KILL | Stop.BREAK):
            raise Refused("state", "the firm is killed: not even an order that reduces may leave; re-arm first")
        desk = self._desk()
        done = await self._stopping.pause_target(target, who)
        done.append(self._cancel_scope(target))
        parents: list[int] = []
        try:
            async with asyncio.timeout(FLATTEN_S_MAX):
                while await self._settled(target) and self._close_some(desk, target, parents):
                    pass
        except TimeoutError:
            done.append(f"gave up after {FLATTEN_S_MAX:.0f} s: try again")
        done.append(f"{len(parents)} closing orders")
        left = list(self._queries.keyed_positions(target))
        net: Counter[tuple[int, ...]] = Counter()  # what was bought at one venue and sold at another is no position
        for key, position in left:
            net[key[:3]] += position.quantity
        for key, position in left:
            if position.quantity and net[key[:3]]:
                done.append(f"{self._what(key, position.quantity)}: NOT closed{self._why_not(key)}")
        if done[-1].endswith("closing orders"):
            done.append(f"{target}: no position is open")
        return answers.Flattened(done=done, parents=parents)

    async def _settled(self, target: Target) -> bool:
        """Wait until no order of the scope is open and no position moves: what is in flight may still trade."""
        before: list[int] = []
        quiet = 0
        while quiet < QUIET_LOOKS:
            await asyncio.sleep(LOOK_S)
            held = [position.quantity for _, position in self._queries.keyed_positions(target)]
            quiet = quiet + 1 if held == before and not self._queries.has_open_orders(target) else 0
            before = held
        return True

    def _close_some(self, desk: OrderDesk, target: Target, parents: list[int]) -> bool:
        """One order for each position that is left and may be closed; whether there was one."""
        sent = len(parents)
        for key, position in self._queries.keyed_positions(target):
            if not position.quantity or self._why_not(key):
                continue
            most = abs(position.quantity)
            if self._parts.order_quantity_max is not None:
                most = min(most, self._parts.order_quantity_max(key[0], position.mark or 0))
            quantity = most if position.quantity > 0 else -most
            if most and (parent := desk.close_position(*key, quantity)):
                parents.append(parent)
        return len(parents) > sent and len(parents) < PARENTS_MAX

    def _what(self, key: tuple[int, int, int, int], quantity: int) -> str:
        name = self._parts.directory.name
        return f"{name('instrument', key[0])} {quantity:+,} of {name('strategy', key[1]) or 'nobody'}"

    def _why_not(self, key: tuple[int, int, int, int]) -> str:
        """What keeps even an order that reduces from leaving; empty: nothing."""
        instrument, strategy, account, venue = key
        chain = (("instrument", instrument), ("strategy", strategy), ("account", account), ("venue", venue))
        for scope, index in chain:
            if bits := self._parts.words.stop_bits(scope, index) & (Stop.KILL | Stop.BREAK):
                return f", its {scope} is stopped by {', '.join(stop_names(bits))}"
        return ""

    def _desk(self) -> OrderDesk:
        if self._parts.desk is None:
            raise Refused("unavailable", "this box has no way to the venues for operators")
        return self._parts.desk
