"""How long something lent is lent for, when clocks step and boxes restart."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Clocks:
    """The time of day, which may step, and the time since boot, which may not but starts anew with each boot."""

    wall_ns: Callable[[], int]
    elapsed_ns: Callable[[], int]
    boot: str

    @classmethod
    def system(cls) -> "Clocks":
        """This machine's."""
        try:
            boot = BOOT_ID.read_text(encoding="ascii").strip()
        except OSError:
            boot = f"unknown-{time.time_ns()}"  # no two are the same: then only the time of day counts
        return cls(time.time_ns, lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME), boot)


@dataclass(frozen=True, slots=True)
class Lease:
    """From a moment on, for so long."""

    started_ns: int  # wall
    duration_ns: int
    elapsed_ns: int  # since boot, at the start
    boot: str

    @classmethod
    def start(cls, clocks: Clocks, duration_ns: int) -> "Lease":
        """From now on."""
        return cls(clocks.wall_ns(), duration_ns, clocks.elapsed_ns(), clocks.boot)

    @property
    def ends_ns(self) -> int:
        """When it ends by the time of day."""
        return self.started_ns + self.duration_ns

    def is_over(self, clocks: Clocks, loose: bool) -> bool:
        """Whether it has ended.

        What was lent loosely ends as soon as either clock says so, or the time of day is from before it began; what
        was tightened for a while goes on until both say so.  After a reboot there is the time of day alone.
        """
        gone_ns = clocks.wall_ns() - self.started_ns
        by_wall = gone_ns >= self.duration_ns
        if clocks.boot != self.boot:
            return by_wall or (loose and gone_ns < 0)
        by_boot = clocks.elapsed_ns() - self.elapsed_ns >= self.duration_ns
        return by_wall or by_boot if loose else by_wall and by_boot
