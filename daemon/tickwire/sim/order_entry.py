"""The order entry port: SoupBinTCP sessions over which accounts speak OUCH 5.0.

An account's sequenced messages are the venue's log of it: what a client gets on login is that log from the sequence it
asks for, and then whatever is added.  One connection an account: a new login displaces the old.
"""

import selectors
import socket
from collections import Counter
from collections.abc import Callable

from tickwire.native import ffi, lib
from tickwire.native.venue import Venue
from tickwire.sim.connection import LOG_MESSAGES, Connection, DisconnectedError, ProtocolError, decode_login
from tickwire.sim.latency import WireToWire
from tickwire.sim.settings import SECOND_NS, ExchangeSettings

BACKLOG = 64
CONNECTION_COUNT_MAX = 256  # logged in or not; more are closed at once
PENDING_MAX = 1 << 16  # bytes: more of the log is queued only below this


def _packet(kind: int, payload: bytes = b"") -> bytes:
    return (len(payload) + 1).to_bytes(2, "big") + bytes([kind]) + payload


def _accepted(session: str, sequence: int) -> bytes:
    buffer = ffi.new("uint8_t[]", lib.SOUP_ACCEPTED_SIZE)
    accepted = ffi.new("struct soup_accepted *", {"session": session.encode("ascii"), "sequence": sequence})
    return bytes(ffi.buffer(buffer, lib.soup_encode_accepted(accepted, buffer, lib.SOUP_ACCEPTED_SIZE)))


class OrderEntry:
    """Accepts, authenticates, feeds the venue, and sends each account its log."""

    def __init__(
        self,
        settings: ExchangeSettings,
        session: str,
        venue: Venue,
        wire: WireToWire,
        selector: selectors.BaseSelector,
        market_ns: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._session = session
        self._venue = venue
        self._wire = wire
        self._selector = selector
        self._market_ns = market_ns
        self._connections: set[Connection] = set()
        self._online: dict[int, Connection] = {}
        self._ended = False  # the day is over: nobody is disconnected any more
        self.counters: Counter[str] = Counter(
            dict.fromkeys(
                ("connects", "logins", "refused", "displaced", "malformed", "timeouts", "stalls", "disconnects"), 0
            )
        )
        self._listener = socket.create_server(
            (settings.interface_address, settings.order_port), backlog=BACKLOG, reuse_port=False
        )
        self.port = int(self._listener.getsockname()[1])
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def online(self, account: int) -> bool:
        """Whether the account is logged in."""
        return account in self._online

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
            self.counters["malformed"] += 1
            self._drop(connection)
        except DisconnectedError:
            self._drop(connection)

    def _packet(self, connection: Connection, kind: int, payload: bytes, stamp_ns: int, now_ns: int) -> None:
        if connection.closing or kind in (lib.SOUP_CLIENT_HEARTBEAT, lib.SOUP_DEBUG):
            return
        if kind == lib.SOUP_LOGOUT_REQUEST:
            raise DisconnectedError("logged out")
        if kind == lib.SOUP_LOGIN_REQUEST and connection.account is None:
            self._login(connection, payload, now_ns)
        elif kind == lib.SOUP_UNSEQUENCED and connection.account is not None:
            self._wire.order(payload, stamp_ns)
            if not self._venue.order(connection.account, payload, self._market_ns()):
                raise ProtocolError("not OUCH")
        else:
            raise ProtocolError(f"packet {chr(kind)!r} out of place")

    def _login(self, connection: Connection, payload: bytes, now_ns: int) -> None:
        login = decode_login(payload)
        accounts = self._settings.accounts
        account = next(
            (
                index
                for index, known in enumerate(accounts)
                if (known.username, known.password) == (login.username, login.password)
            ),
            None,
        )
        if account is None or login.session not in ("", self._session):
            reason = lib.SOUP_REJECT_NOT_AUTHORIZED if account is None else lib.SOUP_REJECT_SESSION
            self.counters["refused"] += 1
            connection.say(_packet(lib.SOUP_LOGIN_REJECTED, bytes([reason])), now_ns)
            connection.closing = True
            return
        if (old := self._online.get(account)) is not None:
            self.counters["displaced"] += 1
            self._drop(old)
        self.counters["logins"] += 1
        end = self._venue.log_count(account) + 1
        connection.account = account
        connection.next_sequence = end if login.sequence == 0 else min(login.sequence, end)
        self._online[account] = connection
        connection.say(_accepted(self._session, connection.next_sequence), now_ns)

    def _drop(self, connection: Connection) -> None:
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        self._selector.unregister(connection.sock)
        connection.sock.close()
        self.counters["disconnects"] += 1
        if connection.account is None:
            return
        del self._online[connection.account]
        if self._settings.accounts[connection.account].cancel_on_disconnect and not self._ended:
            self._venue.cancel_all(connection.account, self._market_ns())

    def pump(self, now_ns: int) -> None:
        """Send every account what its log has gained, as far as its client reads."""
        for connection in list(self._connections):
            self._queue_log(connection, now_ns)
            try:
                connection.send(now_ns)
            except DisconnectedError:
                self._drop(connection)
                continue
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.pending else 0)
            key = self._selector.get_key(connection.sock)
            if key.events != events:
                self._selector.modify(connection.sock, events, key.data)

    def _queue_log(self, connection: Connection, now_ns: int) -> None:
        if connection.account is None:
            return
        end = self._venue.log_count(connection.account) + 1
        while connection.next_sequence < end and connection.pending < PENDING_MAX:
            stop = min(end, connection.next_sequence + LOG_MESSAGES)
            connection.say(self._venue.log(connection.account, connection.next_sequence, stop), now_ns)
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
            elif connection.account is not None and now_ns - connection.said_ns >= SECOND_NS:
                connection.say(_packet(lib.SOUP_SERVER_HEARTBEAT), now_ns)

    def end(self, now_ns: int) -> None:
        """Tell everybody that the session is over, and close."""
        self._ended = True
        for connection in list(self._connections):
            self._queue_log(connection, now_ns)
            connection.say(_packet(lib.SOUP_END_OF_SESSION), now_ns)
            connection.closing = True
        self.pump(now_ns)
        for connection in list(self._connections):  # whoever did not read it all now never will
            self._drop(connection)
        self._selector.unregister(self._listener)
        self._listener.close()
