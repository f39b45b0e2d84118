"""Which processes run a box's stages, and who watches over them."""

from typing import Annotated, Literal, get_args

from msgspec import Meta

from tickwire.config.kinds import Name, Pause, Positive, Section

Stage = Literal["market-data", "signal-bridge", "risk-manager", "execution-engine", "position-tracker"]

# The services in the order of the pipeline; a lane polls its stages in this order whatever the file says.
STAGES: tuple[Stage, ...] = get_args(Stage)

Idle = Literal["spin", "pause", "yield", "sleep"]


class Lane(Section, frozen=True):
    """One process pinned to one core, and the stages it polls; core -1: wherever the kernel likes."""

    name: Name
    stages: Annotated[tuple[Stage, ...], Meta(min_length=1)]
    core: Annotated[int, Meta(ge=-1, le=4095)] = -1
    idle: Idle = "sleep"
    sleep_us: Pause = 50
    fifo_priority: Annotated[int, Meta(ge=0, le=99)] = 0
    lock_memory: bool = False


class Lanes(Section, frozen=True):
    """Which stages share a core.

    ``auto`` suits the machine: on one core a single lane that sleeps when idle, on more a single lane that owns the
    last core.  ``single`` is that lane on a stated core; ``per-service`` gives every stage a lane, from the last core
    down, as long as a core is left for everything else; ``custom`` takes the ``[[lanes.lane]]`` tables.
    """

    placement: Literal["auto", "single", "per-service", "custom"] = "auto"
    core: Annotated[int, Meta(ge=-1, le=4095)] = -1
    idle: Idle = "pause"
    fifo_priority: Annotated[int, Meta(ge=0, le=99)] = 0
    lock_memory: bool = True
    housekeep_us: Pause = 1_000
    orphan_ms_max: Positive = 3_000
    lane: tuple[Lane, ...] = ()


class Supervisor(Section, frozen=True):
    """How the lanes are watched, restarted and stopped."""

    heartbeat_ms: Positive = 100
    start_ms_max: Positive = 20_000
    hung_ms: Positive = 2_000
    restart_ms_min: Positive = 100
    restart_ms_max: Positive = 10_000
    healthy_ms: Positive = 30_000
    cancel_ms_max: Positive = 3_000
    stop_ms_max: Positive = 3_000
