"""Flatten and cancel before a venue that does not answer: what is free is closed, what is not is named."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from operator_box import TRADER, OperatorBox
from operator_fakes import Order, PnL

from tickwire.api import flattening, trading
from tickwire.native import lib


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OperatorBox]:
    monkeypatch.setattr(flattening, "LOOK_S", 0.001)
    monkeypatch.setattr(flattening, "SETTLE_S_MAX", 0.02)
    monkeypatch.setattr(trading, "LOOK_S", 0.001)
    monkeypatch.setattr(trading, "CANCEL_S_MAX", 0.01)
    made = OperatorBox(tmp_path)
    yield made
    made.close()


def do(box: OperatorBox, name: str, /, **arguments: Any) -> Any:
    return asyncio.run(box.operations().execute(TRADER, name, {"reason": "x", **arguments}, ""))


def closed(box: OperatorBox) -> list[tuple[int, int]]:
    """Instrument and shares of each closing order."""
    return sorted((asked[1], asked[-1]) for asked in box.desk.asked if asked[0] == "close")


def test_an_order_that_stays_open_holds_up_no_other_instrument_and_is_named(box: OperatorBox) -> None:
    box.blotter.orders = {7: Order(7, side=lib.SIDE_SELL, leaves=100)}
    box.ledger.held |= {(0, 1, 1, 0): PnL(quantity=300), (1, 1, 1, 0): PnL(quantity=-50)}
    answer = do(box, "flatten")
    assert closed(box) == [(0, 200), (1, -50)], "the 100 that the open order may still sell are left"
    assert answer.still_open == [7]
    assert answer.done[-1] == (
        "AAPL +100 of imbalance: NOT closed: in the way is order 7 (sell 100 AAPL open at A), "
        "whose cancel is not answered"
    )


def test_an_order_that_would_open_takes_nothing_from_what_is_closed_but_is_named(box: OperatorBox) -> None:
    box.blotter.orders = {7: Order(7, side=lib.SIDE_BUY, leaves=100)}
    box.ledger.held |= {(0, 1, 1, 0): PnL(quantity=300)}
    answer = do(box, "flatten")
    assert closed(box) == [(0, 300)]
    assert answer.done[-1] == "AAPL: NOT canceled: order 7 (buy 100 AAPL open at A), it may still trade"


def test_what_open_orders_may_take_is_reckoned_over_all_venues_and_not_twice(box: OperatorBox) -> None:
    box.blotter.orders = {7: Order(7, side=lib.SIDE_SELL, leaves=100)}
    box.ledger.held |= {(0, 1, 1, 0): PnL(quantity=300), (0, 1, 1, 1): PnL(quantity=200)}
    do(box, "flatten")
    assert sum(shares for _, shares in closed(box)) == 400


def test_an_order_without_a_position_is_waited_for_and_then_named(box: OperatorBox) -> None:
    box.blotter.orders = {7: Order(7)}
    answer = do(box, "flatten")
    assert (answer.parents, answer.still_open) == ([], [7])
    assert "NOT canceled: order 7" in answer.done[-1]


def test_a_cancel_without_an_answer_says_so_and_names_the_orders(box: OperatorBox) -> None:
    box.blotter.orders = {7: Order(7), 8: Order(8, state="filled"), 9: Order(9, venue=1)}
    answer = do(box, "cancel", scope="venue", name="A")
    assert answer.still_open == [7]
    assert answer.done == [
        "venue A: cancel of every open order asked; 1 still open after 0.01 s: order 7 (buy 100 AAPL open at A)"
    ]
    assert do(box, "cancel", order_id=9).still_open == [9]


def test_a_cancel_that_is_answered_is_done(box: OperatorBox) -> None:
    box.blotter.orders = {7: Order(7)}

    def answered(order_id: int) -> bool:
        box.blotter.orders[order_id].state = "canceled"
        return True

    box.desk.cancel_order = answered  # type: ignore[method-assign]
    answer = do(box, "cancel", order_id=7)
    assert (answer.done, answer.still_open) == (["order 7: cancel done"], [])
    assert do(box, "cancel", scope="firm").done == [
        "the whole firm: cancel of every open order asked for; nothing was open"
    ]
