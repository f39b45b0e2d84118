"""A SoupBinTCP 3.0 client session in asyncio: for records that are followed, not for orders.

It logs in, answers and watches heartbeats, and comes back by itself: after every disconnect it asks for the message
after the last one it had, so nothing is lost and nothing comes twice.  When the venue cannot continue there, it begins
again from the first message and says so.  Bytes that are no SoupBinTCP are counted and end the connection.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from tickwire.native import ffi, lib

RECEIVE_SIZE = 65_536
REJECTS = {
    lib.SOUP_REJECT_NOT_AUTHORIZED: "login refused: not authorised",
    lib.SOUP_REJECT_SESSION: "login refused: no such session",
}


class SoupError(Exception):
    """The connection has to end; the text says why."""


class SoupGarbageError(SoupError):
    """What came is not SoupBinTCP, or not at its place."""


class SoupHandler(Protocol):
    """Who is told what comes."""

    def session_reset(self, session: str, complete: bool) -> None:
        """Forget everything: the record begins anew; complete: with its first message."""

    def session_up(self) -> None:
        """Logged in."""

    def session_down(self, why: str) -> None:
        """Not connected any more, or still not."""

    def session_heartbeat(self) -> None:
        """The venue had nothing else to say."""

    def session_message(self, sequence: int, payload: bytes) -> None:
        """The next sequenced message."""


@dataclass(frozen=True, kw_only=True)
class SoupSettings:
    """Where to log in, and how patient to be; jitter is the fraction of a pause that is left to chance."""

    host: str
    port: int
    username: str
    password: str
    session: str = ""
    heartbeat_s: float = 1.0
    silence_s_max: float = 15.0
    connect_s_max: float = 5.0
    reconnect_s_min: float = 0.1
    reconnect_s_max: float = 10.0
    jitter: float = 0.2


class Backoff:
    """Pauses that double up to a maximum, each shortened by chance so that clients do not come back together."""

    def __init__(self, minimum_s: float, maximum_s: float, jitter: float, chance: Callable[[], float]) -> None:
        self._minimum_s, self._maximum_s, self._jitter, self._chance = minimum_s, maximum_s, jitter, chance
        self._failures = 0

    def reset(self) -> None:
        """The connection was good: begin with the shortest pause again."""
        self._failures = 0

    def pause_s(self) -> float:
        """The next pause."""
        pause = min(self._maximum_s, self._minimum_s * 2 ** min(self._failures, 32))
        self._failures += 1
        return float(pause * (1 - self._jitter * self._chance()))


class SoupPackets:
    """Splits bytes that arrive in pieces of any size into packets; SoupGarbageError where they are no SoupBinTCP."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> Iterator[tuple[int, bytes]]:
        """Type and payload of every packet that piece completes."""
        data = self._rest + piece
        view = ffi.from_buffer("uint8_t[]", data)
        packet = ffi.new("struct soup_packet *")
        offset = 0
        try:
            while (used := lib.soup_next(view + offset, len(data) - offset, packet)) > 0:
                offset += used
                yield (
                    packet.type,
                    bytes(ffi.buffer(packet.payload, packet.payload_size)) if packet.payload_size else b"",
                )
        finally:
            self._rest = data[offset:]
        if used < 0:
            raise SoupGarbageError("the venue sent bytes that are no SoupBinTCP")


def login_packet(settings: SoupSettings, session: str, sequence: int) -> bytes:
    """The login request; ValueError for text that the protocol cannot carry."""
    login = ffi.new("struct soup_login *", {"sequence": sequence})
    for name, text in (("username", settings.username), ("password", settings.password), ("session", session)):
        field = getattr(login, name)
        data = text.encode("latin-1", "replace")
        if len(data) >= ffi.sizeof(field):
            raise ValueError(f"{name}: at most {ffi.sizeof(field) - 1} characters")
        ffi.memmove(field, data, len(data))
    buffer = ffi.new("uint8_t[]", lib.SOUP_LOGIN_SIZE)
    size = lib.soup_encode_login(login, buffer, lib.SOUP_LOGIN_SIZE)
    if size < 0:
        raise ValueError("username, password or session cannot be sent by SoupBinTCP")
    return bytes(ffi.buffer(buffer, size))


def decode_accepted(payload: bytes) -> tuple[str, int]:
    """Session and next sequence of a login accepted packet; SoupGarbageError when it is none."""
    data = ffi.from_buffer("uint8_t[]", payload)
    packet = ffi.new("struct soup_packet *", {"payload_size": len(payload), "type": lib.SOUP_LOGIN_ACCEPTED})
    packet.payload = data
    accepted = ffi.new("struct soup_accepted *")
    if lib.soup_decode_accepted(packet, accepted) < 0 or accepted.sequence == 0:
        raise SoupGarbageError("the venue's login answer cannot be read")
    return ffi.string(accepted.session).decode("latin-1"), int(accepted.sequence)


