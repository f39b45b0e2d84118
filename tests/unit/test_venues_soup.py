"""A SoupBinTCP session that is followed: against a server in the same loop that says exactly what each test wants."""

import asyncio
import contextlib
import struct
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from tickwire.venues.soup import Backoff, SoupGarbageError, SoupPackets, SoupSession, SoupSettings, login_packet

Script = Callable[["Talk"], Awaitable[None]]
WAIT = 20.0  # bound of every wait; reached only when something is broken


def packet(kind: bytes, payload: bytes = b"") -> bytes:
    return struct.pack(">H", len(payload) + 1) + kind + payload


def accepted(session: str = "ONE", sequence: int = 1) -> bytes:
    return packet(b"A", f"{session:>10}{sequence:>20}".encode())


class Talk:
    """One connection, from the server's side."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.login = b""

    async def packet(self) -> bytes:
        (size,) = struct.unpack(">H", await self.reader.readexactly(2))
        return await self.reader.readexactly(size)

    async def log_in(self, answer: bytes) -> None:
        self.login = await self.packet()
        self.say(answer)

    def say(self, *packets: bytes) -> None:
        self.writer.write(b"".join(packets))

    @property
    def asked(self) -> tuple[str, int]:
        """Session and sequence of the login."""
        return self.login[17:27].decode().strip(), int(self.login[27:47])


class Told:
    """What the handler was told, in order."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.changed = asyncio.Event()

    def _note(self, event: Any) -> None:
        self.events.append(event)
        self.changed.set()

    def session_reset(self, session: str, complete: bool) -> None:
        self._note(("reset", session, complete))

    def session_up(self) -> None:
        self._note("up")

    def session_down(self, why: str) -> None:
        self._note(("down", why))

    def session_heartbeat(self) -> None:
        self._note("heartbeat")

    def session_message(self, sequence: int, payload: bytes) -> None:
        self._note((sequence, payload))

    async def until(self, event: Any) -> None:
        while event not in self.events:
            self.changed.clear()
            await self.changed.wait()

    @property
    def messages(self) -> list[Any]:
        return [event for event in self.events if isinstance(event, tuple) and isinstance(event[0], int)]

    @property
    def downs(self) -> list[str]:
        return [event[1] for event in self.events if isinstance(event, tuple) and event[0] == "down"]


def follow(
    scripts: list[Script], check: Callable[[Told, SoupSession], Coroutine[Any, Any, None]], **settings: Any
) -> tuple[Told, SoupSession, list[float]]:
    """Run a session against a server whose n-th connection follows the n-th script, the last one for ever after."""

    async def scene() -> tuple[Told, SoupSession, list[float]]:
        count = 0

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal count
            script = scripts[min(count, len(scripts) - 1)]
            count += 1
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await script(Talk(reader, writer))
            writer.close()

        pauses: list[float] = []

        async def pause(seconds: float) -> None:
            pauses.append(seconds)
            await asyncio.sleep(0)

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        told = Told()
        chosen = {"host": "127.0.0.1", "port": port, "username": "DROP", "password": "secret"} | settings
        session = SoupSession(SoupSettings(**chosen), told, lambda: 0.0, pause)
        running = asyncio.create_task(session.run())
        try:
            async with asyncio.timeout(WAIT):
                await check(told, session)
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
            server.close()
        return told, session, pauses

    return asyncio.run(scene())


async def linger(talk: Talk) -> None:
    """Keep the connection until the client leaves."""
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            await talk.packet()


def test_it_logs_in_from_the_first_message_and_hands_out_every_one_in_order() -> None:
    async def server(talk: Talk) -> None:
        await talk.log_in(accepted())
        assert talk.asked == ("", 1)
        talk.say(packet(b"S", b"one"), packet(b"+", b"debug"), packet(b"S", b"two"), packet(b"H"))
        await linger(talk)

    told, session, _ = follow([server], lambda told, _: told.until("heartbeat"))
    assert told.events == [("reset", "ONE", True), "up", (1, b"one"), (2, b"two"), "heartbeat"]
    assert session.next_sequence == 3


