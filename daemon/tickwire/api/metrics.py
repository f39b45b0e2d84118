"""/metrics: the segment's counters, histograms, tables and words as Prometheus families, read when somebody asks.

Names follow the C headers: ``tickwire_<stage>_<counter>``.  Money is in the currency, times in seconds.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from tickwire.api import position_sums
from tickwire.api.collaborators import Collaborators, Ledger
from tickwire.api.queries import Queries
from tickwire.api.scopes import FIRM
from tickwire.config.values import PRICE_SCALE
from tickwire.native import Histogram, Segment, lib
from tickwire.native.metric import bucket_ceilings
from tickwire.native.views import read_positions
from tickwire.services.ledger_book import Key
from tickwire.services.limit_use import LimitUse, Place

# stage -> enum of its counters, prefix of their names
COUNTERS = {
    "market-data": ("market_counter", "MARKET_COUNT_"),
    "signal-bridge": ("signal_counter", "SIGNAL_COUNT_"),
    "risk-manager": ("risk_counter", "RISK_COUNT_"),
    "execution-engine": ("execution_counter", "EXECUTION_COUNT_"),
    "router": ("route_counter", "ROUTE_COUNT_"),
    "position-tracker": ("position_counter", "POSITION_COUNT_"),
}
GAUGES = {"working", "synchronised", "session_state", "next_sequence", "open_orders", "reconciled", "kill_ns"}
BOUNDS_NS = (250, 500, *(digit * 10**power for power in (3, 4, 5) for digit in (1, 2, 5)), 10**6, 10**7, 10**9)
STAKES = {
    "gross_exposure": "Gross, working orders included, in the currency",
    "net_exposure": "Net, working orders included, in the currency",
    "credit_used": "Executed today both ways and working, in the currency",
    "daily_loss": "Of today after fees, in the currency",
    "drawdown": "From the high-water mark of today, in the currency",
}
BREAKER_STATES = {"closed": 0, "half-open": 1, "open": 2}
_NAMED = re.compile(r"^(?P<base>.*?)(?:\.(?P<venue>\d+))?$")


class SegmentCollector(Collector):
    """Counters, histograms, rings' blocks and lanes of a segment."""

    def __init__(
        self, segment: Segment, symbols: Sequence[str], venues: Sequence[str], clock_ns: Callable[[], int]
    ) -> None:
        self._segment = segment
        self._symbols = tuple(symbols)
        self._venues = tuple(venues)
        self._clock_ns = clock_ns
        self._control = segment.control()

    def collect(self) -> Iterator[Metric]:
        """One reading; each figure is consistent in itself."""
        yield from self._words()
        yield from self._lanes()
        yield from self._counters()
        yield self._verdicts()
        yield from self._histograms()
        yield from self._positions()

    def _words(self) -> Iterator[Metric]:
        control = self._control
        yield GaugeMetricFamily("tickwire_armed", "Whether the gate may open", value=control.armed)
        yield GaugeMetricFamily("tickwire_killed", "Whether the firm's kill switch is on", value=bool(control.kill))
        yield GaugeMetricFamily("tickwire_epoch", "Trading epoch", value=control.epoch)
        age_s = max(0, self._clock_ns() - control.supervisor_heartbeat_ns) / 1e9
        yield GaugeMetricFamily(
            "tickwire_supervisor_heartbeat_age_seconds", "Since it last said that it lives", value=age_s
        )

    def _lanes(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("tickwire_lane_up", "Whether the lane runs", labels=["lane"])
        starts = CounterMetricFamily("tickwire_lane_starts", "Processes that attached as this lane", labels=["lane"])
        age = GaugeMetricFamily("tickwire_lane_heartbeat_age_seconds", "Since its last heartbeat", labels=["lane"])
        cycles = CounterMetricFamily("tickwire_lane_cycles", "Duty cycles", labels=["lane", "kind"])
        longest = GaugeMetricFamily("tickwire_lane_cycle_seconds_max", "The longest duty cycle", labels=["lane"])
        for lane in self._control.lanes():
            up.add_metric([lane.name], lane.state == "running")
            starts.add_metric([lane.name], lane.starts)
            age.add_metric([lane.name], max(0, self._clock_ns() - lane.heartbeat_ns) / 1e9)
            cycles.add_metric([lane.name, "all"], lane.cycles)
            cycles.add_metric([lane.name, "busy"], lane.cycles_busy)
            longest.add_metric([lane.name], lane.cycle_ns_max / 1e9)
        yield from (up, starts, age, cycles, longest)

    def _counters(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        for name, kind, _ in self._segment.blocks():
            base, venue = self._split(name)
            if kind != lib.BLOCK_COUNTERS or base not in COUNTERS:
                continue
            for counter, value in self._segment.counters(name).named(*COUNTERS[base]).items():
                if counter == "count":  # how many there are
                    continue
                title = f"tickwire_{base.replace('-', '_')}_{counter}"
                text = f"{base}: {counter.replace('_', ' ')}"
                if title not in families:
                    family = GaugeMetricFamily if counter in GAUGES else CounterMetricFamily
                    families[title] = family(title, text, labels=["venue"])
                families[title].add_sample(
                    title if counter in GAUGES else f"{title}_total", {"venue": venue} if venue else {}, value
                )
        yield from families.values()

    def _verdicts(self) -> Metric:
        family = CounterMetricFamily("tickwire_risk_verdicts", "Intents judged, by verdict", labels=["reason"])
        for reason, value in self._segment.counters("risk-manager").named("risk_verdict", "RISK_").items():
            if reason != "verdict_count":
                family.add_metric([reason], value)
        return family

    def _histograms(self) -> Iterator[Metric]:
        families: dict[str, HistogramMetricFamily] = {}
        for name, kind, _ in self._segment.blocks():
            if kind != lib.BLOCK_HISTOGRAM:
                continue
            base, venue = self._split(name)
            title = f"tickwire_{base.removeprefix('latency.').replace('-', '_').replace('.', '_')}_seconds"
            if title not in families:
                families[title] = HistogramMetricFamily(title, f"Latency: {base}", labels=["venue"])
            buckets, total_s = _buckets(self._segment.histogram(name))
            families[title].add_metric([venue], buckets, total_s)
        yield from families.values()

    def _positions(self) -> Iterator[Metric]:
        quantity = GaugeMetricFamily("tickwire_position_shares", "Shares held", labels=["instrument"])
        pnl = GaugeMetricFamily("tickwire_pnl", "Profit in the currency, before fees", labels=["instrument", "kind"])
        known = GaugeMetricFamily("tickwire_position_known", "Whether the position is known", labels=["instrument"])
        for position in read_positions(self._segment, self._symbols):
            quantity.add_metric([position.symbol], position.quantity)
            pnl.add_metric([position.symbol, "realised"], position.realised / PRICE_SCALE)
            pnl.add_metric([position.symbol, "unrealised"], position.unrealised / PRICE_SCALE)
            known.add_metric([position.symbol], position.known)
        yield from (quantity, pnl, known)

    def _split(self, name: str) -> tuple[str, str]:
        """A block's name without its venue's number, and that venue's name."""
        match = _NAMED.match(name)
        assert match is not None
        if match["venue"] is None:
            return match["base"], ""
        index = int(match["venue"])
        return match["base"], self._venues[index] if index < len(self._venues) else match["venue"]


class OperationsCollector(Collector):
    """Stops, breakers, limits' use, breaks and the health of the record."""

    def __init__(self, parts: Collaborators, segment: Segment) -> None:
        self._parts = parts
        self._limit_use = LimitUse(segment)
        self._queries = Queries(parts)

    def collect(self) -> Iterator[Metric]:
        """One reading."""
        stop = GaugeMetricFamily("tickwire_stop", "What stops a scope", labels=["scope", "name", "by"])
        for line in self._queries.stops():
            for name in line.stops:
                stop.add_metric([line.scope, line.name, name], 1)
        yield stop
        breaker = GaugeMetricFamily(
            "tickwire_breaker_state", "0 closed, 1 half-open, 2 open", labels=["scope", "name", "trigger", "action"]
        )
        for found in (one.view for one in self._queries.all_breakers()):
            labels = [found.scope, found.name, found.trigger, found.action]
            breaker.add_metric(labels, BREAKER_STATES.get(str(found.state), 2))
        yield breaker
        yield GaugeMetricFamily(
            "tickwire_reconciliation_breaks", "Breaks that nobody has cleared", value=len(self._queries.unresolved())
        )
        yield GaugeMetricFamily(
            "tickwire_reconciliation_accepted",
            "Differences that were accepted and have not gone",
            value=len(self._queries.accepted()),
        )
        yield GaugeMetricFamily(
            "tickwire_operations_recorded",
            "0: the last operation could not be recorded",
            value=not self._parts.audit.problem,
        )
        alert = GaugeMetricFamily("tickwire_alert", "What is wrong now", labels=["alert", "subject"])
        for active in self._queries.active_alerts():
            alert.add_metric([active.alert, active.subject], 1)
        yield alert
        if self._parts.ledger is not None:
            yield from self._profits(self._parts.ledger)
        yield from self._stakes()
        use = GaugeMetricFamily(
            "tickwire_limit_use_ratio", "What is used of a limit, 1: all of it", labels=["scope", "name", "limit"]
        )
        places: dict[Place, str] = {
            (target.scope, target.index): target.name for target in self._parts.directory.targets()
        }
        limited = [place for place in places if place[0] != "venue"]
        for place, limit, ratio in self._limit_use.ratios(limited):
            use.add_metric([place[0], places[place], limit], ratio)
        yield use

    def _profits(self, ledger: Ledger) -> Iterator[Metric]:
        """Of the firm and of each instrument, strategy, account and venue that had a fill."""
        profit = GaugeMetricFamily(
            "tickwire_profit", "In the currency; net: after fees", labels=["scope", "name", "kind"]
        )
        fees = GaugeMetricFamily("tickwire_fees_paid", "Fees, in the currency", labels=["scope", "name"])
        keys = list(itertools.starmap(Key, ledger.keys()))
        for kind in ("firm", "instrument", "strategy", "account", "venue"):
            for scope in position_sums.groups(keys, FIRM, kind):
                index = getattr(scope, kind, None)
                name = "" if index is None else self._parts.directory.name(kind, index)
                total = ledger.total(**scope._asdict())
                for title in ("realised_average", "realised_fifo", "unrealised", "net"):
                    profit.add_metric([kind, name, title], getattr(total, title) / PRICE_SCALE)
                fees.add_metric([kind, name], total.fees / 1e6)
                if kind == "firm":
                    yield GaugeMetricFamily("tickwire_fees", "Fees paid, in the currency", value=total.fees / 1e6)
        yield from (profit, fees)

    def _stakes(self) -> Iterator[Metric]:
        """Money that the firm, accounts and strategies have at stake, and whether all of it could be reckoned."""
        lines = self._queries.stakes()
        for figure, text in STAKES.items():
            family = GaugeMetricFamily(f"tickwire_{figure}", text, labels=["scope", "name"])
            for line in lines:
                family.add_metric([line.scope, line.name], getattr(line, f"{figure}_1e4") / PRICE_SCALE)
            yield family
        known = GaugeMetricFamily(
            "tickwire_stake_known", "Whether all that is at stake could be reckoned", labels=["scope", "name"]
        )
        for line in lines:
            known.add_metric([line.scope, line.name], line.known and not line.stale)
        yield known


def _buckets(histogram: Histogram) -> tuple[list[tuple[str, float]], float]:
    """Cumulative counts at our bounds and the sum; a native bucket that straddles a bound counts above it (3.2 %)."""
    counts: NDArray[np.uint64] = histogram.buckets.copy()
    cumulative = np.cumsum(counts)
    found = []
    for bound in BOUNDS_NS:
        index = int(np.searchsorted(bucket_ceilings(), bound, side="right")) - 1
        found.append((str(bound / 1e9), float(cumulative[index]) if index >= 0 else 0.0))
    found.append(("+Inf", float(cumulative[-1])))
    return found, histogram.sum / 1e9


class Exposition:
    """The text of /metrics."""

    def __init__(self, collectors: Iterable[Collector]) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        for collector in collectors:
            self._registry.register(collector)

    def text(self) -> bytes:
        """In Prometheus' text format."""
        text: bytes = generate_latest(self._registry)
        return text
