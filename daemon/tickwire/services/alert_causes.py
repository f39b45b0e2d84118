"""What may be wrong with a box, read from its segment and asked of its services: the causes of alerts."""

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from tickwire.config import Config
from tickwire.native import Control, Segment, enum_names, lib
from tickwire.native.control import stop_names
from tickwire.services.alerts import Cause
from tickwire.services.limit_use import LimitUse, Place
from tickwire.services.reconcile_breaks import Break
from tickwire.services.record_keeping import RecordKeepers

NS_PER_S = 1_000_000_000
LANE_AGE_NS_MAX = 2_000_000_000
CANCEL_NS_MAX = 5_000_000_000  # a venue that has not answered a cancel by then may never have heard of the order
EVENT_NS = 60_000_000_000  # for so long what is over already is told of
RAISE_USE, CLEAR_USE = 0.8, 0.75  # of a limit
# Counters that grow with something a person must know of, though it may be over at the next look.
EVENTS = {
    "EXECUTION_COUNT_SILENCES": ("venue-silent", "said nothing for silence_cancel_ms: every order there was canceled"),
    "EXECUTION_COUNT_ABANDONED": ("supervisor-silent", "the supervisor was silent: every order there was canceled"),
    "EXECUTION_COUNT_ILLEGAL": ("venue-illegal", "the venue sent what no order's state allows"),
    "EXECUTION_COUNT_MALFORMED": ("venue-malformed", "the venue sent what cannot be read"),
}