def test_after_a_disconnect_it_continues_after_the_last_message_it_had() -> None:
    async def first(talk: Talk) -> None:
        await talk.log_in(accepted())
        talk.say(packet(b"S", b"one"), packet(b"S", b"two"), packet(b"S", b"cut off")[:5])

    async def second(talk: Talk) -> None:
        await talk.log_in(accepted(sequence=3))
        assert talk.asked == ("ONE", 3)
        talk.say(packet(b"S", b"three"))
        await linger(talk)

    told, session, _ = follow([first, second], lambda told, _: told.until((3, b"three")))
    assert told.messages == [(1, b"one"), (2, b"two"), (3, b"three")]
    assert [event for event in told.events if event[0] == "reset"] == [("reset", "ONE", True)]
    assert told.downs == ["the venue closed the connection"]
    assert session.counters["restarts"] == 0


@pytest.mark.parametrize("answer", [accepted("TWO", 2), accepted("ONE", 3), accepted("ONE", 1)])
def test_where_the_venue_cannot_continue_it_begins_again_from_the_first_message(answer: bytes) -> None:
    async def first(talk: Talk) -> None:
        await talk.log_in(accepted())
        talk.say(packet(b"S", b"one"))

    async def second(talk: Talk) -> None:
        await talk.log_in(answer)
        talk.say(packet(b"S", b"not to be handed out"))
        await linger(talk)

    async def third(talk: Talk) -> None:
        await talk.log_in(accepted("TWO", 1))
        assert talk.asked == ("", 1)
        talk.say(packet(b"S", b"again"))
        await linger(talk)

    told, session, _ = follow([first, second, third], lambda told, _: told.until((1, b"again")))
    assert told.messages == [(1, b"one"), (1, b"again")]
    assert ("reset", "TWO", True) in told.events
    assert session.counters["restarts"] == 1


def test_a_record_whose_beginning_the_venue_has_lost_is_followed_and_called_incomplete() -> None:
    async def server(talk: Talk) -> None:
        await talk.log_in(accepted(sequence=500))
        talk.say(packet(b"S", b"late"))
        await linger(talk)

    told, _, _ = follow([server], lambda told, _: told.until((500, b"late")))
    assert told.events[0] == ("reset", "ONE", False)


@pytest.mark.parametrize(("reason", "text"), [(b"A", "not authorised"), (b"S", "no such session"), (b"?", "refused")])
def test_a_refused_login_is_said_and_tried_again_with_growing_pauses(reason: bytes, text: str) -> None:
    async def server(talk: Talk) -> None:
        await talk.log_in(packet(b"J", reason))
        await linger(talk)

    async def check(told: Told, _: SoupSession) -> None:
        while len(told.downs) < 5:
            told.changed.clear()
            await told.changed.wait()

    told, session, pauses = follow([server], check, reconnect_s_min=0.1, reconnect_s_max=1.0)
    assert all(text in why for why in told.downs)
    assert pauses[:5] == [0.1, 0.2, 0.4, 0.8, 1.0]
    assert session.counters["logins"] == 0


GARBAGE = [
    b"GET / HTTP/1.1\r\n\r\n",
    b"\xff" * 100,
    b"\0\0",
    packet(b"?"),
    packet(b"A", b"too short"),
    packet(b"S", b"before the login answer"),
    packet(b"A", b"ONE       " + b"not a number".rjust(20)),
    accepted(sequence=0),
    packet(b"J"),
]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_instead_of_a_login_answer_is_counted_and_the_next_connection_is_as_good_as_any(garbage: bytes) -> None:
    async def hostile(talk: Talk) -> None:
        await talk.log_in(garbage)
        await linger(talk)

    async def honest(talk: Talk) -> None:
        await talk.log_in(accepted())
        talk.say(packet(b"S", b"one"))
        await linger(talk)

    told, session, _ = follow([hostile, honest], lambda told, _: told.until((1, b"one")))
    assert session.counters["malformed"] == 1
    assert len(told.downs) == 1


@pytest.mark.parametrize(
    "garbage", [b"\0\0", packet(b"?"), accepted(), packet(b"J", b"A"), b"\xff\xff\0", packet(b"L")]
)
def test_garbage_after_the_login_ends_the_connection_and_loses_no_message(garbage: bytes) -> None:
    async def hostile(talk: Talk) -> None:
        await talk.log_in(accepted())
        talk.say(packet(b"S", b"one") + garbage + packet(b"S", b"behind garbage"))
        await linger(talk)

    async def honest(talk: Talk) -> None:
        await talk.log_in(accepted(sequence=2))
        assert talk.asked == ("ONE", 2)
        talk.say(packet(b"S", b"two"))
        await linger(talk)

    told, session, _ = follow([hostile, honest], lambda told, _: told.until((2, b"two")))
    assert told.messages == [(1, b"one"), (2, b"two")]
    assert session.counters["malformed"] == 1


