"""Every verdict of the gate, and what a cancel is exempt from: the default intent passes, each test spoils one."""

from typing import Any

import pytest

from tickwire.native import lib
from tickwire.native.trading import RiskGate, record

NOW = 1_000_000_000_000
AAPL, MSFT = 3, 4
SECOND = 1_000_000_000


def limits(**changes: Any) -> Any:
    """Limits that let the default intent pass; ``instrument`` holds changes of AAPL's own."""
    own = {
        "permitted": 1,
        "order_quantity_max": 500,
        "order_value_max": 100_000 * 10_000,
        "position_max": 1000,
        "collar_ppm": 1000,
        "open_orders_max": 3,
    } | changes.pop("instrument", {})
    made = record(
        "risk_limits",
        **{
            "limits_age_ns_max": 5 * SECOND,
            "supervisor_age_ns_max": 2 * SECOND,
            "tick_age_ns_max": 1_000_000,
            "message_rate_max": 16,
            "open_orders_max": 4,
            "message_window_ns": SECOND,
        }
        | changes,
    )
    for instrument in (AAPL, MSFT):
        made.instruments[instrument] = own
    return made


def moment(**changes: Any) -> Any:
    """An armed, live box with room in the order ring."""
    usual = {"now_ns": NOW, "armed": 1, "epoch": 7, "supervisor_heartbeat_ns": NOW - SECOND, "order_room": 1}
    return record("risk_moment", **usual | changes)


def intent(**changes: Any) -> Any:
    """Buy 100 AAPL at the offer."""
    usual = {
        "kind": lib.INTENT_NEW,
        "instrument": AAPL,
        "side": lib.SIDE_BUY,
        "price": 100_0100,
        "quantity": 100,
        "tick": 42,
        "rx_ns": NOW - 1000,
    }
    return record("order_intent", **usual | changes)


def market(**changes: Any) -> Any:
    """100.00 to 100.01, open."""
    usual = {
        "instrument": AAPL,
        "kind": lib.MARKET_BOOK,
        "bid_price": [100_0000],
        "bid_quantity": [300],
        "ask_price": [100_0100],
        "ask_quantity": [200],
        "trading_state": lib.TRADING_OPEN,
    }
    return record("market_update", **usual | changes)


def report(kind: str, **fields: Any) -> Any:
    """An execution report about AAPL unless told otherwise."""
    return record("execution_report", kind=getattr(lib, f"REPORT_{kind}"), **{"instrument": AAPL} | fields)


@pytest.fixture
def gate() -> RiskGate:
    """Reconciled, with limits and a market."""
    made = RiskGate()
    made.limits(limits(), NOW - SECOND)
    for instrument in (AAPL, MSFT):
        made.market(market(instrument=instrument))
    made.report(report("RESET"))
    made.report(report("LIVE", next_user_ref=1))
    return made


def test_the_default_intent_passes(gate: RiskGate) -> None:
    assert gate.judge(intent(), moment()) == "pass"


@pytest.mark.parametrize(
    ("verdict", "changes"),
    [
        ("killed", {"kill": 1}),
        ("not_armed", {"armed": 0}),
        ("supervisor_stale", {"supervisor_heartbeat_ns": NOW - 2 * SECOND - 1}),
        ("limits_stale", {"now_ns": NOW + 4 * SECOND + 1, "supervisor_heartbeat_ns": NOW + 4 * SECOND}),
        ("tick_age", {"now_ns": NOW + 1_000_000}),
        ("backpressure", {"order_room": 0}),
    ],
)
def test_the_box_itself_can_forbid(gate: RiskGate, verdict: str, changes: dict[str, int]) -> None:
    assert gate.judge(intent(), moment(**changes)) == verdict


