"""The venue's own picture of a firm, from its drop copy alone."""

import os
import random

import pytest
from blotter_rig import FIRM, PRICE, accepted, broken, canceled, executed, rejected, replaced

from tickwire.native import lib
from tickwire.venues.drop_copy import FIRM_COUNT_MAX, DropCopy
from tickwire.venues.picture import positions


def follow(*messages: bytes, firm: bytes = FIRM) -> DropCopy:
    copy = DropCopy(lambda: 7)
    copy.session_reset("S", True)
    for sequence, message in enumerate(messages, 1):
        copy.session_message(sequence, firm + message)
    return copy


def test_orders_fills_and_positions_follow_from_its_messages() -> None:
    copy = follow(
        accepted(1),
        executed(1, 40, 9, PRICE - 1, at=5),
        accepted(2, "S", 50),
        executed(2, 50, 10),
        accepted(3),
        canceled(3, 30),
        canceled(3, 70),
        rejected(4),
    )
    orders = copy.orders("TWRA")
    assert [(line.state, line.executed, line.leaves) for line in orders.values()] == [
        ("live", 40, 60),
        ("filled", 50, 0),
        ("canceled", 0, 0),
        ("rejected", 0, 0),
    ]
    assert positions(orders.values()) == {"AAPL": -10}
    assert (copy.last_ns, copy.incomplete) == (5, "")


def test_a_replace_and_a_broken_trade_are_followed() -> None:
    copy = follow(accepted(1), replaced(1, 2, shares=80), executed(2, 80, 9), broken(2, 9))
    one, two = copy.orders("TWRA").values()
    assert (one.state, one.leaves, two.state, two.executed) == ("replaced", 0, "filled", 0)
    assert list(two.busted) == [9]


def test_a_market_order_has_no_limit() -> None:
    (line,) = follow(accepted(1, price=lib.OUCH_PRICE_MARKET)).orders("TWRA").values()
    assert line.price == 0


def test_an_order_accepted_dead_is_over() -> None:
    (line,) = follow(accepted(1, state="D")).orders("TWRA").values()
    assert (line.state, line.leaves) == ("canceled", 0)


def test_a_fill_before_the_orders_terms_counts_once_they_come() -> None:
    (line,) = follow(executed(1, 100, 9), accepted(1)).orders("TWRA").values()
    assert (line.state, line.leaves, line.executed, line.side) == ("filled", 0, 100, lib.SIDE_BUY)


def test_firms_are_kept_apart() -> None:
    copy = follow(accepted(1))
    copy.session_message(2, b"OTHR" + accepted(1, "S"))
    assert [copy.orders(firm)[1].side for firm in ("TWRA", "OTHR")] == [lib.SIDE_BUY, lib.SIDE_SELL]
    assert copy.orders("NONE") == {}


def test_a_message_told_twice_changes_nothing_twice() -> None:
    once = follow(accepted(1), executed(1, 40, 9), broken(1, 9)).orders("TWRA")
    twice = follow(accepted(1), accepted(1), executed(1, 40, 9), executed(1, 40, 9), broken(1, 9), broken(1, 9))
    assert {ref: (line.executed, line.state) for ref, line in twice.orders("TWRA").items()} == {
        ref: (line.executed, line.state) for ref, line in once.items()
    }
    assert twice.firms["TWRA"].counters["illegal"] == 3


@pytest.mark.parametrize("payload", [b"", b"TW", b"TWRA", b"TWRA?", b"TWRA" + accepted(1)[:-3], b"TWRAA", bytes(3000)])
def test_what_cannot_be_read_is_counted_and_the_picture_called_incomplete(payload: bytes) -> None:
    copy = follow(accepted(1))
    copy.session_message(2, payload)
    assert copy.counters["malformed"] == 1
    assert copy.incomplete == "message 2 of the drop copy cannot be read"
    assert len(copy.orders("TWRA")) == 1


def test_a_flood_of_firms_is_bounded_and_said() -> None:
    copy = follow()
    for number in range(FIRM_COUNT_MAX + 10):
        copy.session_message(number + 1, f"{number:04}".encode() + accepted(1))
    assert len(copy.firms) == FIRM_COUNT_MAX
    assert copy.incomplete == f"more than {FIRM_COUNT_MAX} firms"


def test_a_new_record_forgets_the_old_one() -> None:
    copy = follow(accepted(1))
    copy.session_reset("T", False)
    assert (copy.orders("TWRA"), copy.session) == ({}, "T")
    assert "no longer has the first messages" in copy.incomplete


def test_random_bytes_never_raise() -> None:
    chooser = random.Random(5)
    good = [accepted(1), executed(1, 40, 9), canceled(1, 5), broken(1, 9), rejected(2), replaced(1, 3)]
    copy = follow()
    for sequence in range(1, 5000):
        data = bytearray(chooser.choice(good))
        data[chooser.randrange(1, len(data))] = chooser.randrange(256)
        copy.session_message(sequence, FIRM + bytes(data))
        copy.session_message(sequence, os.urandom(chooser.randrange(80)))
