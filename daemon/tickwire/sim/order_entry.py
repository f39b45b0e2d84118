"""The order entry port: SoupBinTCP sessions over which accounts speak OUCH 5.0.

An account's sequenced messages are the venue's log of it: what a client gets on login is that log from the sequence it
asks for, and then whatever is added.  One connection an account: a new login displaces the old.

The way to the venue and the way back may each take time (latency), and the port can misbehave on purpose: say nothing
for a while, answer late, hang up.
"""

import selectors
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tickwire.native.venue import Venue
from tickwire.sim.connection import Connection, Login, ProtocolError
from tickwire.sim.latency import WireToWire
from tickwire.sim.settings import ExchangeSettings
from tickwire.sim.soup_server import SoupServer


@dataclass
class Manners:
    """How the port treats one account; all of it changes at run time."""

    delay_ns: int = 0  # of what the account is told, beyond the latency
    silent_until_ns: int = 0  # nothing is said before, not even a heartbeat; orders are taken all the same


@dataclass
class Way:
    """What is under way between a client and the venue."""

    inbound: deque[tuple[int, bytes]] = field(default_factory=deque)  # due, message
    outbound: deque[tuple[int, int]] = field(default_factory=deque)  # due, messages of the log by then
    noticed: int = 0  # messages of the log that are on their way or there
    arrived: int = 0


class OrderEntry(SoupServer):
    """Feeds the venue, and sends each account its log."""

    def __init__(
        self,
        settings: ExchangeSettings,
        session: str,
        venue: Venue,
        wire: WireToWire,
        selector: selectors.BaseSelector,
        market_ns: Callable[[], int],
    ) -> None:
        super().__init__(settings, settings.order_port, session, selector)
        self._venue = venue
        self._wire = wire
        self._market_ns = market_ns
        self._online: dict[int, Connection] = {}
        self._ways: dict[Connection, Way] = {}
        self.manners = [Manners() for _ in settings.accounts]

    def online(self, account: int) -> bool:
        """Whether the account is logged in."""
        return account in self._online

    def disconnect(self, account: int | None) -> int:
        """Hang up on an account, or on everybody; how many connections that were."""
        victims = [each for each in self._connections if account is None or each.account == account]
        for connection in victims:
            self._drop(connection)
        return len(victims)

    def due_ns(self, now_ns: int) -> int | None:
        """When the next thing under way arrives, or a silence ends; None: neither is to come."""
        dues = [queue[0][0] for way in self._ways.values() for queue in (way.inbound, way.outbound) if queue]
        dues += [manners.silent_until_ns for manners in self.manners if manners.silent_until_ns > now_ns]
        return min(dues, default=None)

    def _identify(self, login: Login) -> int | None:
        for index, known in enumerate(self._settings.accounts):
            if (known.username, known.password) == (login.username, login.password):
                return index
        return None

    def _count(self, account: int) -> int:
        return self._venue.log_count(account)

    def _record(self, account: int, first: int, end: int) -> bytes:
        return self._venue.log(account, first, end)

    def _joined(self, connection: Connection) -> None:
        account = connection.account
        assert account is not None
        if (old := self._online.get(account)) is not None:
            self.counters["displaced"] += 1
            self._drop(old)
        self._online[account] = connection
        count = self._count(account)
        self._ways[connection] = Way(noticed=count, arrived=count)

    def _left(self, connection: Connection) -> None:
        account = connection.account
        assert account is not None
        way = self._ways.pop(connection)
        del self._online[account]
        for _, payload in way.inbound:  # it was sent: a cut line does not call it back
            self._venue.order(account, payload, self._market_ns())
        if self._settings.accounts[account].cancel_on_disconnect and not self._ended:
            self._venue.cancel_all(account, self._market_ns())

    def _message(self, connection: Connection, payload: bytes, stamp_ns: int, now_ns: int) -> None:
        self._wire.order(payload, stamp_ns)
        if self._settings.latency_ns > 0:
            self._ways[connection].inbound.append((now_ns + self._settings.latency_ns, payload))
        else:
            self._apply(connection, payload)

    def _apply(self, connection: Connection, payload: bytes) -> None:
        assert connection.account is not None
        if not self._venue.order(connection.account, payload, self._market_ns()):
            raise ProtocolError("not OUCH")

    def pump(self, now_ns: int) -> None:
        """Bring the venue what has arrived, and every account what its log has gained."""
        for connection, way in list(self._ways.items()):
            try:
                while way.inbound and way.inbound[0][0] <= now_ns:
                    self._apply(connection, way.inbound.popleft()[1])
            except ProtocolError:
                self._malformed(connection)
        super().pump(now_ns)

    def _may_send(self, connection: Connection, now_ns: int) -> int:
        if connection.account is None or self._ended:
            return super()._may_send(connection, now_ns)
        manners, way = self.manners[connection.account], self._ways[connection]
        count = self._count(connection.account)
        if count > way.noticed:
            way.noticed = count
            way.outbound.append((now_ns + self._settings.latency_ns + manners.delay_ns, count))
        while way.outbound and way.outbound[0][0] <= now_ns:
            way.arrived = way.outbound.popleft()[1]
        return -1 if now_ns < manners.silent_until_ns else way.arrived
