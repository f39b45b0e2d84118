"""One lane process: ``python -m tickwire.services.lane --segment PATH --config FILE --lane NAME --cores 0,1``.

Attaches to the segment, opens the lane's stages and enters C until it is told to stop, gets SIGTERM, or is orphaned.
Exit codes: 0 told to stop, 1 could not start, 2 the configuration was refused.
"""

import argparse
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from tickwire.config import Config, ConfigError, lanes_of, load, password
from tickwire.config import Lane as LaneConfig
from tickwire.host import logs, process
from tickwire.native import Lane, LaneSettings, NativeError, Segment
from tickwire.native.settings import MICROSECOND, MILLISECOND
from tickwire.native.stages import open_service_stage, stages_of


def lane_settings(config: Config, lane: LaneConfig) -> LaneSettings:
    """The lane as the native side wants it."""
    return LaneSettings(
        name=lane.name,
        core=lane.core if lane.core >= 0 else None,
        idle=lane.idle,
        fifo_priority=lane.fifo_priority,
        lock_memory=lane.lock_memory,
        sleep_ns=lane.sleep_us * MICROSECOND,
        orphan_ns_max=config.lanes.orphan_ms_max * MILLISECOND,
        housekeep_ns=config.lanes.housekeep_us * MICROSECOND,
    )


def run(segment_path: Path, config_path: Path, name: str, cores: Collection[int]) -> int:
    """Run the lane called name; returns the exit code."""
    log = logs.Log(f"lane.{name}")
    try:
        config = load(config_path, cores)
        settings = next(lane for lane in lanes_of(config, cores) if lane.name == name)
    except ConfigError as error:
        log.error("config_refused", reason=str(error))
        return 2

    def secret(venue: int) -> str:
        return password(config.venues[venue].execution)

    try:
        with Segment.attach(segment_path) as segment:
            segment.control().use_clock()
            lane = Lane(segment, lane_settings(config, settings))
            for warning in lane.warnings:
                log.warning("wish_not_granted", reason=warning)
            for service in settings.stages:
                for stage_name in stages_of(service, config):
                    stage, said = open_service_stage(stage_name, segment, config, secret)
                    lane.add(stage)
                    log.info("stage_opened", stage=str(stage_name), said=said.splitlines())
            lane.run()
            lane.close()
    except ConfigError as error:
        log.error("config_refused", reason=str(error))
        return 2
    except NativeError as error:
        log.error("lane_failed", reason=str(error))
        return 1
    log.info("lane_left")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of the process."""
    parser = argparse.ArgumentParser(prog="tickwire.services.lane")
    parser.add_argument("--segment", type=Path, required=True)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--lane", required=True)
    parser.add_argument("--cores", type=lambda text: [int(core) for core in text.split(",")], required=True)
    options = parser.parse_args(arguments)
    process.set_name(f"tw-{options.lane}")
    logs.setup()
    return run(options.segment, options.config, options.lane, options.cores)


if __name__ == "__main__":
    sys.exit(main())
