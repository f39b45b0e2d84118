"""Whatever packets come in whatever order, the feed hands out a gapless run of messages and never trips."""

import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from tickwire.native.feed import Feed, FeedSettings

SESSIONS = (b"20191230AA", b"20191231AA")
LINES = st.integers(0, 2)
TIMES = st.integers(0, 5_000_000_000)
SIZES = st.sampled_from((1, 8, 50, 54, 55, 200))


def packet(session: bytes, first: int, count: int, size: int) -> bytes:
    blocks = b"".join(
        struct.pack(">H", size) + (i % 256).to_bytes(1, "big") * size for i in range(first, first + count)
    )
    return struct.pack(">10sQH", session, first, count) + blocks


true_packets = st.builds(packet, st.just(SESSIONS[0]), st.integers(1, 150), st.integers(1, 20), SIZES)
controls = st.builds(
    lambda session, following, count: struct.pack(">10sQH", session, following, count),
    st.sampled_from(SESSIONS),
    st.integers(0, 2**64 - 1) | st.integers(0, 200),
    st.sampled_from((0, 0xFFFF, 1, 0xFFFE)),
)
strangers = st.builds(packet, st.just(SESSIONS[1]), st.integers(0, 2**64 - 21), st.integers(1, 20), SIZES)
steps = st.tuples(LINES, st.one_of(true_packets, true_packets, controls, strangers, st.binary(max_size=64)), TIMES)


@given(st.lists(steps, max_size=80), st.booleans(), st.sampled_from((0, 1, 3)), st.sampled_from((0, 16)))
@settings(deadline=None, max_examples=300)
def test_messages_are_consecutive_within_a_session(
    script: list[tuple[int, bytes, int]], accept_partial: bool, attempts_max: int, request_size: int
) -> None:
    config = FeedSettings(
        hold_count=64, request_size=request_size, attempts_max=attempts_max, accept_partial=accept_partial
    )
    with Feed(config) as feed:
        now_ns, session, following, lost = 0, 0, 1, 0
        for line, payload, pause_ns in script:
            now_ns += pause_ns // 1_000
            feed.push(line, payload, now_ns)
            status = feed.status
            if status.session != session:
                session, following, lost = status.session, status.next, feed.stats["lost"]
                assert accept_partial or following == 1
            for _ in range(2):
                for sequence, data in feed.take():
                    following += feed.stats["lost"] - lost
                    lost = feed.stats["lost"]
                    assert sequence == following
                    assert data[:1] * len(data) == data
                    following += 1
                feed.poll(now_ns)
            for first, count in feed.requests(now_ns):
                assert feed.status.next <= first < first + count <= feed.status.next + 64
                assert 1 <= count <= request_size
        assert attempts_max or feed.stats["lost"] == 0
        assert feed.status.held <= 64


@given(st.permutations([(1, 5), (4, 6), (9, 1), (10, 7), (12, 12), (23, 4), (27, 3), (20, 10)]), st.integers(0, 2))
def test_any_order_of_arrival_gives_the_same_messages(pieces: list[tuple[int, int]], other: int) -> None:
    with Feed(FeedSettings(hold_count=64)) as feed:
        feed.push(0, struct.pack(">10sQH", SESSIONS[0], 1, 0), 0)
        taken = []
        for i, (first, count) in enumerate(pieces):
            feed.push(other if i % 2 else 0, packet(SESSIONS[0], first, count, 8), 0)
            taken += [sequence for sequence, _ in feed.take()]
        assert taken == list(range(1, 30))
