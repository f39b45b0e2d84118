"""The feed hands out every message once and in order, from packets given by hand."""

import struct
from collections.abc import Iterator

import pytest

from tickwire.native.errors import NativeError
from tickwire.native.feed import Feed, FeedSettings, FeedState

A, B, RECOVERY = 0, 1, 2
SESSION = b"20191230AA"
OTHER = b"20191231AA"
MS = 1_000_000
SECOND = 1_000 * MS
BUSY = -10


def packet(first: int, count: int, session: bytes = SESSION, size: int = 8) -> bytes:
    """Messages first .. first + count - 1, each of which is its own sequence number."""
    blocks = b"".join(struct.pack(">H", size) + i.to_bytes(size, "big") for i in range(first, first + count))
    return struct.pack(">10sQH", session, first, count) + blocks


def heartbeat(following: int, session: bytes = SESSION) -> bytes:
    return struct.pack(">10sQH", session, following, 0)


def end_of_session(following: int, session: bytes = SESSION) -> bytes:
    return struct.pack(">10sQH", session, following, 0xFFFF)


@pytest.fixture
def feed() -> Iterator[Feed]:
    with Feed(FeedSettings(hold_count=1024, request_size=16)) as opened:
        yield opened


def sequences(feed: Feed) -> list[int]:
    taken = feed.take()
    assert all(int.from_bytes(data, "big") == sequence for sequence, data in taken)
    return [sequence for sequence, _ in taken]


def test_feed_is_unknown_until_a_line_speaks(feed: Feed) -> None:
    assert feed.status.state is FeedState.UNKNOWN
    feed.push(RECOVERY, packet(1, 1), 0)
    assert feed.status.state is FeedState.UNKNOWN
    assert feed.stats["foreign"] == 1


def test_packets_in_order_pass_at_once(feed: Feed) -> None:
    assert feed.push(A, packet(1, 3), 1) == 1
    assert sequences(feed) == [1, 2, 3]
    assert feed.push(A, packet(4, 1), 2) == 1
    assert sequences(feed) == [4]
    assert feed.status.state is FeedState.LIVE
    assert feed.status.complete


def test_second_line_brings_only_duplicates(feed: Feed) -> None:
    feed.push(A, packet(1, 3), 1)
    assert sequences(feed) == [1, 2, 3]
    assert feed.push(B, packet(1, 3), 2) == 0
    assert sequences(feed) == []
    assert feed.stats["duplicates"] == 3


def test_second_line_fills_what_the_first_lost_without_a_request(feed: Feed) -> None:
    feed.push(A, packet(1, 1), 0)
    assert sequences(feed) == [1]
    assert feed.push(A, packet(3, 2), 0) == 0
    feed.poll(0)
    assert feed.status.state is FeedState.GAP
    assert feed.requests(0) == []
    feed.push(B, packet(2, 1), 10)
    assert sequences(feed) == [2, 3, 4]
    feed.poll(2 * MS)
    assert feed.requests(2 * MS) == []
    assert feed.stats["gaps"] == 0
    assert feed.stats["reordered"] == 1


def test_packet_that_overlaps_gives_only_its_news(feed: Feed) -> None:
    feed.push(A, packet(1, 4), 0)
    assert sequences(feed) == [1, 2, 3, 4]
    feed.push(B, packet(3, 4), 0)
    assert sequences(feed) == [5, 6]
    assert feed.stats["duplicates"] == 2


def test_packet_over_held_messages_empties_their_cells(feed: Feed) -> None:
    feed.push(A, packet(5, 2), 0)
    feed.push(A, packet(9, 1), 0)
    feed.push(B, packet(1, 8), 0)
    assert sequences(feed) == list(range(1, 10))
    assert feed.status.held == 0
    assert feed.stats["duplicates"] == 2


def test_gap_on_both_lines_is_asked_for_after_the_wait(feed: Feed) -> None:
    feed.push(A, packet(1, 1), 0)
    sequences(feed)
    feed.push(A, packet(5, 1), 0)
    feed.push(B, packet(5, 1), 0)
    feed.poll(0)
    feed.poll(1 * MS - 1)
    assert feed.requests(1 * MS - 1) == []
    feed.poll(1 * MS)
    assert feed.requests(1 * MS) == [(2, 3)]
    assert feed.requests(1 * MS) == []
    feed.push(RECOVERY, packet(2, 3), 2 * MS)
    assert sequences(feed) == [2, 3, 4, 5]
    assert feed.status.state is FeedState.LIVE
    assert feed.status.complete
    assert (feed.stats["gaps"], feed.stats["gap_messages"], feed.stats["recovered"]) == (1, 3, 3)


def test_heartbeat_reveals_a_gap_at_the_end(feed: Feed) -> None:
    feed.push(A, packet(1, 1), 0)
    sequences(feed)
    feed.push(A, heartbeat(4), 0)
    feed.poll(0)
    feed.poll(1 * MS)
    assert feed.requests(1 * MS) == [(2, 2)]


def test_unanswered_request_is_repeated_with_growing_pauses(feed: Feed) -> None:
    feed.push(A, heartbeat(3), 0)
    asked_ms = []
    for now_ms in range(3_000):
        feed.poll(now_ms * MS)
        if feed.requests(now_ms * MS):
            asked_ms.append(now_ms)
    assert asked_ms == [1, 11, 31, 71, 151, 311, 631, 1271, 1911, 2551]


