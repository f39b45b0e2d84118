"""What the stewards notice and say."""

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from tickwire.config import kinds, parse, values
from tickwire.native import Segment, ffi, lib
from tickwire.native.settings import execution_config, market_config, risk_limits, signal_parameters
from tickwire.services.execution_engine import ExecutionEngine
from tickwire.services.market_data import FeedWatch
from tickwire.services.position_tracker import PositionTracker
from tickwire.services.signal_bridge import SignalBridge
from tickwire.supervisor.layout import create_segment

CONFIG = parse((resources.files("tickwire.config") / "example.toml").read_text(), "box.toml", {0})


@pytest.fixture
def segment(tmp_path: Path) -> Iterator[Segment]:
    made, _ = create_segment(tmp_path / "segment", ["hot"])
    with made:
        yield made


def test_the_feed_watch_says_what_changed_and_nothing_else(segment: Segment) -> None:
    counters = segment.counters("market-data.0")
    watch = FeedWatch(counters)
    assert watch.check() == ""
    counters.values[lib.MARKET_COUNT_SYNCHRONISED] = 1
    assert watch.check() == "feed synchronised"
    assert watch.check() == ""
    counters.values[lib.MARKET_COUNT_SYNCHRONISED] = 0
    counters.values[lib.MARKET_COUNT_GAPS] = 2
    counters.values[lib.MARKET_COUNT_LOST] = 5
    assert watch.check() == ("feed stale or incomplete: nothing is traded on it; 2 gaps; 5 messages lost for good")


def test_the_execution_steward_follows_the_session(segment: Segment) -> None:
    counters = segment.counters("execution-engine.0")
    steward = ExecutionEngine(counters, segment.ring("command.execution.0", "command"), lambda: 7)
    assert steward.check() == ""
    counters.values[lib.EXECUTION_COUNT_SESSION_STATE] = lib.SESSION_LIVE
    assert steward.check() == "session down -> live"
    assert steward.live


def test_commands_carry_their_time_and_a_full_ring_is_told(segment: Segment) -> None:
    ring = segment.ring("command.execution.0", "command")
    steward = ExecutionEngine(segment.counters("execution-engine.0"), ring, lambda: 7)
    assert steward.cancel_all()
    assert steward.logout()
    first, second = ring.read(0)
    assert (first.kind, first.issued_ns, second.kind) == (lib.EXECUTION_CANCEL_ALL, 7, lib.EXECUTION_LOGOUT)
    while steward.cancel_all():
        pass
    assert ring.lag(0) == ring.capacity


def test_the_signal_steward_publishes_once_and_again_when_switched_off(segment: Segment) -> None:
    parameters = segment.parameters("signal", "signal_parameters")
    steward = SignalBridge(CONFIG, parameters, lambda: 7)
    assert "enabled" in steward.check()
    assert steward.check() == ""
    steward.disable()
    assert not parameters.read().enabled


def test_the_position_steward_says_when_positions_are_known(segment: Segment) -> None:
    steward = PositionTracker(segment, ["AAPL"])
    assert steward.check() == ""
    assert not steward.positions()[0].known


def test_the_configuration_reaches_the_stages_in_their_units() -> None:
    market, execution = market_config(CONFIG), execution_config(CONFIG, "secret")
    assert (market.instrument_count, ffi.buffer(market.instruments[0].symbol)[:]) == (1, b"AAPL    ")
    assert (market.packet.channel_count, market.packet.channels[1].port) == (2, 26401)
    assert (market.stale_ns, market.lag_ns_max, market.gap_wait_ns) == (1_000_000_000, 20_000_000, 2_000_000)
    assert ffi.buffer(execution.username)[:] == b"BOX1    "
    assert ffi.buffer(execution.password)[:] == b"secret".ljust(16)
    assert execution.heartbeat_ns == 1_000_000_000
    assert (execution.order_age_ns_max, execution.supervisor_silence_ns_max) == (100_000_000, 2_500_000_000)
    parameters, limits = signal_parameters(CONFIG, True), risk_limits(CONFIG)
    signal = parameters.instruments[0]
    assert (signal.imbalance_enter, signal.edge_min, signal.cooldown_ns) == (400_000, 50, 100_000_000)
    assert limits.instruments[0].order_value_max == 10_000_000_000
    assert limits.instruments[1].permitted == 0, "what is not configured is not permitted"


def test_the_bounds_of_the_configuration_are_those_of_the_native_side() -> None:
    assert kinds.INSTRUMENT_COUNT_MAX == lib.INSTRUMENT_COUNT_MAX
    assert kinds.LANE_COUNT_MAX == lib.STAGE_COUNT_MAX
    assert kinds.MESSAGE_RATE_MAX == lib.RISK_MESSAGE_RATE_MAX
    assert kinds.QUANTITY_MAX == lib.RISK_QUANTITY_MAX
    assert values.PRICE_SCALE == lib.PRICE_SCALE
