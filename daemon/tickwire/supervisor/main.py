"""``tickwire run``: from a configuration file to a running box, and to an exit code that says how it ended."""

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Collection
from enum import IntEnum
from pathlib import Path

from tickwire.api.audit import FILE as AUDIT_FILE
from tickwire.api.audit import AuditLog
from tickwire.config import Config, ConfigError, check_passwords, housekeeping_cores, lanes_of, load
from tickwire.host import logs, process
from tickwire.host.upkeep import scribe
from tickwire.native import NativeError, now_ns
from tickwire.services.throttle import Throttles
from tickwire.supervisor.configuration_record import record_start
from tickwire.supervisor.layout import create_segment
from tickwire.supervisor.ownership import LANE_MODULE, BoxOwnedError, Ownership
from tickwire.supervisor.plane import make_plane
from tickwire.supervisor.services import Services
from tickwire.supervisor.stewards import Stewards
from tickwire.supervisor.stops import Memory, directory_of, restore
from tickwire.supervisor.supervisor import Supervisor


class Exit(IntEnum):
    """Exit codes of ``tickwire run``."""

    ORDERLY = 0  # told to stop; no order left open, every lane left by itself
    DISORDERLY = 1  # told to stop; orders may be open or a lane had to be killed: see the log
    CONFIG = 2  # the configuration was refused
    OWNED = 3  # another supervisor, or lanes of one, run this box
    FAILED = 4  # the segment could not be made


def run(config_path: Path) -> Exit:
    """Run the box of that file until SIGTERM or SIGINT."""
    process.set_name("tw-supervisor")
    logs.setup()
    log = logs.Log("supervisor")
    cores = os.sched_getaffinity(0)
    try:
        config = load(config_path, cores)
        check_passwords(config)
    except ConfigError as error:
        for line in str(error).splitlines():
            log.error("config_refused", reason=line)
        return Exit.CONFIG
    segment_path = Path(config.box.segment_path)
    try:
        owner = Ownership(segment_path, Path(config.box.state_dir))
        if replaced := owner.clear_stale(config, config.lanes.orphan_ms_max / 1000 + 1):
            log.warning("segment_replaced", reason=replaced)
        return asyncio.run(_run(config, config_path, owner, cores, log))
    except BoxOwnedError as error:
        log.error("box_owned_elsewhere", reason=str(error))
        return Exit.OWNED
    except (NativeError, OSError) as error:
        log.error("box_failed", reason=str(error))
        return Exit.FAILED


async def _run(config: Config, config_path: Path, owner: Ownership, cores: Collection[int], log: logs.Log) -> Exit:
    lanes = lanes_of(config, cores)
    epoch = owner.next_epoch()
    audit = AuditLog(Path(config.box.state_dir) / AUDIT_FILE)
    changed = record_start(config, config_path, audit, epoch)  # before anything can trade
    segment, control = create_segment(Path(config.box.segment_path), [lane.name for lane in lanes], len(config.venues))
    directory = directory_of(config)
    control.kill = owner.kill
    for gone in restore(control, directory, owner.stops):
        log.warning("stop_word_of_nothing", scope=gone, expected="a name of the configuration")
    control.epoch = epoch
    os.sched_setaffinity(0, housekeeping_cores(lanes, cores))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    async def spawn(name: str) -> Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", LANE_MODULE),
            *("--segment", str(segment.path)),
            *("--config", str(config_path)),
            *("--lane", name),
            *("--cores", ",".join(map(str, sorted(cores)))),
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the supervisor, which stops its lanes in order
        )

    log.info(
        "box_started",
        name=config.box.name,
        pid=os.getpid(),
        epoch=control.epoch,
        killed=bool(control.kill),
        changed=changed,
    )
    names = {strategy.number: strategy.name for strategy in config.strategies}
    submit = scribe("records")
    throttles = Throttles(names, Path(config.box.state_dir), time.monotonic_ns, time.time_ns, submit)
    stewards = Stewards(config, segment, control, throttles, now_ns)
    services = Services(config, segment, control, stewards, now_ns, submit)
    plane = make_plane(config, lanes, segment, control, directory, owner, stewards, services, now_ns)
    memory = Memory(control, directory, owner, owner.stops, log)
    parts = (*services.parts(), ("operators", plane.run))
    try:
        orderly = await Supervisor(config, control, stewards, memory, spawn, cores, now_ns, parts).run(stop)
    finally:
        services.close(log)
    return Exit.ORDERLY if orderly else Exit.DISORDERLY
