"""A ClOrdID says which message caused an order, and whose it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickwire.native import lib
from tickwire.native.execution import OrderOwner, read_client_order_id, write_client_order_id

OWNERS = st.builds(
    OrderOwner,
    tick=st.integers(0, 10**10 - 1),
    strategy=st.integers(0, lib.STRATEGY_COUNT_MAX - 1),
    account=st.integers(0, lib.ACCOUNT_COUNT_MAX - 1),
    trader=st.integers(0, lib.TRADER_COUNT_MAX - 1),
)


@given(owner=OWNERS)
def test_what_was_written_is_read_back(owner: OrderOwner) -> None:
    text = write_client_order_id(owner)
    assert len(text) == 14
    assert read_client_order_id(text) == owner


def test_it_looks_as_the_design_says() -> None:
    assert (
        write_client_order_id(OrderOwner(tick=123_4567890123, strategy=31, account=10, trader=1)) == b"T4567890123VA1"
    )


@pytest.mark.parametrize(
    "text",
    [
        b"X0000000001000",
        b"T000000000A000",
        b"T0000000001W00",
        b"T00000000010G0",  # account 16
        b"T000000000100G",
        b"T0000000001a00",
        b"T             ",
        b"T00000000010",
        b"",
        b"\xff" * 14,
    ],
)
def test_what_this_box_would_not_have_written_is_nobody_s(text: bytes) -> None:
    assert read_client_order_id(text) is None


@given(text=st.binary(min_size=14, max_size=14))
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    owner = read_client_order_id(text)
    assert owner is None or write_client_order_id(owner) == text
