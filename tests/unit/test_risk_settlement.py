"""Reserved exposure is settled by reports, whatever their order."""

from typing import Any

import pytest

from tickwire.native import lib
from tickwire.native.trading import Exposure, RiskGate, record

NOW = 1_000_000_000_000
AAPL = 3
FLAT = Exposure(0, 0, 0, 0)


def report(kind: str, order_id: int = 0, **fields: Any) -> Any:
    """An execution report about AAPL."""
    usual = {"instrument": AAPL, "side": lib.SIDE_BUY, "order_id": order_id}
    return record("execution_report", kind=getattr(lib, f"REPORT_{kind}"), **usual | fields)


class Desk:
    """A gate that is live, and whose orders are named by their user references 1, 2, 3..."""

    def __init__(self) -> None:
        self.gate = RiskGate()
        limits = record(
            "risk_limits",
            limits_age_ns_max=2**60,
            supervisor_age_ns_max=2**60,
            tick_age_ns_max=2**60,
            message_rate_max=1000,
            open_orders_max=10,
            message_window_ns=1,
        )
        limits.instruments[AAPL] = {
            "permitted": 1,
            "order_quantity_max": 1000,
            "order_value_max": 2**60,
            "position_max": 1000,
            "collar_ppm": 10_000,
            "open_orders_max": 10,
        }
        self.gate.limits(limits, NOW)
        touch = {"bid_price": [100_0000], "bid_quantity": [1], "ask_price": [100_0100], "ask_quantity": [1]}
        self.gate.market(record("market_update", instrument=AAPL, trading_state=lib.TRADING_OPEN, **touch))
        self.tell("RESET")
        self.tell("LIVE", next_user_ref=1)

    def tell(self, kind: str, order_id: int = 0, **fields: Any) -> int:
        return self.gate.report(report(kind, order_id, **fields))

    def ask(self, kind: int, quantity: int, target: int = 0, side: int = 0) -> str:
        moment = record("risk_moment", now_ns=NOW, armed=1, supervisor_heartbeat_ns=NOW, order_room=1)
        intent = record(
            "order_intent",
            kind=kind,
            quantity=quantity,
            target_order_id=target,
            side=side,
            instrument=AAPL,
            price=100_0000,
            rx_ns=NOW,
        )
        return self.gate.reserve(intent, moment)[0]

    def buy(self, quantity: int) -> None:
        assert self.ask(lib.INTENT_NEW, quantity) == "pass"

    def replace(self, target: int, quantity: int) -> str:
        return self.ask(lib.INTENT_REPLACE, quantity, target)

    @property
    def exposure(self) -> Exposure:
        return self.gate.exposure(AAPL)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_exposure_is_reserved_before_anything_is_acknowledged(desk: Desk) -> None:
    desk.buy(100)
    assert desk.exposure == Exposure(0, 100, 0, 1)


def test_fills_turn_open_exposure_into_position(desk: Desk) -> None:
    desk.buy(100)
    desk.tell("ACCEPTED", 1, quantity=100, leaves=100)
    desk.tell("EXECUTED", 1, quantity=30, leaves=70, match_number=1)
    assert desk.exposure == Exposure(30, 70, 0, 1)
    desk.tell("EXECUTED", 1, quantity=70, leaves=0, match_number=2)
    assert desk.exposure == Exposure(100, 0, 0, 0)


@pytest.mark.parametrize("kind", ["REJECTED", "NOT_SENT"])
def test_a_refused_order_holds_nothing(desk: Desk, kind: str) -> None:
    desk.buy(100)
    assert desk.tell(kind, 1) == 1
    assert desk.exposure == FLAT
    assert desk.gate.open_orders == 0


def test_an_execution_may_overtake_the_acceptance(desk: Desk) -> None:
    desk.buy(100)
    desk.tell("EXECUTED", 1, quantity=40, leaves=60, match_number=1)
    desk.tell("ACCEPTED", 1, quantity=100, leaves=60)
    assert desk.exposure == Exposure(40, 60, 0, 1)
    desk.tell("EXECUTED", 1, quantity=60, leaves=0, match_number=2)
    assert desk.tell("ACCEPTED", 1, quantity=100, leaves=0) == lib.ERROR_NOT_FOUND
    assert desk.exposure == Exposure(100, 0, 0, 0)


def test_the_venue_may_take_less_than_was_sent(desk: Desk) -> None:
    desk.buy(100)
    desk.tell("ACCEPTED", 1, quantity=80, leaves=80)
    assert desk.exposure == Exposure(0, 80, 0, 1)


