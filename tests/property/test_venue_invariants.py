"""Whatever the street and the accounts do, the venue keeps its promises.

Scripts of what both do are played in the world of ``venue_world``.
"""

import venue_wire as wire
from hypothesis import given, settings
from hypothesis import strategies as st
from venue_wire import BUY, SELL
from venue_world import ACCOUNTS, BASE, World

from tickwire.native.venue import Venue

prices = st.integers(-2, 2).map(lambda ticks: BASE + ticks * 100)  # few, so that orders meet
shares = st.integers(1, 300)
sides = st.sampled_from([BUY, SELL])

add = st.tuples(st.just("add"), sides, prices, shares)
execute = st.tuples(st.just("execute"), sides, shares)
street_step = st.one_of(
    *(add, add, add, execute, execute),  # most often, or the book is empty most of the time
    st.tuples(st.just("cancel"), st.integers(0, 50), shares),
    st.tuples(st.just("delete"), st.integers(0, 50)),
    st.tuples(st.just("replace"), st.integers(0, 50), prices, shares),
)
account = st.integers(0, ACCOUNTS - 1)
enter = st.tuples(st.just("enter"), account, sides, prices, shares, st.sampled_from("0003"))
account_step = st.one_of(
    *(enter, enter, enter, enter),
    st.tuples(st.just("market"), account, sides, shares),
    st.tuples(st.just("reduce"), account, st.integers(0, 20), st.integers(0, 300)),
    st.tuples(st.just("exchange"), account, st.integers(0, 5), prices, shares),
    st.tuples(st.just("mass"), account),
)
kind = st.one_of(
    st.sampled_from(["plain", "hidden", "post_only"]),
    st.tuples(st.sampled_from(["reserve", "minimum"]), st.integers(1, 120)),
    st.tuples(st.sampled_from(["R", "P", "M"]), st.integers(-2, 2), st.booleans()),
)
special = st.tuples(st.just("special"), account, sides, prices, shares, kind)
special_replace = st.tuples(st.just("special_replace"), account, st.integers(0, 4), prices, shares, kind)
steps = st.lists(st.one_of(street_step, account_step), min_size=20, max_size=80)
phase = st.one_of(
    st.tuples(st.just("restrict"), st.booleans()),
    st.tuples(st.just("quote_only")),
    st.tuples(st.just("resume")),
    st.tuples(st.just("resume")),
    st.tuples(st.just("expiring"), account, sides, prices, shares),
    st.tuples(st.just("later"), st.integers(1, 10)),
)
special_steps = st.lists(
    st.one_of(street_step, account_step, special, special, special, special_replace, phase),
    min_size=20,
    max_size=80,
)


@settings(max_examples=400, deadline=None)
@given(steps)
def test_the_venue_keeps_its_promises(script: list[tuple[object, ...]]) -> None:
    world = World()
    for name, *arguments in script:
        getattr(world, str(name))(*arguments)
        world.settle()
    world.check_logs()


@settings(max_examples=400, deadline=None)
@given(special_steps)
def test_orders_of_every_kind_keep_them_too(script: list[tuple[object, ...]]) -> None:
    world = World()
    for name, *arguments in script:
        getattr(world, str(name))(*arguments)
        world.settle()
    world.check_drop_copy()
    world.check_logs()


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), sides, prices, st.integers(1, 200)), min_size=1, max_size=12),
    st.lists(st.tuples(sides, prices, shares), min_size=1, max_size=12),
)
def test_a_hidden_minimum_is_honoured_by_every_trade_with_it(
    makers: list[tuple[bool, int, int, int]], takers: list[tuple[int, int, int]]
) -> None:
    world = World()
    minimums: dict[object, int] = {}
    for hidden, side, price, quantity in makers:
        urn = world.urn(0)
        minimums[urn] = quantity // 2 if hidden else 0
        options = wire.minimum(quantity // 2) if hidden else b""
        world.send(0, wire.enter(urn, "BS"[side], quantity, price, display="N", options=options))
    for side, price, quantity in takers:
        world.enter(1, side, price, quantity, "3")
    open_shares: dict[object, int] = {}
    for told in world.logs()[0]:
        urn, amount = told.get("urn"), told.get("shares")
        if told["type"] == "A":
            assert isinstance(amount, int)
            open_shares[urn] = amount
        if told["type"] == "E":
            assert isinstance(amount, int)
            if told["liquidity"] == "J":
                assert amount >= min(minimums[urn], open_shares[urn])
            open_shares[urn] -= amount


@settings(max_examples=200, deadline=None)
@given(st.lists(street_step, max_size=80))
def test_without_accounts_the_stream_is_history(script: list[tuple[object, ...]]) -> None:
    world = World()
    sent: list[bytes] = []
    street = world.venue.street

    def record(message: bytes) -> None:
        sent.append(message)
        street(message)

    world.venue.street = record  # type: ignore[method-assign]
    for name, *arguments in script:
        getattr(world, str(name))(*arguments)
    assert list(wire.frames(world.venue.take_stream())) == sent


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=30), st.lists(st.binary(max_size=60), max_size=30))
def test_no_bytes_harm_it(street: list[bytes], orders: list[bytes]) -> None:
    venue = Venue(["TWRA"])
    venue.street(wire.action("T"))
    kinds = b"AFECXDUHRS"
    for index, message in enumerate(street):
        venue.street(message)
        size = {65: 36, 70: 40, 69: 31, 67: 36, 88: 23, 68: 19, 85: 35, 72: 25, 82: 39, 83: 12}[kinds[index % 10]]
        venue.street((kinds[index % 10 : index % 10 + 1] + message * 60)[:size].ljust(size, b"\0"))
    for message in orders:
        venue.order(0, message, 1)
        venue.order(0, (b"O" + message * 60)[:45].ljust(45, b"\0") + b"\0\0", 1)
    list(wire.frames(venue.take_stream()))
