"""All circuit breakers of the box: observed, remembered across restarts, and turned into actions for the supervisor."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from tickwire.host.logs import Log
from tickwire.host.upkeep import Submit, Upkeep, at_once
from tickwire.services.breaker import ActionKind, Breaker, BreakerSettings, Reading, State, Transition
from tickwire.services.breaker_metrics import Gauge, Metrics
from tickwire.services.breaker_store import BreakerStore, Kept, kept_of
from tickwire.services.limit_paths import RefusedError

NS_PER_S = 1_000_000_000
OPENED_LAST = "it opened just before the box stopped"
ORPHANED = "it was open when its table was taken out of the configuration"


@dataclass(frozen=True, slots=True)
class Action:
    """To be done once, now: cancel the orders of a scope, or flatten it.  What stops is said by ``stops``."""

    kind: ActionKind
    scope: str
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Stop:
    """How a scope is to be stopped now: open, nothing new; half-open, at most probe_orders_max orders."""

    state: State
    probe_orders_max: int
    why: str


@dataclass(frozen=True, slots=True)
class BreakerView:
    """One breaker for people."""

    key: str
    scope: str
    name: str
    trigger: str
    action: str
    state: State
    value: str
    threshold: str
    who: str
    why: str
    cool_down_s: int  # from its opening; 0: only a person closes it
    probes_left: int


class BreakerHandle:
    """One breaker for an operator's command: asked for what is so already, it does nothing."""

    def __init__(self, breakers: "Breakers", breaker: Breaker) -> None:
        self._breakers = breakers
        self._breaker = breaker

    @property
    def view(self) -> BreakerView:
        """As it stands now."""
        return self._breakers.view(self._breaker)

    def trip(self, who: str, why: str) -> None:
        """Open it.  Raises RefusedError."""
        if not (self._breaker.state is State.OPEN and self._breaker.is_held):
            self._breakers.trip(self._breaker.settings.key, who, why)

    def reset(self, who: str, why: str, accept: bool = False) -> None:
        """Close it; accept: though a loss is still past its threshold, and count from there.  Raises RefusedError."""
        if self._breaker.state is not State.CLOSED:
            self._breakers.reset(self._breaker.settings.key, who, why, accept)


def expand(settings: Iterable[BreakerSettings], names: Mapping[str, Sequence[str]]) -> tuple[BreakerSettings, ...]:
    """One for each venue or strategy where none is named; one that is named counts before one for all."""
    wanted = list(settings)
    every = [
        replace(one, name=name)
        for one in wanted
        if one.scope != "firm" and not one.name
        for name in names.get(one.scope, ())
    ]
    named = [one for one in wanted if one.scope == "firm" or one.name]
    return tuple({one.key: one for one in [*every, *named]}.values())


