"""The market-data stage from sockets to ring: what it publishes, when, and what it does when something is missing."""

import os
import random
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from tickwire.native import lib
from tickwire.native.errors import NativeError

MS = 1_000_000
SECOND = 1_000 * MS
Rig = Callable[..., Any]


def bids(update: Any) -> list[tuple[int, int]]:
    return [(update.bid_price[i], update.bid_quantity[i]) for i in range(3)]


def asks(update: Any) -> list[tuple[int, int]]:
    return [(update.ask_price[i], update.ask_quantity[i]) for i in range(3)]


def opened(rig: Any, message: Any) -> None:
    """The start of a day: directory, trading open; leaves the ring empty."""
    rig.venue.send(message.directory(), message.action())
    rig.poll()
    rig.updates()


def test_stage_declares_everything_stale_before_it_knows_anything(market_rig: Rig) -> None:
    rig = market_rig("AAPL", "MSFT")
    rig.poll()
    updates = rig.updates()
    assert [(u.instrument, u.kind, u.flags) for u in updates] == [
        (0, lib.MARKET_STATE, lib.MARKET_STALE),
        (1, lib.MARKET_STATE, lib.MARKET_STALE),
    ]
    assert rig.count("synchronised") == 0


def test_first_message_of_a_session_makes_the_books_complete(market_rig: Rig, itch: Any) -> None:
    rig, message = market_rig("AAPL"), itch("AAPL", 13)
    rig.poll()
    rig.updates()
    rig.venue.send(message.directory(), message.action(), message.add(1, b"B", 100, 1_000_000))
    rig.poll()
    (state,) = rig.updates()
    assert (state.kind, state.flags, state.trading_state) == (lib.MARKET_STATE, 0, lib.TRADING_OPEN)
    assert bids(state) == [(1_000_000, 100), (0, 0), (0, 0)]
    assert (state.tick, rig.count("synchronised")) == (3, 1)


def test_every_visible_change_is_published_once(market_rig: Rig, itch: Any) -> None:
    rig, message = market_rig("AAPL"), itch("AAPL", 13)
    opened(rig, message)
    rig.venue.send(
        message.add(1, b"B", 100, 1_000_000),
        message.add(2, b"S", 50, 1_000_100),
        message.execute(2, 20),
        message.short_sale(b"1"),
        message.action(b"H"),
    )
    rig.poll()
    updates = rig.updates()
    kinds = [lib.MARKET_BOOK, lib.MARKET_BOOK, lib.MARKET_TRADE, lib.MARKET_STATE, lib.MARKET_STATE]
    assert [u.kind for u in updates] == kinds
    assert [u.tick for u in updates] == [3, 4, 5, 6, 7]
    trade = updates[2]
    assert (trade.last_price, trade.last_quantity, trade.last_side) == (1_000_100, 20, lib.SIDE_SELL)
    assert asks(trade)[0] == (1_000_100, 30)
    assert updates[3].flags == lib.MARKET_SHORT_SALE
    assert updates[4].trading_state == lib.TRADING_HALTED
    assert updates[4].venue_ns == message.clock_ns


def test_instruments_that_are_not_configured_are_passed_over(market_rig: Rig, itch: Any) -> None:
    rig, message, other = market_rig("AAPL"), itch("AAPL", 13), itch("MSFT", 14)
    opened(rig, message)
    rig.venue.send(other.directory(), other.add(1, b"B", 100, 1_000_000), message.add(2, b"B", 5, 10_000))
    rig.poll()
    assert [(u.instrument, u.tick) for u in rig.updates()] == [(0, 5)]


def test_changes_behind_the_third_level_are_not_published(market_rig: Rig, itch: Any) -> None:
    rig, message = market_rig("AAPL"), itch("AAPL", 13)
    opened(rig, message)
    rig.venue.send(*(message.add(i, b"B", 10, 1_000_000 - 100 * i) for i in range(1, 6)))
    rig.poll()
    assert len(rig.updates()) == 3


