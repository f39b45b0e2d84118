"""SEC Rule 15c3-5 (c): what must be refused, is, before it reaches a venue."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from compliance_rig import SECOND, Rig, limits_of_two
from gate_desk import AAPL, ASK, BID, MSFT, Desk
from gate_desk import SECOND as SECOND_NS
from operator_box import OFFICER, TRADER, VIEWER, OperatorBox
from pipeline_rig import PRICE, TICK

from tickwire.api.commands import COMMANDS
from tickwire.api.people import Role
from tickwire.native import lib
from tickwire.native.trading import RiskGate

BUY_100 = 100 * ASK
CAPITAL: list[tuple[str, dict[str, Any]]] = [
    ("credit_account", {"accounts": {1: {"credit_max": BUY_100 - 1}}}),
    ("credit_firm", {"firm": {"credit_max": BUY_100 - 1}}),
    ("gross_account", {"accounts": {1: {"gross_max": BUY_100 - 1}}}),
    ("net_account", {"accounts": {1: {"net_max": BUY_100 - 1}}}),
    ("gross_firm", {"firm": {"gross_max": BUY_100 - 1}}),
    ("net_firm", {"firm": {"net_max": BUY_100 - 1}}),
]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Rig(tmp_path) as made:
        yield made


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.rule("SEC 15c3-5 (c)(1)(i)")
@pytest.mark.parametrize(("verdict", "changes"), CAPITAL, ids=[name for name, _ in CAPITAL])
def test_an_order_past_a_credit_or_capital_threshold_is_refused(
    desk: Desk, verdict: str, changes: dict[str, Any]
) -> None:
    desk.limit(**changes)
    assert desk.ask(quantity=99) == "pass"
    assert desk.ask(quantity=1) == verdict
    assert desk.ask(strategy=3, quantity=99) == (verdict if "firm" in verdict else "pass")


@pytest.mark.rule("SEC 15c3-5 (c)(1)(i)")
def test_credit_used_by_executions_is_used_for_the_day_and_the_venue_sees_no_order_past_it(tmp_path: Path) -> None:
    with Rig(tmp_path, account={"credit_max": 300 * (PRICE + TICK)}) as rig:
        for turn in range(6):
            rig.take(100, side=(lib.SIDE_BUY, lib.SIDE_SELL)[turn % 2])
            rig.settle()
        assert rig.reasons() == ["credit_account"] * 3
        assert len(rig.wire) == 3
        rig.take(100, **SECOND)
        rig.settle()
        assert len(rig.wire) == 4


@pytest.mark.rule("SEC 15c3-5 (c)(1)(ii) price")
@pytest.mark.parametrize("away", [51_000, -501_000], ids=["through", "behind"])
def test_an_order_at_an_erroneous_price_never_reaches_the_venue(rig: Rig, away: int) -> None:
    for side, sign in ((lib.SIDE_BUY, 1), (lib.SIDE_SELL, -1)):
        rig.intent(side=side, price=PRICE + sign * away)
        rig.step()
    assert rig.reasons() == ["price_collar"] * 2
    assert rig.wire == []


@pytest.mark.rule("SEC 15c3-5 (c)(1)(ii) size")
def test_an_order_of_an_erroneous_size_or_value_never_reaches_the_venue(rig: Rig) -> None:
    rig.rest(1001)
    rig.publish(limits_of_two(instrument={"order_value_max": 999 * (PRICE - 5 * TICK)}))
    rig.step()
    rig.rest(1000)
    assert rig.reasons() == ["order_quantity", "order_value"]
    assert rig.wire == []


@pytest.mark.rule("SEC 15c3-5 (c)(1)(ii) short period")
@pytest.mark.parametrize(
    ("verdict", "changes", "window_ns"),
    [
        ("order_rate", {"strategies": {1: {"order_count_max": 3}}}, SECOND_NS),
        ("order_rate", {"instrument": {"order_count_max": 3}}, SECOND_NS),
        ("message_burst", {"message_burst_max": 3}, SECOND_NS // 100),
    ],
    ids=["strategy", "instrument", "burst"],
)
def test_orders_that_are_each_sound_are_refused_when_too_many_come_in_a_short_period(
    desk: Desk, verdict: str, changes: dict[str, Any], window_ns: int
) -> None:
    desk.limit(**changes)
    assert [desk.ask(quantity=1 + i) for i in range(5)] == ["pass"] * 3 + [verdict] * 2
    desk.at += window_ns
    assert desk.ask() == "pass"


@pytest.mark.rule("SEC 15c3-5 (c)(1)(ii) duplicates")
def test_the_same_order_again_within_the_window_never_reaches_the_venue(rig: Rig) -> None:
    for _ in range(4):
        rig.intent(quantity=100, price=PRICE - 5 * TICK)
    rig.step()
    assert rig.reasons() == ["duplicate"] * 2  # the limits of this box tolerate one
    assert len(rig.wire) == 2


@pytest.mark.rule("SEC 15c3-5 (c)(2) restricted")
def test_nobody_trades_what_is_on_the_restricted_list_but_what_is_open_can_be_canceled(desk: Desk) -> None:
    assert desk.ask() == "pass"
    desk.hold(100)
    desk.limit(instrument={"restricted": 1})
    for side, price in ((lib.SIDE_BUY, ASK), (lib.SIDE_SELL, BID)):
        for instrument in (AAPL, MSFT):
            assert desk.ask(side=side, price=price, instrument=instrument) == "restricted"
    assert desk.sell(100, flags=lib.ORDER_REDUCE_ONLY) == "restricted"
    assert desk.ask(kind=lib.INTENT_CANCEL, target=1) == "pass"


@pytest.mark.rule("SEC 15c3-5 (c)(2) authorised")
@pytest.mark.parametrize(
    ("verdict", "who"),
    [
        ("account", {"account": 0}),
        ("strategy", {"strategy": 0}),
        ("trader", {"trader": 0}),
        ("strategy", {"account": 2}),
        ("trader", {"trader": 2}),
        ("strategy", {"strategy": 9}),
        ("account", {"account": 9}),
        ("trader", {"trader": 9}),
    ],
)
def test_an_order_of_nobody_or_in_a_name_that_is_not_its_own_never_reaches_the_venue(
    rig: Rig, verdict: str, who: dict[str, int]
) -> None:
    rig.rest(**who)
    assert rig.reasons() == [verdict]
    assert rig.wire == []


@pytest.mark.rule("SEC 15c3-5 (c)(2) authorised")
@pytest.mark.parametrize("path", ["accounts", "strategies", "traders", "venues", "instruments"])
def test_who_loses_the_permission_trades_no_more(rig: Rig, path: str) -> None:
    rig.rest()
    made = limits_of_two()
    match path:
        case "traders":
            made.traders[1] = 0
        case "strategies":
            made.strategies[1].scope.permitted = 0
        case "accounts":
            made.accounts[1].permitted = 0
        case "venues":
            made.venues[0].permitted = 0
        case _:
            made.instruments[0].permitted = 0
    rig.publish(made)
    rig.step()
    rig.rest(200)
    assert len(rig.wire) == 1
    names = {"accounts": "account", "strategies": "strategy", "traders": "trader"}
    assert rig.reasons() == [names.get(path, path.removesuffix("s"))]


@pytest.mark.rule("SEC 15c3-5 (c)(2) authorised")
@pytest.mark.rule("SEC 15c3-5 (d)")
def test_only_people_of_the_firm_command_the_box_each_within_their_role(tmp_path: Path) -> None:
    box = OperatorBox(tmp_path)
    for name, command in COMMANDS.items():
        assert VIEWER.role not in command.roles or not command.changes, name
    loosening = (
        "rearm-confirm",
        "breaker-reset",
        "throttle-reset",
        "break-clear",
        "break-accept",
        "limit-approve",
        "limit-override",
    )
    for name in loosening:
        assert COMMANDS[name].roles == {Role.RISK_OFFICER}
        assert TRADER.role not in COMMANDS[name].roles
        assert OFFICER.role in COMMANDS[name].roles
    box.close()


@pytest.mark.rule("SEC 15c3-5 (c)(2) post-trade reports")
def test_an_execution_is_on_the_blotter_in_the_duty_cycle_that_heard_of_it_with_whose_it_was(rig: Rig) -> None:
    rig.take(100, **SECOND)
    while not rig.held(0):
        assert not rig.of_kind(lib.REPORT_EXECUTED)
        rig.step()
    rig.step()
    (fill,) = rig.of_kind(lib.REPORT_EXECUTED)
    assert (fill.quantity, fill.price, fill.match_number > 0) == (100, PRICE + TICK, True)
    assert (fill.strategy, fill.account, fill.trader) == (2, 2, 2)
    assert fill.venue_ns and fill.report_ns


@pytest.mark.rule("no limit, no order")
def test_a_gate_that_was_never_given_limits_lets_nothing_pass() -> None:
    desk = Desk()
    desk.gate = RiskGate(64)
    for venue in (0, 1):
        desk.tell("RESET", venue=venue)
        desk.tell("LIVE", venue=venue, next_user_ref=1)
    assert desk.ask() == "no_limits"


@pytest.mark.rule("no limit, no order")
@pytest.mark.parametrize(
    ("verdict", "changes"),
    [
        ("order_quantity", {"instrument": {"order_quantity_max": 0}}),
        ("order_value", {"instrument": {"order_value_max": 0}}),
        ("price_collar", {"instrument": {"collar_ppm": 0}}),
        ("price_collar", {"instrument": {"collar_distance": 0}}),
        ("position", {"instrument": {"position_max": 0}}),
        ("exposure_instrument", {"instrument": {"exposure_max": 0}}),
        ("tick_size", {"instrument": {"tick_size": 0}}),
        ("open_orders", {"instrument": {"open_orders_max": 0}}),
        ("gross_strategy", {"strategies": {1: {"scope": {"gross_max": 0}}}}),
        ("net_account", {"accounts": {1: {"net_max": 0}}}),
        ("credit_account", {"accounts": {1: {"credit_max": 0}}}),
        ("credit_firm", {"firm": {"credit_max": 0}}),
        ("message_rate", {"message_rate_max": 0}),
        ("message_burst", {"message_burst_max": 0}),
        ("order_rate", {"strategies": {1: {"order_count_max": 0}}}),
        ("throttled", {"strategies": {1: {"execution_count_max": 0}}}),
    ],
)
def test_a_limit_that_is_not_set_permits_nothing(desk: Desk, verdict: str, changes: dict[str, Any]) -> None:
    desk.limit(**changes)
    assert desk.ask() == verdict


@pytest.mark.rule("no limit, no order")
def test_limits_that_nobody_keeps_fresh_end_trading(rig: Rig) -> None:
    rig.rest()
    made = limits_of_two(limits_age_ns_max=10_000_000)
    rig.publish(made)
    rig.step(11)
    rig.rest(200)
    assert rig.reasons() == ["limits_stale"]
    assert len(rig.wire) == 1


@pytest.mark.rule("a dismissible warning is not a block")
def test_no_flag_and_no_repetition_gets_a_refused_order_past_the_gate(desk: Desk) -> None:
    too_large = {"quantity": 501}
    for _ in range(20):
        assert desk.ask(**too_large) == "order_quantity"
    for bit in range(32):
        assert desk.ask(**too_large, flags=1 << bit) in ("order_quantity", "malformed")
    for source in range(lib.SOURCE_COUNT):
        assert desk.ask(**too_large, parent_id=source << lib.PARENT_SOURCE_SHIFT | 1) == "order_quantity"


@pytest.mark.rule("a dismissible warning is not a block")
def test_an_operators_own_order_is_refused_like_any_other(rig: Rig) -> None:
    rig.rest(1001, ring="intent.operator")
    rig.parent(quantity=1001 * 4, policy=lib.PARENT_SWEEP)
    rig.step(50)
    assert "order_quantity" in rig.reasons()
    assert all(int.from_bytes(message[6:10], "big") <= 1000 for message in rig.wire if message[:1] == b"O")
