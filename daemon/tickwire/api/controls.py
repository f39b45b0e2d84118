"""Limits, breakers, throttles, reconciliation: the commands that go to one collaborator each."""

from collections.abc import Awaitable, Callable
from typing import Any

from tickwire.api import answers, commands
from tickwire.api.collaborators import Breaker, Collaborators, LimitBook, Reconciliation
from tickwire.api.errors import Refused
from tickwire.api.people import Principal
from tickwire.api.queries import Queries, plain
from tickwire.api.scopes import Stop


class Controls:
    """What changes how the box judges itself."""

    def __init__(self, parts: Collaborators, queries: Queries) -> None:
        self._parts = parts
        self._queries = queries

    async def limit_propose(self, who: Principal, request: commands.LimitPropose) -> answers.LimitChange:
        """A change that holds until the next."""
        return self._propose(who, request, None)

    async def limit_override(self, who: Principal, request: commands.LimitOverride) -> answers.LimitChange:
        """A change that ends by itself."""
        return self._propose(who, request, request.expires_s)

    def _propose(self, who: Principal, request: commands.LimitPropose, expires_s: int | None) -> answers.LimitChange:
        book = self._limits()
        return _limit_change(
            book.propose, who.name, _role(who), request.path, request.value, request.reason, expires_s=expires_s
        )

    async def limit_approve(self, who: Principal, request: commands.LimitApprove) -> answers.LimitChange:
        """The second person's word."""
        return _limit_change(self._limits().approve, request.change, who.name, _role(who))

    async def limit_reject(self, who: Principal, request: commands.LimitReject) -> answers.LimitChange:
        """Let it fall."""
        return _limit_change(self._limits().reject, request.change, who.name, _role(who), request.reason)

    def _limits(self) -> LimitBook:
        if self._parts.limits is None:
            raise Refused("unavailable", "this box has no limit book")
        return self._parts.limits

    async def breaker_trip(self, who: Principal, request: commands.BreakerOf) -> answers.Done:
        """Open it by hand."""
        return _each(self._breakers(request), lambda breaker: breaker.trip(who.name, request.reason))

    async def breaker_reset(self, who: Principal, request: commands.BreakerReset) -> answers.Done:
        """Close it by hand."""
        return _each(
            self._breakers(request), lambda breaker: breaker.reset(who.name, request.reason, accept=request.accept)
        )

    def _breakers(self, request: commands.BreakerOf) -> list[Breaker]:
        target = self._parts.directory.find(request.scope, request.name)
        found = [
            breaker
            for breaker in self._queries.all_breakers()
            if (breaker.view.scope, breaker.view.name) == target.key and request.trigger in ("", breaker.view.trigger)
        ]
        if not found:
            raise Refused("unknown", f"no breaker is configured for {target} {request.trigger}".rstrip())
        return found

    async def throttle_reset(self, who: Principal, request: commands.ThrottleReset) -> answers.Done:
        """Let a strategy trade again that executed too often."""
        target = self._parts.directory.find("strategy", request.strategy)
        if self._parts.throttles is None:
            raise Refused("unavailable", "this box has no throttles")
        try:
            self._parts.throttles.reenable(target.index, who.name, request.reason)
        except ValueError as error:
            raise Refused("state", str(error)) from error
        try:
            self._parts.stops.remove(target.key, Stop.THROTTLE)
        except OSError as error:
            raise Refused("failed", f"{target} stays throttled: {error}") from error
        self._parts.words.stop_clear(target.scope, target.index, Stop.THROTTLE)
        return answers.Done(done=[f"{target}: may execute again, its throttle counts from zero"])

    async def reconcile(self, who: Principal, request: commands.Reconcile) -> answers.Reconciled:
        """Compare now."""
        result = await self._reconciliation().run_now(request.reason, request.replay)
        return answers.Reconciled(
            at_ns=result.at_ns,
            state=result.state,
            complete=result.complete,
            partial=list(result.partial),
            unsettled=result.unsettled,
            sources=list(map(str, result.sources)),
            orders=result.orders,
            fills=result.fills,
            positions=result.positions,
            breaks=[self._queries.break_line(found) for found in result.breaks],
            accepted=[self._queries.accepted_line(one) for one in result.accepted],
        )

    async def break_clear(self, who: Principal, request: commands.BreakClear) -> answers.Done:
        """A person has looked into it, and it is gone."""
        return await self._end_break("cleared", self._reconciliation().clear, who, request)

    async def break_accept(self, who: Principal, request: commands.BreakAccept) -> answers.Done:
        """It stands, and a person lets trading go on."""
        return await self._end_break("accepted, it still stands", self._reconciliation().accept, who, request)

    async def _end_break(
        self, done: str, end: Callable[[Any, str, str], Awaitable[Any]], who: Principal, request: commands.BreakClear
    ) -> answers.Done:
        reconciliation = self._reconciliation()
        known = {str(found.break_id): found for found in reconciliation.unresolved()}
        if request.break_id not in known:
            raise Refused("unknown", f"no unresolved break {request.break_id}: {', '.join(known) or 'there is none'}")
        try:
            await end(known[request.break_id].break_id, who.name, request.reason)
        except KeyError as error:
            raise Refused("state", f"break {request.break_id} was ended meanwhile") from error
        except ValueError as error:
            raise Refused("state", str(error)) from error
        except OSError as error:
            raise Refused("failed", f"break {request.break_id} stays: {error}") from error
        left = len(reconciliation.unresolved())
        return answers.Done(done=[f"break {request.break_id}: {done}", f"{left} left"])

    def _reconciliation(self) -> Reconciliation:
        if self._parts.reconciliation is None:
            raise Refused("unavailable", "this box has no reconciliation")
        return self._parts.reconciliation


def _role(who: Principal) -> str:
    return who.role.value if who.role else ""


def _each(breakers: list[Breaker], change: Callable[[Breaker], None]) -> answers.Done:
    """Change every one; what one refuses does not keep the others from it.  Raises Refused when one did."""
    done, refused = [], []
    for breaker in breakers:
        before = breaker.view
        title = " ".join(filter(None, (before.scope, before.name, before.trigger)))
        try:
            change(breaker)
        except ValueError as error:
            refused.append(str(error))
        else:
            done.append(f"breaker {title}: {before.state} -> {breaker.view.state}")
    if refused:
        raise Refused("state", "; ".join([*refused, *(f"done all the same: {line}" for line in done)]))
    return answers.Done(done=done)


def _limit_change(change: Any, *arguments: Any, **named: Any) -> answers.LimitChange:
    """Ask the limit book; its refusals become ours."""
    try:
        made = change(*arguments, **named)
    except KeyError as error:
        raise Refused("unknown", str(error.args[0]) if error.args else "no such limit") from error
    except PermissionError as error:
        raise Refused("role", str(error)) from error
    except ValueError as error:
        raise Refused("state", str(error)) from error
    except OSError as error:
        raise Refused("failed", f"the limit book could not be kept: {error}") from error
    return answers.LimitChange(change=plain(made))