def _packet(kind: int) -> bytes:
    return b"\0\1" + bytes([kind])


class SoupSession:
    """Follows one session for ever: ``run`` until cancelled."""

    def __init__(
        self,
        settings: SoupSettings,
        handler: SoupHandler,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._handler = handler
        self._sleep = sleep
        self._backoff = Backoff(settings.reconnect_s_min, settings.reconnect_s_max, settings.jitter, chance)
        self._session = settings.session
        self._next = 1
        self._following = False  # handler holds the record up to before _next
        self.counters: Counter[str] = Counter()
        self.state = "down"
        login_packet(settings, settings.session, 1)  # refuses impossible text before anything runs

    @property
    def next_sequence(self) -> int:
        """The message that is awaited."""
        return self._next

    async def run(self) -> None:
        """Connect, follow, come back; until cancelled."""
        while True:
            try:
                await self._connect()
                why = "the venue closed the connection"
            except SoupError as error:
                why = str(error)
            except TimeoutError:
                why = "no connection in time"
            except OSError as error:
                why = f"no connection: {error.strerror or error}"
            self.state = "down"
            self.counters["disconnects"] += 1
            self._handler.session_down(why)
            await self._sleep(self._backoff.pause_s())

    async def _connect(self) -> None:
        self.state = "connecting"
        self.counters["attempts"] += 1
        async with asyncio.timeout(self._settings.connect_s_max):  # wait_for may swallow a cancellation
            reader, writer = await asyncio.open_connection(self._settings.host, self._settings.port)
        heartbeats = asyncio.create_task(self._say_heartbeats(writer))
        try:
            self.state = "login"
            writer.write(login_packet(self._settings, self._session, self._next))
            await self._follow(reader)
        finally:
            heartbeats.cancel()  # not awaited: a cancellation of ours must not be taken for its own
            writer.transport.abort()

    async def _say_heartbeats(self, writer: asyncio.StreamWriter) -> None:
        while True:
            await asyncio.sleep(self._settings.heartbeat_s)
            if writer.transport.get_write_buffer_size() == 0:  # else the venue does not read: its silence will end this
                writer.write(_packet(lib.SOUP_CLIENT_HEARTBEAT))

    async def _follow(self, reader: asyncio.StreamReader) -> None:
        """Read to the end of the connection; only whole packets count as a sign of life."""
        packets = SoupPackets()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._settings.silence_s_max
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    piece = await reader.read(RECEIVE_SIZE)
            except TimeoutError:
                self.counters["silences"] += 1
                raise SoupError(f"the venue was silent for {self._settings.silence_s_max:g} s") from None
            if not piece:
                return
            try:
                for kind, payload in packets.feed(piece):
                    deadline = loop.time() + self._settings.silence_s_max
                    self._packet(kind, payload)
            except SoupGarbageError:
                self.counters["malformed"] += 1
                raise

    def _packet(self, kind: int, payload: bytes) -> None:
        if kind == lib.SOUP_DEBUG:
            return
        if self.state == "login":
            self._login_answer(kind, payload)
        elif kind == lib.SOUP_SEQUENCED:
            self._next += 1
            self.counters["messages"] += 1
            self._backoff.reset()
            self._handler.session_message(self._next - 1, payload)
        elif kind == lib.SOUP_SERVER_HEARTBEAT:
            self.counters["heartbeats"] += 1
            self._backoff.reset()
            self._handler.session_heartbeat()
        elif kind == lib.SOUP_END_OF_SESSION:
            self.counters["ends"] += 1
        elif kind != lib.SOUP_UNSEQUENCED:
            raise SoupGarbageError(f"the venue sent a packet {chr(kind)!r} out of place")

    def _login_answer(self, kind: int, payload: bytes) -> None:
        if kind == lib.SOUP_SERVER_HEARTBEAT:
            return
        if kind == lib.SOUP_LOGIN_REJECTED and payload:
            self.counters["refused"] += 1
            if payload[0] == lib.SOUP_REJECT_SESSION:
                self._forget()
            raise SoupError(REJECTS.get(payload[0], f"login refused: {payload[:1]!r}"))
        if kind != lib.SOUP_LOGIN_ACCEPTED:
            raise SoupGarbageError(f"the venue answered the login with a packet {chr(kind)!r}")
        session, sequence = decode_accepted(payload)
        if self._following and (session != self._session or sequence != self._next):
            self.counters["restarts"] += 1
            expected = f"{self._session} at {self._next}"
            self._forget()
            raise SoupError(f"the venue continues at {session} at {sequence} instead of {expected}: from the start")
        self.state = "up"
        self.counters["logins"] += 1
        if not self._following:
            self._handler.session_reset(session, sequence == 1)
        self._session, self._next, self._following = session, sequence, True
        self._handler.session_up()

    def _forget(self) -> None:
        """Ask for the record from its first message next time."""
        self._session, self._next, self._following = self._settings.session, 1, False
