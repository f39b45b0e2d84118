"""The router in a world that answers late, in part, or not at all: conservation, bounds, and the naive best price."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from routing import BUY, MID, SELL, Desk
from routing_world import World

from tickwire.native import lib
from tickwire.native.trading import record

STEPS = 600
TICK = 100


@pytest.mark.parametrize("seed", range(40))
def test_a_parent_is_never_exceeded_and_in_the_end_everything_is_accounted_for(seed: int) -> None:
    world = World(seed)
    for _ in range(STEPS):
        world.step()
    world.settle()
    for parent_id, parent in world.parents.items():
        executed, working, asked = world.truth(parent_id)
        report = world.told[parent_id]
        assert (working, asked) == (0, 0)
        assert (report.executed, report.working) == (executed, 0), f"parent {parent_id} of {parent.quantity}"
        assert report.state != lib.PARENT_WORKING


@pytest.mark.parametrize("seed", range(5))
def test_the_same_calls_give_the_same_intents(seed: int) -> None:
    seen = []
    for _ in range(2):
        world = World(seed)
        said = []
        for _ in range(STEPS):
            world.step()
            said.append([(i.kind, i.venue, i.price, i.quantity, i.target_order_id) for i in world.gate])
        seen.append(said)
    assert seen[0] == seen[1]


WHOLE = [0, 1, 99, 100, 999_999, 1_000_000, 2**32 - 1]
PRICES = [-(2**63), -1, 0, 1, MID, 2**32 - 1, 2**32, 2**63 - 1]
IDS = [0, 1, 2, 1 << 32 | 1, 1 << 32 | 2, 1 << 60 | 1 << 32 | 1, 2**64 - 1]
REPORTS = st.fixed_dictionaries(
    {
        "kind": st.integers(0, 16),
        "venue": st.sampled_from([0, 1, 2, 255]),
        "order_id": st.sampled_from(IDS),
        "target_order_id": st.sampled_from(IDS),
        "match_number": st.integers(0, 4),
        "sequence": st.integers(0, 8),
        "quantity": st.sampled_from(WHOLE),
        "leaves": st.sampled_from(WHOLE),
        "price": st.sampled_from(PRICES),
        "instrument": st.sampled_from([3, 256, 65535]),
        "side": st.integers(0, 3),
        "flags": st.integers(0, 3),
        "time_in_force": st.integers(0, 3),
    }
)
REFUSALS = st.fixed_dictionaries(
    {
        "source": st.integers(0, 3),
        "kind": st.integers(0, 4),
        "venue": st.integers(0, 5),
        "parent_id": st.integers(0, 4),
        "target_order_id": st.sampled_from(IDS),
        "price": st.sampled_from(PRICES),
        "quantity": st.sampled_from(WHOLE),
    }
)
MARKETS = st.fixed_dictionaries(
    {
        "venue": st.integers(0, 5),
        "instrument": st.sampled_from([3, 255, 256, 65535]),
        "trading_state": st.integers(0, 3),
        "flags": st.integers(0, 3),
        "bid_price": st.lists(st.sampled_from(PRICES), min_size=3, max_size=3),
        "ask_price": st.lists(st.sampled_from(PRICES), min_size=3, max_size=3),
        "bid_quantity": st.lists(st.sampled_from(WHOLE), min_size=3, max_size=3),
        "ask_quantity": st.lists(st.sampled_from(WHOLE), min_size=3, max_size=3),
    }
)
ORDERS = st.fixed_dictionaries(
    {
        "parent_id": st.integers(0, 4),
        "kind": st.integers(0, 3),
        "policy": st.integers(0, 3),
        "side": st.integers(0, 2),
        "instrument": st.sampled_from([3, 3, 256]),
        "quantity": st.sampled_from(WHOLE),
        "limit_price": st.sampled_from(PRICES),
        "decision_price": st.sampled_from(PRICES),
        "slippage_ppm_max": st.sampled_from(WHOLE),
        "duration_ns": st.sampled_from([0, 10**9, 2**64 - 1]),
        "interval_ns": st.sampled_from([0, 1, 10**8, 2**64 - 1]),
        "flags": st.sampled_from([0, 0, 1, 2, 64]),
        "venue_mask": st.integers(0, 255),
    }
)
CALLS = st.one_of(
    st.tuples(st.just("report"), st.just("execution_report"), REPORTS),
    st.tuples(st.just("refusal"), st.just("risk_refusal"), REFUSALS),
    st.tuples(st.just("market"), st.just("market_update"), MARKETS),
    st.tuples(st.just("parent"), st.just("parent_order"), ORDERS),
)


@settings(deadline=None)
@given(st.lists(CALLS, max_size=60))
def test_no_record_however_absurd_makes_more_children_than_a_parent_has_shares(calls: list[Any]) -> None:
    desk = Desk(2)
    desk.show(0, [(MID - TICK, 500)], [(MID + TICK, 500)])
    desk.order(1, quantity=100)
    desk.order(2, quantity=100, policy=lib.PARENT_POST)
    for method, struct, fields in calls:
        getattr(desk.router, method)(record(struct, **fields))
        desk.wait(10**8)
        for report in desk.router.reports():
            if report.state != lib.PARENT_REFUSED:
                assert report.working <= report.quantity
                assert report.executed >= report.quantity or report.executed + report.working <= report.quantity


LEVELS = st.lists(st.tuples(st.integers(0, 6), st.integers(1, 300)), min_size=0, max_size=3)
BOOKS = st.lists(
    st.tuples(LEVELS, st.integers(-40, 40), st.integers(0, 3)),
    min_size=1,
    max_size=4,
)


def ladder(levels: list[tuple[int, int]], side: int) -> list[tuple[int, int]]:
    """Strictly worsening prices from the touch on."""
    sign = 1 if side == BUY else -1
    offsets = itertools.accumulate(offset + 1 for offset, _ in levels)
    return [(MID + sign * offset * TICK, quantity) for offset, (_, quantity) in zip(offsets, levels, strict=True)]


def naive(books: list[list[tuple[int, int]]], fees: list[int], side: int, bound: int, wanted: int) -> tuple[int, int]:
    """(shares, net cost in 1/1 000 000) of taking single shares, the cheapest of all first."""
    sign = 1 if side == BUY else -1
    shares = sorted(
        sign * price * 100 + fee
        for book, fee in zip(books, fees, strict=True)
        for price, quantity in book
        if sign * price <= sign * bound
        for _ in range(quantity)
    )[:wanted]
    return len(shares), sum(shares)


@settings(deadline=None)
@given(BOOKS, st.sampled_from([BUY, SELL]), st.integers(1, 1500), st.integers(0, 1200))
def test_the_first_round_costs_what_the_cheapest_shares_of_all_venues_cost(
    venues: list[Any], side: int, wanted: int, ppm: int
) -> None:
    desk = Desk(len(venues), slippage_ppm=0)
    books = [ladder(levels, side) for levels, _, _ in venues]
    fees = [fee * 100 for _, fee, _ in venues]
    for index, (_, _, latency) in enumerate(venues):
        desk.fees(index, fee_taker=fees[index], latency_ns=latency)
        desk.show(index, **{"asks" if side == BUY else "bids": books[index]})
    intents = desk.order(side=side, quantity=wanted, slippage_ppm_max=ppm)
    distance = MID * ppm // 1_000_000
    count, cost = naive(books, fees, side, MID + (distance if side == BUY else -distance), wanted)
    assert sum(intent.quantity for intent in intents) == count
    assert sum(paid(books[i.venue], fees[i.venue], side, i.quantity, i.price) for i in intents) == cost
    assert len({intent.venue for intent in intents}) == len(intents)


def paid(book: list[tuple[int, int]], fee: int, side: int, quantity: int, limit: int) -> int:
    """Net cost of an IOC that finds the book as it was shown; its limit is no wider than it needs."""
    sign, cost = (1 if side == BUY else -1), 0
    for price, there in book:
        assert sign * price <= sign * limit, "not all of it could be executed"
        taken = min(quantity, there)
        cost += taken * (sign * price * 100 + fee)
        quantity -= taken
        if not quantity:
            assert price == limit
            return cost
    raise AssertionError("more was sent than was shown")
