"""Stop words of every scope, the throttle and the probe orders of a half-open breaker."""

from typing import Any

import pytest
from gate_desk import AAPL, NOW, SECOND, Desk, intent, limits, moment, stops

from tickwire.native import lib
from tickwire.native.trading import RiskGate

SCOPES: list[dict[str, Any]] = [
    {"firm": lib.STOP_KILL},
    {"venue": {0: lib.STOP_KILL}},
    {"account": {1: lib.STOP_KILL}},
    {"strategy": {1: lib.STOP_KILL}},
    {"instrument": {AAPL: lib.STOP_KILL}},
]
BITS = {
    "killed": lib.STOP_KILL,
    "paused": lib.STOP_PAUSE,
    "break": lib.STOP_BREAK,
    "breaker": lib.STOP_BREAKER,
    "probe": lib.STOP_PROBE,
    "throttled": lib.STOP_THROTTLE,
}
REDUCING = {"flags": lib.ORDER_REDUCE_ONLY}


@pytest.fixture
def desk() -> Desk:
    return Desk()


def with_bits(words: dict[str, Any], bits: int) -> dict[str, Any]:
    """The same scopes with other bits."""
    return {name: bits if name == "firm" else dict.fromkeys(word, bits) for name, word in words.items()}


@pytest.mark.parametrize("words", SCOPES, ids=lambda words: next(iter(words)))
@pytest.mark.parametrize("verdict", BITS)
def test_a_stop_word_stops_its_scope_with_its_own_reason(desk: Desk, verdict: str, words: dict[str, Any]) -> None:
    stopped = moment(stops=(held := stops(**with_bits(words, BITS[verdict]))))
    assert desk.gate.judge(intent(), stopped) == verdict
    assert held is not None


@pytest.mark.parametrize("bits", BITS.values())
def test_other_scopes_go_on(desk: Desk, bits: int) -> None:
    others = stops(venue={1: bits}, account={2: bits}, strategy={2: bits}, instrument={AAPL + 1: bits})
    assert desk.gate.judge(intent(), moment(stops=others)) == "pass"


def test_a_bit_nobody_told_the_gate_about_pauses(desk: Desk) -> None:
    held = stops(strategy={1: 1 << 40})
    assert desk.gate.judge(intent(), moment(stops=held)) == "paused"


def test_the_first_of_several_stops_is_the_one_told(desk: Desk) -> None:
    order = ["killed", "paused", "break", "breaker", "throttled", "probe"]
    for position, verdict in enumerate(order):
        held = stops(firm=sum(BITS[name] for name in order[position:]))
        assert desk.gate.judge(intent(), moment(stops=held)) == verdict


@pytest.mark.parametrize("words", SCOPES, ids=lambda words: next(iter(words)))
@pytest.mark.parametrize(
    ("verdict", "bits"),
    [("pass", BITS[name]) for name in ("paused", "breaker", "probe", "throttled")]
    + [(name, BITS[name]) for name in ("killed", "break")],
)
def test_an_order_that_only_reduces_passes_all_but_kill_and_break(
    desk: Desk, verdict: str, bits: int, words: dict[str, Any]
) -> None:
    desk.hold(-100)
    held = stops(**with_bits(words, bits))
    assert desk.gate.judge(intent(**REDUCING), moment(stops=held)) == verdict


def test_an_order_that_claims_to_reduce_must_do_so(desk: Desk) -> None:
    held = stops(firm=lib.STOP_PAUSE)
    assert desk.gate.judge(intent(**REDUCING), moment(stops=held)) == "not_reducing"


@pytest.mark.parametrize("kill", [{"kill": 1}, {"stops": stops(strategy={1: lib.STOP_KILL})}])
def test_a_kill_may_be_configured_to_let_reducing_orders_pass(desk: Desk, kill: dict[str, Any]) -> None:
    desk.hold(-100)
    desk.limit(kill_allows_reducing=1)
    assert desk.gate.judge(intent(**REDUCING), moment(**kill)) == "pass"
    assert desk.gate.judge(intent(), moment(**kill)) == "killed"
    held = stops(firm=lib.STOP_BREAK)
    assert desk.gate.judge(intent(**REDUCING), moment(kill=1, stops=held)) == "break"


@pytest.mark.parametrize("allowed", [0, 1])
def test_only_the_gate_says_what_may_pass_a_kill(desk: Desk, allowed: int) -> None:
    desk.hold(-100)
    desk.limit(kill_allows_reducing=allowed)
    verdict, order = desk.gate.reserve(intent(**REDUCING), moment())
    assert verdict == "pass"
    assert bool(order.flags & lib.ORDER_PASSES_KILL) == bool(allowed)
    assert desk.gate.judge(intent(flags=lib.ORDER_PASSES_KILL), moment()) == "malformed"


def test_cancels_pass_every_stop(desk: Desk) -> None:
    assert desk.ask() == "pass"
    bits = sum(BITS.values())
    held = stops(firm=bits, venue={0: bits}, account={1: bits}, strategy={1: bits}, instrument={AAPL: bits})
    assert desk.ask(kind=lib.INTENT_CANCEL, target=1, moment={"kill": 1, "stops": held}) == "pass"


