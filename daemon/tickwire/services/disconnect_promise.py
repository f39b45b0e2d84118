"""Whether a venue that promises to cancel what is open when the session breaks has kept its promise."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from tickwire.host.logs import Log
from tickwire.services.blotter_records import Down, Event, Live


class Order(Protocol):
    """An order as the blotter has it."""

    @property
    def venue(self) -> int: ...
    @property
    def open(self) -> bool: ...


class DisconnectPromise:
    """Listens to the blotter: what was open when a session broke, and still is by the venue's own record, is told."""

    def __init__(self, promised: Mapping[int, str], orders: Callable[[], Mapping[int, Order]]) -> None:
        """promised: names of the venues that promise it, by index."""
        self._promised = promised
        self._orders = orders
        self._left: dict[int, frozenset[int]] = {}
        self._log = Log("disconnect-promise")

    def listen(self, event: Event) -> None:
        """An event of the blotter."""
        if isinstance(event, Down) and event.venue in self._promised:
            self._left[event.venue] = self._left.get(event.venue, frozenset()) | self._open(event.venue)
        elif isinstance(event, Live) and (left := self._left.pop(event.venue, None)):
            self._judge(event.venue, left & self._open(event.venue), len(left))

    def _open(self, venue: int) -> frozenset[int]:
        return frozenset(number for number, order in self._orders().items() if order.venue == venue and order.open)

    def _judge(self, venue: int, kept: Iterable[int], count: int) -> None:
        if kept := sorted(kept):
            self._log.error(
                "orders_outlived_disconnect",
                venue=self._promised[venue],
                orders=kept[:10],
                count=len(kept),
                of=count,
                text="the venue promises to cancel on disconnect, and did not",
            )
