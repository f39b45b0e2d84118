"""A lane: the one call into C that does not come back until it is told to stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tickwire.native._native import ffi, lib
from tickwire.native.errors import NativeError, check
from tickwire.native.segment import Segment

IDLE = {"spin": lib.IDLE_SPIN, "pause": lib.IDLE_PAUSE, "yield": lib.IDLE_YIELD, "sleep": lib.IDLE_SLEEP}
MESSAGE_SIZE = 1024


@dataclass(frozen=True)
class LaneSettings:
    """How a lane runs; core None: not pinned; fifo_priority 0: ordinary scheduling; orphan_ns_max 0: never orphaned."""

    name: str
    core: int | None = None
    idle: str = "sleep"
    fifo_priority: int = 0
    lock_memory: bool = False
    sleep_ns: int = 50_000
    orphan_ns_max: int = 30_000_000_000
    housekeep_ns: int = 1_000_000


class Lane:
    """A lane of this process, attached to its status block."""

    def __init__(self, segment: Segment, settings: LaneSettings) -> None:
        config = ffi.new("struct lane_config *")
        config.name = settings.name.encode()
        config.core = -1 if settings.core is None else settings.core
        config.fifo_priority = settings.fifo_priority
        config.idle = IDLE[settings.idle]
        config.lock_memory = settings.lock_memory
        config.sleep_ns = settings.sleep_ns
        config.orphan_ns_max = settings.orphan_ns_max
        config.housekeep_ns = settings.housekeep_ns
        out = ffi.new("struct lane **")
        warning = ffi.new("char[]", MESSAGE_SIZE)
        check(lib.lane_open(segment.handle, config, out, warning, MESSAGE_SIZE), f"cannot open lane {settings.name}")
        self._segment = segment  # keeps the mapping alive
        self._lane: Any = out[0]
        self.warnings = ffi.string(warning).decode().splitlines()

    def add(self, stage: Any) -> None:
        """Append an opened ``struct stage *``; the lane closes it."""
        check(lib.lane_add(self._lane, stage), "cannot add the stage")

    def run(self) -> None:
        """Poll the stages until control.stop, SIGTERM or orphaning; the interpreter lock is released meanwhile."""
        check(lib.lane_run(self._lane), "lane")

    def poll(self, now_ns: int) -> int:
        """One duty cycle at the given time."""
        return int(lib.lane_poll(self._lane, now_ns))

    def close(self) -> None:
        """Close the stages and give the status block back."""
        if self._lane is not None:
            lib.lane_close(self._lane)
            self._lane = None


def open_stage(opener: Any, segment: Segment, *config: Any) -> tuple[Any, str]:
    """Call a ``<name>_stage_open`` function; returns (stage, its message) or raises NativeError with that message."""
    out = ffi.new("struct stage **")
    message = ffi.new("char[]", MESSAGE_SIZE)
    code = opener(segment.handle, *config, out, message, MESSAGE_SIZE)
    text = ffi.string(message).decode()
    if code < 0:
        raise NativeError(text or "cannot open the stage", code)
    return out[0], text
