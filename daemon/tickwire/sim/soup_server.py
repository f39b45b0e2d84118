"""A SoupBinTCP port: logins, heartbeats, and to each client a record from the sequence it asks for and then on.

What the record is, who may log in and what a client may say is the subclass's business.
"""

import selectors
import socket
from abc import ABC, abstractmethod
from collections import Counter

from tickwire.native import ffi, lib
from tickwire.sim.connection import LOG_MESSAGES, Connection, DisconnectedError, Login, ProtocolError, decode_login
from tickwire.sim.settings import SECOND_NS, ExchangeSettings

BACKLOG = 64
CONNECTION_COUNT_MAX = 256  # logged in or not; more are closed at once
PENDING_MAX = 1 << 16  # bytes: more of the record is queued only below this


def _packet(kind: int, payload: bytes = b"") -> bytes:
    return (len(payload) + 1).to_bytes(2, "big") + bytes([kind]) + payload


def _accepted(session: str, sequence: int) -> bytes:
    buffer = ffi.new("uint8_t[]", lib.SOUP_ACCEPTED_SIZE)
    accepted = ffi.new("struct soup_accepted *", {"session": session.encode("ascii"), "sequence": sequence})
    return bytes(ffi.buffer(buffer, lib.soup_encode_accepted(accepted, buffer, lib.SOUP_ACCEPTED_SIZE)))


