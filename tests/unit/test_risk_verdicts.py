"""Verdicts on the box, on who asks and on the order itself: the default intent passes, each test spoils one thing."""

from typing import Any

import pytest
from gate_desk import AAPL, ASK, BID, MSFT, NOW, SECOND, Desk, intent, limits, market, moment, named, report

from tickwire.native import lib
from tickwire.native.trading import RiskGate


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def gate(desk: Desk) -> RiskGate:
    return desk.gate


def test_the_default_intent_passes(gate: RiskGate) -> None:
    assert gate.judge(intent(), moment()) == "pass"


@pytest.mark.parametrize(
    ("verdict", "changes"),
    [
        ("killed", {"kill": 1}),
        ("not_armed", {"armed": 0}),
        ("supervisor_stale", {"supervisor_heartbeat_ns": NOW - 2 * SECOND - 1}),
        ("pass", {"supervisor_heartbeat_ns": NOW - 2 * SECOND}),
        ("limits_stale", {"now_ns": NOW + 5 * SECOND + 1}),
        ("tick_age", {"now_ns": NOW + 1_000_000}),
        ("pass", {"now_ns": NOW + 1_000_000 - 1000}),
        ("session_down", {"epoch": lib.ORDER_ID_EPOCH_MAX + 1}),
        ("pass", {"epoch": lib.ORDER_ID_EPOCH_MAX}),
        ("backpressure", {"order_room": 0}),
    ],
)
def test_the_box_itself_can_forbid(gate: RiskGate, verdict: str, changes: dict[str, int]) -> None:
    assert gate.judge(intent(), moment(**changes)) == verdict


@pytest.mark.parametrize(
    ("verdict", "changes"),
    [
        ("venue", {"venue": lib.VENUE_COUNT_MAX}),
        ("instrument", {"instrument": 5}),
        ("instrument", {"instrument": lib.INSTRUMENT_COUNT_MAX}),
        ("instrument", {"instrument": lib.INSTRUMENT_NONE}),
        ("account", {"account": 0}),
        ("account", {"account": 5}),
        ("account", {"account": lib.ACCOUNT_COUNT_MAX}),
        ("strategy", {"strategy": 0}),
        ("strategy", {"strategy": 5}),
        ("strategy", {"strategy": lib.STRATEGY_COUNT_MAX}),
        ("strategy", {"account": 2}),
        ("trader", {"trader": 0}),
        ("trader", {"trader": 2}),
        ("trader", {"trader": lib.TRADER_COUNT_MAX}),
    ],
)
def test_nobody_trades_without_leave_or_in_anothers_name(gate: RiskGate, verdict: str, changes: dict[str, int]) -> None:
    assert gate.judge(intent(**changes), moment()) == verdict


@pytest.mark.parametrize(
    ("verdict", "spoil"),
    [
        ("no_limits", lambda made: setattr(made.firm, "permitted", 0)),
        ("venue", lambda made: setattr(made.venues[0], "permitted", 0)),
        ("instrument", lambda made: setattr(made.instruments[AAPL], "permitted", 0)),
        ("restricted", lambda made: setattr(made.instruments[AAPL], "restricted", 1)),
        ("account", lambda made: setattr(made.accounts[1], "permitted", 0)),
        ("strategy", lambda made: setattr(made.strategies[1].scope, "permitted", 0)),
        ("strategy", lambda made: setattr(made.strategies[1], "account", 2)),
        ("trader", lambda made: made.traders.__setitem__(1, 0)),
        ("trader", lambda made: setattr(made.strategies[1], "trader", 2)),
        ("throttled", lambda made: setattr(made.strategies[1], "execution_count_max", 0)),
    ],
)
def test_a_permission_taken_away_refuses(gate: RiskGate, verdict: str, spoil: Any) -> None:
    made = limits()
    spoil(made)
    gate.limits(made, NOW)
    assert gate.judge(intent(), moment()) == verdict


@pytest.mark.parametrize("number", ["account", "strategy", "trader"])
def test_number_0_is_nobody_even_if_limits_permit_it(gate: RiskGate, number: str) -> None:
    made = limits()
    made.accounts[0] = made.accounts[1]
    made.strategies[0] = made.strategies[1]
    made.traders[0] = 1
    made.strategies[1].trader = 0 if number == "trader" else 1
    gate.limits(made, NOW)
    assert gate.judge(intent(**{number: 0}), moment()) == number


