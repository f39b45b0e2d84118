"""Where the lanes run."""

from importlib import resources

import pytest

from tickwire.config import STAGES, ConfigError, housekeeping_cores, lanes_of, parse

EXAMPLE = (resources.files("tickwire.config") / "example.toml").read_text()
SPLIT = """
[[lanes.lane]]
name = "hot"
stages = ["execution-engine", "market-data", "signal-bridge", "risk-manager"]
core = 1
idle = "spin"

[[lanes.lane]]
name = "books"
stages = ["position-tracker"]
"""


def placed(lanes: str) -> str:
    return EXAMPLE.replace('# placement = "auto"', lanes + "\n#", 1)


def test_one_core_gets_one_lane_that_sleeps() -> None:
    (lane,) = lanes_of(parse(EXAMPLE, "box.toml", {0}), {0})
    assert (lane.core, lane.idle, lane.stages) == (-1, "sleep", STAGES)


def test_two_cores_get_one_lane_that_owns_the_last() -> None:
    (lane,) = lanes_of(parse(EXAMPLE, "box.toml", {0, 1}), {0, 1})
    assert (lane.core, lane.idle) == (1, "pause")
    assert housekeeping_cores([lane], {0, 1}) == {0}


def test_per_service_leaves_a_core_for_everything_else_and_spins_only_where_it_owns_one() -> None:
    config = parse(placed('placement = "per-service"'), "box.toml", {0, 1, 2})
    lanes = lanes_of(config, {0, 1, 2})
    assert [lane.stages for lane in lanes] == [(stage,) for stage in STAGES]
    assert [lane.core for lane in lanes] == [2, 1, -1, -1, -1]
    assert [lane.idle for lane in lanes] == ["pause", "pause", "sleep", "sleep", "sleep"]


def test_custom_lanes_poll_in_pipeline_order() -> None:
    config = parse(placed('placement = "custom"' + SPLIT), "box.toml", {0, 1})
    hot, books = lanes_of(config, {0, 1})
    assert hot.stages == STAGES[:4]
    assert books.core == -1


@pytest.mark.parametrize(
    ("there", "instead", "refusal"),
    [
        ('"position-tracker"]', '"market-data"]', "expected each stage in one lane, market-data is in 2"),
        ('"position-tracker"]', '"risk-manager"]', "expected every stage in a lane, position-tracker is in none"),
        ("core = 1", "core = 5", "expected a core of this machine (0, 1), got 5"),
        ("core = 1", "", "expected a core for a lane that never leaves it (spin)"),
        ('name = "books"', 'name = "books"\ncore = 1\nidle = "pause"', "expected a core of its own, hot spins on 1"),
        ('name = "books"', 'name = "hot"', "expected each lane's name once, hot is there already"),
        ('"position-tracker"]', '"position"]', "expected one of market-data, signal-bridge"),
    ],
)
def test_lanes_that_contradict_each_other_are_refused(there: str, instead: str, refusal: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse(placed('placement = "custom"' + SPLIT.replace(there, instead, 1)), "box.toml", {0, 1})
    assert refusal in str(error.value)