class SoupServer(ABC):
    """Accepts, authenticates, listens, and sends each client its record."""

    def __init__(self, settings: ExchangeSettings, port: int, session: str, selector: selectors.BaseSelector) -> None:
        self._settings = settings
        self._session = session
        self._selector = selector
        self._connections: set[Connection] = set()
        self._ended = False  # the day is over: nobody is disconnected any more
        self.counters: Counter[str] = Counter(
            dict.fromkeys(
                ("connects", "logins", "refused", "displaced", "malformed", "timeouts", "stalls", "disconnects"), 0
            )
        )
        self._listener = socket.create_server((settings.interface_address, port), backlog=BACKLOG, reuse_port=False)
        self.port = int(self._listener.getsockname()[1])
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)

    # ---- what a subclass decides ----

    @abstractmethod
    def _identify(self, login: Login) -> int | None:
        """The account a login is for; None: refuse it."""

    @abstractmethod
    def _message(self, connection: Connection, payload: bytes, stamp_ns: int, now_ns: int) -> None:
        """An unsequenced message of a client that is logged in.  ProtocolError ends the connection."""

    @abstractmethod
    def _count(self, account: int) -> int:
        """How many messages the account's record has."""

    @abstractmethod
    def _record(self, account: int, first: int, end: int) -> bytes:
        """The packets of its sequences first to end, end not included."""

    @abstractmethod
    def _joined(self, connection: Connection) -> None:
        """A client has logged in."""

    @abstractmethod
    def _left(self, connection: Connection) -> None:
        """A client that was logged in is gone."""

    def _may_send(self, connection: Connection, now_ns: int) -> int:
        """Up to which sequence the record may be sent now; -1: nothing at all may be said."""
        return self._count(connection.account) if connection.account is not None else 0

    # ---- the port ----

    def _accept(self, now_ns: int) -> None:
        try:
            sock, _ = self._listener.accept()
        except OSError:  # it left before we came, or descriptors ran out: the next event tries again
            return
        self.counters["connects"] += 1
        if len(self._connections) >= CONNECTION_COUNT_MAX:
            self.counters["refused"] += 1
            sock.close()
            return
        connection = Connection(sock, now_ns)
        self._connections.add(connection)
        self._selector.register(sock, selectors.EVENT_READ, lambda now: self._ready(connection, now))

    def _ready(self, connection: Connection, now_ns: int) -> None:
        try:
            stamp_ns = connection.receive(now_ns)
            for kind, payload in connection.packets():
                self._packet(connection, kind, payload, stamp_ns, now_ns)
        except ProtocolError:
            self._malformed(connection)
        except DisconnectedError:
            self._drop(connection)

    def _malformed(self, connection: Connection) -> None:
        self.counters["malformed"] += 1
        self._drop(connection)

    def _packet(self, connection: Connection, kind: int, payload: bytes, stamp_ns: int, now_ns: int) -> None:
        if connection.closing or kind in (lib.SOUP_CLIENT_HEARTBEAT, lib.SOUP_DEBUG):
            return
        if kind == lib.SOUP_LOGOUT_REQUEST:
            raise DisconnectedError("logged out")
        if kind == lib.SOUP_LOGIN_REQUEST and connection.account is None:
            self._login(connection, payload, now_ns)
        elif kind == lib.SOUP_UNSEQUENCED and connection.account is not None:
            self._message(connection, payload, stamp_ns, now_ns)
        else:
            raise ProtocolError(f"packet {chr(kind)!r} out of place")

    def _login(self, connection: Connection, payload: bytes, now_ns: int) -> None:
        login = decode_login(payload)
        account = self._identify(login)
        if account is None or login.session not in ("", self._session):
            reason = lib.SOUP_REJECT_NOT_AUTHORIZED if account is None else lib.SOUP_REJECT_SESSION
            self.counters["refused"] += 1
            connection.say(_packet(lib.SOUP_LOGIN_REJECTED, bytes([reason])), now_ns)
            connection.closing = True
            return
        self.counters["logins"] += 1
        end = self._count(account) + 1
        connection.account = account
        connection.next_sequence = end if login.sequence == 0 else min(login.sequence, end)
        self._joined(connection)
        connection.say(_accepted(self._session, connection.next_sequence), now_ns)

    def _drop(self, connection: Connection) -> None:
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        self._selector.unregister(connection.sock)
        connection.sock.close()
        self.counters["disconnects"] += 1
        if connection.account is not None:
            self._left(connection)

    def pump(self, now_ns: int) -> None:
        """Send every client what its record has gained, as far as it reads."""
        for connection in list(self._connections):
            end = self._may_send(connection, now_ns)
            silent = end < 0
            if not silent:
                self._queue(connection, end + 1, now_ns)
                try:
                    connection.send(now_ns)
                except DisconnectedError:
                    self._drop(connection)
                    continue
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.pending and not silent else 0)
            key = self._selector.get_key(connection.sock)
            if key.events != events:
                self._selector.modify(connection.sock, events, key.data)

    def _queue(self, connection: Connection, end: int, now_ns: int) -> None:
        if connection.account is None:
            return
        while connection.next_sequence < end and connection.pending < PENDING_MAX:
            stop = min(end, connection.next_sequence + LOG_MESSAGES)
            connection.say(self._record(connection.account, connection.next_sequence, stop), now_ns)
            connection.next_sequence = stop

    def tick(self, now_ns: int) -> None:
        """Once in a while: heartbeats, and the end of connections that do not answer or do not read."""
        for connection in list(self._connections):
            if now_ns - connection.heard_ns > self._settings.silence_ns_max:
                self.counters["timeouts"] += 1
                self._drop(connection)
            elif connection.pending and now_ns - connection.progress_ns > self._settings.stall_ns_max:
                self.counters["stalls"] += 1
                self._drop(connection)
            elif connection.account is None or now_ns - connection.said_ns < SECOND_NS:
                continue
            elif self._may_send(connection, now_ns) >= 0:
                connection.say(_packet(lib.SOUP_SERVER_HEARTBEAT), now_ns)

    def end(self, now_ns: int) -> None:
        """Tell everybody that the session is over, and close."""
        self._ended = True
        for connection in list(self._connections):
            if connection.account is not None:
                self._queue(connection, self._count(connection.account) + 1, now_ns)
            connection.say(_packet(lib.SOUP_END_OF_SESSION), now_ns)
            connection.closing = True
        self.pump(now_ns)
        for connection in list(self._connections):  # whoever did not read it all now never will
            self._drop(connection)
        self._selector.unregister(self._listener)
        self._listener.close()
