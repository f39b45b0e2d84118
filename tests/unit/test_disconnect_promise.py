"""A venue that promises to cancel on disconnect is held to it."""

from dataclasses import dataclass

import pytest

from tickwire.services.blotter_records import Down, Live
from tickwire.services.disconnect_promise import DisconnectPromise


@dataclass
class Order:
    """As the blotter has it."""

    venue: int
    open: bool = True


def test_orders_that_outlived_a_disconnect_are_told_where_the_venue_promised_otherwise(
    caplog: pytest.LogCaptureFixture,
) -> None:
    orders = {number: Order(venue=number % 2) for number in range(6)}
    promise = DisconnectPromise({1: "B"}, lambda: orders)
    for venue in (0, 1):
        promise.listen(Down(venue))
    orders[1].open = False
    orders[7] = Order(venue=1)  # sent since
    for venue in (0, 1):
        promise.listen(Live(venue))
    (record,) = caplog.records
    assert record.message == "orders_outlived_disconnect"
    facts = record.facts  # type: ignore[attr-defined]
    assert (facts["venue"], facts["orders"], facts["count"], facts["of"]) == ("B", [3, 5], 2, 3)


def test_a_kept_promise_and_a_session_that_did_not_break_are_not_worth_a_word(caplog: pytest.LogCaptureFixture) -> None:
    orders = {1: Order(venue=1)}
    promise = DisconnectPromise({1: "B"}, lambda: orders)
    promise.listen(Live(1))
    promise.listen(Down(1))
    orders[1].open = False
    promise.listen(Live(1))
    assert not caplog.records
