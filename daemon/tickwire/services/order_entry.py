"""Orders by hand: written to ring "intent.operator", and followed until it is known what became of them.

What is written carries an id of its own in parent_id and a tick of its own, which refusals and the reports SENT and
NOT_SENT repeat: no other order is ever taken for it.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tickwire.config import Config
from tickwire.native import Ring, RingObserver, enum_names, lib
from tickwire.native.trading import record, verdict_name
from tickwire.native.views import Top
from tickwire.services.blotter_records import OrderRecord
from tickwire.services.hand_orders import Fields, OrderTerms, TermsError, on_tick, order_fields, trader_of

NUMBER_BITS = 24
HAND_TICKS = 9_000_000_000  # a feed's sequence numbers stay below; the identifier on the wire holds ten digits
NUMBERS_A_LIFE = 1_000_000
LIVES = 1_000
JUDGE_S_MAX = 2.0
ANSWER_S_MAX = 1.0
LOOK_S = 0.002
READ_MAX = 1024
NOT_SENT = {
    "killed": "the kill switch was on at the last look before sending",
    "disarmed": "the gate was shut at the last look before sending",
    "epoch": "it is of an earlier life of the box",
    "age": "it came to the session too late: ask again",
    "session": "the session was not live, or the venue is silent",
    "target": "the order to replace is not open",
    "table": "the session's order table is full",
    "malformed": "it has a field that no order has",
    "unsupported": "the venue does not offer it, or a sale would change its mark by being replaced",
    "stopped": "a stop word was set at the last look before sending",
    "lost": "it was on its way when the session broke, and the venue's record has no trace of it",
    "superseded": "the order to replace was done before the venue heard of it",
}


class NoAnswerError(Exception):
    """Nobody said in time what became of it; the text says what is known."""


class BusyError(Exception):
    """The ring is full: nothing was written."""


class Orders(Protocol):
    """The blotter's orders."""

    @property
    def orders(self) -> Mapping[int, OrderRecord]: ...


@dataclass
class Outcome:
    """What became of an order by hand.

    state: refused (by the gate), not-sent, sent (the venue has not answered yet), live, filled, canceled, rejected.
    order_id 0: it never got one.  value is the sum of price * quantity of what was executed.
    """

    hand_id: int
    state: str
    text: str
    order_id: int = 0
    verdict: str = ""
    executed: int = 0
    leaves: int = 0
    value: int = 0
    decision_price: int = 0

    @property
    def average_price(self) -> int | None:
        """Of what was executed, 1/10 000."""
        return None if not self.executed else (2 * self.value + self.executed) // (2 * self.executed)