def test_an_order_accepted_dead_holds_nothing(desk: Desk) -> None:
    desk.buy(100)
    desk.tell("ACCEPTED", 1, quantity=100, leaves=0)
    assert desk.exposure == FLAT


def test_a_cancel_may_take_part_of_an_order(desk: Desk) -> None:
    desk.buy(100)
    desk.tell("CANCELED", 1, quantity=30, leaves=70)
    assert desk.exposure == Exposure(0, 70, 0, 1)
    desk.tell("CANCELED", 1, quantity=70, leaves=0)
    assert desk.exposure == FLAT


def test_the_same_venue_message_counts_once(desk: Desk) -> None:
    desk.buy(100)
    for _ in range(2):
        desk.tell("EXECUTED", 1, quantity=30, leaves=70, match_number=1, sequence=9)
    desk.tell("CANCELED", 1, quantity=10, leaves=60, sequence=8)
    assert desk.exposure == Exposure(30, 70, 0, 1)


@pytest.mark.parametrize("kind", ["SENT", "RESTATED", "CANCEL_PENDING", "CANCEL_REJECTED"])
def test_news_without_shares_changes_no_exposure(desk: Desk, kind: str) -> None:
    desk.buy(100)
    desk.tell(kind, 1, leaves=100)
    assert desk.exposure == Exposure(0, 100, 0, 1)


def test_a_modification_by_the_venue_may_take_shares_off(desk: Desk) -> None:
    desk.buy(100)
    desk.tell("RESTATED", 1, leaves=60)
    assert desk.exposure == Exposure(0, 60, 0, 1)
    desk.tell("RESTATED", 1, leaves=0)
    assert desk.exposure == FLAT


def test_a_cancel_that_was_not_sent_leaves_its_order_open(desk: Desk) -> None:
    desk.buy(100)
    desk.tell("NOT_SENT", 1, target_order_id=1)
    assert desk.exposure == Exposure(0, 100, 0, 1)


def test_an_order_the_venue_spoke_of_cannot_be_unsent(desk: Desk) -> None:
    desk.buy(100)
    desk.tell("ACCEPTED", 1, quantity=100, leaves=100)
    desk.tell("NOT_SENT", 1)
    assert desk.exposure == Exposure(0, 100, 0, 1)


@pytest.mark.parametrize(("quantity", "held"), [(150, 150), (60, 100)])
def test_a_replace_holds_the_larger_of_both_until_it_is_settled(desk: Desk, quantity: int, held: int) -> None:
    desk.buy(100)
    desk.tell("ACCEPTED", 1, quantity=100, leaves=100)
    assert desk.replace(1, quantity) == "pass"
    assert desk.exposure == Exposure(0, held, 0, 1)
    desk.tell("REPLACED", 2, target_order_id=1, quantity=quantity, leaves=quantity)
    assert desk.exposure == Exposure(0, quantity, 0, 1)
    desk.tell("CANCELED", 2, quantity=quantity, leaves=0)
    assert desk.exposure == FLAT


@pytest.mark.parametrize("kind", ["REJECTED", "NOT_SENT"])
def test_a_refused_replace_leaves_the_original_as_it_was(desk: Desk, kind: str) -> None:
    desk.buy(100)
    desk.replace(1, 150)
    desk.tell(kind, 2, target_order_id=1)
    assert desk.exposure == Exposure(0, 100, 0, 1)
    assert desk.replace(1, 120) == "pass"


def test_a_replace_dies_with_the_order_it_came_too_late_for(desk: Desk) -> None:
    desk.buy(100)
    desk.replace(1, 150)
    desk.tell("EXECUTED", 1, quantity=100, leaves=0, match_number=1)
    assert desk.exposure == Exposure(100, 0, 0, 0)
    assert desk.tell("NOT_SENT", 2, target_order_id=1) == lib.ERROR_NOT_FOUND


def test_shares_executed_before_a_replace_count_against_it(desk: Desk) -> None:
    desk.buy(100)
    desk.tell("EXECUTED", 1, quantity=30, leaves=70, match_number=1)
    assert desk.replace(1, 30) == "malformed"
    assert desk.replace(1, 150) == "pass"
    assert desk.exposure == Exposure(30, 120, 0, 1)
    desk.tell("EXECUTED", 1, quantity=20, leaves=50, match_number=2)
    assert desk.exposure == Exposure(50, 100, 0, 1)
    desk.tell("REPLACED", 2, target_order_id=1, quantity=150, leaves=100)
    assert desk.exposure == Exposure(50, 100, 0, 1)