def test_a_trader_past_the_last_is_nobody_even_if_a_strategy_names_him(gate: RiskGate) -> None:
    made = limits()
    made.strategies[1].trader = lib.TRADER_COUNT_MAX
    made.instruments[0] = made.instruments[AAPL]  # lies where that trader would
    gate.limits(made, NOW)
    assert gate.judge(intent(trader=lib.TRADER_COUNT_MAX), moment()) == "trader"


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": 0},
        {"quantity": 1_000_000},
        {"quantity": 2**32 - 1, "price": 2**32 - 1},
        {"price": 0},
        {"price": -1},
        {"price": 2**32},
        {"price": 2**63 - 1},
        {"side": lib.SIDE_NONE},
        {"time_in_force": lib.TIF_EXTENDED + 1},
        {"order_type": lib.ORDER_TYPE_COUNT},
        {"order_type": lib.ORDER_TYPE_MARKET},
        {"order_type": lib.ORDER_TYPE_MARKET, "price": 0, "peg_offset": 1},
        {"order_type": lib.ORDER_TYPE_PEG_MIDPOINT, "price": -1},
        {"peg_offset": 100},
        {"display": lib.DISPLAY_HIDDEN + 1},
        {"display": lib.DISPLAY_HIDDEN, "display_quantity": 10},
        {"display_quantity": 101},
        {"minimum_quantity": 101},
        {"flags": 16},
        {"kind": 0},
        {"kind": 4},
    ],
)
def test_what_no_venue_would_take_is_malformed(gate: RiskGate, changes: dict[str, int]) -> None:
    assert gate.judge(intent(**changes), moment()) == "malformed"


@pytest.mark.parametrize(
    "changes",
    [
        {"order_type": lib.ORDER_TYPE_MARKET, "price": 0, "time_in_force": lib.TIF_IOC},
        {"order_type": lib.ORDER_TYPE_PEG_PRIMARY, "price": 0, "peg_offset": -100},
        {"order_type": lib.ORDER_TYPE_PEG_MARKET, "peg_offset": 100},
        {"order_type": lib.ORDER_TYPE_PEG_MIDPOINT},
        {"time_in_force": lib.TIF_EXTENDED},
        {"display": lib.DISPLAY_HIDDEN, "minimum_quantity": 100},
        {"display_quantity": 100},
        {"flags": lib.ORDER_POST_ONLY | lib.ORDER_SWEEP | lib.ORDER_SHORT_EXEMPT},
    ],
)
def test_the_whole_vocabulary_passes(gate: RiskGate, changes: dict[str, int]) -> None:
    assert gate.judge(intent(**changes), moment()) == "pass"


@pytest.mark.parametrize(
    ("tick_size", "price", "verdict"),
    [(100, ASK, "pass"), (100, ASK + 50, "tick_size"), (50, ASK + 50, "pass"), (0, ASK, "tick_size")],
)
def test_a_price_lies_on_a_tick(gate: RiskGate, tick_size: int, price: int, verdict: str) -> None:
    gate.limits(limits(instrument={"tick_size": tick_size}), NOW)
    assert gate.judge(intent(price=price), moment()) == verdict


@pytest.mark.parametrize("kind", [lib.INTENT_REPLACE, lib.INTENT_CANCEL])
@pytest.mark.parametrize("target", [0, 99, named(1), named(1, venue=1)])
def test_an_order_must_be_open_here_to_be_changed(gate: RiskGate, kind: int, target: int) -> None:
    gate.reserve(intent(venue=1), moment())
    assert gate.judge(intent(kind=kind, target_order_id=target), moment()) == "unknown_order"


def test_no_limits_were_ever_published() -> None:
    gate = RiskGate()
    gate.report(report("RESET"))
    gate.report(report("LIVE", next_user_ref=1))
    gate.market(market())
    assert gate.judge(intent(), moment()) == "no_limits"


def test_the_gate_is_shut_until_a_replay_is_complete() -> None:
    gate = RiskGate()
    made = limits()
    made.venues[1].permitted = 0
    gate.limits(made, NOW)
    gate.market(market())
    gate.report(report("LIVE", next_user_ref=1))  # of an earlier life: no RESET of ours came before it
    assert gate.judge(intent(), moment()) == "not_reconciled"
    gate.report(report("RESET"))
    assert gate.judge(intent(), moment()) == "not_reconciled"
    gate.report(report("LIVE", next_user_ref=1))
    assert gate.judge(intent(), moment()) == "pass"


def test_a_lost_session_shuts_the_gate_until_it_is_live_again(gate: RiskGate) -> None:
    gate.report(report("DOWN"))
    assert gate.judge(intent(), moment()) == "session_down"
    gate.report(report("RESET"))
    gate.report(report("DOWN"))  # half a replay: the next one starts again
    gate.report(report("LIVE", next_user_ref=1))
    assert gate.judge(intent(), moment()) == "not_reconciled"


def test_a_session_without_user_references_is_as_good_as_down(gate: RiskGate) -> None:
    gate.report(report("LIVE", next_user_ref=2**32 - 1))
    assert gate.reserve(intent(), moment())[0] == "pass"
    assert gate.judge(intent(), moment()) == "session_down"


