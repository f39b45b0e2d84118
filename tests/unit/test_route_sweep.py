"""Sweeps: the best net price over all venues, within bounds, again after every answer, and what ends them."""

from typing import Any

import pytest
from routing import AAPL, BUY, MID, SECOND, SELL, Desk, brief

from tickwire.native import ffi, lib
from tickwire.native.trading import record

ASK = MID + 100
BID = MID - 100


@pytest.fixture
def desk() -> Desk:
    """Two venues that show the same: 100 at the touch and 100 a tick behind it."""
    made = Desk()
    for venue in (0, 1):
        made.show(venue, [(BID, 100), (BID - 100, 100)], [(ASK, 100), (ASK + 100, 100)])
    return made


def test_the_cheaper_of_two_fees_is_taken_first(desk: Desk) -> None:
    desk.fees(0, fee_taker=3000)
    desk.fees(1, fee_taker=-1000)
    assert brief(desk.order(quantity=100)) == [(1, ASK, 100)]


def test_a_worse_price_with_a_rebate_may_be_the_better_one(desk: Desk) -> None:
    desk.show(1, asks=[(ASK + 1, 100)])
    desk.fees(0, fee_taker=150)
    assert brief(desk.order(quantity=100)) == [(1, ASK + 1, 100)]


def test_a_sale_reckons_fees_the_other_way(desk: Desk) -> None:
    desk.show(1, bids=[(BID - 1, 100)])
    desk.fees(0, fee_taker=150)
    assert brief(desk.order(side=SELL, quantity=100)) == [(1, BID - 1, 100)]


def test_of_two_that_are_equal_the_nearer_is_taken(desk: Desk) -> None:
    desk.fees(0, latency_ns=50_000)
    assert brief(desk.order(quantity=100)) == [(1, ASK, 100)]


def test_a_large_order_is_split_over_venues_and_levels(desk: Desk) -> None:
    desk.fees(1, fee_taker=10)
    intents = desk.order(quantity=330)
    assert brief(intents) == [(0, ASK + 100, 200), (1, ASK + 100, 130)]
    for intent in intents:
        assert (intent.kind, intent.time_in_force, intent.flags) == (lib.INTENT_NEW, lib.TIF_IOC, lib.ORDER_SWEEP)
        assert (intent.parent_id, intent.strategy, intent.account, intent.trader) == (1, 9, 2, 4)
        assert intent.decision_price == MID


def test_nothing_is_bought_beyond_the_slippage_bound(desk: Desk) -> None:
    intents = desk.order(quantity=1000, slippage_ppm_max=150)  # 1.5 cents of 100
    assert brief(intents) == [(0, ASK, 100), (1, ASK, 100)]
    for intent in intents:
        assert desk.fill(intent) == []
    report = desk.last()
    assert (report.state, report.reason, report.executed) == (lib.PARENT_CANCELED, lib.PARENT_REASON_SLIPPAGE, 200)


def test_nothing_is_bought_beyond_the_limit_either(desk: Desk) -> None:
    intents = desk.order(quantity=1000, limit_price=ASK)
    assert brief(intents) == [(0, ASK, 100), (1, ASK, 100)]
    for intent in intents:
        desk.fill(intent)
    assert desk.last().reason == lib.PARENT_REASON_LIQUIDITY


def test_nothing_is_sold_below_the_bound(desk: Desk) -> None:
    assert brief(desk.order(side=SELL, quantity=1000, slippage_ppm_max=150)) == [(0, BID, 100), (1, BID, 100)]


def test_without_a_bound_of_its_own_the_boxs_is_taken_and_that_may_be_none(desk: Desk) -> None:
    desk.publish(slippage_ppm=0)
    assert desk.order() == []
    assert desk.last().reason == lib.PARENT_REASON_SLIPPAGE


def test_without_a_decision_price_the_mid_of_all_venues_is_it(desk: Desk) -> None:
    desk.show(1, bids=[(BID + 50, 100)], asks=[(ASK + 50, 100)])
    (intent,) = desk.order(decision_price=0)
    assert intent.decision_price == (BID + 50 + ASK) // 2


