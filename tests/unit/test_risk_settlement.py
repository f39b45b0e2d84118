"""Reserved exposure is settled by reports, whatever their order."""

import pytest
from gate_desk import FLAT, NOW, Desk, named, report

from tickwire.native import lib
from tickwire.native.trading import Exposure


class Buyer(Desk):
    """Buys, and replaces what it bought."""

    def buy(self, quantity: int) -> None:
        assert self.ask(quantity=quantity) == "pass"

    def replace(self, target: int, quantity: int, **changes: int) -> str:
        return self.ask(kind=lib.INTENT_REPLACE, quantity=quantity, target=target, **changes)

    def cancel(self, target: int) -> str:
        return self.ask(kind=lib.INTENT_CANCEL, quantity=0, target=target)


@pytest.fixture
def desk() -> Buyer:
    return Buyer()


def test_exposure_is_reserved_before_anything_is_acknowledged(desk: Buyer) -> None:
    desk.buy(100)
    assert desk.exposure == Exposure(0, 100, 0, 1)


def test_fills_turn_open_exposure_into_position(desk: Buyer) -> None:
    desk.buy(100)
    desk.tell("ACCEPTED", 1, quantity=100, leaves=100)
    desk.tell("EXECUTED", 1, quantity=30, leaves=70, match_number=1)
    assert desk.exposure == Exposure(30, 70, 0, 1)
    desk.tell("EXECUTED", 1, quantity=70, leaves=0, match_number=2)
    assert desk.exposure == Exposure(100, 0, 0, 0)


@pytest.mark.parametrize("kind", ["REJECTED", "NOT_SENT"])
def test_a_refused_order_holds_nothing(desk: Buyer, kind: str) -> None:
    desk.buy(100)
    assert desk.tell(kind, 1) == 1
    assert desk.exposure == FLAT
    assert desk.gate.open_orders == 0


def test_an_execution_may_overtake_the_acceptance(desk: Buyer) -> None:
    desk.buy(100)
    desk.tell("EXECUTED", 1, quantity=40, leaves=60, match_number=1)
    desk.tell("ACCEPTED", 1, quantity=100, leaves=60)
    assert desk.exposure == Exposure(40, 60, 0, 1)
    desk.tell("EXECUTED", 1, quantity=60, leaves=0, match_number=2)
    assert desk.tell("ACCEPTED", 1, quantity=100, leaves=0) == lib.ERROR_NOT_FOUND
    assert desk.exposure == Exposure(100, 0, 0, 0)


def test_the_venue_may_take_less_than_was_sent(desk: Buyer) -> None:
    desk.buy(100)
    desk.tell("ACCEPTED", 1, quantity=80, leaves=80)
    assert desk.exposure == Exposure(0, 80, 0, 1)


def test_an_order_accepted_dead_holds_nothing(desk: Buyer) -> None:
    desk.buy(100)
    desk.tell("ACCEPTED", 1, quantity=100, leaves=0)
    assert desk.exposure == FLAT


def test_a_cancel_may_take_part_of_an_order(desk: Buyer) -> None:
    desk.buy(100)
    desk.tell("CANCELED", 1, quantity=30, leaves=70)
    assert desk.exposure == Exposure(0, 70, 0, 1)
    desk.tell("CANCELED", 1, quantity=70, leaves=0)
    assert desk.exposure == FLAT


def test_the_same_venue_message_counts_once(desk: Buyer) -> None:
    desk.buy(100)
    for _ in range(2):
        desk.tell("EXECUTED", 1, quantity=30, leaves=70, match_number=1, sequence=9)
    desk.tell("CANCELED", 1, quantity=10, leaves=60, sequence=8)
    assert desk.exposure == Exposure(30, 70, 0, 1)


@pytest.mark.parametrize("kind", ["SENT", "RESTATED", "CANCEL_PENDING", "CANCEL_REJECTED"])
def test_news_without_shares_changes_no_exposure(desk: Buyer, kind: str) -> None:
    desk.buy(100)
    desk.tell(kind, 1, leaves=100)
    assert desk.exposure == Exposure(0, 100, 0, 1)


def test_a_modification_by_the_venue_may_take_shares_off(desk: Buyer) -> None:
    desk.buy(100)
    desk.tell("RESTATED", 1, leaves=60)
    assert desk.exposure == Exposure(0, 60, 0, 1)
    desk.tell("RESTATED", 1, leaves=0)
    assert desk.exposure == FLAT


def test_a_cancel_that_was_not_sent_leaves_its_order_open(desk: Buyer) -> None:
    desk.buy(100)
    desk.tell("NOT_SENT", 1, target=1)
    assert desk.exposure == Exposure(0, 100, 0, 1)


def test_an_order_the_venue_spoke_of_cannot_be_unsent(desk: Buyer) -> None:
    desk.buy(100)
    desk.tell("ACCEPTED", 1, quantity=100, leaves=100)
    desk.tell("NOT_SENT", 1)
    assert desk.exposure == Exposure(0, 100, 0, 1)


