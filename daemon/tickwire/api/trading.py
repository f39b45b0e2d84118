"""Cancel and flatten: the commands that reach a venue."""

import asyncio

from tickwire.api import answers, commands
from tickwire.api.collaborators import Collaborators, Order, OrderDesk
from tickwire.api.errors import Refused
from tickwire.api.flattening import Flattening, tell_order
from tickwire.api.people import Principal
from tickwire.api.queries import Queries
from tickwire.api.scopes import FIRM, Stop, Target
from tickwire.api.stopping import Stopping

FLATTEN_S_MAX = 20.0
CANCEL_S_MAX = 1.0  # for the venue's answer
LOOK_S = 0.02
TOLD_MAX = 20


class Trading:
    """What takes orders and positions away."""

    def __init__(self, parts: Collaborators, queries: Queries, stopping: Stopping) -> None:
        self._parts = parts
        self._queries = queries
        self._stopping = stopping

    async def cancel(self, who: Principal, request: commands.Cancel) -> answers.Canceled:
        """One order, or all of a scope; waits for the venue's answer, but not for long."""
        if (request.order_id is None) == (request.scope is None):
            raise Refused("malformed", "say an order id or a scope, one of them; every order: scope firm")
        if request.scope is not None:
            target = self._parts.directory.find(request.scope, request.name)
            asked = {order.order_id for order in self._queries.open_orders(target)}
            self._ask_cancel_scope(target)
            return await self._outcome(f"{target}: cancel of every open order", asked)
        order = self._queries.order(request.order_id or 0)
        if not order.open:
            raise Refused("state", f"order {order.order_id} is {order.state}: nothing of it is open")
        if not self._desk().cancel_order(order.order_id):
            raise Refused("busy", "the cancel found no room: try again")
        return await self._outcome(f"order {order.order_id}: cancel", {order.order_id})

    async def _outcome(self, what: str, asked: set[int]) -> answers.Canceled:
        """What has become of these orders after a moment."""
        deadline = asyncio.get_running_loop().time() + CANCEL_S_MAX
        while (left := self._open_of(asked)) and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(LOOK_S)
        if not left:
            said = "done" if asked else "asked for; nothing was open"
            return answers.Canceled(done=[f"{what} {said}"], still_open=[])
        told = ", ".join(tell_order(self._parts.directory, order) for order in left[:TOLD_MAX])
        more = f" and {len(left) - TOLD_MAX} more" if len(left) > TOLD_MAX else ""
        line = f"{what} asked; {len(left)} still open after {CANCEL_S_MAX:g} s: {told}{more}"
        return answers.Canceled(done=[line], still_open=[order.order_id for order in left])

    def _open_of(self, asked: set[int]) -> list[Order]:
        return [order for order in self._queries.open_orders(FIRM) if order.order_id in asked] if asked else []

    def _ask_cancel_scope(self, target: Target) -> None:
        if not self._desk().cancel_scope(target.scope, target.index):
            raise Refused("busy", "the cancels found no room: try again")

    async def flatten(self, who: Principal, request: commands.ScopeWithReason) -> answers.Flattened:
        """Pause, cancel what is open, and close each position by orders that only reduce, until all are flat."""
        target = self._parts.directory.find(request.scope, request.name)
        if self._parts.ledger is None:
            raise Refused("unavailable", "this box has no ledger")
        if not self._parts.box.positions_known:
            raise Refused("state", "positions are unknown until the venue's record has been replayed: nothing was done")
        if self._parts.words.kill or self._parts.words.stop_bits("firm", 0) & (Stop.KILL | Stop.BREAK):
            raise Refused("state", "the firm is killed: not even an order that reduces may leave; re-arm first")
        work = Flattening(self._parts, self._queries, self._desk(), target)
        done = await self._stopping.pause_target(target, who)
        self._ask_cancel_scope(target)
        done.append(f"{target}: cancel of every open order asked for")
        try:
            async with asyncio.timeout(FLATTEN_S_MAX):
                await work.run()
        except TimeoutError:
            done.append(f"gave up after {FLATTEN_S_MAX:.0f} s: try again")
        done.append(f"{len(work.parents)} closing orders")
        done += work.left() or [f"{target}: no position is open"]
        return answers.Flattened(done=done, parents=work.parents, still_open=work.still_open())

    def _desk(self) -> OrderDesk:
        if self._parts.desk is None:
            raise Refused("unavailable", "this box has no way to the venues for operators")
        return self._parts.desk
