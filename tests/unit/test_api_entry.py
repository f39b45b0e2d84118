"""Orders by hand as commands: who may, what a retry does, and what each failure is called."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from operator_box import OFFICER, TRADER, VIEWER, OperatorBox

from tickwire.api.errors import Refused
from tickwire.api.people import Principal
from tickwire.native import lib
from tickwire.services.hand_orders import OrderTerms, ParentTerms, TermsError
from tickwire.services.order_entry import BusyError, NoAnswerError, Outcome
from tickwire.services.parent_book import ParentRecord

ORDER = {"strategy": "imbalance", "instrument": "AAPL", "side": "buy", "quantity": 100, "reason": "x", "price": "1.05"}
PARENT = {name: value for name, value in ORDER.items() if name != "price"} | {"policy": "sweep"}
PARENT_ID = lib.SOURCE_OPERATOR << lib.PARENT_SOURCE_SHIFT | 1


class Entry:
    """Remembers what it was asked; ``fails`` is raised instead."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.fails: Exception | None = None

    def _do(self, *asked: Any) -> None:
        self.asked.append(asked)
        if self.fails is not None:
            raise self.fails

    async def enter(self, person: str, terms: OrderTerms) -> Outcome:
        self._do(person, terms)
        return Outcome(1, "refused", "refused by the gate, position: too many", verdict="position")

    async def replace(self, person: str, order_id: int, quantity: int | None, price: str | None) -> Outcome:
        self._do(person, order_id, quantity, price)
        return Outcome(1, "live", "live", order_id=8, leaves=100)

    async def start(self, person: str, terms: ParentTerms) -> tuple[ParentRecord, str]:
        self._do(person, terms)
        return self.all()[0], "working"

    def cancel(self, parent_id: int) -> None:
        self._do(parent_id)

    def get(self, parent_id: int) -> ParentRecord | None:
        return next((one for one in self.all() if one.parent_id == parent_id), None)

    def all(self) -> list[ParentRecord]:
        own = ParentRecord(PARENT_ID, 0, 1, lib.SIDE_BUY, 100, policy="sweep", venue_mask=2, state="working")
        return [own, ParentRecord(7, 1, 2, lib.SIDE_SELL, 50, state="filled")]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[OperatorBox]:
    made = OperatorBox(tmp_path)
    entry = Entry()
    made.parts.entry = made.parts.parent_entry = made.parts.parents = entry
    yield made
    made.close()


def entry_of(box: OperatorBox) -> Entry:
    assert isinstance(box.parts.entry, Entry)
    return box.parts.entry


def do(box: OperatorBox, who: Principal, name: str, /, key: str = "", **arguments: Any) -> Any:
    return asyncio.run(box.operations().execute(who, name, arguments, key))


def refusal(box: OperatorBox, who: Principal, name: str, /, key: str = "", **arguments: Any) -> str:
    with pytest.raises(Refused) as caught:
        do(box, who, name, key, **arguments)
    return caught.value.code


def test_a_refusal_of_the_gate_is_an_answer_and_on_record(box: OperatorBox) -> None:
    answer = do(box, TRADER, "order-enter", **ORDER)
    assert (answer.state, answer.verdict) == ("refused", "position")
    begun, done = box.lines()[-2:]
    assert (begun["phase"], done["phase"], done["answer"]["verdict"]) == ("begun", "done", "position")
    assert begun["arguments"]["reason"] == "x"


def test_the_same_key_sends_one_order_also_after_a_restart(box: OperatorBox) -> None:
    first = do(box, TRADER, "order-enter", "key", **ORDER)
    again = do(box, TRADER, "order-enter", "key", **ORDER)
    assert again["verdict"] == first.verdict
    assert len(entry_of(box).asked) == 1
    assert refusal(box, TRADER, "order-enter", "key", **ORDER | {"quantity": 101}) == "repeated"