class BoxCauses:
    """Called, it says everything that is wrong now; what must not be cut off comes first."""

    def __init__(
        self,
        config: Config,
        segment: Segment,
        control: Control,
        records: RecordKeepers | None,
        clock_ns: Callable[[], int],
        more: Sequence[Callable[[], Iterable[Cause]]] = (),
    ) -> None:
        """more: who else knows of something wrong."""
        self._more = more
        self._control = control
        self._records = records
        self._clock_ns = clock_ns
        self._names = _names(config)
        self._venues = {index: config.venues[index].name for index in config.enabled_venues}
        self._feeds = {index: segment.counters(f"market-data.{index}") for index in self._venues}
        self._sessions = {index: segment.counters(f"execution-engine.{index}") for index in self._venues}
        self._risk = segment.counters("risk-manager")
        self._session_names = {value: name for name, value in enum_names("session_state", "SESSION_").items()}
        self._use = LimitUse(segment)
        self._places: Sequence[Place] = [place for place in self._names if place[0] != "venue"]
        self._near: set[tuple[Place, str]] = set()
        self._counts = {key: self._count(*key) for key in self._counted()}  # what was before this start is over
        self._events_ns: dict[tuple[int, str], int] = {}

    def __call__(self) -> Iterator[Cause]:
        """Everything that is wrong now."""
        yield from self._stops()
        yield from self._lanes()
        yield from self._connections()
        yield from self._events()
        yield from self._record()
        yield from self._cancels()
        for more in self._more:
            yield from more()
        yield from self._limits()

    def _stops(self) -> Iterator[Cause]:
        if self._control.kill:
            yield Cause("kill", "firm", "the kill switch is on")
        if not self._control.armed:
            yield Cause("gate-shut", "firm", "the gate is not armed: nothing new leaves")
        for scope, index, bits in self._control.stops():
            subject = self._title((scope, index))
            for name in stop_names(bits):
                yield Cause(name, subject, f"{subject} is stopped: {name}")

    def _lanes(self) -> Iterator[Cause]:
        now_ns = self._clock_ns()
        for lane in self._control.lanes():
            silence_ns = now_ns - lane.heartbeat_ns
            if lane.state != "running":
                yield Cause("lane-down", lane.name, f"lane {lane.name} is {lane.state}")
            elif silence_ns > LANE_AGE_NS_MAX:
                yield Cause("lane-silent", lane.name, f"lane {lane.name} has been silent for {silence_ns / 1e9:.1f} s")

    def _connections(self) -> Iterator[Cause]:
        for index, name in self._venues.items():
            if not self._feeds[index][lib.MARKET_COUNT_SYNCHRONISED]:
                yield Cause("feed-stale", f"venue {name}", f"the feed of {name} is stale or incomplete")
            state = self._sessions[index][lib.EXECUTION_COUNT_SESSION_STATE]
            if state != lib.SESSION_LIVE:
                text = f"the order session with {name} is {self._session_names.get(state, str(state))}"
                yield Cause("session-down", f"venue {name}", text)
        if not self._risk[lib.RISK_COUNT_RECONCILED]:
            yield Cause("not-reconciled", "firm", "own orders and positions are not known from the venues' record")

    def _events(self) -> Iterator[Cause]:
        now_ns = self._clock_ns()
        for key in self._counted():
            if (count := self._count(*key)) != self._counts[key]:
                self._counts[key], self._events_ns[key] = count, now_ns
            if now_ns - self._events_ns.get(key, now_ns - EVENT_NS) < EVENT_NS:
                name, (event, text) = self._venues[key[0]], EVENTS[key[1]]
                yield Cause(event, f"venue {name}", f"{name}: {text}")

    def _counted(self) -> Iterator[tuple[int, str]]:
        return itertools.product(self._venues, EVENTS)

    def _count(self, venue: int, counter: str) -> int:
        return int(self._sessions[venue][getattr(lib, counter)])

    def _record(self) -> Iterator[Cause]:
        if self._records is None:
            return
        if self._records.blotter.incomplete:
            yield Cause("blotter-incomplete", "firm", "the blotter has missed reports: orders and P&L are in doubt")
        for follower in self._records.drop_copies:
            if wrong := follower.copy.why_down or follower.copy.incomplete:
                yield Cause("drop-copy-down", follower.name, f"{follower.name}: {wrong}")
        texts: dict[str, list[str]] = defaultdict(list)
        for found in self._records.reconciliation.unresolved():
            texts[self._title(_place(found))].append(found.text)
        for subject, told in texts.items():
            yield Cause("reconciliation-break", subject, f"{len(told)} unresolved, the first: {told[0]}")
        stand: dict[str, list[str]] = defaultdict(list)
        for one in self._records.reconciliation.accepted():
            stand[self._title(_place(one.found))].append(one.text)
        for subject, told in stand.items():
            yield Cause("accepted-difference", subject, f"{len(told)} still there, the first: {told[0]}")

    def _cancels(self) -> Iterator[Cause]:
        """Orders that a cancel has left for and that are open all the same."""
        if self._records is None:
            return
        now_ns = self._clock_ns()
        for order in self._records.blotter.in_memory():
            if order.open and order.cancel_ns and now_ns - order.cancel_ns > CANCEL_NS_MAX:
                age_s = (now_ns - order.cancel_ns) // NS_PER_S
                place = f"{self._title(('instrument', order.instrument))} at {self._title(('venue', order.venue))}"
                text = f"order {order.order_id}, {order.leaves} open of {place}: no answer to its cancel for {age_s} s"
                yield Cause("cancel-not-answered", f"order {order.order_id}", text)

    def _limits(self) -> Iterator[Cause]:
        near: set[tuple[Place, str]] = set()
        for place, limit, ratio in self._use.ratios(self._places):
            if ratio < (CLEAR_USE if (place, limit) in self._near else RAISE_USE):
                continue
            near.add((place, limit))
            subject = f"{self._title(place)} {limit}"
            yield Cause("limit-use", subject, f"{ratio:.0%} of {limit} of {self._title(place)} is used")
        self._near = near

    def _title(self, place: Place) -> str:
        name = self._names.get(place, str(place[1]))
        return f"{place[0]} {name}".strip()


def _place(found: Break) -> Place:
    """The narrowest scope that a break is about."""
    if found.instrument is not None:
        return "instrument", found.instrument
    return ("firm", 0) if found.venue is None else ("venue", found.venue)


def _names(config: Config) -> dict[Place, str]:
    """Every scope's name."""
    names: dict[Place, str] = {("firm", 0): ""}
    names |= {("venue", index): venue.name for index, venue in enumerate(config.venues)}
    names |= {("account", account.number): account.name for account in config.accounts}
    names |= {("strategy", strategy.number): strategy.name for strategy in config.strategies}
    names |= {("instrument", index): symbol for index, symbol in enumerate(config.symbols)}
    return names