@pytest.mark.parametrize(
    ("verdict", "changes"),
    [
        ("instrument", {"instrument": 5}),
        ("instrument", {"instrument": lib.INSTRUMENT_COUNT_MAX}),
        ("instrument", {"instrument": lib.INSTRUMENT_NONE}),
        ("malformed", {"quantity": 0}),
        ("malformed", {"quantity": 1_000_000}),
        ("malformed", {"quantity": 2**32 - 1, "price": 2**32 - 1}),
        ("malformed", {"price": 0}),
        ("malformed", {"price": -1}),
        ("malformed", {"price": 2**32}),
        ("malformed", {"price": 2**63 - 1}),
        ("malformed", {"side": lib.SIDE_NONE}),
        ("malformed", {"time_in_force": 2}),
        ("malformed", {"kind": 0}),
        ("malformed", {"kind": 4}),
        ("order_quantity", {"quantity": 501}),
        ("price_collar", {"price": 100_0100 + 1001}),
        ("price_collar", {"side": lib.SIDE_SELL, "price": 100_0000 - 1001}),
        ("price_collar", {"price": 100_0000 - 10_001}),
        ("price_collar", {"side": lib.SIDE_SELL, "price": 100_0100 + 10_002}),
        ("unknown_order", {"kind": lib.INTENT_REPLACE, "target_order_id": 99}),
        ("unknown_order", {"kind": lib.INTENT_CANCEL, "target_order_id": 99}),
        ("unknown_order", {"kind": lib.INTENT_CANCEL, "target_order_id": 0}),
    ],
)
def test_the_intent_itself_can_be_refused(gate: RiskGate, verdict: str, changes: dict[str, int]) -> None:
    assert gate.judge(intent(**changes), moment()) == verdict


@pytest.mark.parametrize(
    "changes", [{"price": 100_0100 + 1000}, {"price": 100_0000 - 10_000}, {"side": 1, "price": 99_9000}]
)
def test_the_collar_itself_is_inside(gate: RiskGate, changes: dict[str, int]) -> None:
    assert gate.judge(intent(**changes), moment()) == "pass"


@pytest.mark.parametrize(
    ("verdict", "changes"),
    [
        ("book_stale", {"flags": lib.MARKET_STALE}),
        ("book_stale", {"bid_quantity": [0], "bid_price": [0]}),
        ("book_stale", {"ask_quantity": [0], "ask_price": [0]}),
        ("book_stale", {"bid_price": [100_0101]}),
        ("trading_state", {"trading_state": lib.TRADING_UNKNOWN}),
        ("trading_state", {"trading_state": lib.TRADING_HALTED}),
        ("trading_state", {"trading_state": lib.TRADING_PAUSED}),
        ("trading_state", {"trading_state": lib.TRADING_QUOTATION}),
        ("pass", {"bid_price": [100_0100]}),
    ],
)
def test_the_market_must_be_fit_to_trade_in(gate: RiskGate, verdict: str, changes: dict[str, Any]) -> None:
    gate.market(market(**changes))
    assert gate.judge(intent(), moment()) == verdict


@pytest.mark.parametrize(
    ("verdict", "changes"),
    [
        ("instrument", {"permitted": 0}),
        ("order_quantity", {"order_quantity_max": 99}),
        ("order_value", {"order_value_max": 100 * 100_0100 - 1}),
        ("pass", {"order_value_max": 100 * 100_0100}),
        ("position", {"position_max": 99}),
        ("pass", {"position_max": 100}),
        ("open_orders", {"open_orders_max": 0}),
    ],
)
def test_an_instrument_has_limits_of_its_own(gate: RiskGate, verdict: str, changes: dict[str, int]) -> None:
    gate.limits(limits(instrument=changes), NOW)
    assert gate.judge(intent(), moment()) == verdict


def test_no_limits_were_ever_published() -> None:
    gate = RiskGate()
    gate.report(report("RESET"))
    gate.report(report("LIVE", next_user_ref=1))
    gate.market(market())
    assert gate.judge(intent(), moment()) == "no_limits"


def test_a_book_never_seen_is_stale(gate: RiskGate) -> None:
    made = limits()
    made.instruments[9] = made.instruments[AAPL]
    gate.limits(made, NOW)
    assert gate.judge(intent(instrument=9), moment()) == "book_stale"


def test_the_gate_is_shut_until_a_replay_is_complete() -> None:
    gate = RiskGate()
    gate.limits(limits(), NOW)
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


def test_orders_of_all_instruments_count_together(gate: RiskGate) -> None:
    for instrument in (AAPL, AAPL, AAPL, MSFT):
        assert gate.reserve(intent(instrument=instrument), moment())[0] == "pass"
    assert gate.judge(intent(), moment()) == "open_orders"
    assert gate.judge(intent(instrument=MSFT), moment()) == "open_orders"


def test_working_orders_count_towards_the_position(gate: RiskGate) -> None:
    gate.limits(limits(instrument={"position_max": 250}), NOW)
    assert [gate.reserve(intent(), moment())[0] for _ in range(3)] == ["pass", "pass", "position"]
    assert gate.judge(intent(quantity=50), moment()) == "pass"
    assert gate.judge(intent(side=lib.SIDE_SELL, price=100_0000, quantity=250), moment()) == "pass"


