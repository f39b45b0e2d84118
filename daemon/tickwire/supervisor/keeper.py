"""Keeps one lane running: starts its process, watches its heartbeat, starts it again with back-off."""

import asyncio
import contextlib
import signal
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable

from tickwire.config.lanes import Supervisor as Settings
from tickwire.host.logs import Log
from tickwire.native import Control
from tickwire.supervisor.backoff import BackOff

MILLISECOND = 1_000_000
LOOK_S = 0.05

Spawn = Callable[[str], Awaitable[Process]]


class LaneKeeper:
    """One lane.  ``run`` ends only after ``release``; until then a lane that ends or hangs is started again."""

    def __init__(
        self, name: str, control: Control, settings: Settings, spawn: Spawn, clock_ns: Callable[[], int], log: Log
    ) -> None:
        self.name = name
        self._control = control
        self._settings = settings
        self._spawn = spawn
        self._clock_ns = clock_ns
        self._log = log
        self._released = asyncio.Event()
        self._process: Process | None = None
        self._started_ns = 0
        self._back_off = BackOff(
            settings.restart_ms_min / 1000, settings.restart_ms_max / 1000, settings.healthy_ms / 1000
        )

    @property
    def restarts(self) -> int:
        """How often it had to be started again."""
        return self._back_off.count

    @property
    def running(self) -> bool:
        """Whether the process lives, has opened its stages and shows a fresh heartbeat."""
        return self._process is not None and self._process.returncode is None and self._condition() == ""

    async def run(self) -> None:
        """Keep the lane until released."""
        while not self._released.is_set():
            self._started_ns = self._clock_ns()
            reason = await self._one_life()
            if self._released.is_set():
                return
            wait = self._back_off.next_s((self._clock_ns() - self._started_ns) / 1e9)
            self._log.warning("lane_died", lane=self.name, reason=reason, restart_in_s=wait, restarts=self.restarts)
            await self._released_within(wait)

    async def _one_life(self) -> str:
        """Start the process and watch it to its end; returns why it ended, or why it could not be started."""
        try:
            self._process = await self._spawn(self.name)
        except OSError as error:
            return f"could not be started: {error}"
        self._log.info("lane_started", lane=self.name, pid=self._process.pid)
        if self._released.is_set():  # told to stop while it was being started
            _kill(self._process)
        return await self._watch(self._process)

    def release(self) -> None:
        """From now on the lane may end."""
        self._released.set()

    async def stop(self, wait_s: float) -> bool:
        """Wait for the process to leave, then make it; True when it left by itself."""
        process = self._process
        if process is None or process.returncode is not None:
            return True
        try:
            await asyncio.wait_for(process.wait(), wait_s)
        except TimeoutError:
            self._log.error("lane_killed", lane=self.name, pid=process.pid, reason=f"did not leave in {wait_s} s")
            _kill(process)
            await process.wait()
            return False
        return True

    async def _watch(self, process: Process) -> str:
        """Until the process ends; returns why it did.  A hung one is killed."""
        ended = asyncio.ensure_future(process.wait())
        while not ended.done():
            await asyncio.wait([ended], timeout=LOOK_S)
            if not ended.done() and not self._released.is_set() and (condition := self._hung()):
                _kill(process)
                await ended
                return condition
        code = ended.result()
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def _condition(self) -> str:
        """What keeps the lane from counting as running; nothing when it does."""
        assert self._process is not None
        status = self._control.lane(self.name)
        if status.pid != self._process.pid or status.state != "running":
            return "starting"
        age_ms = (self._clock_ns() - status.heartbeat_ns) / MILLISECOND
        return f"heartbeat {age_ms:.0f} ms old" if age_ms > self._settings.hung_ms else ""

    def _hung(self) -> str:
        condition = self._condition()
        if condition != "starting":
            return condition
        age_ms = (self._clock_ns() - self._started_ns) / MILLISECOND
        return f"not started after {age_ms:.0f} ms" if age_ms > self._settings.start_ms_max else ""

    async def _released_within(self, wait_s: float) -> None:
        try:
            await asyncio.wait_for(self._released.wait(), wait_s)
        except TimeoutError:
            return


def _kill(process: Process) -> None:
    """SIGKILL, which also ends a stopped process; harmless when it has just ended."""
    with contextlib.suppress(ProcessLookupError):
        process.kill()