class OrderEntry:
    """Writes intents for people.  best(instrument) is the best of all venues, which decides what slippage is of."""

    def __init__(
        self,
        intents: Ring,
        verdicts: Ring,
        reports: Ring,
        blotter: Orders,
        config: Callable[[], Config],
        best: Callable[[int], Top],
        explain: Callable[[Any], str],
        epoch: int,
        clock_ns: Callable[[], int],
    ) -> None:
        self._intents, self._verdicts, self._reports = intents, verdicts, reports
        self._blotter = blotter
        self._config = config
        self._best = best
        self._explain = explain
        self._epoch = epoch
        self._clock_ns = clock_ns
        self._count = 0

    async def enter(self, person: str, terms: OrderTerms) -> Outcome:
        """A new order.  Raises TermsError, BusyError, NoAnswerError."""
        config = self._config()
        fields = order_fields(terms, config)
        fields["trader"] = trader_of(person, fields["strategy"], config)
        fields["decision_price"] = mid(self._best(fields["instrument"]))
        return await self._send(fields | {"kind": lib.INTENT_NEW})

    async def replace(self, person: str, order_id: int, quantity: int | None, price: str | None) -> Outcome:
        """Another quantity (of the order, what was executed included) or price.  Raises as enter does, and KeyError."""
        order, config = self._blotter.orders[order_id], self._config()
        if quantity is None and price is None:
            raise TermsError("say a new quantity, a new price, or both")
        if not order.open:
            raise TermsError(f"order {order_id} is {order.state}: nothing of it is open")
        if order.parent_id and order.parent_id >> lib.PARENT_SOURCE_SHIFT != lib.PARENT_BY_HAND:
            raise TermsError(f"order {order_id} is a piece of parent {order.parent_id}: cancel that instead")
        executed = self._executed_in_chain(order)
        total = executed + order.leaves if quantity is None else quantity
        if not executed < total <= lib.RISK_QUANTITY_MAX:
            raise TermsError(
                f"quantity {total}: {executed} are executed already, and what remains must be a share or more"
            )
        tick_size = config.instruments[order.instrument].limits.tick_size
        fields = {name: int(getattr(order, name)) for name in KEPT} | {
            "kind": lib.INTENT_REPLACE,
            "target_order_id": order_id,
            "quantity": total,
            "price": order.price if price is None else on_tick("price", price, tick_size),
            "trader": trader_of(person, order.strategy, config),
            "decision_price": order.decision_price or mid(self._best(order.instrument)),
        }
        return await self._send(fields)

    def _executed_in_chain(self, order: OrderRecord) -> int:
        """Shares executed of the order and of those it took the place of."""
        executed, seen = order.executed, {order.order_id}
        while order.replaces and order.replaces not in seen:
            seen.add(order.replaces)
            before = self._blotter.orders.get(order.replaces)
            if before is None:
                break
            order = before
            executed += order.executed
        return executed

    async def _send(self, fields: Fields) -> Outcome:
        """Write the intent and follow it."""
        verdicts, reports = self._verdicts.observer(), self._reports.observer()
        number = self._count + 1
        hand_id = lib.PARENT_BY_HAND << lib.PARENT_SOURCE_SHIFT | self._epoch << NUMBER_BITS | number
        tick = HAND_TICKS + self._epoch % LIVES * NUMBERS_A_LIFE + number % NUMBERS_A_LIFE
        intent = record("order_intent", **fields, parent_id=hand_id, tick=tick, rx_ns=self._clock_ns())
        if self._intents.write([intent[0]]) != 1:
            raise BusyError("the ring to the gate is full")
        self._count = number
        outcome = Outcome(hand_id, "", "", decision_price=fields["decision_price"])
        await self._follow(outcome, verdicts, reports, _may_rest(fields))
        return outcome

    async def _follow(self, outcome: Outcome, verdicts: RingObserver, reports: RingObserver, may_rest: bool) -> None:
        """Until somebody has refused it or the venue has answered; of what never rests, until it is over."""
        clock = asyncio.get_running_loop().time
        end = clock() + JUDGE_S_MAX
        while True:
            is_last = clock() >= end
            for refusal in verdicts.read(READ_MAX):
                if refusal.parent_id == outcome.hand_id and refusal.source == lib.SOURCE_OPERATOR:
                    outcome.state, outcome.verdict = "refused", verdict_name(refusal.verdict)
                    outcome.text = f"refused by the gate, {outcome.verdict}: {self._explain(refusal)}"
                    return
            for report in reports.read(READ_MAX):
                if outcome.order_id == 0 and _is_first(outcome, report):
                    outcome.order_id = int(report.order_id)
                    end, is_last = clock() + ANSWER_S_MAX, False
                if outcome.order_id == report.order_id:
                    _apply(outcome, report)
            if outcome.state not in ("", "sent", "live") or (outcome.state == "live" and may_rest):
                return
            if is_last:
                break
            await asyncio.sleep(LOOK_S)
        if not outcome.state:
            raise NoAnswerError(
                f"the gate has not answered in {JUDGE_S_MAX:.0f} s, or its answer was missed: look at "
                "`tickwire orders --all` before you ask again; a gate that comes to it later refuses it as too old"
            )


KEPT = ("instrument", "strategy", "account", "side", "venue", "time_in_force", "order_type")


def _is_first(outcome: Outcome, report: Any) -> bool:
    """Whether it is execution's word on that very order."""
    return bool(report.match_number == outcome.hand_id and report.kind in (lib.REPORT_SENT, lib.REPORT_NOT_SENT))


def _apply(outcome: Outcome, report: Any) -> None:
    """One report of the order, execution's or the venue's."""
    states = {
        lib.ORDER_SENT: "sent",
        lib.ORDER_LIVE: "live",
        lib.ORDER_FILLED: "filled",
        lib.ORDER_CANCELED: "canceled",
    }
    if report.kind == lib.REPORT_NOT_SENT:
        outcome.state, outcome.text = "not-sent", _not_sent(report.reason)
        return
    if report.kind == lib.REPORT_REJECTED:
        names = {value: name for name, value in enum_names("ouch_reject_reason", "OUCH_REJECT_").items()}
        reason = names.get(report.reason, f"reason {report.reason}").replace("_", " ")
        outcome.state, outcome.text = "rejected", f"rejected by the venue: {reason}"
        return
    if report.kind == lib.REPORT_EXECUTED:
        outcome.executed += int(report.quantity)
        outcome.value += int(report.quantity) * int(report.price)
    outcome.leaves = int(report.leaves)
    outcome.state = states.get(report.order_state, outcome.state)
    outcome.text = "sent; the venue has not answered yet"
    if outcome.state != "sent":
        outcome.text = f"{outcome.state}: {outcome.executed:,} executed, {outcome.leaves:,} open"


def _not_sent(reason: int) -> str:
    names = {value: name for name, value in enum_names("not_sent_reason", "NOT_SENT_").items()}
    name = names.get(reason, str(reason))
    return f"passed the gate but was not sent, {name}: {NOT_SENT.get(name, 'unknown reason')}"


def _may_rest(fields: Fields) -> bool:
    return bool(fields["time_in_force"] != lib.TIF_IOC and fields["order_type"] != lib.ORDER_TYPE_MARKET)


def mid(top: Top) -> int:
    """Between the touch; 0 when a side is empty or stale: then slippage is of nothing."""
    if top.stale or not top.bid_quantity or not top.ask_quantity:
        return 0
    return (top.bid_price + top.ask_price) // 2
