"""Flattening because a breaker asks for it: tried again at a bounded pace until nothing of its scope is held."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tickwire.config import Config
from tickwire.host.logs import Log
from tickwire.native import Control, lib
from tickwire.native.control import stop_names
from tickwire.services.alerts import Cause
from tickwire.services.closing import Where, closable, where_of
from tickwire.services.ledger import Ledger
from tickwire.services.ledger_book import FIRM, Scope
from tickwire.services.order_desk import ANY_VENUE, OrderDesk, net_positions

RETRY_NS = 2_000_000_000
SAID_MAX = 20  # positions that a line names
ORDERS_SAID_MAX = 5

Place = tuple[str, str]  # scope, name


class Working(Protocol):
    """What works already: orders that may still trade, and whether a parent that was started may."""

    def orders(self) -> Iterable[Any]: ...
    def parent(self, parent_id: int) -> bool: ...


class NothingWorks:
    """A box on which nothing does."""

    def orders(self) -> Iterable[Any]:
        """None."""
        return ()

    def parent(self, parent_id: int) -> bool:
        """None does."""
        return False


@dataclass(slots=True)
class Chase:
    """A place that is to be flat: when it is tried again, how often it was since it was last flat, what is left."""

    due_ns: int
    tries: int = 0
    left: str = ""


class BreakerFlatten:
    """Closes what is held where it is told to; what cannot leave now is tried again every two seconds."""

    def __init__(
        self,
        config: Config,
        indices: Mapping[str, Mapping[str, int]],
        control: Control,
        desk: OrderDesk,
        ledger: Ledger,
        working: Working,
        clock_ns: Callable[[], int],
        log: Log,
    ) -> None:
        self.config = config  # with the limits in force
        self._indices = indices
        self._control = control
        self._desk = desk
        self._ledger = ledger
        self._working = working
        self._clock_ns = clock_ns
        self._log = log
        self._chases: dict[Place, Chase] = {}
        self._parents: dict[Where, int] = {}
        self._strategies = {item.number: item.name for item in config.strategies}

    def begin(self, scope: str, name: str) -> None:
        """Close what is held there, now."""
        self._chases[scope, name] = Chase(self._clock_ns())
        self._follow((scope, name))

    def check(self, held_open: set[Place], held_half: set[Place]) -> None:
        """Go on.  held_open: to be flat as long as they are named; held_half: only what was begun and is not yet."""
        for place in held_open - self._chases.keys():
            self._chases[place] = Chase(self._clock_ns())
        for place in list(self._chases):
            if place not in held_open | held_half:
                self._end(place)
            elif not self._follow(place) and place not in held_open:
                del self._chases[place]

    def causes(self) -> Iterator[Cause]:
        """Places that a try has not made flat."""
        for (scope, name), chase in self._chases.items():
            if chase.left:
                subject = f"{scope} {name}".strip()
                text = f"{subject}: a breaker wants it flat, tried {chase.tries} times; left: {chase.left}"
                yield Cause("flatten-not-finished", subject, text)

    def _end(self, place: Place) -> None:
        chase = self._chases.pop(place)
        if chase.left:
            self._log.warning("flatten_ended", scope=place[0], of=place[1], left=chase.left, why="the breaker closed")

    def _follow(self, place: Place) -> bool:
        """Try when it is time; whether anything is held there."""
        chase, held = self._chases[place], self._held(place)
        if not held:
            if chase.left:
                self._log.info("flatten_finished", scope=place[0], of=place[1], tries=chase.tries)
            chase.tries, chase.left = 0, ""
        elif self._clock_ns() >= chase.due_ns:
            chase.due_ns = self._clock_ns() + RETRY_NS
            if chase.tries:  # what a try before has left
                self._desk.cancel_scope(place[0], self._index(place))
            left = self._try(held)
            if chase.tries:
                chase.left = left
                self._log.error("flatten_not_finished", scope=place[0], of=place[1], tries=chase.tries, left=left)
            chase.tries += 1
        return bool(held)

    def _index(self, place: Place) -> int:
        return self._indices[place[0]][place[1]]

    def _held(self, place: Place) -> dict[Where, int]:
        wanted = Scope(**({place[0]: self._index(place)} if place[0] != "firm" else {}))
        return {where: shares for where, shares in net_positions(self._ledger, wanted).items() if shares}

    def _try(self, held: Mapping[Where, int]) -> str:
        """Close what may be closed; what was held and what became of it, in words."""
        orders: dict[Where, list[Any]] = defaultdict(list)
        for order in self._working.orders():
            orders[where_of(order)].append(order)
        firm = net_positions(self._ledger, FIRM)
        said = [
            f"{self._what(where, shares)}: {self._close(where, shares, firm.get(where, 0), orders[where])}"
            for where, shares in held.items()
        ]
        return "; ".join(said[:SAID_MAX]) + (f"; and {len(said) - SAID_MAX} more" if len(said) > SAID_MAX else "")

    def _close(self, where: Where, shares: int, net: int, orders: list[Any]) -> str:
        """Close as much of it as no open order can take; net: over all venues."""
        if why := self._barred(where):
            return why
        if (parent := self._parents.get(where, 0)) and self._working.parent(parent):
            return f"parent {parent} works"
        room = closable(net, orders)
        quantity = min(abs(shares), abs(room)) * (1 if shares > 0 else -1)
        told = ", ".join(f"order {order.order_id}" for order in orders[:ORDERS_SAID_MAX])
        if quantity == 0 or room * shares <= 0:
            return f"in the way is {told}" if told else "it is no position net of all venues"
        parent = self._desk.close_position(*where, ANY_VENUE, quantity)
        if not parent:
            self._log.error("position_not_closed", key=str(where), quantity=quantity, reason="no room")
            return "no room for a parent"
        self._parents[where] = parent
        return f"parent {parent} was started" + (f", in the way of the rest is {told}" if told else "")

    def _barred(self, where: Where) -> str:
        """What keeps even an order that reduces from leaving."""
        passes = self.config.risk.kill_allows_reducing
        bars = lib.STOP_BREAK | (0 if passes else lib.STOP_KILL)
        if self._control.kill and not passes:
            return "the firm is killed"
        for scope, index in zip(("firm", "instrument", "strategy", "account"), (0, *where), strict=True):
            if bits := self._control.stop_bits(scope, index) & bars:
                return f"its {scope} is stopped by {', '.join(stop_names(bits))}"
        return ""

    def _what(self, where: Where, shares: int) -> str:
        strategy = self._strategies.get(where[1], "nobody")
        return f"{self.config.symbols[where[0]]} {shares:+,} of {strategy}"
