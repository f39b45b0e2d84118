"""Position, exposure by scope, credit and open orders: each limit by itself, at its edge."""

from typing import Any

import pytest
from gate_desk import AAPL, ASK, BID, MSFT, Desk, market

from tickwire.native import lib

MID = (BID + ASK) // 2
BUY_100 = 100 * ASK
REDUCING = {"flags": lib.ORDER_REDUCE_ONLY}


@pytest.fixture
def desk() -> Desk:
    return Desk()


def sums(desk: Desk, kind: str, number: int = 0) -> tuple[int, int, int]:
    """Gross, net long and net short of a scope."""
    scope = desk.gate.scope(kind, number)
    return scope.gross, scope.net_long, scope.net_short


def test_an_open_buy_counts_at_its_limit_price_for_everybody_it_is_of(desk: Desk) -> None:
    assert desk.ask(price=ASK + 500) == "pass"
    value = 100 * (ASK + 500)
    for kind, number in (("firm", 0), ("account", 1), ("strategy", 1), ("instrument", AAPL)):
        assert sums(desk, kind, number) == (value, value, 0)
    for kind, number in (("account", 2), ("strategy", 2), ("instrument", MSFT)):
        assert sums(desk, kind, number) == (0, 0, 0)


def test_exposure_is_the_worse_of_all_bought_and_all_sold(desk: Desk) -> None:
    desk.hold(100)
    assert sums(desk, "firm") == (100 * MID, 100 * MID, -100 * MID)
    assert desk.sell(300) == "pass"
    assert sums(desk, "firm") == (300 * BID - 100 * MID, 100 * MID, 300 * BID - 100 * MID)
    assert desk.ask(quantity=150) == "pass"
    assert sums(desk, "firm")[0] == 100 * MID + 150 * ASK


def test_gross_adds_instruments_up_and_net_sets_them_off(desk: Desk) -> None:
    desk.hold(100)
    desk.hold(-100, match_number=2, instrument=MSFT)
    assert sums(desk, "firm") == (200 * MID, 0, 0)
    assert sums(desk, "instrument", MSFT) == (100 * MID, -100 * MID, 100 * MID)


def test_strategies_that_hold_against_each_other_are_exposed_each_and_the_firm_is_not(desk: Desk) -> None:
    desk.hold(100)
    desk.hold(-100, match_number=2, strategy=3, account=2)
    assert [sums(desk, "strategy", number)[0] for number in (1, 3)] == [100 * MID, 100 * MID]
    assert sums(desk, "firm") == (0, 0, 0)


def test_a_position_is_marked_at_the_last_mid_of_any_venue_with_a_sound_book(desk: Desk) -> None:
    desk.hold(-10)
    desk.gate.market(market(venue=1, bid_price=[110_0000], ask_price=[110_0100]))
    assert sums(desk, "firm") == (10 * 110_0050, -10 * 110_0050, 10 * 110_0050)
    assert sums(desk, "account", 1) == sums(desk, "strategy", 1) == sums(desk, "instrument", AAPL) == sums(desk, "firm")
    for unsound in ({"flags": lib.MARKET_STALE}, {"bid_quantity": [0]}, {"bid_price": [99_0000], "ask_price": [1]}):
        desk.gate.market(market(**{"bid_price": [50_0000], "ask_price": [50_0100]} | unsound))
    assert sums(desk, "firm")[0] == 10 * 110_0050


def test_only_positions_are_marked_again_and_open_orders_keep_their_price(desk: Desk) -> None:
    assert desk.ask() == "pass"
    desk.gate.market(market(bid_price=[110_0000], ask_price=[110_0100]))
    assert sums(desk, "firm") == (BUY_100, BUY_100, 0)


EXPOSURES: list[tuple[str, dict[str, Any]]] = [
    ("exposure_instrument", {"instrument": {"exposure_max": BUY_100 - 1}}),
    ("gross_strategy", {"strategies": {1: {"scope": {"gross_max": BUY_100 - 1}}}}),
    ("net_strategy", {"strategies": {1: {"scope": {"net_max": BUY_100 - 1}}}}),
    ("gross_account", {"accounts": {1: {"gross_max": BUY_100 - 1}}}),
    ("net_account", {"accounts": {1: {"net_max": BUY_100 - 1}}}),
    ("gross_firm", {"firm": {"gross_max": BUY_100 - 1}}),
    ("net_firm", {"firm": {"net_max": BUY_100 - 1}}),
    ("credit_account", {"accounts": {1: {"credit_max": BUY_100 - 1}}}),
    ("credit_firm", {"firm": {"credit_max": BUY_100 - 1}}),
]


