"""Carries out what the circuit breakers decide: stop words first, then cancels and orders that only reduce."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tickwire.config import Config
from tickwire.host.upkeep import Submit, at_once
from tickwire.native import Control, lib
from tickwire.services.breaker import State
from tickwire.services.breaker_flatten import BreakerFlatten, NothingWorks, Place, Working
from tickwire.services.breaker_metrics import Metrics
from tickwire.services.breaker_sources import breaker_settings, thresholds
from tickwire.services.breaker_store import BreakerStore
from tickwire.services.breakers import Action, Breakers
from tickwire.services.ledger import Ledger
from tickwire.services.order_desk import OrderDesk
from tickwire.services.risk_manager import RiskManager
from tickwire.services.steward import Steward

BITS = lib.STOP_BREAKER | lib.STOP_PROBE


class BreakerGuard(Steward):
    """Observes every breaker, keeps the stop words of their scopes as they say, and does what they ask for.

    Cancels are asked for once, by whoever opens; a flatten is worked at until nothing is held.
    """

    name = "breakers"
    interval_s = 0.02

    def __init__(
        self,
        config: Config,
        metrics: Metrics,
        control: Control,
        risk: RiskManager,
        desk: OrderDesk,
        ledger: Ledger,
        clock_ns: Callable[[], int],
        wall_ns: Callable[[], int],
        submit: Submit = at_once,
        working: Working | None = None,
    ) -> None:
        """working: what trades already, so that nothing is closed twice."""
        super().__init__()
        self._control = control
        self._risk = risk
        self._desk = desk
        self._ledger = ledger
        self._indices: Mapping[str, Mapping[str, int]] = {
            "firm": {"": 0},
            "venue": {venue.name: index for index, venue in enumerate(config.venues)},
            "strategy": {strategy.name: strategy.number for strategy in config.strategies},
        }
        self._owed: list[Action] = []
        self.flatten = BreakerFlatten(
            config, self._indices, control, desk, ledger, working or NothingWorks(), clock_ns, self.log
        )
        store = BreakerStore(Path(config.box.state_dir))
        self.breakers = Breakers(breaker_settings(config), metrics, store, clock_ns, wall_ns, self._act, submit)
        self._generation = self.breakers.probe_generation
        self._sync()

    def check(self) -> str:
        """Observe; stop what is open; do what is owed."""
        self._act(self.breakers.observe())
        self.flatten.check(*self._flattening())
        return ""  # each breaker says for itself what happened

    def enforce(self, effective: Config) -> None:
        """From now on these thresholds are in force."""
        self.breakers.retune(thresholds(effective))
        self.flatten.config = effective

    def _act(self, actions: Sequence[Action]) -> None:
        self._sync()
        self._owed += actions
        self._owed = [action for action in self._owed if not self._done(action)]

    def _sync(self) -> None:
        """Make the stop words say what the breakers say."""
        if self.breakers.probe_generation != self._generation:
            self._generation = self.breakers.probe_generation
            self._risk.probe()
        stops = self.breakers.stops()
        for scope, names in self._indices.items():
            for name, index in names.items():
                stop = stops.get((scope, name))
                wanted = 0 if stop is None else lib.STOP_BREAKER if stop.state is State.OPEN else lib.STOP_PROBE
                now = self._control.stop_bits(scope, index) & BITS
                if wanted & ~now:
                    self._control.stop_set(scope, index, wanted)
                if now & ~wanted:
                    self._control.stop_clear(scope, index, now & ~wanted)

    def _done(self, action: Action) -> bool:
        """Whether the action could be carried out in full; what could not is tried again."""
        if action.kind == "stop-new" or action.name not in self._indices[action.scope]:
            return True
        index = self._indices[action.scope][action.name]
        if not self._desk.cancel_scope(action.scope, index):
            return False
        if action.kind == "flatten":
            self.flatten.begin(action.scope, action.name)
        return True

    def _flattening(self) -> tuple[set[Place], set[Place]]:
        """Where a breaker wants nothing held: that is open, that is half open."""
        found: dict[State, set[Place]] = {state: set() for state in State}
        for view in (handle.view for handle in self.breakers.handles()):
            if view.action == "flatten" and view.name in self._indices[view.scope]:
                found[view.state].add((view.scope, view.name))
        return found[State.OPEN], found[State.HALF_OPEN]
