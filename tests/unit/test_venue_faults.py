"""The drop copy, fees, and what the venue can be made to do wrong."""

import pytest
import venue_wire as wire
from venue_desk import Desk, kinds
from venue_wire import BUY, SELL

from tickwire.native.venue import Fault

PRICE = 1_000_000


@pytest.fixture
def desk() -> Desk:
    desk = Desk(maker_fee=-20, taker_fee=30)
    desk.venue.street(wire.add(1, SELL, 100, PRICE))
    desk.venue.street(wire.add(2, SELL, 100, PRICE + 100))
    desk.venue.street(wire.add(3, BUY, 100, PRICE - 200))
    desk.public()
    return desk


def copied(desk: Desk, firm: str = "TWRA") -> list[dict[str, object]]:
    return [told for owner, told in desk.copied() if owner == firm]


# ---- the drop copy ----


def test_the_drop_copy_holds_every_order_event_of_every_account_and_nothing_else(desk: Desk) -> None:
    sent = [
        (0, wire.enter(1, "B", 150, PRICE)),
        (1, wire.enter(1, "S", 20, PRICE)),
        (0, wire.replace(1, 2, 140, PRICE)),
        (1, wire.enter(2, "?", 20, PRICE)),
        (0, b"Q"),
        (0, wire.order_entry("D", 3)),
        (0, wire.mass_cancel(4)),
    ]
    told = []
    for account, message in sent:
        desk.send(message, account)
    for account, firm in enumerate(("TWRA", "TWRB")):
        log = wire.reports(desk.venue.log(account, 2, desk.venue.log_count(account) + 1))
        told.append([(firm, message) for message in log if message["type"] not in ("Q", "G", "X")])
    copy = desk.copied()
    assert [entry for entry in copy if entry[0] == "TWRA"] == told[0]
    assert [entry for entry in copy if entry[0] == "TWRB"] == told[1]
    assert len(copy) == len(told[0]) + len(told[1])


def test_the_drop_copy_can_be_read_from_any_sequence(desk: Desk) -> None:
    for urn in range(1, 6):
        desk.send(wire.enter(urn, "B", 10, PRICE - 300))
    whole = wire.copies(desk.venue.drop_copy(1, 6))
    for first in range(1, 6):
        assert wire.copies(desk.venue.drop_copy(first, 6)) == whole[first - 1 :]
    assert desk.venue.drop_copy(6, 7) == b""


# ---- fees ----


def test_fees_count_each_share_by_who_rested(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 150, PRICE))
    desk.send(wire.enter(1, "S", 40, PRICE), account=1)
    (buyer,), (seller,) = desk.venue.positions(0), desk.venue.positions(1)
    assert buyer.fees == 100 * 30 - 40 * 20
    assert seller.fees == 40 * 30
    assert desk.venue.street_position().fees == 0


# ---- faults of a session's log ----


def test_a_swallowed_execution_is_in_the_drop_copy_and_the_position_only(desk: Desk) -> None:
    desk.venue.fault(Fault.SWALLOW_EXECUTION)
    assert kinds(desk.send(wire.enter(1, "B", 100, PRICE))) == [("A", 100, None)]
    assert kinds(copied(desk)) == [("A", 100, None), ("E", 100, "R")]
    assert desk.venue.positions(0)[0].quantity == 100
    assert kinds(desk.send(wire.enter(2, "B", 100, PRICE + 100)))[1:] == [("E", 100, "R")]
    assert desk.venue.counters()["faults"] == 1


def test_a_phantom_execution_is_in_the_session_only(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 50, PRICE - 100))
    desk.copied()
    desk.venue.fault(Fault.PHANTOM_EXECUTION, quantity=20)
    (told,) = desk.told()
    assert (told["type"], told["urn"], told["shares"], told["price"]) == ("E", 1, 20, PRICE - 100)
    assert copied(desk) == []
    assert desk.venue.positions(0) == []


def test_messages_stand_in_the_log_twice_as_often_as_they_are_asked_to(desk: Desk) -> None:
    desk.venue.fault(Fault.DUPLICATE_MESSAGE, count=2)
    told = desk.send(wire.enter(1, "B", 150, PRICE))
    assert kinds(told) == [("A", 150, None)] * 2 + [("E", 100, "R")] * 2
    assert kinds(copied(desk)) == [("A", 150, None), ("E", 100, "R")]


def test_an_order_accepted_twice_and_one_executed_after_its_cancel(desk: Desk) -> None:
    desk.venue.fault(Fault.ACCEPT_TWICE)
    desk.venue.fault(Fault.EXECUTE_AFTER_CANCEL)
    assert kinds(desk.send(wire.enter(1, "B", 50, PRICE - 100))) == [("A", 50, None)] * 2
    assert kinds(desk.send(wire.cancel(1, 20))) == [("C", 30, "U")]  # a partial cancel ends nothing
    assert kinds(desk.send(wire.cancel(1))) == [("C", 20, "U"), ("E", 20, "R")]
    assert desk.venue.positions(0) == []


