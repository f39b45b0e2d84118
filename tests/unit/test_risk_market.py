"""Verdicts that depend on the market: book, collar, last trade, short sale."""

from typing import Any

import pytest
from gate_desk import AAPL, ASK, BID, NOW, Desk, intent, limits, market, moment

from tickwire.native import lib
from tickwire.native.trading import RiskGate

MARKET_ORDER = {"order_type": lib.ORDER_TYPE_MARKET, "price": 0}
SELL = {"side": lib.SIDE_SELL, "price": BID}


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def gate(desk: Desk) -> RiskGate:
    return desk.gate


@pytest.mark.parametrize(
    ("verdict", "changes"),
    [
        ("book_stale", {"flags": lib.MARKET_STALE}),
        ("book_stale", {"bid_quantity": [0], "bid_price": [0]}),
        ("book_stale", {"ask_quantity": [0], "ask_price": [0]}),
        ("book_stale", {"bid_price": [2**32]}),
        ("book_stale", {"ask_price": [-1]}),
        ("book_stale", {"bid_price": [ASK + 1]}),
        ("pass", {"bid_price": [ASK]}),
        ("trading_state", {"trading_state": lib.TRADING_UNKNOWN}),
        ("trading_state", {"trading_state": lib.TRADING_HALTED}),
        ("trading_state", {"trading_state": lib.TRADING_PAUSED}),
        ("trading_state", {"trading_state": lib.TRADING_QUOTATION}),
    ],
)
def test_the_market_must_be_fit_to_trade_in_at_that_venue(
    gate: RiskGate, verdict: str, changes: dict[str, Any]
) -> None:
    gate.market(market(**changes))
    assert gate.judge(intent(), moment()) == verdict
    assert gate.judge(intent(venue=1), moment()) == "pass"


def test_a_book_never_seen_is_stale(gate: RiskGate) -> None:
    made = limits()
    made.instruments[9] = made.instruments[AAPL]
    gate.limits(made, NOW)
    assert gate.judge(intent(instrument=9), moment()) == "book_stale"


def test_an_update_of_no_instrument_or_venue_is_nothing(gate: RiskGate) -> None:
    gate.market(market(instrument=lib.INSTRUMENT_COUNT_MAX, flags=lib.MARKET_STALE))
    gate.market(market(venue=lib.VENUE_COUNT_MAX, flags=lib.MARKET_STALE))
    assert gate.judge(intent(), moment()) == "pass"


@pytest.mark.parametrize(
    ("verdict", "changes"),
    [
        ("order_quantity", {"quantity": 501}),
        ("pass", {"quantity": 500}),
        ("price_collar", {"price": ASK + 1001}),
        ("pass", {"price": ASK + 1000}),
        ("price_collar", SELL | {"price": BID - 1001}),
        ("pass", SELL | {"price": BID - 1000}),
        ("price_collar", {"price": BID - 10_001}),
        ("pass", {"price": BID - 10_000}),
        ("price_collar", SELL | {"price": ASK + 10_002}),
        ("pass", SELL | {"price": ASK + 10_000}),
    ],
)
def test_the_collar_by_the_book_includes_its_edge(gate: RiskGate, verdict: str, changes: dict[str, int]) -> None:
    assert gate.judge(intent(**changes), moment()) == verdict


@pytest.mark.parametrize(("ppm", "distance"), [(100, 10_000), (10_000, 100)])
@pytest.mark.parametrize(
    ("changes", "edge"),
    [({}, ASK + 100), (SELL, BID - 100), ({}, BID - 1000), (SELL, ASK + 1000)],
)
def test_of_percentage_and_distance_the_tighter_counts(
    gate: RiskGate, ppm: int, distance: int, changes: dict[str, int], edge: int
) -> None:
    away = 1 if edge > BID else -1
    gate.limits(limits(instrument={"collar_ppm": ppm, "collar_distance": distance}), NOW)
    assert gate.judge(intent(**changes | {"price": edge}), moment()) == "pass"
    assert gate.judge(intent(**changes | {"price": edge + 2 * away}), moment()) == "price_collar"