def test_table_holds_the_last_update_of_each_instrument(market_rig: Rig, itch: Any) -> None:
    rig, message = market_rig("AAPL"), itch("AAPL", 13)
    opened(rig, message)
    rig.venue.send(message.add(1, b"B", 100, 1_000_000))
    rig.poll()
    last = rig.updates()[-1]
    entry = rig.top.read(0)
    assert bids(entry.last) == bids(last)
    assert (entry.last.tick, entry.updates) == (last.tick, rig.count("updates"))


def test_updates_agree_with_a_slow_book(market_rig: Rig, itch: Any) -> None:
    rig, message = market_rig("AAPL"), itch("AAPL", 13)
    opened(rig, message)
    chance = random.Random(5)
    orders: dict[int, tuple[bytes, int, int]] = {}

    def top(side: bytes) -> list[tuple[int, int]]:
        levels: dict[int, int] = {}
        for its_side, shares, price in orders.values():
            if its_side == side:
                levels[price] = levels.get(price, 0) + shares
        best = sorted(levels.items(), reverse=side == b"B")[:3]
        return best + [(0, 0)] * (3 - len(best))

    known = ([(0, 0)] * 3, [(0, 0)] * 3)
    for reference in range(1, 1_500):
        if orders and chance.random() < 0.45:
            victim = chance.choice(list(orders))
            side, shares, price = orders.pop(victim)
            choice = chance.randrange(4)
            if choice == 0:
                rig.venue.send(message.delete(victim))
            elif choice == 1:
                done = chance.randint(1, shares)
                rig.venue.send(message.execute(victim, done))
                if done < shares:
                    orders[victim] = (side, shares - done, price)
            elif choice == 2 and shares > 1:
                orders[victim] = (side, 1, price)
                rig.venue.send(message.cancel(victim, shares - 1))
            else:
                orders[reference] = (side, shares, price + 100)
                rig.venue.send(message.replace(victim, reference, shares, price + 100))
        else:
            side = chance.choice((b"B", b"S"))
            orders[reference] = (side, chance.randint(1, 500), 100 * chance.randint(9_990, 10_010))
            rig.venue.send(message.add(reference, *orders[reference]))
        rig.poll(times=1)
        for update in rig.updates():
            known = (bids(update), asks(update))
        assert known == (top(b"B"), top(b"S"))
    assert rig.count("unknown_order") == 0


def test_back_pressure_loses_nothing_and_is_counted(market_rig: Rig, itch: Any) -> None:
    rig, message = market_rig("AAPL", capacity=8), itch("AAPL", 13)
    opened(rig, message)
    orders = range(1, 201)
    for first in range(1, 201, 20):  # packets of 20 messages, each of them a change, into a ring of 8
        rig.venue.send(*(message.add(i, b"B", i, 1_000_000) for i in range(first, first + 20)))
    ticks = []
    while len(ticks) < len(orders):
        rig.poll(times=1)
        taken = rig.updates(3)
        assert taken
        ticks += [update.tick for update in taken]
    assert ticks == [i + 2 for i in orders]
    assert rig.count("backpressure") == 10
    assert rig.count("messages") == 202
    assert rig.top.read(0).last.bid_quantity[0] == sum(orders)


def test_gap_makes_every_instrument_stale_until_it_is_filled(market_rig: Rig, itch: Any) -> None:
    rig, message = market_rig("AAPL", "MSFT"), itch("AAPL", 13)
    opened(rig, message)
    rig.venue.send(message.add(1, b"B", 100, 1_000_000), lines=())
    rig.venue.send(message.add(2, b"B", 100, 1_000_100))
    rig.poll()
    assert [(u.kind, u.flags) for u in rig.updates()] == [(lib.MARKET_STATE, lib.MARKET_STALE)] * 2
    assert rig.venue.answer() == 0
    rig.recover()
    assert rig.venue.requests == [(3, 1)]
    updates = rig.updates()
    assert [(u.instrument, u.kind, u.flags) for u in updates] == [(0, lib.MARKET_STATE, 0), (1, lib.MARKET_STATE, 0)]
    assert bids(updates[0])[:2] == [(1_000_100, 100), (1_000_000, 100)]
    assert (rig.count("gaps"), rig.count("recovered"), rig.count("lost")) == (1, 1, 0)


