"""Where breakers' measurements come from: the ledger, what became of orders, and counters of the sessions."""

from collections import OrderedDict
from collections.abc import Callable, Mapping

from tickwire.config import Config
from tickwire.services.blotter_records import Event, OrderChange, OrderRecord
from tickwire.services.breaker import BreakerSettings
from tickwire.services.breaker_metrics import Probes
from tickwire.services.breakers import expand
from tickwire.services.ledger import Ledger, PnL

ORDER_COUNT_MAX = 65_536  # orders whose fate is remembered, so that none counts twice
GOOD = ("live", "filled", "replaced", "canceled")  # the venue took it; what then became of it is not its fault
BAD = ("rejected", "vanished")

Scope = tuple[str, int]  # "firm", 0; "venue", index; "strategy", number


def breaker_settings(config: Config) -> tuple[BreakerSettings, ...]:
    """Every breaker of the configuration, one for each venue or strategy where none is named."""
    names = {
        "venue": [venue.name for venue in config.venues],
        "strategy": [strategy.name for strategy in config.strategies],
    }
    stated = [
        BreakerSettings(
            scope=one.scope,
            name=one.name,
            trigger=one.trigger,
            threshold=one.limit,
            action=one.action,
            window_s=one.window_s,
            cool_down_s=one.cool_down_s,
            probe_orders_max=one.probe_orders_max,
        )
        for one in config.breakers
    ]
    return expand(stated, names)


def thresholds(config: Config) -> dict[str, int]:
    """By a breaker's key, for ``Breakers.retune``: those of the limits in force."""
    return {one.key: one.threshold for one in breaker_settings(config)}


class OrderTally:
    """Counts orders by what became of them, each once: for the firm, its venue and its strategy.

    What is only told again, by a replay, and what this box did not send does not count.
    """

    def __init__(self) -> None:
        self._counts: dict[Scope, list[int]] = {}  # sent, good, bad
        self._fates: OrderedDict[int, str] = OrderedDict()

    def listen(self, event: Event) -> None:
        """An event of the blotter."""
        if isinstance(event, OrderChange):
            self._follow(event.order)

    def probes(self, scope: Scope) -> Probes:
        """Of a scope, ever."""
        return Probes(*self._counts.get(scope, (0, 0, 0)))

    def _follow(self, order: OrderRecord) -> None:
        if order.unknown or order.replayed:
            return
        before = self._fates.get(order.order_id)
        fate = "good" if order.state in GOOD else "bad" if order.state in BAD else "sent"
        if before in (fate, "good", "bad") or (before is None and order.state == "not_sent"):
            return  # an order that was accepted and then rejected is no business of a breaker
        if before is None:
            self._add(order, 0)
        if fate != "sent":
            self._add(order, 1 if fate == "good" else 2)
        self._fates[order.order_id] = fate
        if len(self._fates) > ORDER_COUNT_MAX:
            self._fates.popitem(last=False)

    def _add(self, order: OrderRecord, column: int) -> None:
        for scope in (("firm", 0), ("venue", order.venue), ("strategy", order.strategy)):
            self._counts.setdefault(scope, [0, 0, 0])[column] += 1


class BoxMetrics:
    """What this box measures of its scopes; a name that it does not have is not known.

    disconnects counts live sessions that were lost, by venue index, ever: no probe, no logout or resync of our own.
    latency_us is p99 tick to order of the last seconds, None without orders: the box times the way of an order, not
    whose it is, so it is the same for every scope.
    """

    def __init__(
        self,
        ledger: Ledger,
        tally: OrderTally,
        venues: Mapping[str, int],
        strategies: Mapping[str, int],
        disconnects: Callable[[int], int],
        latency_us: Callable[[int], int | None],
    ) -> None:
        self._ledger = ledger
        self._tally = tally
        self._numbers = {"venue": venues, "strategy": strategies}
        self._disconnects = disconnects
        self._latency_us = latency_us

    def loss(self, scope: str, name: str) -> int | None:
        """Today's, after fees."""
        total = self._total(scope, name)
        return None if total is None else -total.net

    def drawdown(self, scope: str, name: str) -> int | None:
        """From the best of today."""
        total = self._total(scope, name)
        return None if total is None else total.drawdown

    def rejects(self, scope: str, name: str) -> int | None:
        """Orders that the venue rejected."""
        found = self._scope(scope, name)
        return None if found is None else self._tally.probes(found).bad

    def disconnects(self, scope: str, name: str) -> int | None:
        """Sessions that broke: the venue's, or for firm and strategies all."""
        venues = self._numbers["venue"]
        if scope == "venue":
            return self._disconnects(venues[name]) if name in venues else None
        return sum(map(self._disconnects, venues.values()))

    def latency_us(self, scope: str, name: str, window_s: int) -> int | None:
        """p99 tick to order."""
        return self._latency_us(window_s)

    def probes(self, scope: str, name: str) -> Probes:
        """What became of orders."""
        found = self._scope(scope, name)
        return Probes() if found is None else self._tally.probes(found)

    def _scope(self, scope: str, name: str) -> Scope | None:
        if scope == "firm":
            return "firm", 0
        number = self._numbers.get(scope, {}).get(name)
        return None if number is None else (scope, number)

    def _total(self, scope: str, name: str) -> PnL | None:
        """The scope's sum, as long as it is of all its fills."""
        found = self._scope(scope, name)
        if found is None:
            return None
        kind, number = found
        total = self._ledger.total(
            venue=number if kind == "venue" else None, strategy=number if kind == "strategy" else None
        )
        return None if total.replaying else total
