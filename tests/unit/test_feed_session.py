"""Sessions, silence and hostile packets: what the feed believes, and for how long."""

import struct
from collections.abc import Iterator

import pytest

from tickwire.native.feed import Feed, FeedSettings, FeedState

A, B, RECOVERY = 0, 1, 2
SESSION = b"20191230AA"
OTHER = b"20191231AA"
MS = 1_000_000
SECOND = 1_000 * MS
TRUNCATED, MALFORMED, ARGUMENT = -3, -4, -2


def packet(first: int, count: int, session: bytes = SESSION) -> bytes:
    blocks = b"".join(struct.pack(">HQ", 8, i) for i in range(first, first + count))
    return struct.pack(">10sQH", session, first, count) + blocks


def control(following: int, count: int = 0, session: bytes = SESSION) -> bytes:
    """A heartbeat, or with count 0xFFFF an end of session."""
    return struct.pack(">10sQH", session, following, count)


@pytest.fixture
def feed() -> Iterator[Feed]:
    """A feed that has handed out messages 1 to 3 at time 0."""
    with Feed(FeedSettings(hold_count=1024, request_size=16)) as opened:
        opened.push(A, packet(1, 3), 0)
        opened.take()
        yield opened


def test_feed_is_stale_after_silence_and_lives_again_with_the_next_packet(feed: Feed) -> None:
    feed.poll(2 * SECOND)
    assert feed.status.state is FeedState.LIVE
    feed.poll(2 * SECOND + 1)
    feed.poll(3 * SECOND)
    assert feed.status.state is FeedState.STALE
    assert feed.stats["stale"] == 1
    feed.push(B, control(4), 3 * SECOND)
    feed.poll(3 * SECOND)
    assert feed.status.state is FeedState.LIVE


def test_answers_of_the_request_server_do_not_keep_a_feed_alive(feed: Feed) -> None:
    feed.push(RECOVERY, packet(4, 1), 3 * SECOND)
    feed.take()
    feed.poll(3 * SECOND)
    assert feed.status.state is FeedState.STALE


def test_clock_that_steps_back_does_no_harm(feed: Feed) -> None:
    feed.push(A, packet(4, 1), 5 * SECOND)
    feed.take()
    feed.poll(1 * SECOND)
    assert feed.status.state is FeedState.LIVE


def test_end_of_session_ends_the_feed_until_messages_come(feed: Feed) -> None:
    feed.push(A, control(4, 0xFFFF), 1)
    assert feed.status.state is FeedState.ENDED
    feed.push(B, control(4), 2)
    assert feed.status.state is FeedState.ENDED
    feed.push(A, packet(4, 1), 3)
    feed.take()
    assert feed.status.state is FeedState.LIVE
    assert (feed.stats["ends"], feed.stats["heartbeats"]) == (1, 1)


def test_end_of_session_reveals_what_is_missing(feed: Feed) -> None:
    feed.push(A, control(6, 0xFFFF), 1)
    assert feed.status.state is FeedState.GAP
    feed.poll(1)
    feed.poll(1 + MS)
    assert feed.requests(1 + MS) == [(4, 2)]
    feed.push(RECOVERY, packet(4, 2), 2 * MS)
    feed.take()
    assert feed.status.next == 6


def test_next_session_follows_an_ended_one_at_once(feed: Feed) -> None:
    feed.push(A, control(4, 0xFFFF), 1)
    assert feed.push(A, packet(1, 2, OTHER), 2) == 1
    assert [sequence for sequence, _ in feed.take()] == [1, 2]
    status = feed.status
    assert (status.session, status.session_name, status.complete) == (2, OTHER, True)
    assert feed.stats["sessions"] == 1


def test_session_that_stopped_without_an_end_gives_way_after_silence(feed: Feed) -> None:
    feed.push(A, packet(10, 1), 1)
    assert feed.push(B, packet(1, 1, OTHER), SECOND) == 0
    assert feed.stats["foreign"] == 1
    assert feed.push(B, packet(2, 1, OTHER), 1 + 2 * SECOND) == 0
    assert feed.status.session_name == OTHER
    assert (feed.status.next, feed.status.held) == (1, 1)