def test_loss_on_one_line_is_not_even_noticed(market_rig: Rig, itch: Any) -> None:
    rig, message = market_rig("AAPL"), itch("AAPL", 13)
    opened(rig, message)
    for i in range(1, 101):
        rig.venue.send(message.add(i, b"B", 1, 1_000_000), lines=(i % 2,))
        rig.poll(times=1)
    assert [u.kind for u in rig.updates()] == [lib.MARKET_BOOK] * 100
    assert rig.count("gaps") == 0


def test_silence_makes_the_feed_stale_and_a_heartbeat_ends_it(market_rig: Rig, itch: Any) -> None:
    rig, message = market_rig("AAPL"), itch("AAPL", 13)
    opened(rig, message)
    rig.poll(times=3, step_ns=SECOND)
    assert [u.flags for u in rig.updates()] == [lib.MARKET_STALE]
    assert (rig.count("stale"), rig.count("synchronised")) == (1, 0)
    rig.venue.heartbeat()
    rig.poll()
    assert [u.flags for u in rig.updates()] == [0]


def test_stage_that_starts_late_recovers_the_whole_book_quietly(market_rig: Rig, itch: Any) -> None:
    rig, message = market_rig("AAPL", order_count_max=65_536), itch("AAPL", 13)
    rig.poll()
    rig.updates()
    rig.venue.messages += [message.directory(), message.action()]
    rig.venue.messages += [message.add(i, b"B", 1, 1_000_000) for i in range(1, 20_001)]
    rig.venue.send(message.add(30_000, b"S", 7, 1_000_100))
    rig.recover()
    (update,) = rig.updates()
    assert (update.kind, update.flags, update.tick) == (lib.MARKET_STATE, 0, 20_003)
    assert (bids(update)[0], asks(update)[0]) == ((1_000_000, 20_000), (1_000_100, 7))


def test_stage_started_again_has_the_same_books(market_rig: Rig, itch: Any) -> None:
    rig, message = market_rig("AAPL"), itch("AAPL", 13)
    opened(rig, message)
    rig.venue.send(*(message.add(i, b"B", i, 1_000_000 - 100 * i) for i in range(1, 21)))
    rig.poll()
    before = rig.updates()[-1]
    counted = rig.count("messages")
    rig.start()
    rig.poll()
    assert [u.flags for u in rig.updates()] == [lib.MARKET_STALE]
    rig.venue.heartbeat()
    rig.recover()
    (after,) = rig.updates()
    assert (bids(after), after.flags) == (bids(before), 0)
    assert after.feed_session > before.feed_session
    assert rig.count("messages") == 2 * counted


def test_process_killed_in_mid_stream_leaves_nothing_wrong_behind(market_rig: Rig, itch: Any) -> None:
    rig, message = market_rig("AAPL", order_count_max=1 << 20, capacity=4096), itch("AAPL", 13)
    rig.venue.send(message.directory(), message.action())
    pid = rig.start_process()
    try:
        sessions: list[int] = []  # of every live update
        deadline = time.monotonic() + 60
        while len(sessions) < 500:
            assert time.monotonic() < deadline
            rig.venue.send(message.add(rig.venue.following, b"B", 1, 1_000_000))
            rig.venue.answer()
            sessions += [update.feed_session for update in rig.updates() if update.flags == 0]
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    rig.updates()
    rig.start()
    rig.venue.heartbeat()
    rig.recover(rounds=2_000)
    updates = rig.updates()
    assert [u.flags for u in updates] == [lib.MARKET_STALE, 0]
    assert bids(updates[-1])[0] == (1_000_000, len(rig.venue.messages) - 2)
    assert updates[-1].feed_session > sessions[-1]


