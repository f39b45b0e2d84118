"""Everything that only looks: names instead of numbers, newest first, bounded."""

import asyncio
import dataclasses
import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

import tickwire
from tickwire.api import answers, commands, evidence_answers, position_sums
from tickwire.api.collaborators import Blotter, Breaker, Collaborators, Execution, Order
from tickwire.api.errors import Refused
from tickwire.api.lines import Lines
from tickwire.api.people import Principal
from tickwire.api.scopes import FIRM, Target, stop_names
from tickwire.services.alerts import read_alerts
from tickwire.services.ledger_book import Key, Scope

HISTORY_LINES = 50


class Queries:
    """The box as answers."""

    def __init__(self, parts: Collaborators) -> None:
        self._parts = parts
        self._lines = Lines(parts.directory, parts.trader_names)

    async def status(self, who: Principal, request: commands.Nothing) -> answers.Status:
        """At a glance."""
        parts, box = self._parts, self._parts.box
        services = box.services()
        stops = self.stops()
        wrong = [f"{service.name}: {what}" for service in services for what in service.wrong]
        wrong += [f"{line.scope} {line.name}".strip() + f" stopped by {', '.join(line.stops)}" for line in stops]
        wrong += [f"break {found.break_id}: {found.text}" for found in self.unresolved()]
        total = parts.ledger.total() if parts.ledger is not None else None
        firm = any(line.scope == "firm" for line in stops)
        return answers.Status(
            box=box.name,
            version=tickwire.__version__,
            trading=parts.words.armed and not firm and all(service.ready for service in services),
            wrong=wrong,
            warnings=self.warnings(),
            armed=parts.words.armed,
            killed_ns=parts.words.kill,
            epoch=parts.words.epoch,
            open_orders=box.open_orders,
            reconciled=box.reconciled,
            realised_1e4=total.realised_average if total is not None else 0,
            unrealised_1e4=total.unrealised if total is not None else 0,
            fees_1e6=total.fees if total is not None else 0,
            unresolved_breaks=len(self.unresolved()),
            accepted_differences=len(self.accepted()),
            services=services,
            stops=stops,
            stakes=self.stakes(),
            recording=parts.audit.problem,
        )

    def stops(self) -> list[answers.StopLine]:
        """Every scope that something stops."""
        words = self._parts.words
        lines = []
        for target in self._parts.directory.targets():
            names = stop_names(words.stop_bits(target.scope, target.index))
            if target is FIRM and words.kill and "kill" not in names:
                names.insert(0, "kill")
            if names:
                lines.append(answers.StopLine(scope=target.scope, name=target.name, stops=names))
        return lines

    def stakes(self) -> list[answers.StakeLine]:
        """The firm, every account and strategy that had a fill or has an order."""
        return [
            answers.StakeLine(
                scope=target.scope,
                name=target.name,
                gross_exposure_1e4=state.gross_exposure,
                net_exposure_1e4=state.net_exposure,
                credit_used_1e4=state.credit_used,
                open_orders=state.open_orders,
                daily_loss_1e4=state.daily_loss,
                net_profit_1e4=state.net_profit,
                high_water_mark_1e4=state.high_water_mark,
                drawdown_1e4=state.drawdown,
                known=state.known,
                stale=state.stale,
            )
            for target, state in ((self._target(state.scope), state) for state in self._parts.stakes())
        ]

    def _target(self, scope: Any) -> Target:
        for kind in ("account", "strategy"):
            if (index := getattr(scope, kind)) is not None:
                return Target(kind, index, self._parts.directory.name(kind, index))
        return FIRM

    async def orders(self, who: Principal, request: commands.OrdersOf) -> list[answers.OrderLine]:
        """Of a scope."""
        blotter, target = self._blotter(), self._parts.directory.find(request.scope, request.name)
        if request.order_id is not None:
            one = blotter.orders.get(request.order_id)
            return [self._lines.order(one)] if one is not None and _is_in(target, one) else []
        wanted = (
            order
            for order in _newest(blotter.orders.values())
            if _is_in(target, order) and (request.state == "all" or order.open)
        )
        return [self._lines.order(order) for order in itertools.islice(wanted, request.lines)]

    def order(self, order_id: int) -> Order:
        """One order; raises Refused when it is not of this day."""
        found: Order | None = self._blotter().orders.get(order_id)
        if found is None:
            raise Refused("unknown", f"no order {order_id} in the blotter of the day")
        return found

    def open_orders(self, target: Target) -> list[Order]:
        """Orders of the scope that may still trade.  Raises Refused without a blotter."""
        return [order for order in self._blotter().orders.values() if order.open and _is_in(target, order)]

    async def fills(self, who: Principal, request: commands.FillsOf) -> list[answers.FillLine]:
        """Of a scope."""
        target = self._parts.directory.find(request.scope, request.name)
        wanted = (
            fill
            for fill in _newest(self._blotter().fills())
            if _is_in(target, fill) and request.order_id in (None, fill.order_id)
        )
        shown = list(itertools.islice(wanted, request.lines))
        profits = self._profits(shown)
        return [self._lines.fill(fill, profits.get((fill.order_id, fill.match_number))) for fill in shown]

    def _profits(self, fills: Iterable[Execution]) -> dict[tuple[int, int], Any]:
        """What the ledger knows of them, by order and match."""
        ledger = self._parts.ledger
        if ledger is None:
            return {}
        keys = {Scope(fill.instrument, fill.strategy, fill.account, fill.venue) for fill in fills}
        return {(one.order_id, one.match_number): one for key in keys for one in ledger.fills(key)}

    async def positions(self, who: Principal, request: commands.PositionsOf) -> answers.Positions:
        """Of a scope."""
        target, ledger = self._parts.directory.find(request.scope, request.name), self._parts.ledger
        if ledger is None:
            raise Refused("unavailable", "this box has no ledger")
        held = list(self.keyed_positions(target))
        keys = [key for key, _ in held]

        def sums(scopes: Iterable[Scope]) -> list[answers.PositionLine]:
            return [self._lines.position(scope, ledger.total(**scope._asdict())) for scope in scopes]

        return answers.Positions(
            known=self._parts.box.positions_known,
            lines=[self._lines.position(key, position) for key, position in held],
            groups=sums(position_sums.groups(keys, target, request.by)),
            net=sums(position_sums.over_venues(keys, target)),
            total=sums([position_sums.whole(target)])[0],
        )

    def position_lines(self, target: Target) -> list[answers.PositionLine]:
        """Every position of the scope, also those that are flat again."""
        return [self._lines.position(key, position) for key, position in self.keyed_positions(target)]

    def keyed_positions(self, target: Target) -> Iterator[tuple[Key, Any]]:
        """(instrument, strategy, account, venue) and P&L of each."""
        ledger = self._parts.ledger
        if ledger is None:
            return
        for key in sorted(ledger.keys()):
            instrument, strategy, account, venue = key
            of_scope = {"instrument": instrument, "strategy": strategy, "account": account, "venue": venue}
            if target is FIRM or of_scope[target.scope] == target.index:
                yield Key(instrument, strategy, account, venue), ledger.total(instrument, strategy, account, venue)

    async def venues(self, who: Principal, request: commands.Nothing) -> list[answers.VenueLine]:
        """In the order of the configuration."""
        return [
            answers.VenueLine(
                name=venue.name,
                mic=venue.mic,
                session=venue.session,
                feed=venue.feed,
                open_orders=venue.open_orders,
                fee_taker_1e6=venue.fee_taker,
                fee_maker_1e6=venue.fee_maker,
                stops=stop_names(self._parts.words.stop_bits("venue", index)),
            )
            for index, venue in enumerate(self._parts.box.venues())
        ]

    async def best_execution(self, who: Principal, request: commands.OrderOf) -> evidence_answers.BestExecution:
        """The evidence of one order; of one that was not routed the answer says so."""
        if self._parts.evidence is None:
            raise Refused("unavailable", "this box keeps no best-execution evidence")
        found = [self._lines.decision(one) for one in self._parts.evidence.decisions(request.order_id)]
        order = self._parts.blotter.orders.get(request.order_id) if self._parts.blotter is not None else None
        if not found and order is None:
            raise Refused("unknown", f"no order and no routing decision {request.order_id} is on record")
        return evidence_answers.BestExecution(
            order_id=request.order_id,
            decisions=found,
            note="" if found or order is None else self._unrouted(order),
            order=self._lines.order(order) if order is not None else None,
        )

    def _unrouted(self, order: Order) -> str:
        """Why no routing decision is on record for it; raises Refused where there should be one, or nobody knows."""
        if order.parent_id:
            text = f"order {order.order_id} is of parent {order.parent_id}, whose routing decisions are not on record"
            raise Refused("unknown", text)
        if order.unknown:
            text = f"order {order.order_id} is known by the venue's record only: whether it was routed is not on record"
            raise Refused("unknown", text)
        venue = self._parts.directory.name("venue", order.venue)
        seen = (
            order.source or order.score or order.decision_price
        )  # else its sending may have been missed, parent and all
        doubt = "" if seen else "as far as is on record "
        return f"{doubt}direct to venue {venue}: no routing decision; the venue's book then: not on record"

    async def alerts(self, who: Principal, request: commands.AlertsOf) -> evidence_answers.Alerts:
        """What is wrong now, and what was."""
        if self._parts.alerts is None:
            raise Refused("unavailable", "this box has no alerts")
        history: Iterable[dict[str, Any]] = ()
        if request.history:
            try:
                history = await asyncio.to_thread(read_alerts, self._parts.state_dir, request.lines)
            except OSError as error:
                raise Refused("unavailable", f"the history of alerts cannot be read: {error}") from error
        return evidence_answers.Alerts(active=self.active_alerts(), history=list(history))

    def active_alerts(self) -> list[evidence_answers.AlertLine]:
        """What is wrong now, oldest first."""
        return [
            evidence_answers.AlertLine(
                alert=one.name, subject=one.subject, text=one.text, raised_ns=one.raised_ns, seen_ns=one.seen_ns
            )
            for one in (self._parts.alerts.active() if self._parts.alerts is not None else ())
        ]

    async def limits(self, who: Principal, request: commands.LimitsOf) -> answers.Limits:
        """Those whose path begins so."""
        book = self._parts.limits
        if book is None:
            raise Refused("unavailable", "this box has no limit book")
        lines = [
            answers.LimitLine(
                path=view.path,
                effective=view.effective,
                standing=view.standing,
                unit=view.unit,
                override_ends_ns=view.override_ends_ns,
                waiting=list(view.waiting),
            )
            for view in book.views()
            if view.path.startswith(request.path)
        ]
        if not lines:
            raise Refused("unknown", f"no limit's path begins with {request.path!r}")
        return answers.Limits(
            limits=lines,
            stakes=self.stakes(),
            pending=[plain(change) for change in book.pending()],
            history=[plain(change) for change in book.history(HISTORY_LINES)],
        )

    def all_breakers(self) -> list[Breaker]:
        """Every breaker of the box."""
        return list(self._parts.breakers()) if self._parts.breakers is not None else []

    async def breakers(self, who: Principal, request: commands.Nothing) -> list[answers.BreakerLine]:
        """All of them."""
        return [
            answers.BreakerLine(
                scope=view.scope,
                name=view.name,
                trigger=view.trigger,
                state=str(view.state),
                action=view.action,
                value=view.value,
                threshold=view.threshold,
                who=view.who,
                why=view.why,
                probes_left=view.probes_left,
            )
            for view in (breaker.view for breaker in self.all_breakers())
        ]

    def unresolved(self) -> list[Any]:
        """Breaks that nobody has cleared."""
        return list(self._parts.reconciliation.unresolved()) if self._parts.reconciliation is not None else []

    def accepted(self) -> list[Any]:
        """Differences that were accepted and have not gone."""
        return list(self._parts.reconciliation.accepted()) if self._parts.reconciliation is not None else []

    def warnings(self) -> list[str]:
        """What stops nothing and must be known all the same."""
        return [f"accepted difference {one.found.break_id}: {one.text}" for one in self.accepted()]

    async def accepted_differences(self, who: Principal, request: commands.Nothing) -> list[answers.AcceptedLine]:
        """Those that still differ."""
        return [self.accepted_line(one) for one in self.accepted()]

    def accepted_line(self, one: Any) -> answers.AcceptedLine:
        """The difference with names, and whose word it is."""
        line = msgspec.structs.asdict(self.break_line(one.found))
        by = {"accepted_by": one.who, "accepted_ns": one.at_ns, "accepted_why": one.why}
        return answers.AcceptedLine(**line | by | {"text": one.text})

    async def breaks(self, who: Principal, request: commands.Nothing) -> list[answers.BreakLine]:
        """Those that nobody has cleared."""
        return [self.break_line(found) for found in self.unresolved()]

    def break_line(self, found: Any) -> answers.BreakLine:
        """A break with names."""
        name = self._parts.directory.name
        return answers.BreakLine(
            break_id=str(found.break_id),
            kind=str(found.kind),
            venue=name("venue", found.venue) if found.venue is not None else "",
            instrument=name("instrument", found.instrument) if found.instrument is not None else "",
            order_id=found.order_id or 0,
            ours="none" if found.ours is None else str(found.ours),
            theirs="none" if found.theirs is None else str(found.theirs),
            difference="" if found.difference is None else str(found.difference),
            source=str(found.source),
            text=found.text,
        )

    async def audit(self, who: Principal, request: commands.AuditTail) -> answers.Audit:
        """The end of the record."""
        problem = await asyncio.to_thread(self._parts.audit.verify)
        lines = await asyncio.to_thread(self._parts.audit.last, request.lines)
        return answers.Audit(whole=not problem, problem=problem, lines=lines)

    def _blotter(self) -> Blotter:
        if self._parts.blotter is None:
            raise Refused("unavailable", "this box has no blotter")
        return self._parts.blotter


def _newest(lines: Iterable[Any]) -> Iterator[Any]:
    """Last in, first out."""
    yield from reversed(list(lines))


def _is_in(target: Target, line: Any) -> bool:
    return target is FIRM or getattr(line, target.scope) == target.index


def _simple(value: Any) -> Any:
    """What msgspec has no spelling for: money and the like are numbers, everything else says itself."""
    return int(value) if isinstance(value, int) else str(value)


def plain(value: Any) -> Any:
    """Whatever a collaborator keeps, as JSON has it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    return msgspec.to_builtins(value, str_keys=True, enc_hook=_simple)
