"""The session without a socket: whatever the chunks, breaks and pauses, the record is handed on once, in order."""

import struct

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tickwire.native import lib
from tickwire.native.execution import ExecutionSettings, Session, SessionEvent

SECOND = 1_000_000_000
SETTINGS = ExecutionSettings(
    "127.0.0.1",
    1,
    "user",
    "secret",
    ["AAPL"],
    heartbeat_ns=SECOND,
    silence_ns_max=5 * SECOND,
    reconnect_ns_min=SECOND // 10,
    reconnect_ns_max=2 * SECOND,
)


def packet(kind: bytes, payload: bytes = b"") -> bytes:
    return struct.pack(">Hc", len(payload) + 1, kind) + payload


def answer(next_user_ref: int) -> bytes:
    return b"Q" + struct.pack(">QI", 1, next_user_ref)


class SessionMachine(RuleBasedStateMachine):
    """A venue that keeps a record, a wire that cuts it anywhere, a session that must piece it together."""

    def __init__(self) -> None:
        super().__init__()
        self.session = Session(SETTINGS)
        self.now_ns = 10**18
        self.up = self.logged_in = False
        self.zero_means_last = False
        self.record: list[bytes] = []
        self.wire = b""  # towards the box
        self.unread = b""  # towards the venue
        self.handed: list[bytes] = []  # since the last RESET
        self.known_at_probe = 0
        self.live = False
        self.announced = False

    @rule(zero_means_last=st.booleans())
    def venue_reads_zero_as(self, zero_means_last: bool) -> None:
        if not self.up:
            self.zero_means_last = zero_means_last

    @rule(pause_ns=st.sampled_from([1_000, SECOND // 10, SECOND, 6 * SECOND]))
    def time_passes(self, pause_ns: int) -> None:
        self.now_ns += pause_ns
        action = self.session.advance(self.now_ns)
        if action == lib.SESSION_CONNECT:
            self.up = True
            self.session.connected(self.now_ns)
        elif action == lib.SESSION_CLOSE:
            self.hang_up()

    @precondition(lambda self: self.up)
    @rule()
    def hang_up(self) -> None:
        self.up = self.logged_in = False
        self.wire = self.unread = b""
        self.session.closed(self.now_ns)
        self.check(self.session.receive(b"", self.now_ns))

    @precondition(lambda self: self.up)
    @rule()
    def venue_hears(self) -> None:
        self.unread += self.session.take(self.now_ns)
        while self.unread:
            size = struct.unpack(">H", self.unread[:2])[0]
            kind, payload, self.unread = self.unread[2:3], self.unread[3 : 2 + size], self.unread[2 + size :]
            if kind == b"L":
                self.log_in(int(payload[26:46]))
            elif kind == b"O":
                self.hang_up()
                return
            elif payload == b"Q":
                self.say(answer(len(self.record)))

    def log_in(self, sequence: int) -> None:
        behind = len(self.record) + 1
        start = sequence or (max(1, behind - 1) if self.zero_means_last else behind)
        if sequence == 0:
            self.known_at_probe = len(self.record)
        self.logged_in = True
        self.wire += packet(b"A", b"DAY1".rjust(10) + str(start).rjust(20).encode())
        self.wire += b"".join(packet(b"S", message) for message in self.record[start - 1 :])

    def say(self, message: bytes) -> None:
        self.record.append(message)
        if self.logged_in:
            self.wire += packet(b"S", message)

    @rule(body=st.binary(min_size=1, max_size=8))
    def something_happens(self, body: bytes) -> None:
        self.say(b"E" + body)

    @precondition(lambda self: not self.logged_in)
    @rule()
    def an_answer_to_nobody(self) -> None:
        self.say(answer(0))

    @precondition(lambda self: self.wire)
    @rule(size=st.integers(1, 200))
    def bytes_arrive(self, size: int) -> None:
        data, self.wire = self.wire[:size], self.wire[size:]
        self.check(self.session.receive(data, self.now_ns))

    def check(self, events: list[SessionEvent]) -> None:
        for event in events:
            if event.kind == lib.SESSION_EVENT_RESET:
                assert not self.live
                self.handed, self.announced = [], True
            elif event.kind == lib.SESSION_EVENT_DOWN:
                self.live = False
            elif event.kind == lib.SESSION_EVENT_LIVE:
                assert len(self.handed) > self.known_at_probe
                self.live = True
            else:
                self.handed.append(event.data)
                assert event.sequence == len(self.handed)
                assert event.replayed != self.live or event.data[:1] == b"Q"

    @invariant()
    def what_was_handed_on_is_the_record(self) -> None:
        assert self.handed == self.record[: len(self.handed)]
        assert not self.live or self.announced
        assert self.session.counts.malformed == 0


TestSessionMachine = SessionMachine.TestCase
TestSessionMachine.settings = settings(max_examples=150, stateful_step_count=80, deadline=None)


@settings(max_examples=300, deadline=None)
@given(chunks=st.lists(st.binary(max_size=60)), accepted=st.booleans())
def test_no_bytes_of_a_venue_break_the_session(chunks: list[bytes], accepted: bool) -> None:
    session = Session(SETTINGS)
    now_ns = 10**18
    for chunk in chunks:
        now_ns += SECOND
        action = session.advance(now_ns)
        if action == lib.SESSION_CONNECT:
            session.connected(now_ns)
            if accepted:
                session.receive(packet(b"A", b"DAY1".rjust(10) + b"1".rjust(20)), now_ns)
        elif action == lib.SESSION_CLOSE:
            session.closed(now_ns)
        session.receive(chunk, now_ns)
        session.take(now_ns)
    assert session.counts.state <= lib.SESSION_REFUSED


def test_a_session_that_flaps_waits_longer_each_time_up_to_the_maximum() -> None:
    session = Session(SETTINGS)
    now_ns, pauses = 10**18, []
    for _ in range(8):
        down_ns = now_ns
        while session.advance(now_ns) != lib.SESSION_CONNECT:
            now_ns += 1_000_000
        pauses.append((now_ns - down_ns) / SECOND)
        session.closed(now_ns)
    assert pauses == [0, 0.1, 0.2, 0.4, 0.8, 1.6, 2, 2]