@pytest.mark.parametrize(("quantity", "held"), [(150, 150), (60, 100)])
def test_a_replace_holds_the_larger_of_both_until_it_is_settled(desk: Buyer, quantity: int, held: int) -> None:
    desk.buy(100)
    desk.tell("ACCEPTED", 1, quantity=100, leaves=100)
    assert desk.replace(1, quantity) == "pass"
    assert desk.exposure == Exposure(0, held, 0, 1)
    desk.tell("REPLACED", 2, target=1, quantity=quantity, leaves=quantity)
    assert desk.exposure == Exposure(0, quantity, 0, 1)
    desk.tell("CANCELED", 2, quantity=quantity, leaves=0)
    assert desk.exposure == FLAT


@pytest.mark.parametrize("kind", ["REJECTED", "NOT_SENT"])
def test_a_refused_replace_leaves_the_original_as_it_was(desk: Buyer, kind: str) -> None:
    desk.buy(100)
    desk.replace(1, 150)
    desk.tell(kind, 2, target=1)
    assert desk.exposure == Exposure(0, 100, 0, 1)
    assert desk.replace(1, 120) == "pass"


def test_a_replace_dies_with_the_order_it_came_too_late_for(desk: Buyer) -> None:
    desk.buy(100)
    desk.replace(1, 150)
    desk.tell("EXECUTED", 1, quantity=100, leaves=0, match_number=1)
    assert desk.exposure == Exposure(100, 0, 0, 0)
    assert desk.tell("NOT_SENT", 2, target=1) == lib.ERROR_NOT_FOUND


def test_shares_executed_before_a_replace_count_against_it(desk: Buyer) -> None:
    desk.buy(100)
    desk.tell("EXECUTED", 1, quantity=30, leaves=70, match_number=1)
    assert desk.replace(1, 30) == "malformed"
    assert desk.replace(1, 150) == "pass"
    assert desk.exposure == Exposure(30, 120, 0, 1)
    desk.tell("EXECUTED", 1, quantity=20, leaves=50, match_number=2)
    assert desk.exposure == Exposure(50, 100, 0, 1)
    desk.tell("REPLACED", 2, target=1, quantity=150, leaves=100)
    assert desk.exposure == Exposure(50, 100, 0, 1)


def test_an_execution_of_the_replacement_may_overtake_its_report(desk: Buyer) -> None:
    desk.buy(100)
    desk.replace(1, 80)
    desk.tell("EXECUTED", 2, quantity=30, leaves=50, match_number=1)
    assert desk.exposure == Exposure(30, 50, 0, 1)
    desk.tell("REPLACED", 2, target=1, quantity=80, leaves=50)
    assert desk.exposure == Exposure(30, 50, 0, 1)


def test_an_order_being_replaced_cannot_be_replaced_again(desk: Buyer) -> None:
    desk.buy(100)
    desk.replace(1, 80)
    assert desk.replace(1, 90) == "unknown_order"
    assert desk.replace(2, 90) == "unknown_order"
    assert desk.cancel(2) == "pass"


def test_a_replace_is_judged_by_what_it_adds_to_the_position(desk: Buyer) -> None:
    for _ in range(3):
        desk.buy(300)
    assert desk.replace(1, 401) == "position"
    assert desk.replace(1, 400) == "pass"
    assert desk.exposure == Exposure(0, 1000, 0, 3)


def test_a_replace_must_be_of_its_own_side(desk: Buyer) -> None:
    desk.buy(100)
    assert desk.replace(1, 50, side=lib.SIDE_SELL) == "malformed"


def test_a_replay_rebuilds_positions_and_open_orders(desk: Buyer) -> None:
    desk.buy(500)
    desk.tell("RESET")
    assert desk.exposure == FLAT
    replayed = {"flags": lib.REPORT_REPLAYED | lib.REPORT_UNKNOWN_ORDER}
    desk.tell("ACCEPTED", 1, quantity=100, leaves=100, sequence=1, **replayed)
    desk.tell("EXECUTED", 1, quantity=40, leaves=60, sequence=2, match_number=1, **replayed)
    desk.tell("REPLACED", 2, target=1, quantity=90, leaves=50, sequence=3, **replayed)
    desk.tell("LIVE", next_user_ref=3)
    assert desk.exposure == Exposure(40, 50, 0, 1)
    assert desk.cancel(2) == "pass"
    assert desk.replace(2, 40) == "malformed"  # 40 of the chain are executed already


def test_a_fill_of_an_order_unknown_to_the_gate_still_moves_the_position(desk: Buyer) -> None:
    fill = {"quantity": 10, "side": lib.SIDE_SELL, "match_number": 1}
    assert desk.tell("EXECUTED", 77, leaves=0, **fill) == lib.ERROR_NOT_FOUND
    assert desk.exposure == Exposure(-10, 0, 0, 0)
    assert desk.tell("EXECUTED", 78, leaves=5, flags=lib.REPORT_UNKNOWN_ORDER, **fill) == 1
    assert desk.exposure == Exposure(-20, 0, 5, 1)