def test_a_complete_sweep_says_what_it_cost_against_the_decision(desk: Desk) -> None:
    (intent,) = desk.order(quantity=100)
    desk.fill(intent, price=ASK - 40)
    report = desk.last()
    assert (report.state, report.executed, report.working) == (lib.PARENT_FILLED, 100, 0)
    assert (report.executed_value, report.slippage) == (100 * (ASK - 40), 60)


def test_slippage_of_a_sale_is_positive_when_it_is_worse(desk: Desk) -> None:
    (intent,) = desk.order(side=SELL, quantity=100)
    desk.fill(intent)
    assert desk.last().slippage == MID - BID


def test_what_was_not_there_is_sought_elsewhere(desk: Desk) -> None:
    desk.fees(1, fee_taker=10)
    (first,) = desk.order(quantity=100)
    assert first.venue == 0
    (second,) = desk.fill(first, 30)
    assert (second.venue, second.price, second.quantity) == (1, ASK, 70)
    desk.fill(second)
    assert desk.last().state == lib.PARENT_FILLED


def test_what_was_taken_or_was_not_there_counts_as_gone_until_the_book_changes(desk: Desk) -> None:
    (first,) = desk.order(1, quantity=100)
    (second,) = desk.order(2, quantity=100)
    assert [first.venue, second.venue] == [0, 1]
    desk.fill(second, 100)
    assert brief(desk.fill(first, 0)) == [(1, ASK + 100, 100)]
    assert desk.order(3, quantity=50) == []
    desk.show(0, asks=[(ASK, 40)])
    assert brief(desk.order(4, quantity=40)) == [(0, ASK, 40)]


@pytest.mark.parametrize("how", ["gate", "venue", "execution"])
def test_a_venue_that_refuses_is_not_asked_again_and_the_rest_goes_elsewhere(desk: Desk, how: str) -> None:
    (first,) = desk.order(quantity=100)
    if how == "gate":
        again = desk.refuse(first, verdict=lib.RISK_PRICE_COLLAR)
    elif how == "venue":
        desk.tell("REJECTED", first, desk.sent(first))
        again = desk.intents()
    else:
        desk.tell("NOT_SENT", first, 77, match_number=first.parent_id)
        again = desk.intents()
    assert brief(again) == [(1, ASK, 100)]
    desk.show(0, asks=[(ASK, 500)])
    desk.refuse(again[0], verdict=lib.RISK_PRICE_COLLAR)
    report = desk.last()
    assert report.reason == lib.PARENT_REASON_VERDICT
    assert report.verdict == lib.RISK_PRICE_COLLAR
    assert report.state == (lib.PARENT_CANCELED if how == "venue" else lib.PARENT_REFUSED)


def test_the_number_of_rounds_is_bounded(desk: Desk) -> None:
    desk.publish(round_count_max=3)
    intents = desk.order(quantity=900)
    rounds = 0
    while intents:
        rounds += 1
        for intent in intents:
            desk.router.market(record("market_update"))
            desk.fill(intent, 1)
        for venue in (0, 1):
            desk.show(venue, asks=[(ASK, 100)])
        intents = desk.intents()
        assert rounds < 10
    assert desk.last().state == lib.PARENT_CANCELED


@pytest.mark.parametrize(
    "change",
    [{"flags": lib.MARKET_STALE}, {"trading_state": lib.TRADING_HALTED}, {"trading_state": lib.TRADING_UNKNOWN}],
)
def test_a_venue_that_is_stale_or_not_open_is_not_used(desk: Desk, change: dict[str, int]) -> None:
    desk.show(0, asks=[(ASK, 500)], **change)
    assert brief(desk.order()) == [(1, ASK, 100)]


def test_a_venue_that_is_off_stopped_masked_or_down_is_not_used(desk: Desk) -> None:
    desk.router.stopped(1)
    assert [intent.venue for intent in desk.order(1)] == [1]
    desk.router.stopped(0)
    assert [intent.venue for intent in desk.order(2, venue_mask=2)] == [1]
    desk.session("DOWN", 1)
    assert [intent.venue for intent in desk.order(3)] == [0]
    desk.fees(0, enabled=0)
    assert desk.order(4) == []
    report = desk.last(4)
    assert (report.state, report.reason) == (lib.PARENT_REFUSED, lib.PARENT_REASON_UNAVAILABLE)


