"""The blotter: orders and fills from reports that it only observes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from blotter_rig import PRICE, Ear, accepted, broken, canceled, executed, order_id, rejected, replaced

from tickwire.native import ffi, lib
from tickwire.services.blotter import Down, Fill, Live, OrderChange, OrderQuery, Reset
from tickwire.services.blotter_records import Bust


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[Ear]:
    made = Ear(tmp_path).begin()
    yield made
    made.segment.close()


def test_an_order_is_known_from_the_moment_it_was_sent_to_its_last_fill(ear: Ear) -> None:
    who = {"account": 2, "strategy": 3, "trader": 4}
    ear.send(1, 100, decision_price=PRICE - 10, parent_id=77, score=5, **who)
    ear.check()
    assert ear.blotter.orders[order_id(1)].state == "sent"
    ear.tell(accepted(1), executed(1, 40, 11, PRICE - 5), executed(1, 60, 12, PRICE))
    ear.check()
    order = ear.blotter.orders[order_id(1)]
    assert (order.state, order.executed, order.leaves, order.side) == ("filled", 100, 0, lib.SIDE_BUY)
    assert (order.parent_id, order.account, order.strategy, order.trader, order.score) == (77, 2, 3, 4, 5)
    assert [(fill.match_number, fill.quantity, fill.liquidity) for fill in order.fills] == [
        (11, 40, "R"),
        (12, 60, "R"),
    ]
    assert order.average_price == PRICE - 2
    assert order.slippage_value == 40 * 5 + 60 * 10
    assert order.slippage == pytest.approx(800 * 10_000 / ((PRICE - 10) * 100))
    assert ear.blotter.fills() == order.fills


@pytest.mark.parametrize(("side", "worse"), [("B", 500), ("S", -500)])
def test_slippage_is_positive_when_the_execution_was_worse_than_the_decision(ear: Ear, side: str, worse: int) -> None:
    ear.send(1, 100, side="BS".index(side), decision_price=PRICE)
    ear.tell(accepted(1, side), executed(1, 100, 9, PRICE + 5))
    ear.check()
    assert ear.blotter.orders[order_id(1)].slippage_value == worse


def test_without_a_decision_price_slippage_is_unknown_rather_than_zero(ear: Ear) -> None:
    ear.send(1)
    ear.tell(accepted(1), executed(1, 100, 9))
    ear.check()
    order = ear.blotter.orders[order_id(1)]
    assert (order.slippage, order.slippage_value) == (None, None)


def test_what_was_sent_is_joined_whichever_ring_is_read_first(ear: Ear) -> None:
    ear.tell(accepted(1))
    ear.check()
    made = ffi.new("struct order *", {"order_id": order_id(1), "decision_price": 5, "parent_id": 6})
    ear.sent.write([made[0]])
    ear.check()
    made.order_id = order_id(2)
    ear.sent.write([made[0]])
    ear.check()
    ear.tell(accepted(2))
    ear.check()
    assert [ear.blotter.orders[order_id(ref)].decision_price for ref in (1, 2)] == [5, 5]


def test_a_broken_trade_is_undone_and_told(ear: Ear) -> None:
    ear.send(1)
    ear.tell(accepted(1), executed(1, 100, 9), broken(1, 9))
    ear.check()
    order = ear.blotter.orders[order_id(1)]
    assert (order.executed, order.executed_value, order.fills) == (0, 0, [])
    assert order.busted[0].match_number == 9
    bust = next(event for event in ear.events if isinstance(event, Bust))
    assert (bust.match_number, bust.fill is not None) == (9, True)


def test_a_break_of_a_trade_never_seen_is_counted_and_told_without_a_fill(ear: Ear) -> None:
    ear.tell(accepted(1), broken(1, 99))
    ear.check()
    bust = next(event for event in ear.events if isinstance(event, Bust))
    assert bust.fill is None
    assert ear.blotter.venues[0].counters["unknown_busts"] == 1


def test_an_execution_told_twice_is_one_fill(ear: Ear) -> None:
    ear.tell(accepted(1), executed(1, 40, 9), executed(1, 40, 9))
    ear.check()
    assert ear.blotter.orders[order_id(1)].executed == 40
    assert len([event for event in ear.events if isinstance(event, Fill)]) == 1
    assert ear.blotter.venues[0].counters["duplicates"] == 1


def test_an_order_this_box_never_sent_is_marked_unknown(ear: Ear) -> None:
    ear.tell(accepted(5), executed(6, 10, 3))
    ear.check()
    assert [ear.blotter.orders[order_id(ref)].unknown for ref in (5, 6)] == [True, True]


def test_a_replace_ends_the_old_order_and_names_both(ear: Ear) -> None:
    ear.send(1)
    ear.tell(accepted(1))
    ear.send(2, 80, target=1)
    ear.tell(replaced(1, 2, shares=80))
    ear.check()
    old, new = ear.blotter.orders[order_id(1)], ear.blotter.orders[order_id(2)]
    assert (old.state, old.leaves, old.replaced_by) == ("replaced", 0, order_id(2))
    assert (new.state, new.replaces, new.quantity) == ("live", order_id(1), 80)


def test_a_rejection_keeps_the_venues_number_and_a_cancel_its_letter(ear: Ear) -> None:
    ear.send(1)
    ear.send(2)
    ear.tell(rejected(1, 23), accepted(2), canceled(2, 100))
    ear.check()
    found = [ear.blotter.orders[order_id(ref)] for ref in (1, 2)]
    assert [(order.state, order.reason) for order in found] == [("rejected", "23"), ("canceled", "U")]


def test_a_cancel_has_no_identity_of_its_own(ear: Ear) -> None:
    ear.send(1)
    ear.tell(accepted(1))
    ear.publish(lib.REPORT_SENT, order_id=order_id(1), target_order_id=order_id(1))
    ear.publish(lib.REPORT_NOT_SENT, order_id=order_id(1), target_order_id=order_id(1), reason=ord("t"))
    ear.check()
    assert ear.blotter.orders[order_id(1)].state == "live"


def test_a_refusal_says_which_limit(ear: Ear) -> None:
    refusal = ffi.new("struct risk_refusal *", {"verdict": lib.RISK_ORDER_VALUE, "strategy": 3, "quantity": 9})
    ear.verdicts.write([refusal[0]])
    refusal.verdict = 255
    ear.verdicts.write([refusal[0]])
    ear.check()
    assert [one.verdict for one in ear.blotter.refusals] == ["order_value", "verdict 255"]
    assert ear.blotter.refusals[0].strategy == 3


def test_queries_find_by_everything_an_order_belongs_to(ear: Ear) -> None:
    ear.send(1, account=1, strategy=1, instrument=0)
    ear.send(2, account=1, strategy=2, instrument=1)
    ear.send(3, account=2, strategy=2, instrument=1)
    ear.tell(accepted(1), accepted(2, symbol="MSFT"), executed(1, 100, 4))
    ear.check()

    def found(**wanted: int | str) -> set[int]:
        return {order.user_ref for order in ear.blotter.query(OrderQuery(**wanted))}  # type: ignore[arg-type]

    assert found() == {1, 2, 3}
    assert found(strategy=2) == {2, 3}
    assert found(account=2) == {3}
    assert found(instrument=1, state="live") == {2}
    assert found(state="open") == {2, 3}
    assert found(state="closed") == {1}
    assert found(venue=1) == set()
    assert found(since_ns=ear.clock() + 1) == set()
    assert len(ear.blotter.query(OrderQuery(limit=1))) == 1


def test_events_come_in_the_order_of_the_reports(ear: Ear) -> None:
    assert [type(event) for event in ear.events] == [Reset, Live]
    ear.events.clear()
    ear.send(1)
    ear.tell(accepted(1), executed(1, 100, 9))
    ear.publish(lib.REPORT_DOWN)
    ear.check()
    assert [type(event) for event in ear.events] == [OrderChange, OrderChange, Fill, OrderChange, Down]


def test_a_report_of_no_venue_and_one_of_no_kind_are_counted_and_harm_nothing(ear: Ear) -> None:
    ear.publish(lib.REPORT_ACCEPTED, order_id=1, venue=3)
    ear.publish(99, order_id=1)
    ear.check()
    assert ear.blotter.counters["malformed"] == 2
    assert not ear.blotter.orders


def test_the_first_cancel_that_left_is_remembered_across_a_replay_until_the_venue_refuses_it(ear: Ear) -> None:
    ear.send(1)
    ear.tell(accepted(1))
    for _ in range(2):
        ear.publish(lib.REPORT_SENT, order_id=order_id(1), target_order_id=order_id(1))
        ear.check()
        ear.clock.now += 1
    assert ear.blotter.orders[order_id(1)].cancel_ns == ear.clock.now - 2
    ear.replay()
    assert ear.blotter.orders[order_id(1)].cancel_ns == ear.clock.now - 2
    ear.tell(b"I" + bytes(8) + (1).to_bytes(4, "big"))
    ear.check()
    order = ear.blotter.orders[order_id(1)]
    assert (order.state, order.cancel_ns) == ("live", 0)
