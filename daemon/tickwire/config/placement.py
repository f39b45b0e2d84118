"""Which lanes a box runs: the placement wished for, on the cores there are."""

from collections.abc import Collection

from tickwire.config.lanes import STAGES, Lane, Stage
from tickwire.config.model import Config

SPINNING = ("spin", "pause")


def lanes_of(config: Config, cores: Collection[int]) -> tuple[Lane, ...]:
    """The lanes to start; cores are those this process may use.  Within a lane, stages stand in pipeline order."""
    lanes = config.lanes
    free = sorted(cores)
    if lanes.placement == "custom":
        return tuple(_ordered(lane) for lane in lanes.lane)
    if lanes.placement == "per-service":
        owned = free[:0:-1]  # the first core stays with everything else
        return tuple(
            _lane(config, stage, (stage,), owned[index] if index < len(owned) else -1)
            for index, stage in enumerate(STAGES)
        )
    if lanes.placement == "auto" and len(free) == 1:
        return (_lane(config, "hot", STAGES, -1),)
    return (_lane(config, "hot", STAGES, free[-1] if lanes.core < 0 else lanes.core),)


def housekeeping_cores(lanes: Collection[Lane], cores: Collection[int]) -> set[int]:
    """Cores for everything that is not a lane: those no spinning lane owns, or all when that leaves none."""
    owned = {lane.core for lane in lanes if lane.idle in SPINNING}
    return set(cores) - owned or set(cores)


def _lane(config: Config, name: str, stages: tuple[Stage, ...], core: int) -> Lane:
    lanes = config.lanes
    return Lane(
        name=name,
        stages=stages,
        core=core,
        idle=lanes.idle if core >= 0 else "sleep",  # a lane without a core of its own must not spin
        fifo_priority=lanes.fifo_priority if core >= 0 else 0,
        lock_memory=lanes.lock_memory,
    )


def _ordered(lane: Lane) -> Lane:
    return Lane(
        name=lane.name,
        stages=tuple(sorted(lane.stages, key=STAGES.index)),
        core=lane.core,
        idle=lane.idle,
        sleep_us=lane.sleep_us,
        fifo_priority=lane.fifo_priority,
        lock_memory=lane.lock_memory,
    )
