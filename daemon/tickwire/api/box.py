"""The box read from its segment: services and what is wrong with each, venues, lanes.  Never writes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tickwire.api.answers import ServiceLine
from tickwire.config import STAGES
from tickwire.native import Counters, NativeError, Segment, enum_names, lib
from tickwire.native.views import read_positions

LANE_SILENCE_NS_MAX = 2_000_000_000


@dataclass(frozen=True)
class VenueFacts:
    """A venue of the configuration; fees in 1/1 000 000 of the currency a share."""

    name: str
    mic: str = ""
    fee_taker: int = 0
    fee_maker: int = 0
    enabled: bool = True  # a disabled one has no stages, and keeps nobody from being ready


@dataclass(frozen=True)
class Venue:
    """A venue as it is now."""

    name: str
    mic: str
    session: str
    feed: str
    open_orders: int
    fee_taker: int
    fee_maker: int


@dataclass(frozen=True)
class Ages:
    """How old what the box says of itself may be."""

    limits_ns_max: int = 5_000_000_000
    supervisor_ns_max: int = 2_000_000_000


class SegmentBox:
    """Reads one segment; stages_of says which stages each lane polls."""

    def __init__(
        self,
        segment: Segment,
        name: str,
        symbols: Sequence[str],
        venues: Sequence[VenueFacts],
        clock_ns: Callable[[], int],
        stages_of: Mapping[str, Sequence[str]] | None = None,
        ages: Ages | None = None,
    ) -> None:
        self.name = name
        self._segment = segment
        self._symbols = tuple(symbols)
        self._venues = tuple(venues)
        self._clock_ns = clock_ns
        self._stages_of = stages_of or {}
        self._ages = ages or Ages()
        self._control = segment.control()
        self._feeds = tuple(segment.counters(f"market-data.{index}") for index in range(len(venues)))
        self._sessions = tuple(segment.counters(f"execution-engine.{index}") for index in range(len(venues)))
        self._risk = segment.counters("risk-manager")
        self._session_names = {value: name for name, value in enum_names("session_state", "SESSION_").items()}

    @property
    def reconciled(self) -> bool:
        """Whether the gate knows own orders and positions, by the venues' record."""
        return bool(self._risk[lib.RISK_COUNT_RECONCILED])

    @property
    def open_orders(self) -> int:
        """Orders that may still trade, all venues."""
        return sum(counters[lib.EXECUTION_COUNT_OPEN_ORDERS] for counters in self._sessions)

    @property
    def positions_known(self) -> bool:
        """Whether positions are to be trusted."""
        return all(position.known for position in read_positions(self._segment, self._symbols))

    def venues(self) -> list[Venue]:
        """Each venue now."""
        return [
            Venue(
                facts.name,
                facts.mic,
                self._session(session) if facts.enabled else "disabled",
                "live" if feed[lib.MARKET_COUNT_SYNCHRONISED] else "stale or incomplete",
                session[lib.EXECUTION_COUNT_OPEN_ORDERS],
                int(facts.fee_taker),
                int(facts.fee_maker),
            )
            for facts, feed, session in zip(self._venues, self._feeds, self._sessions, strict=True)
        ]

    def lanes_wrong(self) -> list[str]:
        """Lanes that do not run, in words."""
        return [f"lane {name}: {what}" for name, what in self._lanes().items() if what]

    def _lanes(self) -> dict[str, str]:
        """What is wrong with each lane; empty: nothing."""
        found = {}
        now_ns = self._clock_ns()
        for lane in self._control.lanes():
            silence_ns = now_ns - lane.heartbeat_ns
            if lane.state != "running":
                found[lane.name] = f"is {lane.state}"
            elif silence_ns > LANE_SILENCE_NS_MAX:
                found[lane.name] = f"has been silent for {silence_ns / 1e9:.1f} s"
            else:
                found[lane.name] = ""
        return found

    def services(self) -> list[ServiceLine]:
        """The five services: running, and fit for trading."""
        lanes = self._lanes()
        unfit = {
            "market-data": self._feed_wrong(),
            "signal-bridge": self._parameters_wrong("signal", "signal_parameters", None),
            "risk-manager": self._risk_wrong(),
            "execution-engine": self._sessions_wrong(),
            "position-tracker": [] if self.positions_known else ["positions are unknown until the venue is replayed"],
        }
        lines = []
        for stage in STAGES:
            down = [f"lane {name} {what}" for name, what in lanes.items() if what and self._polls(name, stage)]
            if not lanes:
                down = ["no lane is declared"]
            lines.append(
                ServiceLine(
                    name=stage, healthy=not down, ready=not down and not unfit[stage], wrong=down + unfit[stage]
                )
            )
        return lines

    def _polls(self, lane: str, stage: str) -> bool:
        """Whether the lane polls the stage; as far as is known."""
        return lane not in self._stages_of or stage in self._stages_of[lane]

    def _feed_wrong(self) -> list[str]:
        return [
            f"feed of venue {facts.name} is stale or incomplete"
            for facts, feed in zip(self._venues, self._feeds, strict=True)
            if facts.enabled and not feed[lib.MARKET_COUNT_SYNCHRONISED]
        ]

    def _sessions_wrong(self) -> list[str]:
        return [
            f"session with venue {facts.name} is {self._session(session)}"
            for facts, session in zip(self._venues, self._sessions, strict=True)
            if facts.enabled and session[lib.EXECUTION_COUNT_SESSION_STATE] != lib.SESSION_LIVE
        ]

    def _risk_wrong(self) -> list[str]:
        wrong = self._parameters_wrong("risk", "risk_limits", self._ages.limits_ns_max)
        silence_ns = self._clock_ns() - self._control.supervisor_heartbeat_ns
        if silence_ns > self._ages.supervisor_ns_max:
            wrong.append(f"the supervisor has been silent for {silence_ns / 1e9:.1f} s")
        if not self.reconciled:
            wrong.append("own orders and positions are not reconciled with the venues' record")
        if not self._control.armed:
            wrong.append("the gate is not armed")
        if self._control.kill:
            wrong.append("the kill switch is on")
        return wrong

    def _parameters_wrong(self, name: str, struct: str, age_ns_max: int | None) -> list[str]:
        try:
            parameters = self._segment.parameters(name, struct)
        except NativeError:
            return [f"parameters {name} do not exist"]
        if parameters.version < 2:
            return [f"{name}: nothing was published yet"]
        age_ns = self._clock_ns() - parameters.published_ns
        if age_ns_max is not None and age_ns > age_ns_max:
            return [f"{name}: published {age_ns / 1e9:.1f} s ago, too old"]
        return []

    def _session(self, counters: Counters) -> str:
        state = counters[lib.EXECUTION_COUNT_SESSION_STATE]
        return self._session_names.get(state, str(state)).replace("_", " ")