def raised(changes: Any) -> Any:
    """The same limits, by one ten-thousandth higher."""
    if isinstance(changes, dict):
        return {name: raised(value) for name, value in changes.items()}
    return changes + 1


@pytest.mark.parametrize(("verdict", "changes"), EXPOSURES, ids=[name for name, _ in EXPOSURES])
def test_every_exposure_has_its_limit_which_may_be_reached(desk: Desk, verdict: str, changes: dict[str, Any]) -> None:
    desk.limit(**changes)
    assert desk.ask() == verdict
    assert desk.ask(side=lib.SIDE_SELL, price=ASK) == verdict
    desk.limit(**raised(changes))
    assert desk.ask() == "pass"
    assert desk.ask(quantity=1) == verdict


@pytest.mark.parametrize(("verdict", "changes"), EXPOSURES, ids=[name for name, _ in EXPOSURES])
def test_a_replace_that_adds_nothing_passes_above_every_limit(
    desk: Desk, verdict: str, changes: dict[str, Any]
) -> None:
    assert desk.ask() == "pass"
    desk.limit(**changes)
    assert desk.ask(kind=lib.INTENT_REPLACE, target=1, quantity=101) == verdict
    assert desk.ask(kind=lib.INTENT_REPLACE, target=1, quantity=100) == "pass"


@pytest.mark.parametrize(("verdict", "changes"), EXPOSURES[1:5], ids=[name for name, _ in EXPOSURES[1:5]])
def test_another_account_and_strategy_have_their_own(desk: Desk, verdict: str, changes: dict[str, Any]) -> None:
    desk.limit(**changes)
    assert desk.ask() == verdict
    assert desk.ask(strategy=3) == "pass"


def test_an_order_that_raises_nothing_passes_above_the_limit(desk: Desk) -> None:
    desk.hold(-500)
    tight = {"gross_max": 1, "net_max": 1}
    desk.limit(instrument={"exposure_max": 1}, firm=tight, accounts={1: tight}, strategies={1: {"scope": tight}})
    assert desk.ask(quantity=400) == "pass"
    assert desk.sell(1) == "exposure_instrument"


def test_a_net_limit_is_about_the_direction_the_order_goes_in(desk: Desk) -> None:
    desk.hold(500)
    desk.hold(-400, match_number=2, instrument=MSFT)
    desk.limit(firm={"net_max": 150 * MID})
    assert desk.ask(quantity=51) == "net_firm"
    assert desk.sell(250, price=BID) == "pass"
    assert desk.sell(2, price=BID) == "net_firm"


def test_credit_counts_what_was_executed_both_ways_and_what_is_working(desk: Desk) -> None:
    desk.hold(10)
    desk.hold(-10, match_number=2, price=ASK)
    assert desk.ask() == "pass"
    used = 10 * BID + 10 * ASK + BUY_100
    assert desk.gate.scope("firm").credit_used == used
    assert desk.gate.scope("account", 1).credit_used == used
    assert desk.gate.scope("account", 2).credit_used == 0
    desk.limit(firm={"credit_max": used + ASK})
    assert desk.ask(quantity=2) == "credit_firm"
    assert desk.ask(quantity=1) == "pass"


def test_a_fill_moves_credit_from_working_to_executed_at_its_own_price(desk: Desk) -> None:
    assert desk.ask() == "pass"
    desk.tell("EXECUTED", 1, quantity=40, leaves=60, price=BID, match_number=1)
    assert desk.gate.scope("firm").credit_used == 40 * BID + 60 * ASK
    desk.tell("CANCELED", 1, quantity=60, leaves=0)
    assert desk.gate.scope("firm").credit_used == 40 * BID
    desk.tell("BROKEN", 1, match_number=1)
    assert desk.gate.scope("firm").credit_used == 0


def test_every_scope_has_a_number_of_open_orders(desk: Desk) -> None:
    for changes in (
        {"instrument": {"open_orders_max": 2}},
        {"strategies": {1: {"scope": {"open_orders_max": 2}}}},
        {"accounts": {1: {"open_orders_max": 2}}},
        {"firm": {"open_orders_max": 2}},
    ):
        fresh = Desk(**changes)
        assert [fresh.ask() for _ in range(3)] == ["pass", "pass", "open_orders"]
        assert fresh.ask(kind=lib.INTENT_REPLACE, target=1, quantity=10) == "pass"
        fresh.tell("NOT_SENT", 3, target=1)
        fresh.tell("REJECTED", 2)
        assert fresh.ask() == "pass"


