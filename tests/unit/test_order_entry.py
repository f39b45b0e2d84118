"""An order by hand is followed through the rings: by its own id, whatever else is going on, for a bounded time."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from config_text import CORES, TWO_VENUES

from tickwire.config import parse
from tickwire.native import Ring, lib
from tickwire.native.trading import record
from tickwire.native.views import Top
from tickwire.services import order_entry
from tickwire.services.blotter_records import OrderRecord
from tickwire.services.hand_orders import OrderTerms, TermsError
from tickwire.services.order_entry import BusyError, NoAnswerError, OrderEntry, Outcome
from tickwire.supervisor.layout import create_segment

CONFIG = parse(TWO_VENUES, "box.toml", CORES)
TERMS = OrderTerms(strategy="imbalance", instrument="AAPL", side="buy", quantity=100, price="100.05")
IOC = OrderTerms(strategy="imbalance", instrument="AAPL", side="buy", quantity=100, price="100.05", time_in_force="ioc")
TOP = Top("AAPL", 1_000_000, 100, 1_000_400, 100, stale=False)
ORDER_ID = 1 << 32 | 7


@dataclass
class Known:
    """A blotter with the orders that a test puts in."""

    orders: dict[int, OrderRecord] = field(default_factory=dict)


class Pipeline:
    """The rings around the gate; ``answer`` says what becomes of the next intent."""

    def __init__(self, folder: Path) -> None:
        self.segment, _ = create_segment(folder / "segment", ["hot"], 2)
        self.intents = self.segment.ring("intent.operator", "order_intent")
        self.verdicts = self.segment.ring("verdict", "risk_refusal")
        self.reports = self.segment.ring("blotter", "execution_report")
        self.blotter = Known()
        self.entry = OrderEntry(
            self.intents,
            self.verdicts,
            self.reports,
            self.blotter,
            lambda: CONFIG,
            lambda instrument: TOP,
            lambda refusal: f"{refusal.quantity} is too many",
            3,
            lambda: 5,
        )

    def tell(self, kind: str, **fields: Any) -> None:
        made = {"kind": getattr(lib, f"REPORT_{kind}"), "order_id": ORDER_ID} | fields
        self.reports.write([record("execution_report", **made)[0]])

    def refuse(self, intent: Any, **fields: Any) -> None:
        made = {"parent_id": intent.parent_id, "quantity": intent.quantity, "source": lib.SOURCE_OPERATOR} | fields
        self.verdicts.write([record("risk_refusal", **made)[0]])

    async def next_intent(self) -> Any:
        """As the gate takes it."""
        while not (taken := self.intents.read(0, 1)):
            await asyncio.sleep(0)
        return taken[0]

    def run(self, story: Any, asked: Any) -> Outcome:
        """Ask, while the story plays the pipeline."""

        async def both() -> Outcome:
            outcome, _ = await asyncio.gather(asked(), story())
            return outcome  # type: ignore[no-any-return]

        return asyncio.run(both())


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[Pipeline]:
    made = Pipeline(tmp_path)
    yield made
    made.segment.close()


def test_a_refusal_is_answered_with_its_verdict_in_words(pipeline: Pipeline) -> None:
    async def story() -> None:
        intent = await pipeline.next_intent()
        pipeline.refuse(intent, parent_id=intent.parent_id + 1, verdict=lib.RISK_KILLED)
        pipeline.refuse(intent, source=lib.SOURCE_SIGNAL, verdict=lib.RISK_KILLED)
        pipeline.refuse(intent, verdict=lib.RISK_POSITION)

    outcome = pipeline.run(story, lambda: pipeline.entry.enter("olivia", TERMS))
    assert (outcome.state, outcome.verdict, outcome.order_id) == ("refused", "position", 0)
    assert outcome.text == "refused by the gate, position: 100 is too many"


def test_an_order_that_rests_is_answered_when_the_venue_has_it(pipeline: Pipeline) -> None:
    seen: list[Any] = []

    async def story() -> None:
        intent = await pipeline.next_intent()
        seen.append(intent)
        pipeline.tell("SENT", match_number=intent.parent_id + 1, order_id=8)
        pipeline.tell("ACCEPTED", order_id=8, leaves=5, order_state=lib.ORDER_LIVE)
        pipeline.tell("SENT", match_number=intent.parent_id, leaves=100, order_state=lib.ORDER_SENT)
        pipeline.tell("ACCEPTED", leaves=100, order_state=lib.ORDER_LIVE)

    outcome = pipeline.run(story, lambda: pipeline.entry.enter("olivia", TERMS))
    assert (outcome.state, outcome.order_id, outcome.leaves) == ("live", ORDER_ID, 100)
    (intent,) = seen
    assert (intent.kind, intent.price, intent.decision_price, intent.rx_ns) == (lib.INTENT_NEW, 1_000_500, 1_000_200, 5)
    assert intent.parent_id >> lib.PARENT_SOURCE_SHIFT == lib.PARENT_BY_HAND


def test_what_never_rests_is_answered_when_it_is_over_with_what_it_got(pipeline: Pipeline) -> None:
    async def story() -> None:
        intent = await pipeline.next_intent()
        pipeline.tell("SENT", match_number=intent.parent_id, leaves=100, order_state=lib.ORDER_SENT)
        pipeline.tell("ACCEPTED", leaves=100, order_state=lib.ORDER_LIVE)
        await asyncio.sleep(0)
        pipeline.tell("EXECUTED", quantity=30, price=1_000_400, leaves=70, order_state=lib.ORDER_LIVE)
        pipeline.tell("EXECUTED", quantity=10, price=1_000_500, leaves=60, order_state=lib.ORDER_LIVE)
        pipeline.tell("CANCELED", quantity=60, order_state=lib.ORDER_CANCELED)

    outcome = pipeline.run(story, lambda: pipeline.entry.enter("olivia", IOC))
    assert (outcome.state, outcome.executed, outcome.leaves, outcome.average_price) == ("canceled", 40, 0, 1_000_425)
    assert outcome.text == "canceled: 40 executed, 0 open"


@pytest.mark.parametrize(
    ("kind", "fields", "state", "said"),
    [
        ("NOT_SENT", {"reason": lib.NOT_SENT_KILLED}, "not-sent", "kill switch"),
        ("REJECTED", {"reason": lib.OUCH_REJECT_HALTED}, "rejected", "halted"),
    ],
)
def test_who_else_refuses_it_is_named(
    pipeline: Pipeline, kind: str, fields: dict[str, Any], state: str, said: str
) -> None:
    async def story() -> None:
        intent = await pipeline.next_intent()
        if kind == "REJECTED":
            pipeline.tell("SENT", match_number=intent.parent_id, leaves=100, order_state=lib.ORDER_SENT)
        pipeline.tell(kind, match_number=intent.parent_id, **fields)

    outcome = pipeline.run(story, lambda: pipeline.entry.enter("olivia", TERMS))
    assert outcome.state == state
    assert said in outcome.text


def test_a_gate_that_does_not_answer_is_not_waited_for_for_ever(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_entry, "JUDGE_S_MAX", 0.0)
    with pytest.raises(NoAnswerError, match="has not answered"):
        asyncio.run(pipeline.entry.enter("olivia", TERMS))
    assert pipeline.intents.lag(0) == 1, "and if it comes to it, the gate refuses it as too old"


def test_a_venue_that_does_not_answer_is_said(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_entry, "ANSWER_S_MAX", 0.0)

    async def story() -> None:
        intent = await pipeline.next_intent()
        pipeline.tell("SENT", match_number=intent.parent_id, leaves=100, order_state=lib.ORDER_SENT)

    outcome = pipeline.run(story, lambda: pipeline.entry.enter("olivia", TERMS))
    assert (outcome.state, outcome.order_id) == ("sent", ORDER_ID)


def test_a_full_ring_is_told_not_waited_for(pipeline: Pipeline) -> None:
    fill(pipeline.intents)
    with pytest.raises(BusyError):
        asyncio.run(pipeline.entry.enter("olivia", TERMS))


def fill(ring: Ring) -> None:
    while ring.write([record("order_intent")[0]]):
        pass


def test_ids_and_ticks_are_each_orders_own(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_entry, "JUDGE_S_MAX", 0.0)
    for _ in range(3):
        with pytest.raises(NoAnswerError):
            asyncio.run(pipeline.entry.enter("olivia", TERMS))
    intents = pipeline.intents.read(0)
    assert len({intent.parent_id for intent in intents}) == len({intent.tick for intent in intents}) == 3
    assert all(order_entry.HAND_TICKS <= intent.tick < 10**10 for intent in intents), "the wire holds ten digits"


def open_order(**fields: Any) -> OrderRecord:
    made = {"quantity": 100, "leaves": 60, "price": 1_000_000, "state": "live", "strategy": 1, "account": 1}
    return OrderRecord(ORDER_ID, 0, 0, lib.SIDE_SELL, **(made | fields))


def test_a_replace_keeps_what_is_not_said_and_counts_what_was_executed(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_entry, "JUDGE_S_MAX", 0.0)
    before = OrderRecord(6, 0, 0, lib.SIDE_SELL, executed=15, state="replaced")
    pipeline.blotter.orders = {
        6: before,
        ORDER_ID: open_order(executed=40, replaces=6, time_in_force=lib.TIF_EXTENDED, decision_price=990_000),
    }
    for quantity, price in ((None, "100.01"), (130, None)):
        with pytest.raises(NoAnswerError):
            asyncio.run(pipeline.entry.replace("olivia", ORDER_ID, quantity, price))
    moved, larger = pipeline.intents.read(0)
    assert (moved.kind, moved.target_order_id, moved.side, moved.venue) == (lib.INTENT_REPLACE, ORDER_ID, 1, 0)
    assert (moved.quantity, moved.price, moved.time_in_force) == (15 + 40 + 60, 1_000_100, lib.TIF_EXTENDED)
    assert (larger.quantity, larger.price, larger.decision_price) == (130, 1_000_000, 990_000)


@pytest.mark.parametrize(
    ("order", "quantity", "price", "said"),
    [
        (open_order(), None, None, "say a new quantity"),
        (open_order(), None, "100.005", "between two ticks"),
        (open_order(executed=40), 40, None, "40 are executed already"),
        (open_order(state="filled"), 50, None, "is filled"),
        (open_order(parent_id=lib.SOURCE_OPERATOR << lib.PARENT_SOURCE_SHIFT | 1), 50, None, "a piece of parent"),
    ],
)
def test_a_replace_that_cannot_be_is_refused_before_anything_is_written(
    pipeline: Pipeline, order: OrderRecord, quantity: int | None, price: str | None, said: str
) -> None:
    pipeline.blotter.orders = {ORDER_ID: order}
    with pytest.raises(TermsError, match=said):
        asyncio.run(pipeline.entry.replace("olivia", ORDER_ID, quantity, price))
    with pytest.raises(KeyError):
        asyncio.run(pipeline.entry.replace("olivia", 5, quantity, price))
    assert pipeline.intents.lag(0) == 0
