"""Orders and parent orders by hand: what a person wants goes through the gate like everything else."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec

from tickwire.api import answers, commands
from tickwire.api.collaborators import Collaborators
from tickwire.api.errors import Refused
from tickwire.api.lines import SIDES
from tickwire.api.people import Principal
from tickwire.native import lib
from tickwire.services.hand_orders import OrderTerms, ParentTerms, TermsError
from tickwire.services.order_entry import BusyError, NoAnswerError, Outcome
from tickwire.services.parent_book import ParentRecord

Part = TypeVar("Part")


class Entry:
    """What sends orders, and shows what the router works."""

    def __init__(self, parts: Collaborators) -> None:
        self._parts = parts

    async def order_enter(self, who: Principal, request: commands.OrderEnter) -> answers.OrderOutcome:
        """To one venue."""
        entry = _needed(self._parts.entry)
        with _said():
            return _outcome(await entry.enter(who.name, OrderTerms(**_terms(request))))

    async def order_replace(self, who: Principal, request: commands.OrderReplace) -> answers.OrderOutcome:
        """An open order's quantity or price."""
        entry = _needed(self._parts.entry)
        with _said():
            return _outcome(await entry.replace(who.name, request.order_id, request.quantity, request.price))

    async def parent_start(self, who: Principal, request: commands.ParentStart) -> answers.ParentOutcome:
        """To the router."""
        entry = _needed(self._parts.parent_entry)
        with _said():
            record, text = await entry.start(who.name, ParentTerms(**_terms(request)))
        return answers.ParentOutcome(text=text, parent=self._line(record))

    async def parent_cancel(self, who: Principal, request: commands.ParentCancel) -> answers.Done:
        """Ask the router to end it."""
        entry = _needed(self._parts.parent_entry)
        with _said():
            entry.cancel(request.parent_id)
        return answers.Done(done=[f"parent {request.parent_id}: cancel asked for"])

    async def parents(self, who: Principal, request: commands.ParentsOf) -> list[answers.ParentLine]:
        """One, or the newest."""
        book = _needed(self._parts.parents)
        if request.parent_id is not None:
            one = book.get(request.parent_id)
            if one is None:
                raise Refused("unknown", f"no parent order {request.parent_id} this day")
            return [self._line(one)]
        wanted = (
            record
            for record in reversed(book.all())
            if (request.state == "all" or record.open) and (request.source == "all" or record.by_operator)
        )
        return [self._line(record) for record in itertools.islice(wanted, request.lines)]

    def _line(self, record: ParentRecord) -> answers.ParentLine:
        name = self._parts.directory.name
        venues = [index for index in range(lib.VENUE_COUNT_MAX) if record.venue_mask >> index & 1]
        return answers.ParentLine(
            parent_id=record.parent_id,
            source="operator" if record.by_operator else "strategy",
            policy=record.policy,
            instrument=name("instrument", record.instrument),
            strategy=name("strategy", record.strategy),
            account=name("account", record.account),
            side=SIDES.get(record.side, ""),
            quantity=record.quantity,
            executed=record.executed,
            working=record.working,
            state=record.state,
            reason=record.reason,
            verdict=record.verdict,
            average_price_1e4=record.average_price,
            decision_price_1e4=record.decision_price,
            slippage_bps=record.slippage_bps,
            slippage_1e4=record.slippage,
            limit_price_1e4=record.limit_price,
            slippage_max_bps=record.slippage_ppm_max / 100,
            duration_s=record.duration_ns / 1e9,
            interval_s=record.interval_ns / 1e9,
            venues=[name("venue", index) for index in venues],
            started_ns=record.started_ns,
            report_ns=record.report_ns,
            doubtful=record.doubtful,
        )


def _needed(part: Part | None) -> Part:
    if part is None:
        raise Refused("unavailable", "this box takes no orders by hand")
    return part


@contextmanager
def _said() -> Iterator[None]:
    """What the services refuse, as operators hear it."""
    try:
        yield
    except TermsError as error:
        raise Refused("malformed", str(error)) from error
    except KeyError as error:
        raise Refused("unknown", f"there is no {error.args[0]} in the record of the day") from error
    except BusyError as error:
        raise Refused("busy", f"nothing was sent: {error}; try again") from error
    except NoAnswerError as error:
        raise Refused("slow", str(error)) from error


def _terms(request: commands.Request) -> dict[str, Any]:
    """Everything that was said but why."""
    return {name: value for name, value in msgspec.structs.asdict(request).items() if name != "reason"}


def _outcome(outcome: Outcome) -> answers.OrderOutcome:
    return answers.OrderOutcome(
        state=outcome.state,
        text=outcome.text,
        order_id=outcome.order_id,
        verdict=outcome.verdict,
        executed=outcome.executed,
        leaves=outcome.leaves,
        average_price_1e4=outcome.average_price,
        decision_price_1e4=outcome.decision_price,
    )
