"""RTS 6 Article 15: pre-trade controls; and what FIA 2024 expects beside them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from compliance_rig import SECOND, Rig, limits_of_two
from gate_desk import AAPL, ASK, BID, MSFT, NOW, Desk, intent, limits, market, moment, stops
from gate_desk import SECOND as SECOND_NS
from limit_desk import ANN, BOB, POSITION
from limit_desk import Desk as LimitDesk
from operator_box import OFFICER, TRADER, OperatorBox
from pipeline_rig import PRICE, TICK

from tickwire.api.errors import Refused
from tickwire.native import lib
from tickwire.services.limit_paths import RefusedError

EXECUTIONS_MAX = 3
REDUCING = {"flags": lib.ORDER_REDUCE_ONLY}


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Rig(tmp_path) as made:
        yield made


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.rule("RTS 6 Art 15(1) price collars")
def test_the_tighter_of_percentage_and_ticks_binds_and_so_does_the_last_trade(desk: Desk) -> None:
    desk.limit(instrument={"collar_ppm": 1000, "collar_distance": 200})
    assert [desk.ask(price=ASK + away) for away in (200, 201)] == ["pass", "price_collar"]
    desk.limit(instrument={"collar_ppm": 100, "collar_distance": 10_000})
    assert [desk.ask(price=ASK + away, quantity=7) for away in (100, 101)] == ["pass", "price_collar"]
    desk.limit(instrument={"collar_last_ppm": 1000})
    desk.gate.market(market(last_price=ASK - 2000))
    assert desk.ask() == "price_collar_last"


@pytest.mark.rule("RTS 6 Art 15(1) maximum order value")
@pytest.mark.rule("RTS 6 Art 15(1) maximum order volume")
def test_value_and_volume_of_an_order_are_limited_each_by_itself(desk: Desk) -> None:
    assert [desk.ask(quantity=quantity) for quantity in (500, 501)] == ["pass", "order_quantity"]
    desk.limit(instrument={"order_value_max": 100 * ASK})
    assert [desk.ask(quantity=quantity) for quantity in (100, 101)] == ["pass", "order_value"]
    market_order = {"order_type": lib.ORDER_TYPE_MARKET, "price": 0, "time_in_force": lib.TIF_IOC}
    assert desk.ask(quantity=100, **market_order) == "order_value"  # valued at the collar: no price, no way round


@pytest.mark.rule("RTS 6 Art 15(1) maximum messages")
@pytest.mark.rule("FIA message throttles")
def test_submits_modifies_and_cancels_all_count_as_messages(desk: Desk) -> None:
    desk.limit(message_rate_max=3)
    assert desk.ask() == "pass"
    assert desk.ask(kind=lib.INTENT_REPLACE, target=1, quantity=50) == "pass"
    assert desk.ask(kind=lib.INTENT_CANCEL, target=1) == "pass"
    assert desk.ask(kind=lib.INTENT_CANCEL, target=1) == "message_rate"
    assert desk.ask() == "message_rate"


@pytest.mark.rule("RTS 6 Art 15(2)")
def test_a_sent_order_counts_before_the_venue_has_said_anything(rig: Rig) -> None:
    rig.publish(limits_of_two(instrument={"position_max": 250}))
    rig.step()
    for quantity in (100, 101, 50):  # all in one duty cycle: none is acknowledged, let alone filled
        rig.intent(quantity=quantity, price=PRICE + TICK)
    rig.step()
    assert rig.reasons() == ["position"]
    assert [order.quantity for order in rig.orders] == [100, 101]


@pytest.mark.rule("RTS 6 Art 15(3)")
def test_repeated_executions_turn_a_strategy_off_until_a_person_turns_it_on(tmp_path: Path) -> None:
    made = limits_of_two()
    made.strategies[1].execution_count_max = EXECUTIONS_MAX
    made.strategies[1].execution_window_ns = 10**10
    with Rig(tmp_path) as rig:
        rig.publish(made)
        for turn in range(EXECUTIONS_MAX + 1):
            rig.take(10, side=(lib.SIDE_BUY, lib.SIDE_SELL)[turn % 2])
            rig.settle()
        assert rig.reasons() == ["throttled"]
        rig.step(20_000)  # twenty seconds later the window is empty: time alone frees nothing
        rig.publish(made)
        rig.take(10)
        assert rig.reasons() == ["throttled"] * 2
        rig.take(10, **SECOND)  # others go on
        made.strategies[1].throttle_generation += 1  # what a risk officer's command publishes
        rig.publish(made)
        rig.step()
        rig.take(10)
        assert rig.reasons() == ["throttled"] * 2


@pytest.mark.rule("RTS 6 Art 15(3)")
def test_a_throttled_strategy_is_turned_on_by_a_risk_officer_only_and_that_is_on_record(tmp_path: Path) -> None:
    box = OperatorBox(tmp_path)
    box.control.stop_set("strategy", 1, lib.STOP_THROTTLE)
    with pytest.raises(Refused, match="risk-officer"):
        do(box, TRADER, "throttle-reset", strategy="imbalance", reason="looks fine")
    assert box.control.stop_bits("strategy", 1) == lib.STOP_THROTTLE
    do(box, OFFICER, "throttle-reset", strategy="imbalance", reason="the venue repeated itself")
    assert (box.control.stop_bits("strategy", 1), box.throttles.resets) == (0, [1])
    done = [line for line in box.lines() if line["command"] == "throttle-reset" and line["phase"] == "done"]
    assert [line["person"] for line in done] == ["bob"]
    box.close()


def do(box: OperatorBox, who: Any, name: str, /, **arguments: Any) -> Any:
    """One command."""
    return asyncio.run(box.operations().execute(who, name, arguments))


@pytest.mark.rule("RTS 6 Art 15(4)")
def test_market_and_credit_limits_hold_for_what_is_held_and_what_is_working_together(desk: Desk) -> None:
    desk.hold(300)
    mid = (BID + ASK) // 2
    desk.limit(firm={"gross_max": 300 * mid + 100 * ASK, "credit_max": 300 * BID + 150 * ASK})
    assert desk.ask(quantity=100) == "pass"
    assert desk.ask(quantity=1) == "gross_firm"
    desk.tell("CANCELED", 1, quantity=100, leaves=0)
    desk.limit(firm={"credit_max": 300 * BID + 150 * ASK})
    assert [desk.ask(quantity=150), desk.ask(quantity=1)] == ["pass", "credit_firm"]


@pytest.mark.rule("RTS 6 Art 15(5) permissions")
@pytest.mark.parametrize("verdict", ["venue", "instrument", "account", "strategy", "trader"])
def test_a_strategy_trades_nothing_that_was_not_permitted(desk: Desk, verdict: str) -> None:
    made = limits()
    match verdict:
        case "venue":
            made.venues[0].permitted = 0
        case "instrument":
            made.instruments[AAPL].permitted = 0
        case "account":
            made.accounts[1].permitted = 0
        case "strategy":
            made.strategies[1].scope.permitted = 0
        case "trader":
            made.traders[1] = 0
    desk.gate.limits(made, NOW)
    assert desk.ask() == verdict


@pytest.mark.rule("RTS 6 Art 15(5) exposure")
def test_exposure_is_known_at_any_moment_for_firm_client_account_strategy_and_instrument(rig: Rig) -> None:
    rig.take(100)
    rig.rest(200, **SECOND)
    rig.settle()
    value = 200 * (PRICE - 5 * TICK)
    bought = rig.exposure(lib.RISK_SCOPE_STRATEGY + 1).gross
    assert bought == rig.exposure(lib.RISK_SCOPE_ACCOUNT + 1).gross > 0
    assert rig.exposure(lib.RISK_SCOPE_STRATEGY + 2).gross == rig.exposure(lib.RISK_SCOPE_ACCOUNT + 2).gross == value
    assert rig.exposure(lib.RISK_SCOPE_FIRM).gross == rig.exposure(lib.RISK_SCOPE_INSTRUMENT).gross == bought + value
    assert rig.exposure(lib.RISK_SCOPE_INSTRUMENT + 1).gross == 0


@pytest.mark.rule("RTS 6 Art 15(6)")
def test_an_override_is_signed_off_by_a_second_person_and_ends_by_itself(tmp_path: Path) -> None:
    desk = LimitDesk(tmp_path)
    change = desk.book.propose(*BOB, POSITION, 3000, "index event", expires_s=600)
    assert (change.state, desk.position()) == ("waiting", 2000)
    with pytest.raises(RefusedError, match="second person"):
        desk.book.approve(change.id, *BOB)
    desk.book.approve(change.id, *ANN)
    assert desk.position() == 3000
    desk.pass_s(601)
    desk.book.tick()
    assert desk.position() == 2000
    assert [entry["event"] for entry in desk.book.history()] == ["proposed", "changed", "override ended"]


@pytest.mark.rule("FIA maximum intraday position")
def test_working_orders_count_towards_the_maximum_position_on_each_side(desk: Desk) -> None:
    desk.hold(400)
    desk.limit(instrument={"locate_quantity": 10_000})
    assert [desk.ask(quantity=300), desk.ask(quantity=300), desk.ask(quantity=301)] == ["pass", "pass", "position"]
    assert [desk.sell(500), desk.sell(500), desk.sell(400), desk.sell(1)] == ["pass", "pass", "pass", "position"]
    assert desk.ask(quantity=500, instrument=MSFT) == "pass"


@pytest.mark.rule("FIA self-match prevention")
def test_two_orders_of_the_firm_never_trade_with_each_other(tmp_path: Path) -> None:
    with Rig(tmp_path) as rig:
        rig.rest(100)
        rig.intent(side=lib.SIDE_SELL, price=PRICE - 5 * TICK, **SECOND)
        rig.step()
        rig.settle()
        assert rig.reasons() == ["self_match"]
        assert [len(rig.working(0)), rig.true_positions()["AAPL"]] == [1, 0]


@pytest.mark.rule("FIA kill switch reducing")
@pytest.mark.parametrize(("allows", "verdict"), [(0, "killed"), (1, "pass")])
def test_the_gate_lets_orders_that_only_reduce_pass_a_kill_where_that_is_configured(
    desk: Desk, allows: int, verdict: str
) -> None:
    desk.hold(-100)
    desk.limit(kill_allows_reducing=allows)
    words = stops(strategy={1: lib.STOP_KILL})
    assert desk.ask(moment={"stops": words}) == "killed"
    assert desk.ask(**REDUCING, moment={"stops": words}) == verdict
    desk.at += SECOND_NS
    assert desk.gate.judge(intent(rx_ns=desk.at), moment(now_ns=desk.at, stops=words)) == "killed"


@pytest.mark.rule("FIA kill switch reducing")
@pytest.mark.parametrize(("allows", "left"), [(0, 100), (1, 0)])
def test_under_a_kill_a_position_is_closed_at_the_venue_only_where_that_is_configured(
    tmp_path: Path, allows: int, left: int
) -> None:
    with Rig(tmp_path, kill_allows_reducing=allows) as rig:
        rig.take(100)
        rig.settle()
        rig.control.kill = rig.now_ns
        rig.step()
        rig.take(100)
        rig.take(100, side=lib.SIDE_SELL, **REDUCING)
        rig.step(5)
        assert rig.reasons()[0] == "killed"
        assert rig.true_positions()["AAPL"] == left
