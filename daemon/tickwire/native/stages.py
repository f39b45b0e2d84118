"""The services' C stages: which there are for a configuration, and how each is opened."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from tickwire.config import Config
from tickwire.native._native import lib
from tickwire.native.lane import open_stage
from tickwire.native.segment import Segment
from tickwire.native.settings import execution_config, market_config

Opened = tuple[Any, str]  # struct stage *, and what it said


class StageName(NamedTuple):
    """A stage and its venue; None for a stage of all venues."""

    stage: str
    venue: int | None = None

    def __str__(self) -> str:
        return self.stage if self.venue is None else f"{self.stage}.{self.venue}"


def stages_of(service: str, config: Config) -> Iterator[StageName]:
    """The stages of a service, in the order in which a lane polls them; disabled venues have none."""
    for stage in SERVICES[service]:
        if stage in OF_VENUES:
            yield from (StageName(stage, venue) for venue in config.enabled_venues)
        else:
            yield StageName(stage)


def open_service_stage(name: StageName, segment: Segment, config: Config, password: Callable[[int], str]) -> Opened:
    """Open a stage; password gives a venue's.  Raises NativeError and what password raises."""
    if name.stage == "market-data":
        return open_stage(lib.market_stage_open, segment, market_config(config, name.venue or 0))
    if name.stage == "execution":
        venue = name.venue or 0
        return open_stage(lib.execution_stage_open, segment, execution_config(config, password(venue), venue))
    return open_stage(OF_ALL[name.stage], segment, len(config.venues))


OF_VENUES = ("market-data", "execution")
OF_ALL: dict[str, Any] = {
    "signal": lib.signal_stage_open,
    "risk": lib.risk_stage_open,
    "position": lib.position_stage_open,
    "router": lib.route_stage_open,
}
SERVICES: Mapping[str, tuple[str, ...]] = {
    "market-data": ("market-data",),
    "signal-bridge": ("signal", "router"),
    "risk-manager": ("risk",),
    "execution-engine": ("execution",),
    "position-tracker": ("position",),
}
