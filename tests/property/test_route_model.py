"""The router in a world that answers late, in part, or not at all: conservation, bounds, and the naive best price."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from routing import BUY, MID, SELL, Desk
from routing_world import World

from tickwire.native import lib

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
