"""The supervisor: one process that makes a box live, keeps it alive and ends it in order."""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Coroutine, Iterable
from typing import Any

from tickwire.config import Config, lanes_of
from tickwire.host.logs import Log
from tickwire.native import Control
from tickwire.supervisor.keeper import LaneKeeper, Spawn
from tickwire.supervisor.stewards import Stewards
from tickwire.supervisor.stops import Memory

LOOK_S = 0.005
QUIET_LOOKS = 4  # nothing in flight, this often in a row: gauges are published once a millisecond
CANCEL_AGAIN_S = 0.5

Part = tuple[str, Callable[[], Coroutine[Any, Any, None]]]  # what is run beside the stewards, and its name


class Supervisor:
    """Runs one box on a segment that it owns.

    ``run`` starts the lanes and the stewards, arms the gate when all is ready and disarms it as soon as a lane is not,
    until stop is set; then it ends everything in order: strategy off, gate shut, orders cancelled, session out, lanes
    gone.
    """

    def __init__(
        self,
        config: Config,
        control: Control,
        stewards: Stewards,
        memory: Memory,
        spawn: Spawn,
        cores: Collection[int],
        clock_ns: Callable[[], int],
        parts: Iterable[Part] = (),
    ) -> None:
        self._config = config
        self._control = control
        self._clock_ns = clock_ns
        self._log = Log("supervisor")
        self._memory = memory
        self._parts = tuple(parts)
        self.stewards = stewards
        self.keepers = tuple(
            LaneKeeper(lane.name, control, config.supervisor, spawn, clock_ns, self._log)
            for lane in lanes_of(config, cores)
        )

    @property
    def ready(self) -> bool:
        """Whether every lane runs, every venue's session is live and the gate knows what the box holds."""
        return all(keeper.running for keeper in self.keepers) and self.stewards.ready

    async def run(self, stop: asyncio.Event) -> bool:
        """Run until stop is set or a part of the supervisor fails; True when nothing failed and all ended in order."""
        self._control.supervisor_heartbeat_ns = self._clock_ns()
        async with asyncio.TaskGroup() as group:

            def start(part: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[bool]:
                return group.create_task(self._contain(part, work, stop))

            stewards = [start(steward.name, steward.run()) for steward in self.stewards.all()]
            stewards += [start(name, work()) for name, work in self._parts]
            heart = start("heartbeat", self._beat())
            memory = start("memory", self._remember())
            lanes = [start(f"lane {keeper.name}", keeper.run()) for keeper in self.keepers]
            gate = start("gate", self._guard_gate())
            await stop.wait()
            gate.cancel()
            orderly = await self._wind_down()
            whole = all(await asyncio.gather(*lanes))
            tasks = (*stewards, heart, memory, gate)
            whole = whole and not any(task.done() and not task.cancelled() for task in tasks)
            for task in tasks:
                task.cancel()
        return orderly and whole

    async def _contain(self, part: str, work: Coroutine[Any, Any, None], stop: asyncio.Event) -> bool:
        """Do the work; an exception in it stops the box in order, as orders must not be left open.  False: one came."""
        try:
            await work
        except Exception as error:
            self._log.error("part_failed", part=part, reason=repr(error))
            stop.set()
            return False
        return True

    async def _beat(self) -> None:
        """Say that the supervisor lives; nothing that may wait for a disk is done here."""
        while True:
            self._control.supervisor_heartbeat_ns = self._clock_ns()
            await asyncio.sleep(self._config.supervisor.heartbeat_ms / 1000)

    async def _remember(self) -> None:
        """Keep what is stopped, however slow the disk."""
        while True:
            await asyncio.to_thread(self._memory.look)
            await asyncio.sleep(self._config.supervisor.heartbeat_ms / 1000)

    async def _guard_gate(self) -> None:
        """Open the gate when all is ready; shut it when a lane is not running."""
        while True:
            if not self._control.armed and self.ready:
                self._control.armed = True
                self._log.info("gate_armed", epoch=self._control.epoch)
            elif self._control.armed and not all(keeper.running for keeper in self.keepers):
                self._control.armed = False
                self._log.warning("gate_disarmed", reason="a lane is not running")
            await asyncio.sleep(LOOK_S)

    async def _wind_down(self) -> bool:
        """End everything in order; True when positions were known, no order was left and every lane left by itself."""
        settings = self._config.supervisor
        self._log.info("stop_begun")
        self.stewards.signal.disable()
        self._control.armed = False
        await self._within(lambda: self.stewards.positions.known, settings.cancel_ms_max / 1000)  # a replay may run
        clean = await self._cancel_orders(settings.cancel_ms_max / 1000)
        known = self.stewards.positions.known  # before the logout, after which nobody can know
        if not known:
            self._log.error("positions_unknown", sessions=self.stewards.sessions)
            clean = False
        self.stewards.logout()
        if not await self._within(lambda: self.stewards.out, settings.stop_ms_max / 1000):
            self._log.warning("session_left_open", sessions=self.stewards.sessions)
        for keeper in self.keepers:
            keeper.release()
        self._control.stop = True
        left = await asyncio.gather(*(keeper.stop(settings.stop_ms_max / 1000) for keeper in self.keepers))
        self._log_final(clean, known)
        return clean and all(left)

    async def _cancel_orders(self, wait_s: float) -> bool:
        """Cancel until nothing is open and nothing is on its way; True when that came to be."""
        attempts = max(1, round(wait_s / CANCEL_AGAIN_S))
        for _ in range(attempts):
            self.stewards.cancel_all()
            if await self._within(lambda: self.stewards.nothing_open, wait_s / attempts):
                return True
        self._log.error("orders_left_open", count=self.stewards.open_orders, sessions=self.stewards.sessions)
        return False

    async def _within(self, condition: Callable[[], bool], wait_s: float) -> bool:
        """Whether the condition came to hold, several looks in a row, in that time."""
        quiet = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                while quiet < QUIET_LOOKS:
                    quiet = quiet + 1 if condition() else 0
                    await asyncio.sleep(LOOK_S)
        return quiet >= QUIET_LOOKS

    def _log_final(self, clean: bool, known: bool) -> None:
        self._log.info(
            "box_stopped",
            orders_left=0 if clean else self.stewards.open_orders,
            restarts={keeper.name: keeper.restarts for keeper in self.keepers},
            positions={
                position.symbol: {
                    "quantity": position.quantity,
                    "realised_1e4": position.realised,
                    "unrealised_1e4": position.unrealised,
                    "known": known,
                }
                for position in self.stewards.positions.positions()
            },
        )