def test_lines_that_disagree_about_the_session_do_not_destroy_it(feed: Feed) -> None:
    for i in range(1_000):
        feed.push(B, packet(1 + i, 1, OTHER), i * MS)
        feed.push(A, packet(4 + i, 1), i * MS)
        assert len(feed.take()) == 1
    assert feed.status.session_name == SESSION
    assert feed.stats["foreign"] == 1_000


def test_garbage_of_another_session_is_not_taken_up(feed: Feed) -> None:
    feed.push(A, control(4, 0xFFFF), 1)
    feed.push(A, packet(1, 2, OTHER)[:-1], 2)
    assert feed.status.session_name == SESSION


def test_request_server_cannot_change_the_session(feed: Feed) -> None:
    feed.push(RECOVERY, packet(1, 1, OTHER), 10 * SECOND)
    assert feed.status.session_name == SESSION


@pytest.mark.parametrize("session", [bytes(10), b" " * 10, b"\xff" * 10])
def test_any_ten_bytes_name_a_session(session: bytes) -> None:
    with Feed() as feed:
        assert feed.push(A, packet(1, 1, session), 0) == 1
        assert feed.status.session_name == session


def test_sequence_zero_is_before_the_first_message_unless_a_part_is_accepted() -> None:
    with Feed() as feed:
        assert feed.push(A, packet(0, 1, bytes(10)), 0) == 0
        assert feed.stats["duplicates"] == 1
    with Feed(FeedSettings(accept_partial=True)) as feed:
        assert feed.push(A, packet(0, 1, bytes(10)), 0) == 1


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b"", TRUNCATED),
        (packet(4, 1)[:19], TRUNCATED),
        (packet(4, 1)[:-1], MALFORMED),
        (packet(4, 1) + b"x", MALFORMED),
        (control(4, 1), MALFORMED),
        (control(4, 0xFFFE), MALFORMED),
        (control(4) + b"x", MALFORMED),
        (control(4, 1) + b"\x00\x00", MALFORMED),
        (control(4, 1) + b"\xff\xffx", MALFORMED),
        (packet(2**64 - 1, 0)[:18] + packet(0, 2)[18:], MALFORMED),
    ],
)
def test_malformed_packet_is_refused_whole_and_the_next_is_taken(feed: Feed, payload: bytes, error: int) -> None:
    assert feed.push(A, payload, 1) == error
    assert feed.stats["malformed"] == 1
    assert feed.status.target == 4
    assert feed.push(B, packet(4, 1), 2) == 1


def test_line_that_is_none_is_refused(feed: Feed) -> None:
    assert feed.push(3, packet(4, 1), 1) == ARGUMENT


def test_forged_sequence_is_forgotten_once_its_line_contradicts_it(feed: Feed) -> None:
    feed.push(A, control(2**63), 1)
    assert feed.status.state is FeedState.GAP
    for i in range(8):
        feed.push(A, packet(4 + i, 1), 2 + i)
        feed.take()
    assert feed.status.state is FeedState.LIVE
    assert feed.status.next == 12


def test_forged_sequence_of_a_line_that_falls_silent_is_forgotten(feed: Feed) -> None:
    feed.push(A, control(2**63), 1)
    for second in range(1, 4):
        feed.push(B, packet(3 + second, 1), second * SECOND)
        feed.take()
        feed.poll(second * SECOND)
    assert feed.status.state is FeedState.LIVE


def test_flood_of_far_sequences_is_bounded_and_the_stream_goes_on(feed: Feed) -> None:
    for i in range(10_000):
        feed.push(B, packet(1_000_000 * (i + 2), 3), 1)
    feed.poll(1)
    feed.poll(2 * MS)
    requests = feed.requests(2 * MS)
    assert len(requests) <= 32
    assert max(first + count for first, count in requests) <= 4 + 1024
    assert feed.status.held == 0
    assert feed.stats["overflow"] == 30_000
    assert feed.push(A, packet(4, 1), 2 * MS) == 1