def test_an_order_that_only_reduces_passes_a_stop_that_is_not_for_it(desk: Desk) -> None:
    desk.router.stopped(3, 2)
    assert desk.order(1) == []
    (intent,) = desk.order(2, flags=lib.ORDER_REDUCE_ONLY)
    assert (intent.venue, intent.flags) == (0, lib.ORDER_REDUCE_ONLY | lib.ORDER_SWEEP)


def test_a_cancel_lets_what_is_on_its_way_come_back_and_sends_nothing_more(desk: Desk) -> None:
    (intent,) = desk.order(quantity=100)
    assert desk.cancel() == []
    assert desk.last().state == lib.PARENT_WORKING
    assert desk.fill(intent, 30) == []
    report = desk.last()
    assert (report.state, report.reason, report.executed) == (lib.PARENT_CANCELED, lib.PARENT_REASON_REQUEST, 30)
    desk.cancel()
    assert desk.last().state == lib.PARENT_CANCELED
    desk.cancel(99)
    assert desk.last(99).state == lib.PARENT_REFUSED


@pytest.mark.parametrize(
    "fields",
    [
        {"parent_id": 0},
        {"quantity": 0},
        {"quantity": 1_000_000},
        {"quantity": 2**32 - 1},
        {"instrument": 10},
        {"instrument": 65535},
        {"side": 2},
        {"policy": 3},
        {"kind": lib.INTENT_REPLACE},
        {"kind": 0},
        {"flags": 64},
        {"flags": lib.ORDER_POST_ONLY},
        {"limit_price": -1},
        {"limit_price": 2**32},
        {"decision_price": -1},
        {"decision_price": 2**63 - 1},
        {"policy": lib.PARENT_TWAP},
        {"policy": lib.PARENT_TWAP, "duration_ns": SECOND, "interval_ns": 2 * SECOND},
        {"policy": lib.PARENT_TWAP, "duration_ns": 4000 * SECOND, "interval_ns": SECOND},
        {"policy": lib.PARENT_TWAP, "duration_ns": 3600 * SECOND, "interval_ns": 1001},
        {"policy": lib.PARENT_TWAP, "duration_ns": SECOND, "interval_ns": 999},
    ],
)
def test_what_cannot_be_an_order_is_refused(desk: Desk, fields: dict[str, Any]) -> None:
    desk.router.reports()
    assert desk.order(**{"parent_id": 5} | fields) == []
    (report,) = desk.router.reports()
    assert (report.state, report.reason) == (lib.PARENT_REFUSED, lib.PARENT_REASON_MALFORMED)


def test_the_same_number_twice_is_refused_and_the_first_goes_on(desk: Desk) -> None:
    (intent,) = desk.order(quantity=100)
    desk.router.reports()
    assert desk.order(quantity=100) == []
    assert [report.state for report in desk.router.reports()] == [lib.PARENT_REFUSED]
    desk.fill(intent)
    assert desk.last().state == lib.PARENT_FILLED


def test_a_full_table_refuses_until_a_parent_is_over() -> None:
    desk = Desk(parent_count_max=2)
    desk.show(0, asks=[(ASK, 1000)], bids=[(BID, 1000)])
    first, *_ = [desk.order(parent_id, quantity=10)[0] for parent_id in (1, 2)]
    assert desk.order(3) == []
    assert desk.last(3).reason == lib.PARENT_REASON_FULL
    desk.fill(first)
    desk.router.reports()
    assert len(desk.order(4, quantity=10)) == 1


def test_slots_are_used_again_and_what_was_there_is_forgotten(desk: Desk) -> None:
    for parent_id in range(1, 300):
        desk.show(0, asks=[(ASK, 100)])
        (intent,) = desk.order(parent_id)
        desk.fill(intent)
        assert desk.last(parent_id).state == lib.PARENT_FILLED
    assert desk.router.count(lib.ROUTE_COUNT_PARENTS_FILLED) == 299