def test_an_order_nobody_answered_for_is_not_sent_again_by_its_key(box: OperatorBox) -> None:
    entry_of(box).fails = NoAnswerError("nobody")
    assert refusal(box, TRADER, "order-enter", "key", **ORDER) == "slow"
    assert refusal(box, TRADER, "order-enter", "key", **ORDER) == "repeated"
    assert len(entry_of(box).asked) == 1


@pytest.mark.parametrize(
    ("error", "code"), [(TermsError("no"), "malformed"), (BusyError("full"), "busy"), (KeyError(7), "unknown")]
)
def test_what_was_surely_not_sent_may_be_asked_again(box: OperatorBox, error: Exception, code: str) -> None:
    entry_of(box).fails = error
    asked: list[tuple[str, dict[str, Any]]] = [
        ("order-enter", ORDER),
        ("order-replace", {"order_id": 7, "price": "1.00", "reason": "x"}),
        ("parent-start", PARENT),
        ("parent-cancel", {"parent_id": 7, "reason": "x"}),
    ]
    for name, arguments in asked:
        assert refusal(box, OFFICER, name, "key", **arguments) == code
        assert refusal(box, OFFICER, name, "key", **arguments) == code
    assert len(entry_of(box).asked) == 8


@pytest.mark.parametrize(
    "wrong",
    [
        {"side": "long"},
        {"quantity": 0},
        {"quantity": 1_000_000},
        {"quantity": "100"},
        {"price": 100.05},
        {"price": "-1"},
        {"price": "1e5"},
        {"price": "100.00001"},
        {"order_type": "stop"},
        {"time_in_force": "gtc"},
        {"display": -1},
        {"peg_offset": "0.00001"},
        {"reason": ""},
        {"unheard": 1},
    ],
    ids=str,
)
def test_what_is_no_order_reaches_nobody(box: OperatorBox, wrong: dict[str, Any]) -> None:
    body = ORDER | wrong
    with pytest.raises(Refused) as caught:
        asyncio.run(box.operations().execute(TRADER, "order-enter", json.dumps(body).encode()))
    assert caught.value.status == 400
    assert not entry_of(box).asked


def test_parents_are_shown_by_name_those_of_strategies_when_asked_for(box: OperatorBox) -> None:
    (own,) = do(box, VIEWER, "parents")
    assert (own.parent_id, own.instrument, own.venues, own.source) == (PARENT_ID, "AAPL", ["B"], "operator")
    assert [line.parent_id for line in do(box, VIEWER, "parents", source="all")] == [7, PARENT_ID]
    assert [line.parent_id for line in do(box, VIEWER, "parents", source="all", state="open")] == [PARENT_ID]
    assert [line.source for line in do(box, VIEWER, "parents", parent_id=7)] == ["strategy"]
    assert refusal(box, VIEWER, "parents", parent_id=8) == "unknown"


def test_a_box_without_a_way_for_orders_says_so(box: OperatorBox) -> None:
    box.parts.entry = box.parts.parent_entry = box.parts.parents = None
    assert refusal(box, TRADER, "order-enter", **ORDER) == "unavailable"
    assert refusal(box, TRADER, "parent-start", **PARENT) == "unavailable"
    assert refusal(box, VIEWER, "parents") == "unavailable"


def test_a_trader_sends_what_they_asked_for_and_nothing_else(box: OperatorBox) -> None:
    do(box, TRADER, "order-enter", **ORDER, hidden=True)
    do(box, TRADER, "order-replace", order_id=7, quantity=50, reason="x")
    do(box, TRADER, "parent-start", **PARENT, venues=["A"], limit="100.10")
    do(box, TRADER, "parent-cancel", parent_id=7, reason="x")
    entered, replaced, started, canceled = entry_of(box).asked
    terms = {name: value for name, value in ORDER.items() if name != "reason"}
    assert entered == ("alice", OrderTerms(**terms, hidden=True))  # type: ignore[arg-type]
    assert replaced == ("alice", 7, 50, None)
    assert (started[1].venues, started[1].limit) == (["A"], "100.10")
    assert canceled == (7,)
