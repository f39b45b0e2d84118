"""What the stewards notice and say."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from config_text import CORES, EXAMPLE, TWO_VENUES
from throttling import no_throttles

from tickwire.config import kinds, parse, values
from tickwire.native import Segment, ffi, lib
from tickwire.native.risk_settings import risk_limits
from tickwire.native.settings import execution_config, market_config, signal_parameters
from tickwire.services.disabled_venue import DisabledVenue
from tickwire.services.execution_engine import ExecutionEngine
from tickwire.services.market_data import FeedWatch
from tickwire.services.position_tracker import PositionTracker
from tickwire.services.risk_manager import RiskManager
from tickwire.services.signal_bridge import SignalBridge
from tickwire.supervisor.layout import create_segment
from tickwire.supervisor.stewards import Stewards

CONFIG = parse(EXAMPLE, "box.toml", CORES)
TWO = parse(TWO_VENUES, "box.toml", CORES)


@pytest.fixture
def segment(tmp_path: Path) -> Iterator[Segment]:
    made, _ = create_segment(tmp_path / "segment", ["hot"])
    with made:
        yield made


def test_the_feed_watch_says_what_changed_and_nothing_else(segment: Segment) -> None:
    counters = segment.counters("market-data.0")
    watch = FeedWatch("A", counters)
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
    steward = ExecutionEngine(0, "A", counters, segment.ring("command.execution.0", "command"), lambda: 7)
    assert steward.check() == ""
    counters.values[lib.EXECUTION_COUNT_SESSION_STATE] = lib.SESSION_LIVE
    assert steward.check() == "session down -> live"
    assert steward.live


def test_commands_carry_their_time_and_a_full_ring_is_told(segment: Segment) -> None:
    ring = segment.ring("command.execution.0", "command")
    steward = ExecutionEngine(0, "A", segment.counters("execution-engine.0"), ring, lambda: 7)
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


def test_a_box_is_ready_only_when_every_enabled_venue_is_live(tmp_path: Path) -> None:
    two, control = create_segment(tmp_path / "two", ["hot"], 2)
    with two:
        stewards = Stewards(TWO, two, control, no_throttles(tmp_path), lambda: 7)
        two.counters("risk-manager").values[lib.RISK_COUNT_RECONCILED] = 1
        assert not stewards.ready
        for venue in (0, 1):
            assert not stewards.ready
            two.counters(f"execution-engine.{venue}").values[lib.EXECUTION_COUNT_SESSION_STATE] = lib.SESSION_LIVE
        assert stewards.ready
        assert stewards.sessions == {"A": "live", "B": "live"}
        assert stewards.resync(1)
        assert [command.kind for command in two.ring("command.execution.1", "command").read(0)] == [
            lib.EXECUTION_RESYNC
        ]
        assert two.ring("command.execution.0", "command").read(0) == []


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
    assert (execution.venue, execution.order_types, execution.silence_cancel_ns) == (0, 0xFF, 3_000_000_000)
    assert (execution.reconnect_jitter_ppm, signal_parameters(TWO, True).venue) == (200_000, 0)
    assert (market_config(TWO, 1).venue, execution_config(TWO, "secret", 1).port) == (1, 26510)


def test_every_limit_reaches_the_gate_in_its_unit() -> None:
    limits = risk_limits(TWO, probe_generation=3, throttle_generations={1: 4})
    account, strategy, instrument = limits.accounts[1], limits.strategies[1], limits.instruments[0]
    assert (account.permitted, account.gross_max, account.net_max) == (1, 5_000_000_0000, 2_000_000_0000)
    assert (account.credit_max, account.open_orders_max) == (20_000_000_0000, 40)
    assert (strategy.account, strategy.trader, strategy.order_count_max) == (1, 1, 50)
    assert (strategy.execution_count_max, strategy.execution_window_ns) == (200, 60_000_000_000)
    assert (strategy.throttle_generation, strategy.probe_orders_max, strategy.scope.gross_max) == (4, 5, 4_000_000_0000)
    assert (limits.firm.gross_max, limits.firm.net_max, limits.firm.credit_max) == (6 * 10**10, 3 * 10**10, 3 * 10**11)
    assert (limits.message_burst_max, limits.message_burst_window_ns) == (20, 10_000_000)
    assert (limits.duplicate_max, limits.duplicate_window_ns, limits.order_window_ns) == (1, 50_000_000, 1_000_000_000)
    assert (limits.self_match, limits.kill_allows_reducing, limits.probe_generation) == (0, 0, 3)
    assert (instrument.collar_distance, instrument.collar_last_ppm, instrument.tick_size) == (10_000, 20_000, 100)
    assert (instrument.short_sale, instrument.locate_quantity, instrument.restricted) == (0, 0, 0)
    assert [entry.permitted for entry in limits.venues] == [1, 1, 0, 0]
    assert list(limits.traders)[:3] == [0, 1, 0]
    assert (limits.accounts[0].permitted, limits.strategies[0].scope.permitted) == (0, 0), "0 is nobody"


def test_commands_of_a_scope_carry_it(segment: Segment) -> None:
    ring = segment.ring("command.execution.0", "command")
    steward = ExecutionEngine(0, "A", segment.counters("execution-engine.0"), ring, lambda: 7)
    assert steward.cancel_scope("account", 3) and steward.cancel(9) and steward.resync() and steward.login()
    scope, one, resync, login = ring.read(0)
    assert (scope.kind, list(scope.argument)[:2]) == (lib.EXECUTION_CANCEL_SCOPE, [lib.STOP_ACCOUNT, 3])
    assert (one.kind, one.argument[0]) == (lib.EXECUTION_CANCEL, 9)
    assert (resync.kind, login.kind) == (lib.EXECUTION_RESYNC, lib.EXECUTION_LOGIN)


def test_a_disabled_venue_answers_every_question_for_its_record_with_nothing(segment: Segment) -> None:
    reports, control = segment.ring("report.0", "execution_report"), segment.control()
    steward = DisabledVenue(0, "A", reports, control, lambda: 7)
    assert steward.check() == ""
    control.pointer.resync_requests = 1
    assert steward.check() == "disabled: nothing is held there"
    assert steward.check() == ""
    assert [report.kind for report in reports.read(0)] == [lib.REPORT_RESET, lib.REPORT_LIVE]
    control.pointer.resync_requests = 2
    while reports.write([ffi.new("struct execution_report *")[0]]):
        pass
    steward.check()
    assert reports.lag(1) == reports.capacity, "half an answer would be no answer"


def throttled(segment: Segment, value: int) -> None:
    block = lib.segment_find(segment.handle, b"exposure", lib.BLOCK_TABLE, ffi.NULL)
    ffi.cast("struct risk_scope_exposure *", block)[lib.RISK_SCOPE_STRATEGY + 1].throttled = value


def test_a_strategy_that_the_gate_throttled_stays_so_until_a_person_reenables_it(
    segment: Segment, tmp_path: Path
) -> None:
    now = [10**10]
    control, parameters = segment.control(), segment.parameters("risk", "risk_limits")
    exposure = segment.table("exposure", "risk_scope_exposure")
    steward = RiskManager(
        CONFIG,
        parameters,
        segment.counters("risk-manager"),
        control,
        exposure,
        no_throttles(tmp_path, lambda: now[0]),
        lambda: now[0],
    )
    assert steward.check() == "published the limits"
    throttled(segment, 1)
    assert "strategies [1] throttled" in steward.check()
    assert control.stop_bits("strategy", 1) == lib.STOP_THROTTLE
    assert steward.check() == ""
    steward.reenable(1, "olivia", "looked into it")
    assert control.stop_bits("strategy", 1) == 0
    assert parameters.read().strategies[1].throttle_generation == 1
    assert steward.check() == "", "the gate has not taken note yet"
    now[0] += 2_000_000_000
    assert "throttled" in steward.check(), "the gate throttled it again"


def test_limits_are_published_at_once_when_they_change_and_again_before_they_are_stale(
    segment: Segment, tmp_path: Path
) -> None:
    now = [1]
    parameters = segment.parameters("risk", "risk_limits")
    exposure = segment.table("exposure", "risk_scope_exposure")
    arguments = (
        parameters,
        segment.counters("risk-manager"),
        segment.control(),
        exposure,
        no_throttles(tmp_path),
        lambda: now[0],
    )
    steward = RiskManager(CONFIG, *arguments)
    steward.check()
    first = parameters.version
    steward.check()
    assert parameters.version == first
    now[0] += 2_000_000_000
    steward.check()
    assert parameters.version > first
    steward.enforce(parse(EXAMPLE.replace("open_orders_max = 50", "open_orders_max = 7"), "box.toml", CORES))
    assert parameters.read().firm.open_orders_max == 7
    steward.probe()
    assert parameters.read().probe_generation == 1


def test_the_bounds_of_the_configuration_are_those_of_the_native_side() -> None:
    assert kinds.VENUE_COUNT_MAX == lib.VENUE_COUNT_MAX
    assert kinds.ACCOUNT_NUMBER_MAX == lib.ACCOUNT_COUNT_MAX - 1
    assert kinds.TRADER_NUMBER_MAX == lib.TRADER_COUNT_MAX - 1
    assert kinds.STRATEGY_NUMBER_MAX == lib.STRATEGY_COUNT_MAX - 1
    assert kinds.WINDOW_COUNT_MAX == lib.RISK_WINDOW_COUNT_MAX
    assert kinds.DUPLICATE_MAX == lib.RISK_DUPLICATE_MEMORY - 1
    assert kinds.INSTRUMENT_COUNT_MAX == lib.INSTRUMENT_COUNT_MAX
    assert kinds.LANE_COUNT_MAX == lib.STAGE_COUNT_MAX
    assert kinds.MESSAGE_RATE_MAX == lib.RISK_MESSAGE_RATE_MAX
    assert kinds.QUANTITY_MAX == lib.RISK_QUANTITY_MAX
    assert values.PRICE_SCALE == lib.PRICE_SCALE