def test_an_order_that_reduces_passes_whatever_is_held(gate: RiskGate) -> None:
    gate.report(report("EXECUTED", order_id=5, quantity=900, side=lib.SIDE_SELL, match_number=1))
    gate.limits(limits(instrument={"position_max": 100}), NOW)
    assert gate.judge(intent(side=lib.SIDE_SELL, price=100_0000, quantity=1), moment()) == "position"
    assert gate.judge(intent(quantity=500), moment()) == "pass"


def test_an_order_carries_its_identity_and_its_tick(gate: RiskGate) -> None:
    _, first = gate.reserve(intent(strategy=2), moment())
    _, second = gate.reserve(intent(), moment(epoch=8))
    assert (first.order_id, second.order_id) == (7 << 32 | 1, 8 << 32 | 2)
    assert (first.tick, first.rx_ns, first.strategy, first.price, first.quantity) == (42, NOW - 1000, 2, 100_0100, 100)
    assert (first.kind, first.side, first.instrument, first.target_order_id) == (lib.INTENT_NEW, lib.SIDE_BUY, AAPL, 0)


def test_a_cancel_passes_when_nothing_else_may(gate: RiskGate) -> None:
    _, order = gate.reserve(intent(), moment())
    cancel = intent(kind=lib.INTENT_CANCEL, target_order_id=order.order_id, instrument=0, quantity=0, price=0, rx_ns=0)
    gate.market(market(flags=lib.MARKET_STALE, trading_state=lib.TRADING_HALTED))
    gate.limits(limits(instrument={"permitted": 0}), 1)
    verdict, sent = gate.reserve(cancel, moment(kill=1, armed=0, supervisor_heartbeat_ns=0))
    assert verdict == "pass"
    assert (sent.order_id, sent.target_order_id, sent.instrument, sent.side) == (0, order.order_id, AAPL, lib.SIDE_BUY)


def test_a_cancel_needs_a_session_and_room(gate: RiskGate) -> None:
    _, order = gate.reserve(intent(), moment())
    cancel = intent(kind=lib.INTENT_CANCEL, target_order_id=order.order_id)
    assert gate.judge(cancel, moment(order_room=0)) == "backpressure"
    gate.report(report("DOWN"))
    assert gate.judge(cancel, moment()) == "session_down"


def test_the_message_rate_keeps_a_reserve_for_cancels(gate: RiskGate) -> None:
    gate.limits(limits(open_orders_max=64, instrument={"open_orders_max": 64, "position_max": 10_000}), NOW)
    orders = [gate.reserve(intent(), moment())[1] for _ in range(14)]
    assert gate.judge(intent(), moment()) == "message_rate"
    cancels = [intent(kind=lib.INTENT_CANCEL, target_order_id=order.order_id) for order in orders[:3]]
    assert [gate.reserve(cancel, moment())[0] for cancel in cancels] == ["pass", "pass", "message_rate"]


def test_the_message_window_slides_exactly(gate: RiskGate) -> None:
    gate.limits(limits(message_rate_max=2, tick_age_ns_max=10 * SECOND, instrument={"open_orders_max": 64}), NOW)
    late = {"supervisor_heartbeat_ns": NOW + SECOND}
    assert gate.reserve(intent(quantity=1), moment())[0] == "pass"
    assert gate.reserve(intent(quantity=1), moment(now_ns=NOW + 10))[0] == "pass"
    assert gate.judge(intent(quantity=1), moment(now_ns=NOW + SECOND - 1, **late)) == "message_rate"
    assert gate.reserve(intent(quantity=1), moment(now_ns=NOW + SECOND, **late))[0] == "pass"
    assert gate.judge(intent(quantity=1), moment(now_ns=NOW + SECOND + 9, **late)) == "message_rate"
    assert gate.judge(intent(quantity=1), moment(now_ns=NOW + SECOND + 10, **late)) == "pass"


def test_a_message_rate_of_nothing_permits_nothing(gate: RiskGate) -> None:
    gate.limits(limits(message_rate_max=0), NOW)
    assert gate.judge(intent(), moment()) == "message_rate"


def test_a_full_order_table_counts_as_open_orders() -> None:
    gate = RiskGate(order_count_max=1)
    gate.limits(limits(), NOW)
    gate.market(market())
    gate.report(report("RESET"))
    gate.report(report("LIVE", next_user_ref=1))
    verdicts = [gate.reserve(intent(quantity=1), moment())[0] for _ in range(3)]
    assert verdicts == ["pass", "pass", "open_orders"]  # each order has room for a replacement in flight