class Breakers:
    """Looks at what is measured and says what is to be done; whoever writes stop words asks ``stops``.

    act is called when a person has changed something: with what is now to be done, which may be nothing.
    """

    def __init__(
        self,
        settings: Sequence[BreakerSettings],
        metrics: Metrics,
        store: BreakerStore,
        clock_ns: Callable[[], int],
        wall_ns: Callable[[], int],
        act: Callable[[Sequence[Action]], None] = lambda actions: None,
        submit: Submit = at_once,
    ) -> None:
        """clock_ns never steps; wall_ns is for the record.  Raises OSError."""
        self.log = Log("breakers")
        self._clock_ns = clock_ns
        self._wall_ns = wall_ns
        self._store = store
        self._act = act
        self._files = Upkeep(submit, store.record, store.save, self.log, "breakers_not_recorded")
        self.probe_generation = 0  # grows whenever probe orders are to be let through anew
        self._breakers = {one.key: Breaker(one) for one in settings}
        self._gauges = {one.key: Gauge(one, metrics) for one in settings}  # what has none is an orphan
        self._moved = False
        self._due = self._restore()
        self._save()

    def observe(self) -> list[Action]:
        """Look once; what is to be done now.  After a start also what open breakers ask for: it may not have been."""
        now_ns, actions = self._clock_ns(), self._due
        accepted = [breaker.accepted for breaker in self._breakers.values()]
        self._due = []
        for key, gauge in self._gauges.items():
            if transition := self._breakers[key].observe(now_ns, gauge.read(now_ns)):
                actions += self._follow(self._breakers[key], transition)
        changed = accepted != [breaker.accepted for breaker in self._breakers.values()]
        if changed or self._moved:
            self._save()
        self._files.look()
        return actions

    def stops(self) -> dict[tuple[str, str], Stop]:
        """How each scope is to be stopped now; a scope that is not there is free.  The strictest breaker counts."""
        stops: dict[tuple[str, str], Stop] = {}
        for breaker in self._breakers.values():
            if breaker.state is State.CLOSED:
                continue
            scope = (breaker.settings.scope, breaker.settings.name)
            budget = breaker.settings.probe_orders_max if breaker.state is State.HALF_OPEN else 0
            before = stops.get(scope)
            if before is None or budget < before.probe_orders_max:
                stops[scope] = Stop(breaker.state, budget, f"{breaker.settings.key}: {breaker.why}")
        return stops

    def trip(self, key: str, who: str, why: str) -> None:
        """A person opens a breaker.  Raises RefusedError."""
        breaker = self._find(key)
        actions = self._follow(breaker, breaker.trip(self._clock_ns(), who, why))
        self._act(actions)
        self._save()

    def reset(self, key: str, who: str, why: str, accept: bool = False) -> None:
        """A person closes a breaker.  Raises RefusedError."""
        breaker, now_ns, gauge = self._find(key), self._clock_ns(), self._gauges.get(key)
        breaker.reading = gauge.read(now_ns) if gauge else Reading(0)
        self._follow(breaker, breaker.reset(now_ns, who, why, accept))
        if gauge:
            gauge.restart_window()
        else:
            del self._breakers[key]
        self._save()
        self._act(())

    def retune(self, thresholds: Mapping[str, int]) -> None:
        """Take thresholds over, by key."""
        for key, threshold in thresholds.items():
            if breaker := self._breakers.get(key):
                breaker.settings = replace(breaker.settings, threshold=threshold)

    def handles(self) -> list[BreakerHandle]:
        """Every breaker for operators' commands."""
        return [BreakerHandle(self, breaker) for breaker in self._breakers.values()]

    def view(self, breaker: Breaker) -> BreakerView:
        """One of them for people."""
        settings = breaker.settings
        return BreakerView(
            key=settings.key,
            scope=settings.scope,
            name=settings.name,
            trigger=settings.trigger,
            action=settings.action,
            state=breaker.state,
            value=settings.show(breaker.reading.value),
            threshold=settings.show(settings.threshold),
            who=breaker.who,
            why=breaker.why,
            cool_down_s=0 if breaker.is_held else breaker.cool_down_s,
            probes_left=breaker.probes_left if breaker.state is State.HALF_OPEN else 0,
        )

    def _find(self, key: str) -> Breaker:
        if key not in self._breakers:
            known = ", ".join(self._breakers) or "none: the configuration has no [[breakers]]"
            raise RefusedError(f"there is no breaker {key[:80]!r}; there are {known}")
        return self._breakers[key]

    def _restore(self) -> list[Action]:
        """Take over how they stood: what was not closed is open, and cools down anew."""
        found, now_ns = self._store.load(self._wall_ns()), self._clock_ns()
        if found.trouble:
            self.log.error(
                "breakers_in_doubt", what=found.trouble, done="every breaker is open until a person resets it"
            )
            for breaker in self._breakers.values():
                self._note(breaker, breaker.hold(now_ns, found.trouble))
        for key, kept in found.kept.items():
            was_open = kept.state is not State.CLOSED or key in found.opened
            if key not in self._breakers and was_open:
                settings = replace(kept.settings, cool_down_s=0)
                self._breakers[key] = Breaker(settings, is_held=True)
                self.log.error(
                    "breaker_orphaned", breaker=key, why=ORPHANED, done="it stays open until a person resets it"
                )
            if key in self._breakers:
                _take_over(self._breakers[key], kept, was_open, now_ns)
            if key in found.opened and key in self._breakers:
                self._breakers[key].why = OPENED_LAST
        for key in found.opened - found.kept.keys():
            if key in self._breakers:
                self._note(self._breakers[key], self._breakers[key].hold(now_ns, OPENED_LAST))
        return [action for breaker in self._breakers.values() for action in _actions(breaker)]

    def _follow(self, breaker: Breaker, transition: Transition) -> list[Action]:
        self._note(breaker, transition)
        if transition.after is State.HALF_OPEN:
            self._gauges[transition.key].restart_probes()
            self.probe_generation += 1
        return _actions(breaker)

    def _note(self, breaker: Breaker, transition: Transition) -> None:
        """Record; when the disk does not take it, later: a trip never waits for it."""
        at_ns, settings = self._wall_ns(), breaker.settings
        facts: dict[str, Any] = {
            "breaker": transition.key,
            "before": transition.before.value,
            "after": transition.after.value,
            "value": transition.value,
            "threshold": transition.threshold,
            "window_s": settings.window_s,
            "measured": settings.show(transition.value),
            "action": settings.action,
            "cool_down_s": breaker.cool_down_s,
            "who": transition.who,
            "why": transition.why,
        }
        time = datetime.fromtimestamp(at_ns / NS_PER_S, UTC).isoformat(timespec="microseconds")
        self._files.note({"at_ns": at_ns, "time": time, **facts})
        self._moved = True
        say = self.log.warning if transition.after is State.OPEN else self.log.info
        say(f"breaker_{transition.after.value.replace('-', '_')}", **facts)

    def _save(self) -> None:
        self._moved = False
        self._files.keep(kept_of(self._breakers.values()))


def _actions(breaker: Breaker) -> list[Action]:
    settings = breaker.settings
    if breaker.state is not State.OPEN:
        return []
    return [Action(settings.action, settings.scope, settings.name, f"{settings.key}: {breaker.why}")]


def _take_over(breaker: Breaker, kept: Kept, was_open: bool, now_ns: int) -> None:
    breaker.accepted = kept.accepted
    if was_open:
        breaker.state, breaker.since_ns = State.OPEN, now_ns
        breaker.is_held = breaker.is_held or kept.is_held
        breaker.reopened, breaker.who, breaker.why = kept.reopened, kept.who, kept.why
