"""The risk steward: publishes the limits and keeps them fresh, for the gate shuts when they are not."""

from collections.abc import Callable

from tickwire.config import Config
from tickwire.native import Control, Counters, NativeError, Parameters, lib
from tickwire.native.risk_settings import risk_limits
from tickwire.native.table import Table
from tickwire.services.steward import Steward
from tickwire.services.throttle import Throttles

REFRESHES_PER_LIFE = 4
LOOK_S = 0.05


class RiskManager(Steward):
    """Publishes the limits in force, at once when they changed and four times in the life the gate allows them.

    A strategy that the gate has throttled gets a stop word too, so that a restart does not set it free.
    """

    name = "risk-manager"

    def __init__(
        self,
        config: Config,
        parameters: Parameters,
        counters: Counters,
        control: Control,
        exposure: Table,
        throttles: Throttles,
        clock_ns: Callable[[], int],
    ) -> None:
        super().__init__()
        self._life_ns = config.risk.limits_age_ms_max * 1_000_000
        self.interval_s = min(LOOK_S, config.risk.limits_age_ms_max / 1000 / REFRESHES_PER_LIFE)
        self._effective = config
        self._parameters = parameters
        self._counters = counters
        self._control = control
        self._exposure = exposure
        self._clock_ns = clock_ns
        self._probe_generation = 0
        self._throttles = throttles
        self._limits = risk_limits(config, throttle_generations=throttles.generations())
        self._published_ns = 0

    @property
    def reconciled(self) -> bool:
        """Whether the gate knows the box's own orders and positions."""
        return bool(self._counters[lib.RISK_COUNT_RECONCILED])

    @property
    def effective(self) -> Config:
        """The configuration with the limits that are in force."""
        return self._effective

    def enforce(self, effective: Config) -> None:
        """From now on these limits are in force."""
        self._effective = effective
        self._change()

    def probe(self) -> None:
        """Give every half-open scope its probe orders anew."""
        self._probe_generation += 1
        self._change()

    def reenable(self, strategy: int, who: str, why: str) -> None:
        """Let a throttled strategy trade again: a person has said so.  Raises RefusedError."""
        self._throttles.reenable(strategy, who, why)
        self._change()
        self._control.stop_clear("strategy", strategy, lib.STOP_THROTTLE)

    def check(self) -> str:
        """Stop what the gate has throttled; publish when it is time."""
        if said := self._throttle():
            return said
        first, now = not self._published_ns, self._clock_ns()
        if not first and now - self._published_ns < self._life_ns // REFRESHES_PER_LIFE:
            return ""
        self._publish(now)
        return "published the limits" if first else ""

    def _change(self) -> None:
        self._limits = risk_limits(
            self._effective,
            probe_generation=self._probe_generation,
            throttle_generations=self._throttles.generations(),
        )
        self._publish(self._clock_ns())

    def _publish(self, now: int) -> None:
        self._parameters.write(self._limits, now)
        self._published_ns = now

    def _throttle(self) -> str:
        """Stop whoever the gate has throttled, and whoever was when the box last stopped."""
        latched = [item.number for item in self._effective.strategies if self._is_throttled(item.number)]
        new = self._throttles.observe(latched)
        for one in self._throttles.stopped():
            self._control.stop_set("strategy", one.number, lib.STOP_THROTTLE)
        return f"strategies {new} throttled: a person must re-enable them" if new else ""

    def _is_throttled(self, number: int) -> bool:
        """By the gate, or by a stop word that outlived the record of who was."""
        if self._control.stop_bits("strategy", number) & lib.STOP_THROTTLE:
            return True
        try:
            return bool(self._exposure.read(lib.RISK_SCOPE_STRATEGY + number).throttled)
        except NativeError:  # being written, or left half written by a gate that will start again
            return False