def test_refusals_that_nobody_fetches_hold_the_next_one_back(desk: Desk) -> None:
    bad = record("parent_order", kind=lib.INTENT_NEW, parent_id=7)
    taken = 0
    while desk.router.parent(bad):
        taken += 1
        assert taken < 100
    assert len(desk.router.reports()) == taken
    assert desk.router.parent(bad)


def test_without_parameters_nothing_is_taken() -> None:
    desk = Desk()
    desk.router.parameters(record("route_parameters"))
    desk.show(0, asks=[(ASK, 100)])
    assert desk.order() == []
    assert desk.last().state == lib.PARENT_REFUSED


def test_evidence_holds_what_every_venue_showed_and_what_was_chosen(desk: Desk) -> None:
    desk.fees(0, fee_taker=30)
    desk.fees(1, fee_taker=-20)
    desk.show(0, bids=[(BID, 7)], asks=[(ASK, 100)], flags=lib.MARKET_STALE)
    desk.order(quantity=120, slippage_ppm_max=1000)
    (evidence,) = desk.evidence
    assert (evidence.parent_id, evidence.decided_ns, evidence.wanted) == (1, SECOND, 120)
    assert (evidence.limit, evidence.number, evidence.instrument) == (MID + 1000, 1, AAPL)
    assert evidence.how == BUY + 2 * lib.PARENT_SWEEP
    shown = evidence.venues[0]
    assert (shown.bid, shown.bid_quantity, shown.ask, shown.ask_quantity) == (BID, 7, ASK, 100)
    assert [venue.chosen for venue in evidence.venues] == [0, 120, 0, 0]
    assert [venue.fee for venue in evidence.venues] == [30, -20, 0, 0]
    assert not evidence.state[0] & lib.ROUTE_VENUE_FRESH
    assert evidence.state[1] & lib.ROUTE_VENUE_FRESH


def test_a_decision_that_found_nothing_is_evidence_too(desk: Desk) -> None:
    desk.order(limit_price=BID)
    (evidence,) = desk.evidence
    assert [venue.chosen for venue in evidence.venues] == [0] * 4
    assert desk.last().state == lib.PARENT_CANCELED


def test_the_first_round_carries_the_parents_tick_and_later_ones_the_time_of_the_decision(desk: Desk) -> None:
    (first,) = desk.order(quantity=100, tick=55, rx_ns=SECOND - 500, book_ns=100, signal_ns=200)
    assert (first.tick, first.rx_ns, first.book_ns, first.signal_ns) == (55, SECOND - 500, 100, 200)
    desk.wait(1000)
    (second,) = desk.fill(first, 0)
    assert (second.tick, second.rx_ns) == (1, SECOND + 1000)


def test_a_venue_that_executes_more_than_it_was_sent_is_counted_and_nothing_more_is_sent(desk: Desk) -> None:
    (intent,) = desk.order(quantity=100)
    order_id = desk.sent(intent)
    desk.tell("EXECUTED", intent, order_id, quantity=130, leaves=0)
    assert desk.intents() == []
    report = desk.last()
    assert (report.state, report.executed, report.working) == (lib.PARENT_FILLED, 130, 0)
    assert desk.router.count(lib.ROUTE_COUNT_OVERFILLED) == 30


def test_absurd_levels_are_not_traded_on() -> None:
    desk = Desk(1)
    desk.show(0, asks=[(0, 100), (ASK, 100)])
    assert desk.order(1) == []
    desk.show(0, asks=[(-5, 100)])
    assert desk.order(2) == []
    desk.show(0, asks=[(2**40, 100)])
    assert desk.order(3) == []
    desk.show(0, asks=[(ASK, 2**32 - 1)])
    assert brief(desk.order(4)) == [(0, ASK, 100)]


def test_a_router_is_made_for_one_to_four_venues_and_ignores_others() -> None:
    out = ffi.new("struct router **")
    assert [lib.router_create(count, out) for count in (0, 5)] == [lib.ERROR_ARGUMENT] * 2
    desk = Desk(2)
    desk.show(2, asks=[(ASK, 100)])
    desk.show(0, instrument=256)
    desk.session("LIVE", 200)
    assert desk.order() == []
