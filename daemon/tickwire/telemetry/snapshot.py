"""The box at one moment, read from its segment without disturbing it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tickwire.native import LaneStatus, Segment, enum_names, now_ns
from tickwire.native.views import Position, Top, read_positions, read_tops
from tickwire.supervisor.layout import histograms, rings

Counts = Mapping[str, int]


@dataclass(frozen=True)
class RingState:
    """How far the slowest consumer is behind, and how often the producer had to wait for it."""

    lag: int
    stalls: int


@dataclass(frozen=True)
class Snapshot:
    """Everything the view and the report show.

    ``feed``, ``signal``, ``risk`` and ``orders`` are the stages' counters by the names in their C headers, ``verdicts``
    the gate's; ``latency`` has p50, p95, p99, p99_9, max (ns) and count of each histogram; money is in 1/10 000.
    """

    taken_ns: int
    armed: bool
    kill: int
    epoch: int
    session: str
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
    """Reads snapshots of one segment; symbols are those of its configuration, in order."""

    def __init__(self, segment: Segment, symbols: Sequence[str]) -> None:
        self._segment = segment
        self._symbols = tuple(symbols)
        self._control = segment.control()
        self._control.use_clock()
        self._feed = segment.counters("market-data.0")
        self._signal = segment.counters("signal-bridge")
        self._risk = segment.counters("risk-manager")
        self._orders = segment.counters("execution-engine.0")
        self._histograms = {name: segment.histogram(name) for name in histograms(1)}
        self._rings = {name: (segment.ring(name, record), consumers) for name, _, record, consumers in rings(1)}
        self._sessions = {value: name for name, value in enum_names("session_state", "SESSION_").items()}

    def read(self) -> Snapshot:
        """The box now; each figure is consistent in itself, not with the others."""
        orders = self._orders.named("execution_counter", "EXECUTION_COUNT_")
        verdicts = self._risk.named("risk_verdict", "RISK_")
        return Snapshot(
            taken_ns=now_ns(),
            armed=self._control.armed,
            kill=self._control.kill,
            epoch=self._control.epoch,
            session=self._sessions.get(orders["session_state"], "unknown"),
            feed=self._feed.named("market_counter", "MARKET_COUNT_"),
            signal=self._signal.named("signal_counter", "SIGNAL_COUNT_"),
            verdicts={name: count for name, count in verdicts.items() if name != "verdict_count"},
            risk=self._risk.named("risk_counter", "RISK_COUNT_"),
            orders=orders,
            tops=read_tops(self._segment, self._symbols),
            positions=read_positions(self._segment, self._symbols),
            latency={
                name.removeprefix("latency.").removesuffix(".0"): item.summary()
                for name, item in self._histograms.items()
            },
            lanes=tuple(self._control.lanes()),
            rings={
                name: RingState(max((ring.lag(index) for index in range(consumers)), default=0), ring.stalls)
                for name, (ring, consumers) in self._rings.items()
            },
        )
