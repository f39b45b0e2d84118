"""The drop copy port: every order event of every account, to as many listeners as log in.

One record for all, kept by the venue apart from the accounts' logs: firm (4 characters), then the OUCH message as that
account was sent it.  Read only: whoever says anything but heartbeats is disconnected.
"""

import selectors

from tickwire.native.venue import Venue
from tickwire.sim.connection import Connection, Login, ProtocolError
from tickwire.sim.settings import DropCopySettings, ExchangeSettings
from tickwire.sim.soup_server import SoupServer

EVERYBODY = 0  # there is one record


class DropCopy(SoupServer):
    """Sends the venue's drop copy from any sequence on."""

    def __init__(
        self,
        settings: ExchangeSettings,
        drop_copy: DropCopySettings,
        session: str,
        venue: Venue,
        selector: selectors.BaseSelector,
    ) -> None:
        super().__init__(settings, drop_copy.port, session, selector)
        self._drop_copy = drop_copy
        self._venue = venue
        self.silent_until_ns = 0

    def disconnect(self) -> int:
        """Hang up on everybody; how many connections that were."""
        victims = list(self._connections)
        for connection in victims:
            self._drop(connection)
        return len(victims)

    def listeners(self) -> int:
        """How many clients are logged in."""
        return sum(connection.account is not None for connection in self._connections)

    def _identify(self, login: Login) -> int | None:
        known = (self._drop_copy.username, self._drop_copy.password)
        return EVERYBODY if (login.username, login.password) == known else None

    def _count(self, account: int) -> int:
        return self._venue.drop_copy_count()

    def _record(self, account: int, first: int, end: int) -> bytes:
        return self._venue.drop_copy(first, end)

    def _message(self, connection: Connection, payload: bytes, stamp_ns: int, now_ns: int) -> None:
        raise ProtocolError("a drop copy takes no messages")

    def _joined(self, connection: Connection) -> None:
        """Everybody is welcome, any number of times."""

    def _left(self, connection: Connection) -> None:
        """Nothing was held for it."""

    def _may_send(self, connection: Connection, now_ns: int) -> int:
        silent = now_ns < self.silent_until_ns and not self._ended
        return -1 if silent else super()._may_send(connection, now_ns)