def test_a_reject_storm_lasts_as_long_as_it_was_told_to(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 50, PRICE - 100))
    desk.venue.fault(Fault.REJECT, count=2, amount=8)
    assert kinds(desk.send(wire.enter(2, "B", 50, PRICE - 100))) == [("J", None, 8)]
    assert kinds(desk.send(wire.replace(1, 3, 60, PRICE - 100))) == [("J", None, 8)]
    assert kinds(desk.send(wire.replace(1, 4, 60, PRICE - 100))) == [("U", 60, None)]
    desk.venue.fault(Fault.REJECT, count=100, amount=8)
    desk.venue.fault(Fault.REJECT, count=0)
    assert kinds(desk.send(wire.enter(5, "B", 50, PRICE - 100))) == [("A", 50, None)]


# ---- faults of the drop copy ----


@pytest.mark.parametrize(
    ("fault", "amount", "expected"),
    [
        (Fault.DROP_COPY_SWALLOW_EXECUTION, 0, []),
        (Fault.DROP_COPY_WRONG_PRICE, -100, [(100, PRICE - 100)]),
        (Fault.DROP_COPY_WRONG_QUANTITY, 7, [(107, PRICE)]),
    ],
)
def test_a_fill_is_wrong_in_the_drop_copy_alone(
    desk: Desk, fault: Fault, amount: int, expected: list[tuple[int, int]]
) -> None:
    desk.venue.fault(fault, amount=amount)
    (fill,) = desk.send(wire.enter(1, "B", 100, PRICE))[1:]
    assert (fill["shares"], fill["price"]) == (100, PRICE)
    assert [(told["shares"], told["price"]) for told in copied(desk) if told["type"] == "E"] == expected


def test_the_drop_copy_can_say_things_twice_and_make_things_up(desk: Desk) -> None:
    desk.venue.fault(Fault.DROP_COPY_DUPLICATE_MESSAGE)
    desk.send(wire.enter(1, "B", 50, PRICE - 100))
    assert kinds(copied(desk)) == [("A", 50, None)] * 2
    desk.venue.fault(Fault.DROP_COPY_PHANTOM_EXECUTION, user_ref=1, quantity=5, price=PRICE)
    assert [(told["shares"], told["price"]) for told in copied(desk)] == [(5, PRICE)]
    assert desk.told() == []


# ---- broken trades ----


def test_a_broken_trade_is_undone_on_both_sides_and_told_to_everybody(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 50, PRICE - 100, token="maker"))
    (fill,) = desk.send(wire.enter(1, "S", 50, PRICE - 100), account=1)[1:]
    desk.told(0)
    desk.public()
    desk.copied()
    desk.venue.fault(Fault.BREAK_TRADE, account=1)
    (mine,), (theirs,) = desk.told(0), desk.told(1)
    assert (mine["type"], mine["match"], mine["token"], theirs["match"]) == ("B", fill["match"], "maker", fill["match"])
    assert desk.public() == ["B"]
    assert [owner for owner, _ in desk.copied()] == ["TWRB", "TWRA"]
    for account in (0, 1):
        (held,) = desk.venue.positions(account)
        assert (held.quantity, held.bought, held.sold, held.fees) == (0, 0, 0, 0)


def test_a_trade_with_the_street_breaks_on_the_streets_side_too(desk: Desk) -> None:
    desk.send(wire.enter(1, "B", 150, PRICE + 100))
    first = next(told["match"] for told in copied(desk) if told["type"] == "E")
    assert isinstance(first, int)
    desk.venue.fault(Fault.BREAK_TRADE, match=first)
    assert [told["match"] for told in desk.told()] == [first]
    assert desk.venue.positions(0)[0].quantity == 50
    assert desk.venue.street_position().quantity == -50


def test_a_trade_breaks_once_and_what_was_never_traded_does_not_break(desk: Desk) -> None:
    with pytest.raises(ValueError, match="break_trade"):
        desk.venue.fault(Fault.BREAK_TRADE)
    desk.send(wire.enter(1, "B", 50, PRICE))
    desk.venue.fault(Fault.BREAK_TRADE)
    with pytest.raises(ValueError, match="break_trade"):
        desk.venue.fault(Fault.BREAK_TRADE)
    with pytest.raises(ValueError, match="no such account"):
        desk.venue.fault(Fault.REJECT, account=2)
    with pytest.raises(ValueError, match="phantom"):
        desk.venue.fault(Fault.PHANTOM_EXECUTION, quantity=0)
