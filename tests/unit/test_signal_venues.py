"""The rule on a box with two venues: whose book it watches, whose orders are its own, and takes as parent orders."""

from typing import Any

import pytest

from tickwire.native import ffi, lib
from tickwire.native.trading import SignalRule, record

AAPL = 3
BID, ASK = 100_0000, 100_0200
OWN, OTHER = 9, 10


def order_id(venue: int, number: int) -> int:
    return venue << lib.ORDER_ID_VENUE_SHIFT | 1 << lib.ORDER_ID_EPOCH_SHIFT | number


class Box:
    """A rule that watches venue 1 of two, and a clock of ticks."""

    def __init__(self, route: int = lib.ROUTE_SWEEP, mode: int = lib.SIGNAL_TAKE) -> None:
        self.rule = SignalRule(venue_count=2)
        self.tick = 0
        self.publish(route=route, mode=mode)
        for venue in (0, 1):
            self.replay(venue)

    def publish(self, strategy: int = OWN, venue: int = 1, route: int = lib.ROUTE_SWEEP, mode: int = 0) -> bool:
        made = record("signal_parameters", enabled=1, strategy=strategy, venue=venue, route=route)
        made.account, made.trader, made.slippage_ppm_max = 2, 4, 500
        made.instruments[AAPL] = {
            "enabled": 1,
            "mode": mode,
            "order_quantity": 100,
            "position_max": 250,
            "imbalance_enter": 500_000,
            "imbalance_exit": 100_000,
            "spread_max": 1000,
        }
        return self.rule.parameters(made)

    def tell(self, kind: str, venue: int, number: int = 0, **fields: Any) -> None:
        usual = {"instrument": AAPL, "strategy": OWN, "order_id": order_id(venue, number) if number else 0}
        made = usual | {"venue": venue} | fields
        self.rule.report(record("execution_report", kind=getattr(lib, f"REPORT_{kind}"), **made))

    def replay(self, venue: int) -> None:
        self.tell("RESET", venue)
        self.tell("LIVE", venue, next_user_ref=1)

    def see(self, bids: int = 900, asks: int = 100, venue: int = 1) -> list[Any]:
        self.tick += 1
        touch = {"bid_price": [BID], "ask_price": [ASK], "bid_quantity": [bids], "ask_quantity": [asks]}
        about = {"tick": self.tick, "rx_ns": self.tick, "instrument": AAPL, "venue": venue}
        self.rule.update(record("market_update", trading_state=lib.TRADING_OPEN, **touch, **about))
        return self.rule.decide()

    def end(self, parent: Any, state: int = lib.PARENT_FILLED, **fields: Any) -> None:
        about = {"parent_id": parent.parent_id, "instrument": AAPL, "state": state}
        self.rule.parent_report(record("parent_report", **about | fields))


def is_parent(wanted: Any) -> bool:
    return ffi.typeof(wanted) is ffi.typeof("struct parent_order *")