def test_long_gap_is_asked_for_in_pieces_several_at_a_time(feed: Feed) -> None:
    feed.push(A, heartbeat(100), 0)
    feed.poll(0)
    feed.poll(1 * MS)
    assert feed.requests(1 * MS) == [(1, 16), (17, 16), (33, 16), (49, 16), (65, 16), (81, 16), (97, 3)]


def test_request_asks_only_for_what_is_missing(feed: Feed) -> None:
    feed.push(A, packet(3, 2), 0)
    feed.push(A, packet(8, 1), 0)
    feed.poll(0)
    feed.poll(1 * MS)
    assert feed.requests(1 * MS) == [(1, 2), (5, 3)]


def test_answer_that_stops_short_is_followed_up_soon(feed: Feed) -> None:
    feed.push(A, heartbeat(33), 0)
    feed.poll(0)
    feed.poll(1 * MS)
    assert feed.requests(1 * MS) == [(1, 16), (17, 16)]
    feed.push(RECOVERY, packet(1, 10), 2 * MS)
    sequences(feed)
    assert feed.requests(3 * MS) == []
    assert feed.requests(2 * MS + 10 * MS // 8) == [(11, 6)]


def test_next_requests_are_no_larger_than_the_answers(feed: Feed) -> None:
    feed.push(A, heartbeat(17), 0)
    feed.poll(0)
    feed.poll(1 * MS)
    assert feed.requests(1 * MS) == [(1, 16)]
    feed.push(RECOVERY, packet(1, 5), 2 * MS)
    sequences(feed)
    assert feed.requests(4 * MS) == [(6, 5)]
    feed.push(RECOVERY, packet(6, 5), 4 * MS)
    sequences(feed)
    assert feed.requests(4 * MS) == [(11, 5)]


def test_late_start_recovers_from_the_first_message(feed: Feed) -> None:
    feed.push(A, packet(50, 2), 0)
    assert sequences(feed) == []
    feed.poll(0)
    feed.poll(1 * MS)
    for first, count in feed.requests(1 * MS):
        feed.push(RECOVERY, packet(first, count), 2 * MS)
        sequences(feed)
    assert feed.status.next == 52
    assert feed.status.state is FeedState.LIVE
    assert feed.status.complete


def test_partial_start_is_accepted_only_by_configuration() -> None:
    with Feed(FeedSettings(accept_partial=True)) as feed:
        feed.push(A, packet(50, 2), 0)
        assert sequences(feed) == [50, 51]
        assert feed.status.state is FeedState.LIVE
        assert not feed.status.complete


def test_nothing_is_ever_given_up_by_default(feed: Feed) -> None:
    feed.push(A, packet(2, 1), 0)
    for second in range(1_000):
        feed.poll(second * SECOND)
        feed.requests(second * SECOND)
    assert feed.stats["lost"] == 0
    assert feed.status.next == 1


def test_piece_is_lost_after_the_configured_attempts() -> None:
    with Feed(FeedSettings(attempts_max=2, hold_count=1024)) as feed:
        feed.push(A, packet(3, 1), 0)
        requests = []
        for now_ms in range(100):
            feed.poll(now_ms * MS)
            requests += feed.requests(now_ms * MS)
        assert requests == [(1, 2), (1, 2)]
        assert sequences(feed) == [3]
        assert feed.stats["lost"] == 2
        assert not feed.status.complete


def test_gap_is_given_up_after_the_wait_when_there_is_nobody_to_ask() -> None:
    with Feed(FeedSettings(attempts_max=1, request_size=0)) as feed:
        feed.push(A, packet(3, 1), 0)
        feed.push(A, packet(6, 1), 0)
        feed.poll(0)
        feed.poll(1 * MS)
        assert sequences(feed) == [3]
        feed.poll(1 * MS)
        assert sequences(feed) == []
        feed.poll(2 * MS)
        assert sequences(feed) == [6]
        assert feed.stats["lost"] == 4


def test_message_too_long_to_hold_is_had_by_request(feed: Feed) -> None:
    feed.push(A, packet(2, 1, size=55), 0)
    assert feed.status.held == 0
    assert feed.stats["overflow"] == 1
    feed.poll(0)
    feed.poll(1 * MS)
    assert feed.requests(1 * MS) == [(1, 2)]
    feed.push(RECOVERY, packet(1, 2, size=55), 2 * MS)
    assert sequences(feed) == [1, 2]


def test_feed_refuses_a_packet_while_messages_of_the_last_one_wait(feed: Feed) -> None:
    feed.push(A, packet(1, 1), 0)
    assert feed.push(A, packet(2, 1), 0) == BUSY
    assert sequences(feed) == [1]
    assert feed.push(A, packet(2, 1), 0) == 1


@pytest.mark.parametrize(
    "config",
    [
        FeedSettings(hold_count=0),
        FeedSettings(hold_count=1000),
        FeedSettings(hold_count=1 << 30),
        FeedSettings(request_size=0xFFFF),
        FeedSettings(request_retry_ns=1 << 63),
    ],
)
def test_impossible_settings_are_refused(config: FeedSettings) -> None:
    with pytest.raises(NativeError, match="bad argument"):
        Feed(config)
