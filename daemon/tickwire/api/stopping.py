"""Kill, re-arm, pause, resume: the commands that write stop words.

The words come first, everything else after; to stop waits for no disk but its own answer's.
"""

import asyncio
from typing import Any

from tickwire.api import answers, commands
from tickwire.api.collaborators import Collaborators
from tickwire.api.errors import Refused
from tickwire.api.people import Principal, Role
from tickwire.api.queries import Queries
from tickwire.api.rearm import VALID_S, RearmCodes
from tickwire.api.scopes import FIRM, Stop, Target, stop_names


class Stopping:
    """What stops a scope and what lets it go again."""

    def __init__(self, parts: Collaborators, queries: Queries) -> None:
        self._parts = parts
        self._queries = queries
        self._codes = RearmCodes(parts.clock_ns)
        self._disk = asyncio.Lock()  # so that what was stopped is kept before it is forgotten

    async def kill(self, who: Principal, request: commands.KillSeen) -> answers.Done:
        """Everything that keeps the box from sending happens before the first wait."""
        target = self._parts.directory.find(request.scope, request.name)
        words = self._parts.words
        self._codes.void()
        kill = words.kill
        if target is FIRM:
            kill = words.kill = kill or self._parts.clock_ns()
        else:
            words.stop_set(target.scope, target.index, Stop.KILL)
        done = [f"{target}: killed; nothing new leaves, open orders are being cancelled"]
        try:
            async with self._disk:
                await asyncio.to_thread(self._keep_kill, target, kill)
        except OSError as error:
            done.append(f"NOT kept for the next start: {error}")
        else:
            done.append("stays on across restarts until a risk officer re-arms")
        return answers.Done(done=done)

    def _keep_kill(self, target: Target, kill: int) -> None:
        if target is FIRM:
            self._parts.kill_memory.remember_kill(kill)
        else:
            self._parts.stops.add(target.key, Stop.KILL)

    async def rearm_prepare(self, who: Principal, request: commands.RearmPrepare) -> answers.RearmPrepared:
        """What stands against it, and a code when nothing does."""
        target = self._parts.directory.find(request.scope, request.name)
        against = self._against(target, request.accept_differences)
        lines = self._queries.position_lines(target)
        return answers.RearmPrepared(
            state=self._state(target),
            open_orders=self._parts.box.open_orders,
            positions=[line for line in lines if line.quantity],
            reconciled=self._parts.box.reconciled,
            accepted=[self._queries.accepted_line(one) for one in self._accepted(target)],
            against=against,
            code="" if against else self._codes.give(target, who.name, self._kill_of(target)),
            valid_s=0 if against else VALID_S,
        )

    async def rearm_confirm(self, who: Principal, request: commands.RearmConfirm) -> answers.Done:
        """Lift the kill, on disk before in the segment: a crash between the two leaves it on."""
        async with self._disk:
            return self._rearm(self._parts.directory.find(request.scope, request.name), who, request)

    def _rearm(self, target: Target, who: Principal, request: commands.RearmConfirm) -> answers.Done:
        if against := self._against(target, request.accept_differences):
            raise Refused("state", f"{target} stays killed: {'; '.join(against)}")
        if wrong := self._codes.take(target, who.name, self._kill_of(target), request.code):
            raise Refused("state", wrong)
        try:  # without a wait in between, so that nobody finds the word on and keeps it again
            self._parts.stops.remove(target.key, Stop.KILL)
            if target is FIRM:
                self._parts.kill_memory.rearm()
        except OSError as error:
            raise Refused("failed", f"{target} stays killed: {error}") from error
        if target is FIRM:
            self._parts.words.kill = 0
        self._parts.words.stop_clear(target.scope, target.index, Stop.KILL)
        stand = [
            f"though accepted difference {one.found.break_id} stands: {one.text}" for one in self._accepted(target)
        ]
        return answers.Done(done=[f"{target}: re-armed", *stand, *self._left(target)])

    async def pause(self, who: Principal, request: commands.ScopeWithReason) -> answers.Done:
        """Nothing new; open orders stay."""
        target = self._parts.directory.find(request.scope, request.name)
        return answers.Done(done=await self.pause_target(target, who))

    async def pause_target(self, target: Target, who: Principal) -> list[str]:
        """Pause, as ``pause`` and ``flatten`` do; whose pause it was first stays known."""
        before = self._parts.words.stop_bits(target.scope, target.index)
        self._parts.words.stop_set(target.scope, target.index, Stop.PAUSE)
        try:
            async with self._disk:
                name = "" if before & Stop.PAUSE else who.name
                await asyncio.to_thread(self._parts.stops.add, target.key, Stop.PAUSE, name)
        except OSError as error:
            return [f"{target}: paused", f"NOT kept for the next start: {error}"]
        return [f"{target}: paused; open orders stay, cancels and orders that only reduce still pass"]

    async def resume(self, who: Principal, request: commands.ScopeWithReason) -> answers.Done:
        """End a pause; a trader only what they paused themselves, or a strategy of their own."""
        async with self._disk:
            return self._resume(self._parts.directory.find(request.scope, request.name), who)

    def _resume(self, target: Target, who: Principal) -> answers.Done:
        if not self._parts.words.stop_bits(target.scope, target.index) & Stop.PAUSE:
            raise Refused("state", f"{target} is not paused")
        try:
            kept = self._parts.stops.read().get(target.key)
            paused_by = kept.who if kept else ""
            own = self._parts.strategy_traders.get(target.name) == who.name and target.scope == "strategy"
            if who.role is Role.TRADER and paused_by != who.name and not own:
                raise Refused(
                    "role", f"{target} was paused by {paused_by or 'somebody else'}: a risk officer may resume it"
                )
            self._parts.stops.remove(target.key, Stop.PAUSE)
        except OSError as error:
            raise Refused("failed", f"{target} stays paused: {error}") from error
        self._parts.words.stop_clear(target.scope, target.index, Stop.PAUSE)
        return answers.Done(done=[f"{target}: resumed", *self._left(target)])

    def _kill_of(self, target: Target) -> int:
        """What is to be lifted: another number after every kill, whoever threw it and however; 0: nothing."""
        words = self._parts.words
        held = int(words.stop_bits(target.scope, target.index) & Stop.KILL)
        if target is FIRM:
            held = words.kill or held
        return held + words.kills if held else 0

    def _accepted(self, target: Target) -> list[Any]:
        """Accepted differences that stand in the scope."""
        return [one for one in self._queries.accepted() if _is_in(one.found, target)]

    def _against(self, target: Target, accept_differences: bool) -> list[str]:
        """Why the scope must stay killed; accept_differences: those that were accepted are no reason."""
        against = [] if self._kill_of(target) else ["it is not killed"]
        if not self._parts.box.reconciled:
            against.append("own orders and positions are not reconciled with the venue's record")
        against += self._parts.box.lanes_wrong()
        unresolved = self._queries.unresolved()
        blocked = self._parts.reconciliation.blocks_rearm if self._parts.reconciliation is not None else ""
        if blocked and not unresolved:
            against.append(blocked)
        against += [f"unresolved break {one.break_id}: {one.text}" for one in unresolved if _is_in(one, target)]
        for one in self._accepted(target) if not accept_differences else ():
            against.append(f"accepted difference {one.found.break_id} stands: {one.text}; say --accept-differences")
        return against

    def _state(self, target: Target) -> list[str]:
        return [
            f"{line.scope} {line.name}".strip() + ": " + ", ".join(line.stops) for line in self._queries.stops()
        ] or [f"{target}: nothing stops it"]

    def _left(self, target: Target) -> list[str]:
        bits = self._parts.words.stop_bits(target.scope, target.index)
        left = stop_names(bits)
        if target is not FIRM and self._parts.words.kill:
            left.append("kill of the whole firm")
        return [f"still stopped by: {', '.join(left)}"] if left else []


def _is_in(found: Any, target: Target) -> bool:
    """Whether a break concerns a scope; one of no instrument or venue concerns each, and every one the firm."""
    of_scope = {"instrument": found.instrument, "venue": found.venue}.get(target.scope, target.index)
    return of_scope in (None, target.index)
