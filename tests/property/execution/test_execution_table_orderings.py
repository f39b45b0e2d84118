"""Every permutation of what a venue may say of an order, and garbage: leaves stay true and nothing is lost."""

from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tickwire.native import NativeError, lib
from tickwire.native.execution import ExecutionSettings, OrderTable

SETTINGS = ExecutionSettings("127.0.0.1", 1, "user", "secret", ["AAPL"], order_count_max=64)
OPEN = (lib.ORDER_SENT, lib.ORDER_LIVE)
Encode = Callable[..., bytes]


def feed(table: OrderTable, messages: list[bytes]) -> list[Any]:
    """Apply messages as sequences 1, 2, 3...; the reports, settlements between them."""
    reports = []
    for sequence, message in enumerate(messages, 1):
        report = table.apply(message, sequence)
        reports += ([report] if report else []) + table.settle()
    return reports


def test_accepted_and_its_fills_end_filled_in_any_order(ouch: Encode, order: Callable[..., Any]) -> None:
    messages = [
        ouch("accepted", user_ref=1, quantity=100),
        ouch("executed", user_ref=1, quantity=30, match_number=1),
        ouch("executed", user_ref=1, quantity=70, match_number=2),
    ]
    for arrangement in permutations(messages):
        table = OrderTable(SETTINGS)
        table.enter(order(1))
        reports = feed(table, list(arrangement))
        assert table.state(1) == (lib.ORDER_FILLED, 0)
        assert sum(report.quantity for report in reports if report.kind == lib.REPORT_EXECUTED) == 100
        assert table.counts.illegal == sum(
            1 for message in arrangement[: arrangement.index(messages[0])] if message != messages[0]
        )


def test_a_replace_and_fills_of_both_orders_leave_only_what_the_venue_left(
    ouch: Encode, order: Callable[..., Any]
) -> None:
    messages = [
        ouch("accepted", user_ref=1, quantity=100),
        ouch("executed", user_ref=1, quantity=40, match_number=1),
        ouch("replaced", original_user_ref=1, user_ref=2, quantity=60),
        ouch("executed", user_ref=2, quantity=10, match_number=2),
    ]
    for arrangement in permutations(messages):
        table = OrderTable(SETTINGS)
        table.enter(order(1))
        table.enter(order(2, target=1))
        reports = feed(table, list(arrangement))
        assert table.state(1) == (lib.ORDER_REPLACED, 0)
        assert table.state(2) == (lib.ORDER_LIVE, 50)
        assert sum(report.quantity for report in reports if report.kind == lib.REPORT_EXECUTED) == 50
        assert table.counts.open == 1


@pytest.mark.parametrize("fill", [30, 100])
def test_a_cancel_that_crosses_a_fill_ends_the_order_once(ouch: Encode, order: Callable[..., Any], fill: int) -> None:
    table = OrderTable(SETTINGS)
    table.enter(order(1))
    feed(
        table,
        [
            ouch("accepted", user_ref=1, quantity=100),
            ouch("cancel_pending", user_ref=1),
            ouch("executed", user_ref=1, quantity=fill, match_number=1),
            ouch("canceled", user_ref=1, quantity=70),
        ],
    )
    assert table.state(1) == (lib.ORDER_CANCELED if fill == 30 else lib.ORDER_FILLED, 0)
    assert table.counts.illegal == (fill == 100)


def test_a_rejected_replace_leaves_the_original_alive(ouch: Encode, order: Callable[..., Any]) -> None:
    table = OrderTable(SETTINGS)
    table.enter(order(1))
    table.enter(order(2, target=1))
    feed(table, [ouch("accepted", user_ref=1, quantity=100), ouch("rejected", user_ref=2, reason=19)])
    assert table.state(1) == (lib.ORDER_LIVE, 100)
    assert table.state(2) == (lib.ORDER_REJECTED, 0)


@pytest.mark.parametrize("end", ["executed", "canceled"])
def test_replaces_of_an_order_that_is_done_are_settled_down_the_chain(
    ouch: Encode, order: Callable[..., Any], end: str
) -> None:
    table = OrderTable(SETTINGS)
    table.enter(order(1))
    table.enter(order(2, target=1))
    table.enter(order(3, target=2))
    table.enter(order(4, target=1))
    reports = feed(table, [ouch("accepted", user_ref=1, quantity=100), ouch(end, user_ref=1, quantity=100)])
    settled = {report.order_id & 0xFFFFFFFF for report in reports if report.kind == lib.REPORT_NOT_SENT}
    assert settled == {2, 3, 4}
    assert {chr(report.reason) for report in reports if report.kind == lib.REPORT_NOT_SENT} == {"x"}
    assert table.counts.open == 0


def test_a_replace_accepted_after_all_is_believed(ouch: Encode, order: Callable[..., Any]) -> None:
    table = OrderTable(SETTINGS)
    table.enter(order(1))
    table.enter(order(2, target=1))
    feed(
        table,
        [
            ouch("accepted", user_ref=1, quantity=100),
            ouch("executed", user_ref=1, quantity=100, match_number=1),
            ouch("replaced", original_user_ref=1, user_ref=2, quantity=60),
        ],
    )
    assert table.state(2) == (lib.ORDER_LIVE, 60)
    assert table.counts.illegal == 1