def test_a_fill_of_nobody_knows_what_shuts_the_gate_until_the_next_replay(desk: Buyer) -> None:
    desk.tell("EXECUTED", 77, quantity=10, side=lib.SIDE_NONE, instrument=lib.INSTRUMENT_NONE, match_number=1)
    assert desk.ask(quantity=1) == "not_reconciled"
    assert not desk.gate.reconciled
    desk.tell("RESET")
    desk.tell("LIVE", next_user_ref=1)
    desk.buy(1)


def test_a_broken_trade_gives_the_position_back(desk: Buyer) -> None:
    desk.buy(100)
    desk.tell("EXECUTED", 1, quantity=100, leaves=0, match_number=5)
    assert desk.tell("BROKEN", 1, match_number=5) == 1
    assert desk.exposure == FLAT


def test_a_break_of_a_trade_never_seen_shuts_its_instrument(desk: Buyer) -> None:
    desk.tell("BROKEN", 1, match_number=5)
    assert desk.ask(quantity=1) == "not_reconciled"
    assert desk.gate.reconciled


def test_more_working_orders_than_there_is_room_for_shut_the_gate() -> None:
    desk = Buyer(order_count_max=1)
    desk.tell("RESET")
    for user_ref in (1, 2, 3):
        desk.tell("ACCEPTED", user_ref, quantity=1, leaves=1, flags=lib.REPORT_REPLAYED)
    desk.tell("LIVE", next_user_ref=4)
    assert not desk.gate.reconciled
    assert desk.ask(quantity=1) == "not_reconciled"


def test_an_unknown_orders_identifier_in_use_elsewhere_shuts_the_gate(desk: Buyer) -> None:
    desk.buy(100)
    stray = report("ACCEPTED", named(1), venue=1, leaves=5, quantity=5)
    assert desk.gate.report(stray) == lib.ERROR_NOT_FOUND
    assert desk.exposure == Exposure(0, 100, 0, 1)
    assert not desk.gate.reconciled


def test_a_replace_that_adds_nothing_passes_above_the_limit(desk: Buyer) -> None:
    desk.buy(400)
    desk.limit(instrument={"position_max": 100})
    assert desk.replace(1, 401) == "position"
    assert desk.replace(1, 300) == "pass"


@pytest.mark.parametrize("other", [{"strategy": 2}, {"strategy": 3}])
def test_a_replace_is_of_its_own_strategy_and_account(desk: Buyer, other: dict[str, int]) -> None:
    desk.buy(100)
    assert desk.replace(1, 50, **other) == "malformed"


def test_a_position_nobody_can_have_is_not_believed(desk: Buyer) -> None:
    desk.hold(2**28, price=1)
    assert desk.gate.reconciled
    assert desk.ask(quantity=1) == "position"
    desk.hold(1, match_number=2, price=1)
    assert desk.ask(quantity=1) == "not_reconciled"
    desk.hold(-10, match_number=3)  # believed again after a replay only
    assert desk.ask(quantity=1) == "not_reconciled"
    desk.tell("RESET")
    desk.tell("LIVE", next_user_ref=1)
    desk.buy(1)


def test_a_fill_of_unknown_or_impossible_value_is_not_believed() -> None:
    desk = Buyer()
    desk.hold(10, instrument=99, price=0)
    assert desk.gate.scope("instrument", 99).gross == 0
    assert desk.ask(instrument=99) == "not_reconciled"
    assert desk.ask(quantity=1) == "pass"
    desk.hold(999_999, match_number=2, price=2**32 - 1)
    assert desk.ask(quantity=1) == "not_reconciled"


def test_a_fill_of_no_instrument_of_this_box_is_none_of_its_business(desk: Buyer) -> None:
    stranger = {"quantity": 10, "leaves": 5, "price": 100, "match_number": 1, "instrument": lib.INSTRUMENT_COUNT_MAX}
    assert desk.tell("EXECUTED", 77, **stranger) == lib.ERROR_NOT_FOUND
    assert desk.gate.scope("firm").credit_used == 0
    desk.buy(1)


@pytest.mark.parametrize("leaves", [100, 101, 2**32 - 1])
def test_a_modification_by_the_venue_adds_no_shares(desk: Buyer, leaves: int) -> None:
    desk.buy(100)
    assert desk.tell("RESTATED", 1, leaves=leaves) == 0
    assert desk.tell("RESTATED", 77, leaves=0) == 0
    assert desk.exposure == Exposure(0, 100, 0, 1)


def test_reports_of_no_venue_and_limits_of_no_time_are_harmless(desk: Buyer) -> None:
    assert desk.gate.report(report("RESET", venue=lib.VENUE_COUNT_MAX)) == lib.ERROR_NOT_FOUND
    assert desk.ask(moment={"now_ns": NOW}) == "pass"
    assert desk.exposure != FLAT