PROBES: list[tuple[dict[str, Any], Any]] = [
    ({"firm": lib.STOP_PROBE}, lambda made: setattr(made, "probe_orders_max", 2)),
    ({"venue": {0: lib.STOP_PROBE}}, lambda made: setattr(made.venues[0], "probe_orders_max", 2)),
    ({"strategy": {1: lib.STOP_PROBE}}, lambda made: setattr(made.strategies[1], "probe_orders_max", 2)),
]


@pytest.mark.parametrize(("words", "grant"), PROBES, ids=["firm", "venue", "strategy"])
def test_a_half_open_scope_lets_its_probe_orders_through_once_per_generation(
    desk: Desk, words: dict[str, Any], grant: Any
) -> None:
    held = stops(**words)
    for generation in (1, 2):
        made = limits(probe_generation=generation)
        grant(made)
        desk.gate.limits(made, NOW)
        desk.gate.limits(made, NOW)  # published again: nothing has changed
        assert [desk.ask(moment={"stops": held}) for _ in range(3)] == ["pass", "pass", "probe"]


def test_orders_while_closed_or_reducing_use_no_probe_up(desk: Desk) -> None:
    desk.hold(-300)
    made = limits()
    made.probe_orders_max = 1
    desk.gate.limits(made, NOW)
    held = stops(firm=lib.STOP_PROBE)
    assert desk.ask() == "pass"
    assert desk.ask(**REDUCING, moment={"stops": held}) == "pass"
    assert [desk.ask(moment={"stops": held}) for _ in range(2)] == ["pass", "probe"]


@pytest.mark.parametrize("words", [{"account": {1: lib.STOP_PROBE}}, {"instrument": {AAPL: lib.STOP_PROBE}}])
def test_a_scope_that_has_no_probe_orders_lets_none_through(desk: Desk, words: dict[str, Any]) -> None:
    desk.limit(probe_orders_max=10)
    held = stops(**words)
    assert desk.gate.judge(intent(), moment(stops=held)) == "probe"


def throttled(**changes: Any) -> Any:
    """Limits by which three executions within a second throttle strategy 1."""
    usual = {"execution_count_max": 3, "execution_window_ns": SECOND}
    return limits(strategies={1: usual | changes}, instrument={"position_max": 100_000})


def execute(desk: Desk, *times_ns: int, **fields: Any) -> None:
    """One share after the other bought for strategy 1."""
    for at_ns in times_ns:
        desk.hold(1, match_number=at_ns, report_ns=NOW + at_ns, **fields)


def test_too_many_repeated_executions_throttle_the_strategy_until_a_person_re_enables_it(desk: Desk) -> None:
    desk.gate.limits(throttled(throttle_generation=4), NOW)
    execute(desk, 0, 1)
    assert desk.ask() == "pass"
    execute(desk, 2)
    assert desk.ask() == "throttled"
    assert desk.gate.scope("strategy", 1).throttled == 1
    assert desk.ask(strategy=2) == "pass"
    desk.tell("RESET")
    desk.tell("LIVE", next_user_ref=1)
    desk.gate.limits(throttled(throttle_generation=4), NOW)  # published again: that re-enables nothing
    assert desk.ask() == "throttled"
    desk.gate.limits(throttled(throttle_generation=5), NOW)
    assert desk.gate.scope("strategy", 1).throttled == 0
    assert desk.ask() == "pass"
    execute(desk, 3, 4)  # those before were forgiven
    assert desk.ask() == "pass"
    execute(desk, 5)
    assert desk.ask() == "throttled"


def test_the_throttle_window_slides_exactly(desk: Desk) -> None:
    desk.gate.limits(throttled(), NOW)
    execute(desk, 0, 1, SECOND)
    assert desk.ask() == "pass"
    execute(desk, SECOND + 1)  # the one at 1 has just left
    assert desk.ask() == "pass"
    execute(desk, SECOND + 2)
    assert desk.ask() == "throttled"


def test_a_throttled_strategy_may_still_reduce(desk: Desk) -> None:
    desk.gate.limits(throttled(), NOW)
    execute(desk, 0, 1, 2)
    assert desk.sell(3, **REDUCING) == "pass"


def test_what_a_replay_tells_throttles_nobody(desk: Desk) -> None:
    desk.gate.limits(throttled(), NOW)
    execute(desk, 0, 1, 2, 3, flags=lib.REPORT_REPLAYED)
    assert desk.ask() == "pass"


def test_a_throttle_of_an_earlier_life_is_not_released_by_the_first_limits_of_this_one() -> None:
    gate = RiskGate()
    gate.throttle(1)
    for generation, verdict in ((4, "throttled"), (4, "throttled"), (5, "not_reconciled")):
        gate.limits(throttled(throttle_generation=generation), NOW)
        assert gate.judge(intent(), moment()) == verdict
