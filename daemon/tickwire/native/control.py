"""The control block and seqlocked parameters."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tickwire.native._native import ffi, lib
from tickwire.native.errors import check

STOP_BITS = {
    "kill": lib.STOP_KILL,
    "pause": lib.STOP_PAUSE,
    "break": lib.STOP_BREAK,
    "breaker": lib.STOP_BREAKER,
    "probe": lib.STOP_PROBE,
    "throttle": lib.STOP_THROTTLE,
}
STOP_SCOPES = {
    "firm": (lib.STOP_FIRM, 1),
    "venue": (lib.STOP_VENUE, lib.VENUE_COUNT_MAX),
    "account": (lib.STOP_ACCOUNT, lib.ACCOUNT_COUNT_MAX),
    "strategy": (lib.STOP_STRATEGY, lib.STRATEGY_COUNT_MAX),
    "instrument": (lib.STOP_INSTRUMENT, lib.INSTRUMENT_COUNT_MAX),
}
LANE_STATES = {
    lib.LANE_ABSENT: "absent",
    lib.LANE_STARTING: "starting",
    lib.LANE_RUNNING: "running",
    lib.LANE_STOPPED: "stopped",
}


@dataclass(frozen=True)
class LaneStatus:
    """What a lane last said of itself; times in ns."""

    name: str
    state: str
    pid: int
    core: int | None
    starts: int
    started_ns: int
    heartbeat_ns: int
    cycles: int
    cycles_busy: int
    cycle_ns_max: int


def stop_names(bits: int) -> tuple[str, ...]:
    """What the bits of a stop word mean."""
    return tuple(name for name, bit in STOP_BITS.items() if bits & bit)


class Control:
    """Kill switch, arming, epoch, heartbeats, lanes: words that the hot path reads directly."""

    def __init__(self, pointer: Any) -> None:
        self._control = pointer

    @property
    def pointer(self) -> Any:
        """``struct control *`` for native calls."""
        return self._control

    def calibrate_clock(self, duration_ns: int = 20_000_000) -> None:
        """Measure the counter's scale, publish it and use it in this process."""
        check(lib.clock_calibrate(ffi.addressof(self._control, "clock"), duration_ns), "cannot calibrate the clock")
        self.use_clock()

    def use_clock(self) -> None:
        """Convert with the box's scale in this process."""
        lib.clock_use(ffi.addressof(self._control, "clock"))

    def declare_lane(self, name: str) -> None:
        """Give the lane a status block."""
        check(lib.control_declare_lane(self._control, name.encode()), f"cannot declare lane {name}")

    def lanes(self) -> Iterator[LaneStatus]:
        """Status of every declared lane."""
        for status in self._control.lanes:
            name = ffi.string(status.name).decode()
            if name:
                yield LaneStatus(
                    name,
                    LANE_STATES.get(status.state, "unknown"),
                    status.pid,
                    None if status.core == 2**32 - 1 else status.core,
                    status.starts,
                    status.started_ns,
                    status.heartbeat_ns,
                    status.cycles,
                    status.cycles_busy,
                    status.cycle_ns_max,
                )

    def lane(self, name: str) -> LaneStatus:
        """Status of one lane; KeyError when it was never declared."""
        for status in self.lanes():
            if status.name == name:
                return status
        raise KeyError(name)

    @property
    def kill(self) -> int:
        """When the kill switch was thrown, ns; 0 when it is not on."""
        return int(self._control.kill)

    @kill.setter
    def kill(self, value: int) -> None:
        self._control.kill = value

    def stop_set(self, scope: str, index: int, bits: int) -> int:
        """Set bits of a scope's stop word ("firm", "venue", ...); returns what it was.  NativeError: no such scope."""
        return self._stop(lib.control_stop_set, scope, index, bits)

    def stop_clear(self, scope: str, index: int, bits: int) -> int:
        """Clear bits of a scope's stop word; returns what it was."""
        return self._stop(lib.control_stop_clear, scope, index, bits)

    def stop_bits(self, scope: str, index: int = 0) -> int:
        """A scope's stop word; 0: it may send."""
        return self._stop(lib.control_stop_bits, scope, index)

    def stops(self) -> Iterator[tuple[str, int, int]]:
        """Every stop word that is not 0: scope, index, bits."""
        for scope, (_, count) in STOP_SCOPES.items():
            for index in range(count):
                if bits := self.stop_bits(scope, index):
                    yield scope, index, bits

    def _stop(self, native: Any, scope: str, index: int, *bits: int) -> int:
        number = STOP_SCOPES[scope][0]
        return check(native(self._control, number, index, *bits), f"stop word of {scope} {index}")

    @property
    def kills(self) -> int:
        """How often a stop word's kill was set."""
        return int(self._control.stops.kills)

    @property
    def armed(self) -> bool:
        """Whether the supervisor lets the gate open."""
        return bool(self._control.armed)

    @armed.setter
    def armed(self, value: bool) -> None:
        self._control.armed = int(value)

    @property
    def epoch(self) -> int:
        """Trading epoch."""
        return int(self._control.epoch)

    @epoch.setter
    def epoch(self, value: int) -> None:
        self._control.epoch = value

    @property
    def supervisor_heartbeat_ns(self) -> int:
        """When the supervisor last said that it lives."""
        return int(self._control.supervisor_heartbeat_ns)

    @supervisor_heartbeat_ns.setter
    def supervisor_heartbeat_ns(self, value: int) -> None:
        self._control.supervisor_heartbeat_ns = value

    @property
    def stop(self) -> bool:
        """Whether the lanes have been told to leave their loops."""
        return bool(self._control.stop)

    @stop.setter
    def stop(self, value: bool) -> None:
        self._control.stop = int(value)

    @property
    def resync_requests(self) -> int:
        """How often a stage has asked execution to replay the venue's record."""
        return int(self._control.resync_requests)


class Parameters:
    """A ``struct struct`` under a seqlock: one writer, any reader, never torn."""

    def __init__(self, pointer: Any, struct: str) -> None:
        self._header = pointer
        self._struct = struct

    @property
    def version(self) -> int:
        """Grows by two with every write; 0: never written; odd: being written."""
        return int(self._header.version)

    @property
    def published_ns(self) -> int:
        """When it was written last; 0: never."""
        return int(self._header.published_ns)

    def write(self, payload: Any, now_ns: int) -> None:
        """Publish payload (``struct struct *``)."""
        check(
            lib.parameters_write(self._header, payload, ffi.sizeof(f"struct {self._struct}"), now_ns),
            f"parameters {self._struct}",
        )

    def read(self) -> Any | None:
        """A consistent copy (``struct struct *``); None when nothing was ever written."""
        payload = ffi.new(f"struct {self._struct} *")
        found = check(
            lib.parameters_read(self._header, payload, ffi.sizeof(payload[0]), ffi.NULL), f"parameters {self._struct}"
        )
        return payload if found else None


def now_ns() -> int:
    """The box's clock: ns since the Unix epoch by the scale in use."""
    return int(lib.clock_now_ns())