def test_a_take_that_may_choose_its_venue_is_a_parent_order_with_a_bound() -> None:
    (parent,) = Box().see()
    assert is_parent(parent)
    assert (parent.kind, parent.policy, parent.side, parent.quantity) == (
        lib.INTENT_NEW,
        lib.PARENT_SWEEP,
        lib.SIDE_BUY,
        100,
    )
    assert (parent.decision_price, parent.slippage_ppm_max, parent.limit_price) == ((BID + ASK) // 2, 500, 0)
    assert (parent.strategy, parent.account, parent.trader) == (OWN, 2, 4)
    assert parent.parent_id >> lib.PARENT_SOURCE_SHIFT == lib.SOURCE_SIGNAL


def test_a_direct_take_names_the_venue() -> None:
    (intent,) = Box(route=lib.ROUTE_DIRECT).see()
    assert not is_parent(intent)
    assert (intent.venue, intent.time_in_force) == (1, lib.TIF_IOC)


def test_a_quote_goes_to_its_own_venue_whatever_the_route() -> None:
    (intent,) = Box(mode=lib.SIGNAL_QUOTE).see()
    assert not is_parent(intent)
    assert (intent.venue, intent.time_in_force) == (1, lib.TIF_DAY)


def test_only_the_watched_venue_makes_decisions() -> None:
    assert Box().see(venue=0) == []


def test_one_parent_at_a_time_until_the_router_says_that_it_is_over() -> None:
    box = Box()
    (parent,) = box.see()
    assert box.see() == []
    box.end(parent, state=lib.PARENT_WORKING)
    assert box.see() == []
    box.end(parent, parent_id=parent.parent_id + 1)
    assert box.see() == []
    box.end(parent, state=lib.PARENT_CANCELED)
    (second,) = box.see()
    assert second.parent_id != parent.parent_id


def test_a_router_that_has_started_anew_answers_for_the_parents_it_has_lost() -> None:
    box = Box()
    assert len(box.see()) == 1
    box.rule.parent_report(record("parent_report", tick=0))  # it will still answer for the first one
    assert box.see() == []
    box.rule.parent_report(record("parent_report", tick=1))
    assert len(box.see()) == 1


def test_a_session_that_breaks_does_not_answer_for_a_parent() -> None:
    box = Box()
    assert len(box.see()) == 1
    for venue in (0, 1):
        box.tell("DOWN", venue)
        box.replay(venue)
    assert box.see() == []


def test_children_move_the_position_and_are_not_adopted() -> None:
    box = Box()
    (parent,) = box.see()
    for venue in (0, 1):
        box.tell("SENT", venue, 1, leaves=50, quantity=50, match_number=parent.parent_id)
        box.tell("ACCEPTED", venue, 1, leaves=50, quantity=50)
        box.tell("EXECUTED", venue, 1, quantity=50, leaves=0, match_number=1)
    box.end(parent)
    assert box.rule.position(AAPL) == 100
    (close,) = box.see(500, 500)
    assert is_parent(close)
    assert (close.side, close.quantity) == (lib.SIDE_SELL, 100)


def test_the_reset_of_a_venue_forgets_only_what_was_held_there() -> None:
    box = Box()
    for venue, quantity in ((0, 30), (1, 40)):
        box.tell("EXECUTED", venue, 7, quantity=quantity, match_number=1)
    box.tell("RESET", 0)
    assert box.rule.position(AAPL) == 40
    box.tell("BROKEN", 1, 7, match_number=1)
    assert box.rule.position(AAPL) == 0


@pytest.mark.parametrize("kind", ["DOWN", "RESET"])
@pytest.mark.parametrize("venue", [0, 1])
def test_nothing_is_sent_while_any_venue_is_unknown(kind: str, venue: int) -> None:
    box = Box()
    box.tell(kind, venue)
    assert box.see() == []
    box.replay(venue)
    assert len(box.see()) == 1


def test_orders_and_fills_of_another_strategy_are_none_of_its_business() -> None:
    box = Box(mode=lib.SIGNAL_QUOTE)
    box.tell("SENT", 1, 1, leaves=50, quantity=50, strategy=OTHER)
    box.tell("EXECUTED", 1, 1, quantity=20, leaves=30, match_number=1, strategy=OTHER)
    assert box.rule.position(AAPL) == 0
    assert [intent.kind for intent in box.see()] == [lib.INTENT_NEW]


def test_another_strategy_needs_another_replay() -> None:
    box = Box()
    box.tell("EXECUTED", 0, 7, quantity=30, match_number=1)
    assert not box.publish()
    assert box.publish(strategy=OTHER)
    assert box.rule.position(AAPL) == 0
    assert box.see() == []
    for venue in (0, 1):
        box.replay(venue)
    assert len(box.see()) == 1


def test_a_quote_left_at_a_venue_that_is_no_longer_watched_is_canceled_there() -> None:
    box = Box(mode=lib.SIGNAL_QUOTE)
    assert len(box.see()) == 1
    box.tell("SENT", 1, 1, leaves=100, quantity=100, price=BID)
    box.publish(venue=0, mode=lib.SIGNAL_QUOTE)
    (cancel,) = box.rule.decide()
    assert (cancel.kind, cancel.venue, cancel.target_order_id) == (lib.INTENT_CANCEL, 1, order_id(1, 1))


@pytest.mark.parametrize("venue", [2, 255])
def test_a_report_of_a_venue_the_box_does_not_have_changes_nothing(venue: int) -> None:
    box = Box()
    box.tell("RESET", venue)
    box.tell("EXECUTED", venue, quantity=10, match_number=1)
    assert box.rule.position(AAPL) == 0
    assert len(box.see()) == 1


def test_a_rule_is_made_for_one_to_four_venues() -> None:
    out = ffi.new("struct signal_rule **")
    assert [lib.signal_rule_create(count, out) for count in (0, 5)] == [lib.ERROR_ARGUMENT] * 2