def test_an_execution_of_the_replacement_may_overtake_its_report(desk: Desk) -> None:
    desk.buy(100)
    desk.replace(1, 80)
    desk.tell("EXECUTED", 2, quantity=30, leaves=50, match_number=1)
    assert desk.exposure == Exposure(30, 50, 0, 1)
    desk.tell("REPLACED", 2, target_order_id=1, quantity=80, leaves=50)
    assert desk.exposure == Exposure(30, 50, 0, 1)


def test_an_order_being_replaced_cannot_be_replaced_again(desk: Desk) -> None:
    desk.buy(100)
    desk.replace(1, 80)
    assert desk.replace(1, 90) == "unknown_order"
    assert desk.replace(2, 90) == "unknown_order"
    assert desk.ask(lib.INTENT_CANCEL, 0, target=2) == "pass"


def test_a_replace_is_judged_by_what_it_adds_to_the_position(desk: Desk) -> None:
    for _ in range(3):
        desk.buy(300)
    assert desk.replace(1, 401) == "position"
    assert desk.replace(1, 400) == "pass"
    assert desk.exposure == Exposure(0, 1000, 0, 3)


def test_a_replace_must_be_of_its_own_side(desk: Desk) -> None:
    desk.buy(100)
    assert desk.ask(lib.INTENT_REPLACE, 50, target=1, side=lib.SIDE_SELL) == "malformed"


def test_a_replay_rebuilds_positions_and_open_orders(desk: Desk) -> None:
    desk.buy(500)
    desk.tell("RESET")
    assert desk.exposure == FLAT
    replayed = {"flags": lib.REPORT_REPLAYED | lib.REPORT_UNKNOWN_ORDER}
    desk.tell("ACCEPTED", 1, quantity=100, leaves=100, sequence=1, **replayed)
    desk.tell("EXECUTED", 1, quantity=40, leaves=60, sequence=2, match_number=1, **replayed)
    desk.tell("REPLACED", 2, target_order_id=1, quantity=90, leaves=50, sequence=3, **replayed)
    desk.tell("LIVE", next_user_ref=3)
    assert desk.exposure == Exposure(40, 50, 0, 1)
    assert desk.ask(lib.INTENT_CANCEL, 0, target=2) == "pass"
    assert desk.replace(2, 40) == "malformed"  # 40 of the chain are executed already


def test_a_fill_of_an_order_unknown_to_the_gate_still_moves_the_position(desk: Desk) -> None:
    fill = {"quantity": 10, "side": lib.SIDE_SELL, "match_number": 1}
    assert desk.tell("EXECUTED", 77, leaves=0, **fill) == lib.ERROR_NOT_FOUND
    assert desk.exposure == Exposure(-10, 0, 0, 0)
    assert desk.tell("EXECUTED", 78, leaves=5, flags=lib.REPORT_UNKNOWN_ORDER, **fill) == 1
    assert desk.exposure == Exposure(-20, 0, 5, 1)


def test_a_fill_of_nobody_knows_what_shuts_the_gate_until_the_next_replay(desk: Desk) -> None:
    desk.tell("EXECUTED", 77, quantity=10, side=lib.SIDE_NONE, instrument=lib.INSTRUMENT_NONE, match_number=1)
    assert desk.ask(lib.INTENT_NEW, 1) == "not_reconciled"
    assert not desk.gate.reconciled
    desk.tell("RESET")
    desk.tell("LIVE", next_user_ref=1)
    desk.buy(1)


def test_a_broken_trade_gives_the_position_back(desk: Desk) -> None:
    desk.buy(100)
    desk.tell("EXECUTED", 1, quantity=100, leaves=0, match_number=5)
    assert desk.tell("BROKEN", 1, match_number=5) == 1
    assert desk.exposure == FLAT


def test_a_break_of_a_trade_never_seen_shuts_its_instrument(desk: Desk) -> None:
    desk.tell("BROKEN", 1, match_number=5)
    assert desk.ask(lib.INTENT_NEW, 1) == "not_reconciled"
    assert desk.gate.reconciled


def test_more_working_orders_than_there_is_room_for_shut_the_gate() -> None:
    desk = Desk()
    desk.gate = RiskGate(order_count_max=1)
    desk.tell("RESET")
    for order_id in (1, 2, 3):
        desk.tell("ACCEPTED", order_id, quantity=1, leaves=1, flags=lib.REPORT_REPLAYED)
    desk.tell("LIVE", next_user_ref=4)
    assert not desk.gate.reconciled
