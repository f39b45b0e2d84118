"""Synthetic streets that share a fair value, and their depth."""

import hashlib
from collections.abc import Iterator

import pytest
import venue_wire as wire

from tickwire.native import NativeError
from tickwire.native.venue import Synthetic

SYMBOLS = ("SYNA", "SYNB")
TICK = 100
SECONDS = 3
OPENING = 1 + 2 + 1 + 2 + 2 * 2 * 60  # messages before the first that chance brings
RATE = 10_000
GOLDEN_SHA256 = "ac0086efb86a1166ebf19d69c34a188901b559b6625c9c28663a5c1ba14a9f88"


def streets(*, fair_seeds: tuple[int, int] = (7, 7), depth: int = 300) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Market time in ms and the best bid and offer of SYNA on two streets that list it at different places."""
    one = Synthetic(SYMBOLS, seed=1, rate=RATE, fair_seed=fair_seeds[0])
    other = Synthetic(SYMBOLS[::-1], seed=2, rate=2 * RATE, fair_seed=fair_seeds[1], depth=depth)
    count = SECONDS * RATE
    messages = [(int.from_bytes(message[5:11], "big"), 0, message) for message in wire.frames(one.read(1 << 24, count))]
    messages += [
        (int.from_bytes(message[5:11], "big"), 1, message) for message in wire.frames(other.read(1 << 24, 2 * count))
    ]
    books = (wire.SimpleBook(), wire.SimpleBook())
    start_ns = min(time_ns for time_ns, _, _ in messages)
    last_ms = 100  # the opening is over
    for time_ns, which, message in sorted(messages, key=lambda entry: entry[0]):
        books[which].apply(message)
        ms = (time_ns - start_ns) // 1_000_000
        if ms > last_ms and ms < SECONDS * 900:
            last_ms = ms
            sides = (wire.BUY, wire.SELL)
            yield (
                ms,
                [
                    (books[each].levels(locate, sides[0])[0][0], books[each].levels(locate, sides[1])[0][0])
                    for each, locate in ((0, 1), (1, 2))
                ],
            )


def test_streets_of_one_fair_seed_differ_by_ticks_and_rarely_cross() -> None:
    apart, crossed, mids = [], 0, []
    for _, ((bid, ask), (other_bid, other_ask)) in streets():
        apart.append(abs(bid + ask - other_bid - other_ask) / 2 / TICK)
        crossed += bid > other_ask or other_bid > ask
        mids.append((bid + ask) / 2 / TICK)
    assert len(apart) > 1000
    assert max(apart) <= 4
    assert 0.05 < sum(apart) / len(apart) < 1
    assert crossed < len(apart) // 100
    assert max(mids) - min(mids) > 5  # and the value they share moves


def test_streets_of_different_fair_seeds_go_their_own_ways() -> None:
    apart = [abs(sum(first) - sum(second)) / 2 / TICK for _, (first, second) in streets(fair_seeds=(7, 8))]
    assert max(apart) > 10


def test_depth_scales_what_is_shown() -> None:
    shown = []
    for depth in (100, 300):
        book = wire.SimpleBook()
        for message in wire.frames(Synthetic(SYMBOLS, seed=1, depth=depth).read(1 << 22, OPENING)):
            book.apply(message)
        shown.append(sum(order.shares for order in book.orders.values()))
    assert shown[1] == pytest.approx(3 * shown[0], rel=0.01)


def test_a_shared_fair_value_gives_the_same_bytes_on_every_machine() -> None:
    data = Synthetic(SYMBOLS, seed=7, fair_seed=11, depth=250).read(1 << 24, 50_000)
    assert hashlib.sha256(data).hexdigest() == GOLDEN_SHA256


def test_a_depth_out_of_bounds_is_refused() -> None:
    with pytest.raises(NativeError):
        Synthetic(SYMBOLS, seed=1, depth=10_001)
