"""The box at one moment, read from its segment without disturbing it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tickwire.config import Config
from tickwire.native import LaneStatus, Segment, enum_names, now_ns
from tickwire.native.metric import summarise
from tickwire.native.views import Position, Top, consolidate, read_positions, read_tops
from tickwire.supervisor.layout import HISTOGRAMS, VENUE_HISTOGRAMS, rings

Counts = Mapping[str, int]
ONE_VENUE = {0: "A"}
NOT_A_SUM = ("synchronised",)  # of the venues together: whether all are


@dataclass(frozen=True)
class RingState:
    """How far the slowest consumer is behind, and how often the producer had to wait for it."""

    lag: int
    stalls: int


@dataclass(frozen=True)
class VenueState:
    """One venue: its session, and its stages' counters by the names in their C headers."""

    index: int
    name: str
    session: str
    feed: Counts
    orders: Counts
    tops: tuple[Top, ...]

    @property
    def condition(self) -> str:
        """What keeps it from being traded on; "live" when nothing does."""
        if self.session != "live":
            return f"session {self.session}"
        return "live" if self.feed["synchronised"] else "feed not synchronised"


@dataclass(frozen=True)
class Snapshot:
    """Everything the view and the report show.

    ``feed`` and ``orders`` are sums over the venues, ``tops`` the best of them all, ``venues`` each by itself.
    ``signal``, ``risk``, ``feed`` and ``orders`` go by the names in the C headers, ``verdicts`` are the gate's;
    ``latency`` has p50, p95, p99, p99_9, max (ns) and count of each histogram; money is in 1/10 000.
    """

    taken_ns: int
    armed: bool
    kill: int
    epoch: int
    feed: Counts
    signal: Counts
    verdicts: Counts
    risk: Counts
    orders: Counts
    tops: tuple[Top, ...]
    positions: tuple[Position, ...]
    latency: Mapping[str, Counts]
    lanes: tuple[LaneStatus, ...]
    rings: Mapping[str, RingState]
    venues: tuple[VenueState, ...]
    stops: tuple[tuple[str, int, int], ...] = field(default=())  # scope, index, bits

    @property
    def session(self) -> str:
        """What the first session that is not live does; "live" when all are."""
        return next((venue.session for venue in self.venues if venue.session != "live"), "live")

    @property
    def pnl(self) -> int:
        """Realised and unrealised, all instruments."""
        return sum(position.realised + position.unrealised for position in self.positions)

    @property
    def fills(self) -> int:
        """Executions of own orders, all instruments; by the positions, which a replay does not change."""
        return sum(position.fills for position in self.positions)

    @property
    def filled_shares(self) -> int:
        """Shares bought and sold in them."""
        return sum(position.bought + position.sold for position in self.positions)

    @property
    def refusals(self) -> Counts:
        """Intents the gate refused, by reason; only reasons that occurred."""
        return {name: count for name, count in self.verdicts.items() if count and name != "pass"}


class SnapshotReader:
    """Reads snapshots of one segment; symbols and venues (by index) are those of its configuration."""

    def __init__(self, segment: Segment, symbols: Sequence[str], venues: Mapping[int, str] = ONE_VENUE) -> None:
        self._segment = segment
        self._symbols = tuple(symbols)
        self._venues = dict(venues)
        self._control = segment.control()
        self._control.use_clock()
        self._feeds = {venue: segment.counters(f"market-data.{venue}") for venue in venues}
        self._signal = segment.counters("signal-bridge")
        self._risk = segment.counters("risk-manager")
        self._orders = {venue: segment.counters(f"execution-engine.{venue}") for venue in venues}
        self._histograms = {name: [segment.histogram(name)] for name in HISTOGRAMS} | {
            name: [segment.histogram(f"{name}.{venue}") for venue in venues] for name in VENUE_HISTOGRAMS
        }
        plans = rings(max(venues) + 1)
        self._rings = {plan.name: (segment.ring(plan.name, plan.record), plan.consumers) for plan in plans}
        self._sessions = {value: name for name, value in enum_names("session_state", "SESSION_").items()}

    @classmethod
    def of(cls, segment: Segment, config: Config) -> "SnapshotReader":
        """The reader of the box with that configuration."""
        return cls(segment, config.symbols, {index: config.venues[index].name for index in config.enabled_venues})

    def read(self) -> Snapshot:
        """The box now; each figure is consistent in itself, not with the others."""
        venues = tuple(self._venue(index, name) for index, name in self._venues.items())
        verdicts = self._risk.named("risk_verdict", "RISK_")
        return Snapshot(
            taken_ns=now_ns(),
            armed=self._control.armed,
            kill=self._control.kill,
            epoch=self._control.epoch,
            feed=_sum([venue.feed for venue in venues]),
            signal=self._signal.named("signal_counter", "SIGNAL_COUNT_"),
            verdicts={name: count for name, count in verdicts.items() if name != "verdict_count"},
            risk=self._risk.named("risk_counter", "RISK_COUNT_"),
            orders=_sum([venue.orders for venue in venues]),
            tops=tuple(consolidate(tops) for tops in zip(*(venue.tops for venue in venues), strict=True)),
            positions=read_positions(self._segment, self._symbols),
            latency={name.removeprefix("latency."): summarise(parts) for name, parts in self._histograms.items()},
            lanes=tuple(self._control.lanes()),
            rings={
                name: RingState(max((ring.lag(index) for index in range(consumers)), default=0), ring.stalls)
                for name, (ring, consumers) in self._rings.items()
            },
            venues=venues,
            stops=tuple(self._control.stops()),
        )

    def _venue(self, index: int, name: str) -> VenueState:
        orders = self._orders[index].named("execution_counter", "EXECUTION_COUNT_")
        return VenueState(
            index=index,
            name=name,
            session=self._sessions.get(orders["session_state"], "unknown"),
            feed=self._feeds[index].named("market_counter", "MARKET_COUNT_"),
            orders=orders,
            tops=read_tops(self._segment, self._symbols, index),
        )


def _sum(parts: Sequence[Counts]) -> Counts:
    """The venues' counters together."""
    return {
        name: min(part[name] for part in parts) if name in NOT_A_SUM else sum(part[name] for part in parts)
        for name in parts[0]
    }