def test_a_number_in_use_already_is_not_given_again(desk: Desk) -> None:
    desk.tell("ACCEPTED", 1, leaves=5, price=BID)
    assert desk.ask() == "not_reconciled"


def test_an_order_carries_its_identity_and_its_tick(gate: RiskGate) -> None:
    _, first = gate.reserve(intent(strategy=2), moment())
    _, second = gate.reserve(intent(), moment(epoch=8))
    _, third = gate.reserve(intent(venue=1), moment())
    assert (first.order_id, second.order_id, third.order_id) == (7 << 32 | 1, 8 << 32 | 2, 1 << 60 | 7 << 32 | 1)
    assert (first.tick, first.rx_ns, first.strategy, first.price, first.quantity) == (42, NOW - 1000, 2, ASK, 100)
    assert (first.kind, first.side, first.instrument, first.target_order_id) == (lib.INTENT_NEW, lib.SIDE_BUY, AAPL, 0)


def test_an_order_carries_all_that_its_intent_said(gate: RiskGate) -> None:
    said = {
        "strategy": 3,
        "account": 2,
        "trader": 2,
        "venue": 1,
        "order_type": lib.ORDER_TYPE_PEG_PRIMARY,
        "time_in_force": lib.TIF_EXTENDED,
        "display_quantity": 50,
        "minimum_quantity": 10,
        "peg_offset": -100,
        "flags": lib.ORDER_POST_ONLY,
        "decision_price": ASK + 1,
        "parent_id": 77,
        "score": -5,
    }
    _, order = gate.reserve(intent(**said), moment())
    assert {name: getattr(order, name) for name in said} == said
    _, order = gate.reserve(intent(display=lib.DISPLAY_HIDDEN), moment())
    assert order.display == lib.DISPLAY_HIDDEN


def test_a_cancel_passes_when_nothing_else_may(gate: RiskGate) -> None:
    _, order = gate.reserve(intent(strategy=3), moment())
    cancel = intent(kind=lib.INTENT_CANCEL, target_order_id=order.order_id, instrument=0, quantity=0, price=0, rx_ns=0)
    cancel.strategy = cancel.account = cancel.trader = 0
    gate.market(market(flags=lib.MARKET_STALE, trading_state=lib.TRADING_HALTED))
    gate.limits(limits(instrument={"permitted": 0}), 1)
    verdict, sent = gate.reserve(cancel, moment(kill=1, armed=0, supervisor_heartbeat_ns=0))
    assert verdict == "pass"
    assert (sent.order_id, sent.target_order_id, sent.instrument, sent.side) == (0, order.order_id, AAPL, lib.SIDE_BUY)
    assert (sent.strategy, sent.account, sent.trader, sent.venue) == (3, 2, 2, 0)


def test_a_cancel_needs_a_venue_a_session_and_room(gate: RiskGate) -> None:
    _, order = gate.reserve(intent(), moment())
    cancel = intent(kind=lib.INTENT_CANCEL, target_order_id=order.order_id)
    assert gate.judge(cancel, moment(order_room=0)) == "backpressure"
    gate.report(report("DOWN"))
    assert gate.judge(cancel, moment()) == "session_down"
    cancel.venue = lib.VENUE_COUNT_MAX
    assert gate.judge(cancel, moment()) == "venue"


def test_the_first_reason_in_the_documented_order_is_the_one_told(desk: Desk) -> None:
    everything = {"quantity": 10_000, "price": 1, "strategy": 1, "account": 2}
    assert desk.ask(instrument=999, moment={"kill": 1}) == "instrument"
    assert desk.ask(**everything, moment={"kill": 1, "armed": 0}) == "killed"
    assert desk.ask(**everything, moment={"armed": 0}) == "not_armed"
    assert desk.ask(**everything) == "strategy"
    assert desk.ask(quantity=10_000, price=1) == "order_quantity"
    assert desk.ask(price=1) == "price_collar"


def test_every_refusal_is_counted_where_it_belongs(desk: Desk) -> None:
    assert desk.ask(strategy=3, quantity=501) == "order_quantity"
    assert desk.ask(instrument=MSFT, quantity=501) == "order_quantity"
    counted = {
        name: desk.gate.scope(kind, number).refusals
        for name, kind, number in [
            ("firm", "firm", 0),
            ("account 1", "account", 1),
            ("account 2", "account", 2),
            ("strategy 3", "strategy", 3),
            ("strategy 2", "strategy", 2),
            ("AAPL", "instrument", AAPL),
        ]
    }
    assert counted == {"firm": 2, "account 1": 1, "account 2": 1, "strategy 3": 1, "strategy 2": 0, "AAPL": 1}
