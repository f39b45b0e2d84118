"""The order table's reset visits the orders there were, wherever they lie."""

import random

import pytest

from tickwire.native import NativeError, ffi, lib
from tickwire.native.execution import ExecutionSettings, OrderTable

COUNT = 64
SETTINGS = ExecutionSettings("127.0.0.1", 1, "user", "secret", ["AAPL"], order_count_max=COUNT)


def new_order(user_ref: int) -> object:
    """A buy of 100."""
    fields = {"order_id": 1 << 32 | user_ref, "quantity": 100, "price": 1_000_000, "kind": lib.INTENT_NEW}
    return ffi.new("struct order *", fields)


def scattered(seed: int) -> list[int]:
    """As many different user references as the table holds, many of them after the same slot."""
    chooser = random.Random(seed)
    return [base + 128 * index for index, base in enumerate(chooser.choices(range(1, 2**31, 7), k=COUNT))]


@pytest.mark.parametrize("seed", range(5))
def test_a_reset_finds_every_order_of_this_life_again(seed: int) -> None:
    table = OrderTable(SETTINGS)
    references = scattered(seed)
    for reference in references:
        table.enter(new_order(reference))
    for _ in range(2):
        table.reset()
        assert table.counts.open == COUNT
        assert {table.state(reference) for reference in references} == {(lib.ORDER_SENT, 100)}
    table.settle_lost()
    assert [report.order_id & 0xFFFFFFFF for report in table.settle()] == references


def test_another_session_has_the_whole_table_to_itself_each_time() -> None:
    table = OrderTable(SETTINGS)
    for seed in range(5):
        references = scattered(seed)
        for reference in references:
            table.enter(new_order(reference))
        with pytest.raises(NativeError, match="full"):
            table.enter(new_order(2**32 - 1))
        table.reset(another_session=True)
        assert table.counts.open == 0
        assert {table.state(reference) for reference in references} == {(lib.ORDER_NONE, 0)}
