"""The risk steward: publishes the limits and keeps them fresh, for the gate shuts when they are not."""

from collections.abc import Callable

from tickwire.config import Config
from tickwire.native import Counters, Parameters, lib
from tickwire.native.settings import risk_limits
from tickwire.services.steward import Steward

REFRESHES_PER_LIFE = 4


class RiskManager(Steward):
    """Publishes the limits four times in the life the gate allows them."""

    name = "risk-manager"

    def __init__(self, config: Config, parameters: Parameters, counters: Counters, clock_ns: Callable[[], int]) -> None:
        super().__init__()
        self.interval_s = config.risk.limits_age_ms_max / 1000 / REFRESHES_PER_LIFE
        self._limits = risk_limits(config)
        self._parameters = parameters
        self._counters = counters
        self._clock_ns = clock_ns
        self._first = True

    @property
    def reconciled(self) -> bool:
        """Whether the gate knows the box's own orders and positions."""
        return bool(self._counters[lib.RISK_COUNT_RECONCILED])

    def check(self) -> str:
        """Publish."""
        self._parameters.write(self._limits, self._clock_ns())
        said = "published the limits" if self._first else ""
        self._first = False
        return said
