"""A circuit breaker: closed lets everything through, open nothing new, half-open a few probe orders.

Pure: it is told the time and what was measured, and says what changed.  One for each scope, trigger and action.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from tickwire.config.values import PRICE_SCALE
from tickwire.services.limit_change import person, reason
from tickwire.services.limit_paths import RefusedError

ScopeKind = Literal["firm", "venue", "strategy"]
Trigger = Literal["loss", "drawdown", "reject-rate", "latency", "disconnects"]
ActionKind = Literal["stop-new", "cancel-all", "flatten"]

COUNTED: tuple[Trigger, ...] = ("reject-rate", "disconnects")  # so many in a window
MONEY: tuple[Trigger, ...] = ("loss", "drawdown")
COOL_DOWN_DOUBLINGS_MAX = 5
NS_PER_S = 1_000_000_000


class State(StrEnum):
    """Of a breaker."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """What trips a breaker, and what then happens; threshold in 1/10 000, orders, us or disconnects."""

    scope: ScopeKind
    name: str  # of the venue or strategy; the firm has none
    trigger: Trigger
    threshold: int
    action: ActionKind = "stop-new"
    window_s: int = 60
    cool_down_s: int = 60  # 0: only a person closes it
    probe_orders_max: int = 5

    @property
    def key(self) -> str:
        """Its name: ``firm.loss.flatten``, ``venue.A.disconnects.stop-new``."""
        return ".".join(part for part in (self.scope, self.name, self.trigger, self.action) if part)

    def show(self, value: int | None) -> str:
        """A measured value or threshold with its unit."""
        if value is None:
            return "unknown"
        if self.trigger in MONEY:
            return f"{Decimal(value) / PRICE_SCALE:.2f}"
        unit = {"reject-rate": "rejects", "latency": "us p99", "disconnects": "disconnects"}[self.trigger]
        return f"{value} {unit} in {self.window_s} s"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was measured: the trigger's value (None: not known), and what became of the probe orders of a half-open."""

    value: int | None
    probes_sent: int = 0
    probes_good: int = 0
    probes_bad: int = 0


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of state: an event for the record, with what was measured and what it was measured against."""

    key: str
    before: State
    after: State
    value: int | None
    threshold: int
    who: str
    why: str


@dataclass(slots=True)
class Breaker:
    """The state machine.  now_ns never runs backwards; where it does, no time has passed."""

    settings: BreakerSettings
    state: State = State.CLOSED
    since_ns: int = 0
    is_held: bool = False  # opened by a person, or what it was is not known: only a person closes it
    reopened: int = 0  # times in a row that its probes did badly
    accepted: int = 0  # a loss that a person has accepted: the threshold counts from there
    who: str = ""
    why: str = ""
    reading: Reading = field(default=Reading(None))

    @property
    def cool_down_s(self) -> int:
        """How long it stays open: doubled each time its probes did badly."""
        return int(self.settings.cool_down_s * 2 ** min(self.reopened, COOL_DOWN_DOUBLINGS_MAX))

    @property
    def probes_left(self) -> int:
        """How many more orders may leave while half-open."""
        return max(0, self.settings.probe_orders_max - self.reading.probes_sent)

    def observe(self, now_ns: int, reading: Reading) -> Transition | None:
        """What was measured now; what changed by it."""
        self.reading = reading
        if reading.value is not None:
            self.accepted = max(0, min(self.accepted, reading.value))  # what was won back, or a new day, counts again
        if self.state is State.CLOSED:
            return self._open(now_ns) if self._is_past() else None
        if self.state is State.HALF_OPEN:
            return self._judge_probes(now_ns)
        return self._half_open(now_ns) if self._may_probe(now_ns) else None

    def trip(self, now_ns: int, who: str, why: str) -> Transition:
        """A person opens it, and only a person closes it again.  Raises RefusedError."""
        who, why = person(who), reason(why)
        if self.state is State.OPEN and self.is_held:
            raise RefusedError(f"breaker {self.settings.key} is open already: {self.who}, {self.why}")
        self.is_held = True
        return self._move(State.OPEN, now_ns, who, why)

    def reset(self, now_ns: int, who: str, why: str, accept: bool = False) -> Transition:
        """A person closes it; accept takes a loss that is still past the threshold for given, and counts from there.

        Raises RefusedError.
        """
        who, why = person(who), reason(why)
        if self.state is State.CLOSED:
            raise RefusedError(f"breaker {self.settings.key} is closed already")
        trigger, value = self.settings.trigger, self.reading.value
        if trigger in MONEY and value is None:
            raise RefusedError(f"breaker {self.settings.key}: the {trigger} is not known now; reconcile first")
        if trigger not in COUNTED and self._is_past():
            if trigger not in MONEY or not accept:
                hint = "; or accept it (--accept), and count from there" if trigger in MONEY else ""
                raise RefusedError(
                    f"breaker {self.settings.key} would trip again at once: {trigger} is {self.settings.show(value)},"
                    f" its threshold {self.settings.show(self.settings.threshold)}{hint}"
                )
            self.accepted = value or 0
            why = f"{why} (accepted: {self.settings.show(value)})"
        self.is_held, self.reopened = False, 0
        return self._move(State.CLOSED, now_ns, who, why)

    def hold(self, now_ns: int, why: str) -> Transition:
        """What it was is not known: open until a person closes it."""
        self.is_held = True
        return self._move(State.OPEN, now_ns, "restart", why)

    def _is_past(self) -> bool:
        value = self.reading.value
        return value is not None and value - self.accepted >= self.settings.threshold

    def _may_probe(self, now_ns: int) -> bool:
        """After its cool-down, when what tripped it is known to be over."""
        if self.is_held or not self.settings.cool_down_s:
            return False
        cooled = now_ns - self.since_ns >= self.cool_down_s * NS_PER_S
        return cooled and self.reading.value is not None and not self._is_past()

    def _judge_probes(self, now_ns: int) -> Transition | None:
        if self._is_past() or self.reading.probes_bad:
            self.reopened += 1
            return self._open(now_ns)
        if self.reading.probes_good < self.settings.probe_orders_max:
            return None
        self.reopened = 0
        return self._move(State.CLOSED, now_ns, "breaker", f"{self.reading.probes_good} probe orders did well")

    def _open(self, now_ns: int) -> Transition:
        settings, value = self.settings, self.reading.value
        why = f"{settings.trigger}: {settings.show(value)}, threshold {settings.show(settings.threshold)}"
        if not self._is_past():
            why = f"{self.reading.probes_bad} probe order(s) did badly"
        return self._move(State.OPEN, now_ns, "breaker", why)

    def _half_open(self, now_ns: int) -> Transition:
        self.reading = Reading(self.reading.value)
        why = f"cooled down for {self.cool_down_s} s: {self.settings.probe_orders_max} probe orders"
        return self._move(State.HALF_OPEN, now_ns, "breaker", why)

    def _move(self, after: State, now_ns: int, who: str, why: str) -> Transition:
        before, self.state, self.since_ns = self.state, after, now_ns
        self.who, self.why = who, why
        return Transition(self.settings.key, before, after, self.reading.value, self.settings.threshold, who, why)