def test_an_order_accepted_dead_is_canceled(ouch: Encode, order: Callable[..., Any]) -> None:
    table = OrderTable(SETTINGS)
    table.enter(order(1))
    feed(table, [ouch("accepted", user_ref=1, quantity=100, order_state=b"D")])
    assert table.state(1) == (lib.ORDER_CANCELED, 0)


def test_messages_that_only_an_open_order_can_get(ouch: Encode, order: Callable[..., Any]) -> None:
    notices = [
        ouch("cancel_pending", user_ref=1),
        ouch("cancel_rejected", user_ref=1),
        ouch("priority_update", user_ref=1, price=7, order_reference=8),
        ouch("modified", user_ref=1, quantity=60),
        ouch("restated", user_ref=1, reason=b"R"),
    ]
    kinds = [lib.REPORT_CANCEL_PENDING, lib.REPORT_CANCEL_REJECTED] + [lib.REPORT_RESTATED] * 3
    table = OrderTable(SETTINGS)
    table.enter(order(1))
    reports = feed(table, [ouch("accepted", user_ref=1, quantity=100), *notices])
    assert [report.kind for report in reports[1:]] == kinds
    assert (reports[-1].price, reports[-1].order_reference, reports[-1].leaves) == (7, 8, 60)
    done = [ouch("canceled", user_ref=1, quantity=60), *notices]
    assert [table.apply(message, 7 + index) is None for index, message in enumerate(done)] == [False] + [True] * 5
    assert table.counts.illegal == 5


def test_a_broken_trade_is_reported_whatever_became_of_the_order(ouch: Encode, order: Callable[..., Any]) -> None:
    table = OrderTable(SETTINGS)
    table.enter(order(1))
    messages = [
        ouch("accepted", user_ref=1, quantity=100),
        ouch("executed", user_ref=1, quantity=100, match_number=5),
        ouch("broken_trade", user_ref=1, match_number=5, reason=b"E"),
    ]
    broken = feed(table, messages)[-1]
    assert (broken.kind, broken.match_number, broken.reason) == (lib.REPORT_BROKEN, 5, ord("E"))
    assert table.state(1) == (lib.ORDER_FILLED, 0)


def test_an_execution_of_an_order_nobody_described_counts_when_it_is(ouch: Encode) -> None:
    table = OrderTable(SETTINGS)
    early, adopted = feed(
        table,
        [
            ouch("executed", user_ref=9, quantity=30, match_number=1),
            ouch("accepted", user_ref=9, quantity=100, side=b"T"),
        ],
    )
    assert (early.side, early.instrument, early.flags) == (
        lib.SIDE_NONE,
        lib.INSTRUMENT_NONE,
        lib.REPORT_UNKNOWN_ORDER,
    )
    assert (adopted.side, adopted.instrument, adopted.leaves) == (lib.SIDE_SELL, 0, 70)


VENUE_WORDS = st.tuples(
    st.sampled_from(
        [
            "accepted",
            "replaced",
            "canceled",
            "aiq_canceled",
            "executed",
            "broken_trade",
            "rejected",
            "cancel_pending",
            "cancel_rejected",
            "priority_update",
            "modified",
            "restated",
            "system_event",
        ]
    ),
    st.integers(0, 6),
    st.integers(0, 6),
    st.integers(0, 200),
    st.sampled_from([b"L", b"D"]),
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(st.one_of(VENUE_WORDS, st.tuples(st.just("enter"), st.integers(1, 6), st.integers(0, 6)))),
    replay_at=st.integers(0, 40),
)
def test_no_order_of_words_makes_leaves_untrue(
    ouch: Encode, order: Callable[..., Any], words: list[Any], replay_at: int
) -> None:
    table = OrderTable(SETTINGS)
    quantities: dict[int, int] = {}
    said = []
    for index, (name, *arguments) in enumerate(words):
        if index == replay_at:
            table.reset()
            for sequence, message in enumerate(said, 1):
                table.apply(message, sequence)
            table.settle_lost()
            table.settle()
        if name == "enter":
            user_ref, target = arguments
            try:
                table.enter(order(user_ref, 100, target))
            except NativeError:  # the table's to refuse
                continue
            quantities[user_ref] = max(quantities.get(user_ref, 0), 100)
            continue
        user_ref, other, quantity, state = arguments
        fields: dict[str, Any] = {"user_ref": user_ref} if name != "system_event" else {}
        if name in ("accepted", "replaced", "canceled", "aiq_canceled", "executed", "modified"):
            fields["quantity"] = quantity
        if name in ("accepted", "replaced"):
            fields["order_state"] = state
            quantities[user_ref] = max(quantities.get(user_ref, 0), quantity)
        if name == "replaced":
            fields["original_user_ref"] = other
        said.append(ouch(name, **fields))
        report = table.apply(said[-1], len(said))
        if name == "executed" and user_ref and quantity:
            assert report is not None and report.quantity == quantity  # a fact, whatever the state
        for made in ([report] if report else []) + table.settle():
            assert made.order_state in OPEN or made.leaves == 0
        states = {ref: table.state(ref) for ref in range(7)}
        assert all((state in OPEN) == (leaves > 0) for state, leaves in states.values())
        assert all(leaves <= quantities.get(ref, 0) for ref, (_, leaves) in states.items())
        assert table.counts.open == sum(state in OPEN for state, _ in states.values())
