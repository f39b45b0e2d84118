"""The router's steward: publishes which venues there are, what they charge, and how far a parent order may go."""

from collections.abc import Callable

from tickwire.config import Config
from tickwire.native import Parameters
from tickwire.native.settings import route_parameters
from tickwire.services.steward import Steward


class RouterSteward(Steward):
    """Publishes once: a router without parameters permits nothing."""

    name = "router"

    def __init__(self, config: Config, parameters: Parameters, clock_ns: Callable[[], int]) -> None:
        super().__init__()
        self._config = config
        self._parameters = parameters
        self._clock_ns = clock_ns
        self._published = False

    def check(self) -> str:
        """Publish, unless it is done."""
        if self._published:
            return ""
        self._parameters.write(route_parameters(self._config), self._clock_ns())
        self._published = True
        return "published the venues"
