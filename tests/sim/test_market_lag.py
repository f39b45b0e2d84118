"""A market-data stage that is behind its port: what waits there would get fresh stamps, so it is not traded on."""

from collections.abc import Callable
from typing import Any

from tickwire.native import lib

MS = 1_000_000
SECOND = 1_000 * MS
Rig = Callable[..., Any]


def opened(rig: Any, message: Any) -> None:
    """The start of a day: directory, trading open; leaves the ring empty."""
    rig.venue.send(message.directory(), message.action())
    rig.poll()
    rig.updates()


def test_stage_that_was_not_polled_publishes_stale_until_the_backlog_is_worked_off(market_rig: Rig, itch: Any) -> None:
    rig, message = market_rig("AAPL", "MSFT"), itch("AAPL", 13)
    opened(rig, message)
    for reference in range(1, 21):
        rig.venue.send(message.add(reference, b"B", 1, 1_000_000))
    rig.poll(times=1, step_ns=21 * MS)
    assert [(u.kind, u.flags) for u in rig.updates()] == [(lib.MARKET_STATE, lib.MARKET_STALE)] * 2
    assert (rig.count("lags"), rig.count("synchronised")) == (1, 0)
    rig.poll(times=9)  # twenty packets on two lines, four at a time
    assert rig.updates() == []
    rig.poll()
    updates = rig.updates()
    assert [(u.instrument, u.kind, u.flags, u.tick) for u in updates] == [
        (0, lib.MARKET_STATE, 0, 22),
        (1, lib.MARKET_STATE, 0, 22),
    ]
    assert (updates[0].bid_price[0], updates[0].bid_quantity[0]) == (1_000_000, 20)
    assert (rig.count("lags"), rig.count("stale"), rig.count("synchronised")) == (1, 0, 1)


def test_stage_that_is_polled_in_time_does_not_lag_however_busy_the_feed(market_rig: Rig, itch: Any) -> None:
    rig, message = market_rig("AAPL"), itch("AAPL", 13)
    opened(rig, message)
    for reference in range(1, 101):
        rig.venue.send(message.add(reference, b"B", 1, 1_000_000))
    rig.poll(times=50, step_ns=20 * MS)
    assert [(u.kind, u.flags) for u in rig.updates()] == [(lib.MARKET_BOOK, 0)] * 100
    assert rig.count("lags") == 0


def test_ring_blocked_for_too_long_makes_what_waited_stale(market_rig: Rig, itch: Any) -> None:
    rig, message = market_rig("AAPL", capacity=8), itch("AAPL", 13)
    opened(rig, message)
    for first in range(1, 101, 20):
        rig.venue.send(*(message.add(i, b"B", 1, 1_000_000) for i in range(first, first + 20)))
    rig.poll(times=30, step_ns=MS)
    assert (rig.count("lags"), rig.count("synchronised")) == (1, 0)
    assert [(u.tick, u.flags) for u in rig.updates()] == [(i + 2, 0) for i in range(1, 9)]
    rig.poll(times=10)
    stale, fresh = rig.updates()
    assert (stale.kind, stale.flags, stale.tick) == (lib.MARKET_STATE, lib.MARKET_STALE, 22)
    assert (fresh.kind, fresh.flags, fresh.tick) == (lib.MARKET_STATE, 0, 102)
    assert (fresh.bid_price[0], fresh.bid_quantity[0]) == (1_000_000, 100)
    assert (rig.count("gaps"), rig.count("lost"), rig.count("backpressure")) == (0, 0, 1)


def test_silence_is_noticed_while_the_ring_is_full(market_rig: Rig, itch: Any) -> None:
    rig, message = market_rig("AAPL", capacity=8), itch("AAPL", 13)
    opened(rig, message)
    rig.venue.send(*(message.add(i, b"B", 1, 1_000_000) for i in range(1, 21)))
    rig.poll(times=3, step_ns=SECOND)
    assert (rig.count("stale"), rig.count("gaps")) == (1, 0)
