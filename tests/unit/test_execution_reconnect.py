"""Pauses between attempts to connect: growing, bounded, spread, and the same every time the same box fails alike."""

from dataclasses import replace

import pytest

from tickwire.native import NativeError, lib
from tickwire.native.execution import ExecutionSettings, Session

MS = 1_000_000
SETTINGS = ExecutionSettings(
    "127.0.0.1", 1, "user", "secret", ["AAPL"], reconnect_ns_min=100 * MS, reconnect_ns_max=800 * MS
)
GROWING = [100, 200, 400, 800, 800, 800]


def pauses(settings: ExecutionSettings, count: int = len(GROWING), start_ns: int = 10**18) -> list[int]:
    """ms between attempts that fail at once, in steps of 1 ms."""
    session, now_ns, found = Session(settings), start_ns, []
    assert session.advance(now_ns) == lib.SESSION_CONNECT
    session.closed(now_ns)
    for _ in range(count):
        began_ns = now_ns
        while session.advance(now_ns) != lib.SESSION_CONNECT:
            now_ns += MS
        session.closed(now_ns)
        found.append((now_ns - began_ns) // MS)
    return found


def test_without_jitter_pauses_double_up_to_the_longest() -> None:
    assert pauses(SETTINGS) == GROWING


@pytest.mark.parametrize("ppm", [100_000, 500_000, 1_000_000])
def test_jitter_adds_at_most_its_fraction_and_takes_nothing_away(ppm: int) -> None:
    spread = pauses(replace(SETTINGS, reconnect_jitter_ppm=ppm), count=60)
    base = GROWING + [800] * (60 - len(GROWING))
    assert all(
        least <= pause <= least + least * ppm // 1_000_000 + 1 for least, pause in zip(base, spread, strict=True)
    )
    late = spread[len(GROWING) :]
    assert max(late) - min(late) > 800 * ppm // 1_000_000 // 2  # it does spread
    assert len(set(late)) > 10


def test_the_same_box_at_the_same_times_does_the_same() -> None:
    settings = replace(SETTINGS, reconnect_jitter_ppm=500_000)
    assert pauses(settings) == pauses(settings)


@pytest.mark.parametrize("other", [{"username": "other"}, {"port": 2}, {"venue": 1}, {"address": "127.0.0.2"}])
def test_boxes_that_failed_at_the_same_moment_come_back_at_different_ones(other: dict[str, object]) -> None:
    settings = replace(SETTINGS, reconnect_jitter_ppm=500_000)
    assert pauses(settings) != pauses(replace(settings, **other))  # type: ignore[arg-type]


def test_more_than_the_pause_itself_is_refused() -> None:
    with pytest.raises(NativeError):
        Session(replace(SETTINGS, reconnect_jitter_ppm=1_000_001))
