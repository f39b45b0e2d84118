"""The signal steward: publishes what the strategy may do."""

from collections.abc import Callable

from tickwire.config import Config
from tickwire.native import Parameters
from tickwire.native.settings import signal_parameters
from tickwire.services.steward import Steward


class SignalBridge(Steward):
    """Publishes the thresholds once, and again whenever the strategy is switched on or off."""

    name = "signal-bridge"

    def __init__(self, config: Config, parameters: Parameters, clock_ns: Callable[[], int]) -> None:
        super().__init__()
        self._config = config
        self._parameters = parameters
        self._clock_ns = clock_ns
        self._wanted = config.signal.enabled
        self._published: bool | None = None

    def disable(self) -> None:
        """From now on the strategy wants nothing."""
        self._wanted = False
        self.check()

    def check(self) -> str:
        """Publish when what is wanted is not what was published."""
        if self._published == self._wanted:
            return ""
        self._parameters.write(signal_parameters(self._config, self._wanted), self._clock_ns())
        self._published = self._wanted
        return f"published the strategy's parameters, {'enabled' if self._wanted else 'disabled'}"