def test_a_silent_venue_is_left() -> None:
    async def silent(talk: Talk) -> None:
        await talk.log_in(accepted())
        await linger(talk)

    async def check(told: Told, _: SoupSession) -> None:
        while not told.downs:
            told.changed.clear()
            await told.changed.wait()

    told, session, _ = follow([silent], check, silence_s_max=0.05)
    assert told.downs[0] == "the venue was silent for 0.05 s"
    assert session.counters["silences"] >= 1


def test_bytes_that_never_become_a_packet_are_silence() -> None:
    async def dripping(talk: Talk) -> None:
        await talk.log_in(accepted())
        talk.say(struct.pack(">H", 60_000) + b"S")
        while True:
            talk.say(b"x")
            await talk.writer.drain()
            await asyncio.sleep(0.001)

    async def check(told: Told, _: SoupSession) -> None:
        while not told.downs:
            told.changed.clear()
            await told.changed.wait()

    told, _, _ = follow([dripping], check, silence_s_max=0.05)
    assert "silent" in told.downs[0]
    assert told.messages == []


def test_it_sends_heartbeats_of_its_own() -> None:
    heard = asyncio.Event()

    async def server(talk: Talk) -> None:
        await talk.log_in(accepted())
        for _ in range(3):
            assert await talk.packet() == b"R"
        heard.set()
        await linger(talk)

    async def check(told: Told, session: SoupSession) -> None:
        await heard.wait()

    follow([server], check, heartbeat_s=0.005)


def test_nobody_there_is_said_in_words() -> None:
    async def check(told: Told, _: SoupSession) -> None:
        while not told.downs:
            told.changed.clear()
            await told.changed.wait()

    async def nobody(talk: Talk) -> None:
        raise AssertionError

    told, _, _ = follow([nobody], check, port=1)
    assert told.downs[0].startswith("no connection: ")


def test_the_end_of_the_session_is_counted_and_the_record_kept() -> None:
    async def server(talk: Talk) -> None:
        await talk.log_in(accepted())
        talk.say(packet(b"S", b"one"), packet(b"Z"))

    async def check(told: Told, _: SoupSession) -> None:
        while not told.downs:
            told.changed.clear()
            await told.changed.wait()

    told, session, _ = follow([server], check)
    assert session.counters["ends"] >= 1
    assert told.messages[0] == (1, b"one")


@pytest.mark.parametrize("turns", range(0, 60, 3))
def test_it_ends_when_it_is_cancelled_at_whatever_moment(turns: int) -> None:
    async def server(talk: Talk) -> None:
        await talk.log_in(packet(b"J", b"A"))

    async def check(told: Told, _: SoupSession) -> None:
        for _turn in range(turns):
            await asyncio.sleep(0)

    follow([server], check)  # returns only when the session has ended


def test_packets_are_the_same_however_the_bytes_are_cut() -> None:
    stream = b"".join((accepted(), packet(b"S", b""), packet(b"S", bytes(600)), packet(b"H")))
    whole = list(SoupPackets().feed(stream))
    single, halves = SoupPackets(), SoupPackets()
    assert [found for byte in stream for found in single.feed(bytes([byte]))] == whole
    assert [*halves.feed(stream[:400]), *halves.feed(stream[400:])] == whole
    assert [len(payload) for _, payload in whole] == [30, 0, 600, 0]
    with pytest.raises(SoupGarbageError):
        list(SoupPackets().feed(b"\0\0"))


def test_pauses_double_to_a_maximum_are_shortened_by_chance_and_begin_anew() -> None:
    chances = iter([0.0, 1.0, 0.5, 0.0, 0.0, 0.0])
    backoff = Backoff(1.0, 6.0, 0.2, lambda: next(chances))
    assert [backoff.pause_s() for _ in range(4)] == pytest.approx([1.0, 1.6, 3.6, 6.0])
    backoff.reset()
    assert backoff.pause_s() == 1.0
    for _ in range(5000):  # never overflows
        Backoff(1.0, 6.0, 0.2, lambda: 0.0).pause_s()


@pytest.mark.parametrize("field", ["username", "password", "session"])
def test_text_the_protocol_cannot_carry_is_refused_before_anything_runs(field: str) -> None:
    settings = {"username": "U", "password": "P", "session": ""} | {field: "much too long for it"}
    with pytest.raises(ValueError, match=field):
        login_packet(SoupSettings(host="x", port=1, **settings), settings["session"], 1)  # type: ignore[arg-type]