def test_books_are_never_taken_for_complete_without_the_first_message(market_rig: Rig, itch: Any) -> None:
    rig, message = market_rig("AAPL", request_address=0), itch("AAPL", 13)
    rig.venue.messages += [message.directory()]
    rig.venue.send(message.add(1, b"B", 100, 1_000_000))
    rig.poll(times=100, step_ns=MS)
    assert [u.flags for u in rig.updates()] == [lib.MARKET_STALE]
    assert rig.count("synchronised") == 0


def test_recording_that_begins_in_mid_day_is_accepted_by_configuration(market_rig: Rig, itch: Any) -> None:
    rig = market_rig("AAPL", request_address=0, accept_partial=1)
    message = itch("AAPL", 13)
    rig.venue.messages += [b"?"] * 10
    rig.venue.send(message.directory(), message.add(1, b"B", 100, 1_000_000), message.delete(99))
    rig.poll()
    assert rig.updates()[-1].flags == 0
    assert rig.count("unknown_order") == 1


def test_next_session_starts_with_empty_books(market_rig: Rig, itch: Any) -> None:
    rig, message = market_rig("AAPL"), itch("AAPL", 13)
    opened(rig, message)
    rig.venue.send(message.add(1, b"B", 100, 1_000_000))
    rig.venue.heartbeat(0xFFFF)
    rig.poll()
    assert rig.updates()[-1].flags == lib.MARKET_STALE
    first_session = rig.top.read(0).last.feed_session
    rig.venue.session, rig.venue.messages = b"SIMULATED2", []
    rig.venue.send(message.directory(), message.add(1, b"S", 5, 2_000_000))
    rig.poll()
    update = rig.updates()[-1]
    assert (bids(update)[0], asks(update)[0], update.flags) == ((0, 0), (2_000_000, 5), 0)
    assert update.feed_session == first_session + 1


def test_books_without_room_are_stale_until_the_next_session(market_rig: Rig, itch: Any) -> None:
    rig, message = market_rig("AAPL", order_count_max=16), itch("AAPL", 13)
    opened(rig, message)
    rig.venue.send(*(message.add(i, b"B", 1, 1_000_000) for i in range(1, 30)))
    rig.poll()
    assert rig.updates()[-1].flags == lib.MARKET_STALE
    assert rig.count("book_full") == 13


@pytest.mark.parametrize("payload", [b"", b"garbage", bytes(20) + b"\xff\xff", b"SIMULATED1" + b"\xff" * 30])
def test_garbage_is_counted_and_the_stream_goes_on(market_rig: Rig, itch: Any, payload: bytes) -> None:
    rig, message = market_rig("AAPL"), itch("AAPL", 13)
    opened(rig, message)
    rig.venue.send_raw(0, payload)
    rig.venue.send(message.add(1, b"B", 100, 1_000_000))
    rig.poll()
    assert [u.tick for u in rig.updates()] == [3]
    assert rig.count("malformed") == 1


def test_wrong_messages_are_counted_by_reason(market_rig: Rig, itch: Any) -> None:
    rig, message = market_rig("AAPL"), itch("AAPL", 13)
    opened(rig, message)
    wrong = [
        message.add(1, b"B", 1, 100)[:-1],
        b"z" + message.action()[1:],
        message.delete(7),
        message.add(1, b"?", 1, 1),
    ]
    rig.venue.send(*wrong)
    rig.poll()
    assert [rig.count(name) for name in ("malformed", "unknown_type", "unknown_order", "bad_value")] == [1, 1, 1, 1]
    assert rig.count("synchronised") == 1


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"stale_ns": 0}, "stale_ns"),
        ({"lag_ns_max": 0}, "lag_ns_max"),
        ({"request_port": 0}, "without a port"),
        ({"instrument_count": 0}, "0 instruments"),
        ({"instrument_count": 300}, "300 instruments"),
        ({"hold_count": 1000}, "no feed"),
        ({"order_count_max": 0}, "no books"),
    ],
)
def test_configuration_that_cannot_work_is_refused_with_its_reason(
    market_rig: Rig, settings: dict[str, int], reason: str
) -> None:
    with pytest.raises(NativeError, match=reason):
        market_rig("AAPL", **settings)
