"""Lanes: every stage in one, on cores that exist and that spinning lanes do not share."""

from collections import Counter
from collections.abc import Collection, Iterator

from tickwire.config.checks.problem import Problem
from tickwire.config.kinds import LANE_COUNT_MAX
from tickwire.config.lanes import STAGES
from tickwire.config.lines import Path
from tickwire.config.model import Config
from tickwire.config.placement import SPINNING


def problems(config: Config, cores: Collection[int]) -> Iterator[Problem]:
    """What lanes contradict, on the cores there are."""
    lanes = config.lanes
    there = ", ".join(map(str, sorted(cores)))
    if lanes.core >= 0 and lanes.core not in cores:
        yield ("lanes", "core"), f"expected a core of this machine ({there}), got {lanes.core}"
    if lanes.core >= 0 and lanes.placement != "single":
        yield ("lanes", "core"), 'expected only with placement = "single"'
    if lanes.placement != "custom":
        if lanes.lane:
            yield ("lanes", "lane", 0), 'expected only with placement = "custom"'
        return
    if not 1 <= len(lanes.lane) <= LANE_COUNT_MAX:
        yield ("lanes", "placement"), f"expected 1 to {LANE_COUNT_MAX} [[lanes.lane]] tables, got {len(lanes.lane)}"
        return
    yield from _custom(config, cores, there)


def _custom(config: Config, cores: Collection[int], there: str) -> Iterator[Problem]:
    names: set[str] = set()
    owner: dict[int, str] = {}
    placed = Counter(stage for lane in config.lanes.lane for stage in lane.stages)
    for index, lane in enumerate(config.lanes.lane):
        here: Path = ("lanes", "lane", index)
        if lane.name in names:
            yield (*here, "name"), f"expected each lane's name once, {lane.name} is there already"
        names.add(lane.name)
        for stage in lane.stages:
            if placed[stage] > 1:
                yield (*here, "stages"), f"expected each stage in one lane, {stage} is in {placed[stage]}"
        if lane.core >= 0 and lane.core not in cores:
            yield (*here, "core"), f"expected a core of this machine ({there}), got {lane.core}"
        if lane.idle in SPINNING:
            if lane.core < 0:
                yield (*here, "idle"), f"expected a core for a lane that never leaves it ({lane.idle})"
            elif lane.core in owner:
                yield (*here, "core"), f"expected a core of its own, {owner[lane.core]} spins on {lane.core}"
            owner.setdefault(lane.core, lane.name)
    for absent in (stage for stage in STAGES if not placed[stage]):
        yield ("lanes",), f"expected every stage in a lane, {absent} is in none"