@pytest.mark.parametrize("unset", [{"collar_ppm": 0}, {"collar_distance": 0}, {"collar_distance": -1}])
@pytest.mark.parametrize("changes", [{}, MARKET_ORDER])
def test_without_a_collar_no_price_is_right(gate: RiskGate, unset: dict[str, int], changes: dict[str, int]) -> None:
    gate.limits(limits(instrument=unset), NOW)
    assert gate.judge(intent(**changes), moment()) == "price_collar"


def test_the_collar_is_that_of_the_venue(gate: RiskGate) -> None:
    gate.market(market(venue=1, bid_price=[101_0000], ask_price=[101_0100]))
    assert gate.judge(intent(price=101_0100), moment()) == "price_collar"
    assert gate.judge(intent(price=101_0100, venue=1), moment()) == "pass"


@pytest.mark.parametrize(
    ("verdict", "last", "changes"),
    [
        ("price_collar_last", 99_9100, {}),
        ("pass", 99_9200, {}),
        ("pass", 150_0000, {}),
        ("price_collar_last", 100_1002, SELL),
        ("pass", 100_1001, SELL),
        ("pass", 50_0000, SELL),
        ("pass", 0, {}),
    ],
)
def test_the_collar_by_the_last_trade_is_one_sided(
    gate: RiskGate, verdict: str, last: int, changes: dict[str, int]
) -> None:
    gate.limits(limits(instrument={"collar_last_ppm": 1000, "collar_ppm": 10_000, "collar_distance": 10_000}), NOW)
    gate.market(market(last_price=last))
    gate.market(market(last_price=0))  # an update that knows of no trade takes none back
    assert gate.judge(intent(**changes), moment()) == verdict


def test_the_last_trade_is_not_looked_at_unless_configured(gate: RiskGate) -> None:
    gate.market(market(last_price=50_0000))
    assert gate.judge(intent(), moment()) == "pass"


@pytest.mark.parametrize(
    ("verdict", "changes"),
    [("order_value", {"order_value_max": 100 * ASK - 1}), ("pass", {"order_value_max": 100 * ASK})],
)
def test_the_value_of_an_order_is_limited(gate: RiskGate, verdict: str, changes: dict[str, int]) -> None:
    gate.limits(limits(instrument=changes), NOW)
    assert gate.judge(intent(), moment()) == verdict


@pytest.mark.parametrize("about", [MARKET_ORDER, MARKET_ORDER | {"order_type": lib.ORDER_TYPE_PEG_MARKET}])
@pytest.mark.parametrize(("side", "price"), [(lib.SIDE_BUY, ASK + 1000), (lib.SIDE_SELL, BID - 1000)])
def test_an_order_without_a_price_is_valued_at_the_collar(
    gate: RiskGate, about: dict[str, int], side: int, price: int
) -> None:
    gate.limits(limits(instrument={"order_value_max": 100 * price}), NOW)
    assert gate.reserve(intent(**about | {"side": side}), moment())[0] == "pass"
    assert gate.scope("firm").credit_used == 100 * price
    gate.limits(limits(instrument={"order_value_max": 100 * price - 1}), NOW)
    assert gate.judge(intent(**about | {"side": side}), moment()) == "order_value"


def test_a_market_order_is_held_to_the_last_trade_as_if_at_the_collar(gate: RiskGate) -> None:
    gate.limits(limits(instrument={"collar_last_ppm": 1000}), NOW)
    gate.market(market(last_price=ASK))
    assert gate.judge(intent(**MARKET_ORDER), moment()) == "pass"
    gate.market(market(last_price=BID))
    assert gate.judge(intent(**MARKET_ORDER), moment()) == "price_collar_last"


def test_an_order_worth_more_than_anybody_trades_passes_no_limit(gate: RiskGate) -> None:
    price = 400_000_0000
    gate.market(market(bid_price=[price - 100], ask_price=[price]))
    gate.limits(limits(instrument={"order_value_max": 2**62, "order_quantity_max": 999_999}), NOW)
    assert gate.judge(intent(price=price, quantity=999_999), moment()) == "order_value"


