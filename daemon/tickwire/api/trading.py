"""Cancel and flatten: the commands that reach a venue."""

from typing import Any

from tickwire.api import answers, commands
from tickwire.api.collaborators import Collaborators, OrderDesk
from tickwire.api.errors import Refused
from tickwire.api.people import Principal
from tickwire.api.queries import Queries
from tickwire.api.scopes import Stop, Target, stop_names
from tickwire.api.stopping import Stopping


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
        """Pause the scope, cancel what is open, and close each position by an order that only reduces."""
        target = self._parts.directory.find(request.scope, request.name)
        if self._parts.ledger is None:
            raise Refused("unavailable", "this box has no ledger")
        if not self._parts.box.positions_known:
            raise Refused("state", "positions are unknown until the venue's record has been replayed: nothing was done")
        if self._parts.words.kill or self._parts.words.stop_bits("firm", 0) & (Stop.KILL | Stop.BREAK):
            raise Refused("state", "the firm is killed: not even an order that reduces may leave; re-arm first")
        desk = self._desk()
        done = self._stopping.pause_target(target, who)
        done.append(self._cancel_scope(target))
        parents: list[int] = []
        for key, position in self._queries.keyed_positions(target):
            if position.quantity:
                done.append(self._close(desk, key, position.quantity, parents))
        if not parents:
            done.append(f"{target}: no position could be closed" if len(done) > 2 else f"{target}: no position is open")
        return answers.Flattened(done=done, parents=parents)

    def _close(self, desk: OrderDesk, key: Any, quantity: int, parents: list[int]) -> str:
        instrument, strategy, account, venue = key
        name = self._parts.directory.name
        what = f"{name('instrument', instrument)} {quantity:+,} of {name('strategy', strategy) or 'nobody'}"
        chain = (("instrument", instrument), ("strategy", strategy), ("account", account), ("venue", venue))
        for scope, index in chain:
            if bits := self._parts.words.stop_bits(scope, index) & (Stop.KILL | Stop.BREAK):
                return f"{what}: NOT closed, its {scope} is stopped by {', '.join(stop_names(bits))}"
        parent = desk.close_position(instrument, strategy, account, venue, quantity)
        if not parent:
            return f"{what}: NOT closed, no room for the order: try again"
        parents.append(parent)
        return f"{what}: closing, parent {parent}"

    def _desk(self) -> OrderDesk:
        if self._parts.desk is None:
            raise Refused("unavailable", "this box has no way to the venues for operators")
        return self._parts.desk