def test_orders_of_other_instruments_strategies_and_accounts_count_elsewhere(desk: Desk) -> None:
    desk.limit(
        instrument={"open_orders_max": 2},
        strategies={1: {"scope": {"open_orders_max": 2}}},
        accounts={1: {"open_orders_max": 2}},
    )
    assert [desk.ask(), desk.ask(strategy=3), desk.ask(instrument=MSFT)] == ["pass", "pass", "pass"]
    counted = {
        kind: desk.gate.scope(kind, number).open_orders
        for kind, number in (("firm", 0), ("account", 1), ("strategy", 1), ("instrument", AAPL))
    }
    assert counted == {"firm": 3, "account": 2, "strategy": 2, "instrument": 2}
    assert desk.ask(strategy=2, instrument=MSFT) == "open_orders"
    assert desk.ask(strategy=3, instrument=MSFT) == "pass"


def test_a_full_order_table_counts_as_open_orders() -> None:
    desk = Desk(order_count_max=1)
    verdicts = [desk.ask(quantity=1) for _ in range(3)]
    assert verdicts == ["pass", "pass", "open_orders"]  # each order has room for a replacement in flight
    assert desk.ask(kind=lib.INTENT_REPLACE, target=1, quantity=2) == "open_orders"


def test_working_orders_count_towards_the_position(desk: Desk) -> None:
    desk.limit(instrument={"position_max": 250})
    assert [desk.ask() for _ in range(3)] == ["pass", "pass", "position"]
    assert desk.ask(quantity=50) == "pass"
    assert desk.sell(250) == "pass"
    assert desk.sell(1) == "position"


def test_the_position_is_the_firms_whoever_asks(desk: Desk) -> None:
    desk.limit(instrument={"position_max": 250})
    desk.hold(200, strategy=3, account=2)
    assert desk.ask(quantity=51) == "position"
    assert desk.ask(quantity=50, venue=1) == "pass"


def test_an_order_that_brings_the_position_back_passes_whatever_is_held(desk: Desk) -> None:
    desk.hold(-900)
    desk.limit(instrument={"position_max": 100})
    assert desk.sell(1) == "position"
    assert desk.ask(quantity=500) == "pass"


@pytest.mark.parametrize(
    ("held", "verdicts"),
    [
        ({"quantity": -100}, {"buy 100": "pass", "buy 101": "not_reducing", "sell 1": "not_reducing"}),
        ({"quantity": 100}, {"sell 100": "pass", "sell 101": "not_reducing", "buy 1": "not_reducing"}),
        ({"quantity": 100, "strategy": 2}, {"sell 1": "not_reducing"}),
        ({"quantity": 100, "instrument": MSFT}, {"sell 1": "not_reducing"}),
    ],
)
def test_reduce_only_brings_the_strategys_own_position_nearer_to_nothing(
    held: dict[str, int], verdicts: dict[str, str]
) -> None:
    for order, verdict in verdicts.items():
        desk = Desk()
        desk.hold(**held)
        side, quantity = order.split()
        ask = desk.ask if side == "buy" else desk.sell
        assert ask(quantity=int(quantity), **REDUCING) == verdict


def test_reduce_only_counts_what_is_open_already(desk: Desk) -> None:
    desk.hold(-100)
    assert desk.ask(quantity=60) == "pass"
    assert desk.ask(quantity=41, **REDUCING) == "not_reducing"
    assert desk.ask(quantity=40, **REDUCING) == "pass"
    replace = {"kind": lib.INTENT_REPLACE, "target": 1, "flags": lib.ORDER_REDUCE_ONLY}
    assert desk.ask(**replace, quantity=61) == "not_reducing"
    assert desk.ask(**replace, quantity=60) == "pass"


def test_a_replace_is_judged_by_the_value_it_adds(desk: Desk) -> None:
    assert desk.ask() == "pass"
    replace = {"kind": lib.INTENT_REPLACE, "target": 1}
    desk.limit(firm={"gross_max": BUY_100 + 100})
    assert desk.ask(**replace, price=ASK + 2) == "gross_firm"
    assert desk.ask(**replace, quantity=101) == "gross_firm"
    assert desk.ask(**replace, price=ASK + 1) == "pass"
    assert sums(desk, "firm")[0] == BUY_100 + 100
    desk.tell("REJECTED", 2, target=1)
    assert sums(desk, "firm")[0] == BUY_100


def test_until_a_replace_is_settled_the_dearer_of_both_is_held(desk: Desk) -> None:
    assert desk.ask() == "pass"
    assert desk.ask(kind=lib.INTENT_REPLACE, target=1, quantity=50, price=BID) == "pass"
    assert sums(desk, "strategy", 1)[0] == BUY_100
    desk.tell("REPLACED", 2, target=1, quantity=50, leaves=50)
    assert sums(desk, "strategy", 1)[0] == 50 * BID
    assert desk.gate.scope("strategy", 1).open_orders == 1