@pytest.mark.parametrize(
    ("held", "quantity", "marked"),
    [(100, 100, lib.SALE_LONG), (99, 100, lib.SALE_SHORT), (0, 1, lib.SALE_SHORT), (-50, 1, lib.SALE_SHORT)],
)
def test_the_gate_marks_what_could_leave_the_firm_short(desk: Desk, held: int, quantity: int, marked: int) -> None:
    if held:
        desk.hold(held, strategy=3, account=2)  # whoever holds it: the firm's position counts
    verdict, order = desk.gate.reserve(intent(**SELL, quantity=quantity), moment())
    assert (verdict, order.short_sale) == ("pass", marked)


def test_open_sells_count_towards_being_short_and_open_buys_do_not(desk: Desk) -> None:
    desk.hold(100)
    assert desk.ask(quantity=100) == "pass"
    assert desk.gate.reserve(intent(**SELL, quantity=60), moment())[1].short_sale == lib.SALE_LONG
    assert desk.gate.reserve(intent(**SELL, quantity=41), moment())[1].short_sale == lib.SALE_SHORT


def test_a_buy_is_marked_nothing(gate: RiskGate) -> None:
    assert gate.reserve(intent(flags=lib.ORDER_SHORT_EXEMPT), moment())[1].short_sale == lib.SALE_LONG


def test_short_sales_not_allowed_are_refused(desk: Desk) -> None:
    desk.limit(instrument={"short_sale": 0})
    assert desk.sell(1) == "short_sale"
    desk.hold(10)
    assert desk.sell(11) == "short_sale"
    assert desk.sell(10) == "pass"


def test_no_more_is_sold_short_than_was_located(desk: Desk) -> None:
    desk.limit(instrument={"locate_quantity": 100})
    desk.hold(50)
    assert desk.sell(151) == "short_sale"
    assert desk.sell(150) == "pass"
    assert desk.sell(1, flags=lib.ORDER_SHORT_EXEMPT) == "short_sale"


@pytest.mark.parametrize(
    ("verdict", "changes"),
    [
        ("short_sale", {"price": BID}),
        ("short_sale", {"price": BID - 1}),
        ("pass", {"price": BID + 1}),
        ("short_sale", MARKET_ORDER),
        ("pass", {"price": BID, "flags": lib.ORDER_SHORT_EXEMPT}),
    ],
)
def test_under_the_price_test_a_short_sale_is_above_the_bid_unless_exempt(
    gate: RiskGate, verdict: str, changes: dict[str, int]
) -> None:
    gate.market(market(flags=lib.MARKET_SHORT_SALE))
    assert gate.judge(intent(**SELL | changes), moment()) == verdict


def test_the_price_test_looks_at_the_best_bid_of_all_fresh_venues(gate: RiskGate) -> None:
    gate.market(market(venue=1, flags=lib.MARKET_SHORT_SALE, bid_price=[BID + 50]))
    assert gate.judge(intent(**SELL | {"price": BID + 50}), moment()) == "short_sale"
    assert gate.judge(intent(**SELL | {"price": BID + 51}), moment()) == "pass"
    gate.market(market(venue=1, flags=lib.MARKET_SHORT_SALE | lib.MARKET_STALE, bid_price=[BID + 50]))
    assert gate.judge(intent(**SELL | {"price": BID + 50}), moment()) == "pass"


def test_a_long_sale_is_free_of_the_price_test_and_an_exempt_one_is_marked(desk: Desk) -> None:
    desk.gate.market(market(flags=lib.MARKET_SHORT_SALE))
    desk.hold(100)
    assert desk.sell(100) == "pass"
    exempt = intent(**SELL, quantity=1, flags=lib.ORDER_SHORT_EXEMPT)
    assert desk.gate.reserve(exempt, moment())[1].short_sale == lib.SALE_SHORT_EXEMPT
