"""Cancels that people and stewards ask for: one order, a scope, the venue's Mass Cancel; safe at any moment."""

import struct
from collections.abc import Callable
from typing import Any

import pytest

from tickwire.native import lib

SECOND_NS = 1_000_000_000
MASS = struct.Struct(">cI4s8sH")


def canceled(venue: Any) -> list[int]:
    """UserRefNums of the Cancel Order messages so far."""
    return [struct.unpack(">I", message[1:5])[0] for message in venue.inbound if message[:1] == b"X"]


def working(box: Any, venue: Any, *orders: dict[str, Any]) -> None:
    """Bring orders 1, 2, ... to life."""
    box.until_live()
    venue.accept_all()
    box.submit(*(box.order(user_ref, **fields) for user_ref, fields in enumerate(orders, 1)))
    box.until(lambda: len(box.of_kind(lib.REPORT_ACCEPTED)) == len(orders))


def test_cancel_names_one_order(box: Any, venue: Any) -> None:
    working(box, venue, {}, {}, {})
    box.command(lib.EXECUTION_CANCEL, box.order_id(2))
    box.until(lambda: len(venue.inbound) == 4)
    box.run(20)
    assert canceled(venue) == [2]
    cancel = box.of_kind(lib.REPORT_SENT)[-1]
    assert cancel.order_id == cancel.target_order_id == box.order_id(2)


STALE = [
    ("an order of another epoch", lambda box: (lib.EXECUTION_CANCEL, 2 << 32 | 1)),
    ("an order of another venue", lambda box: (lib.EXECUTION_CANCEL, 1 << 60 | 3 << 32 | 1)),
    ("an order nobody sent", lambda box: (lib.EXECUTION_CANCEL, box.order_id(99))),
    ("order 0", lambda box: (lib.EXECUTION_CANCEL, 0)),
    ("another venue", lambda box: (lib.EXECUTION_CANCEL_SCOPE, lib.STOP_VENUE, 1)),
    ("an account that cannot be", lambda box: (lib.EXECUTION_CANCEL_SCOPE, lib.STOP_ACCOUNT, lib.ACCOUNT_COUNT_MAX)),
    ("a strategy that cannot be", lambda box: (lib.EXECUTION_CANCEL_SCOPE, lib.STOP_STRATEGY, 2**40)),
    ("an instrument that is not there", lambda box: (lib.EXECUTION_CANCEL_SCOPE, lib.STOP_INSTRUMENT, 2)),
    ("a scope that cannot be", lambda box: (lib.EXECUTION_CANCEL_SCOPE, 9, 0)),
    ("a mass cancel of no instrument", lambda box: (lib.EXECUTION_MASS_CANCEL, 2)),
    ("no command at all", lambda box: (99,)),
]


@pytest.mark.parametrize(("what", "command"), STALE, ids=[stale[0] for stale in STALE])
def test_a_command_that_names_nothing_is_counted_and_harms_nothing(
    box: Any, venue: Any, what: str, command: Callable[[Any], tuple[int, ...]]
) -> None:
    working(box, venue, {})
    box.command(*command(box))
    box.until(lambda: box.count("COMMANDS_STALE") == 1)
    box.run(20)
    assert len(venue.inbound) == 1
    assert box.count("OPEN_ORDERS") == 1


def test_a_cancel_of_an_order_that_is_done_is_stale(box: Any, venue: Any) -> None:
    working(box, venue, {})
    venue.execute(1, 100, match=1)
    box.until(lambda: lib.REPORT_EXECUTED in box.kinds())
    box.command(lib.EXECUTION_CANCEL, box.order_id(1))
    box.command(lib.EXECUTION_CANCEL, box.order_id(1))
    box.until(lambda: box.count("COMMANDS_STALE") == 2)
    assert canceled(venue) == []


SCOPES = [
    ("firm", lib.STOP_FIRM, 0, [1, 2, 3, 4]),
    ("venue", lib.STOP_VENUE, 0, [1, 2, 3, 4]),
    ("account", lib.STOP_ACCOUNT, 2, [2, 4]),
    ("strategy", lib.STOP_STRATEGY, 31, [3, 4]),
    ("instrument", lib.STOP_INSTRUMENT, 0, [4]),
    ("a scope without orders", lib.STOP_ACCOUNT, 9, []),
]


@pytest.mark.parametrize(("name", "scope", "index", "expected"), SCOPES, ids=[scope[0] for scope in SCOPES])
def test_cancel_scope_cancels_its_orders_and_no_other(
    box: Any, venue: Any, name: str, scope: int, index: int, expected: list[int]
) -> None:
    other = {"account": 2, "strategy": 31, "instrument": 0}
    working(
        box,
        venue,
        {"account": 1, "strategy": 1},
        {"account": 2, "strategy": 1},
        {"account": 1, "strategy": 31},
        other,
    )
    box.command(lib.EXECUTION_CANCEL_SCOPE, scope, index)
    box.run(30)
    assert canceled(venue) == expected
    assert box.count("COMMANDS_STALE") == 0


def test_a_cancel_asked_for_while_the_session_is_down_leaves_when_it_is_back(box: Any, venue: Any) -> None:
    working(box, venue, {}, {})
    venue.hang_up()
    box.until(lambda: box.count("DISCONNECTS") > 1)
    box.command(lib.EXECUTION_CANCEL, box.order_id(1))
    box.until(lambda: box.kinds().count(lib.REPORT_LIVE) == 2)
    box.until(lambda: canceled(venue) == [1])


def test_mass_cancel_is_one_message_and_its_number_is_not_used_again(box: Any, venue: Any) -> None:
    working(box, venue, {}, {})

    def answer(message: bytes) -> None:
        assert message[:1] == b"C"
        venue.say(struct.pack(">cQI4s8sH", b"X", 1, 3, b"LIME", b"        ", 0))
        venue.cancel(1, 100)
        venue.cancel(2, 100)

    venue.on_order = answer
    box.command(lib.EXECUTION_MASS_CANCEL, 2**64 - 1)
    box.until(lambda: box.count("OPEN_ORDERS") == 0)
    assert MASS.unpack(venue.inbound[2]) == (b"C", 3, b"LIME", b"        ", 0)
    box.until(lambda: box.count("MASS_CANCEL_ANSWERS") == 1)
    assert box.count("MASS_CANCELS") == 1
    venue.accept_all()
    box.submit(box.order(3), box.order(4))  # the venue would ignore the first
    box.until(lambda: len(venue.inbound) == 4)
    assert box.reasons() == ["f"]
    assert venue.inbound[3][1:5] == b"\0\0\0\4"
    box.run(2000)
    assert canceled(venue) == []
    assert box.count("UNKNOWN_ORDER") == box.count("ILLEGAL") == 0


def test_mass_cancel_of_an_instrument_names_its_symbol(box: Any, venue: Any) -> None:
    working(box, venue, {}, {"instrument": 0})
    box.command(lib.EXECUTION_MASS_CANCEL, 0)
    box.until(lambda: len(venue.inbound) == 3)
    assert MASS.unpack(venue.inbound[2])[3] == b"MSFT    "


def test_what_a_refused_mass_cancel_left_open_is_canceled_order_by_order(box: Any, venue: Any) -> None:
    working(box, venue, {}, {"instrument": 0})
    venue.on_order = lambda message: (
        venue.say(struct.pack(">cQIH14sH", b"J", 1, 3, 12, b"".ljust(14), 0)) if message[:1] == b"C" else None
    )
    box.command(lib.EXECUTION_MASS_CANCEL, 1)
    box.until(lambda: len(venue.inbound) == 4)
    box.run(10)
    assert canceled(venue) == [1]
    assert box.count("MASS_CANCEL_REFUSALS") == 1
    assert box.count("REJECTED") == 0  # it was no order


def test_what_an_unanswered_mass_cancel_left_open_is_canceled_but_not_what_came_after_it(box: Any, venue: Any) -> None:
    working(box, venue, {}, {})
    box.command(lib.EXECUTION_MASS_CANCEL, 2**64 - 1)
    box.until(lambda: len(venue.inbound) == 3)
    box.submit(box.order(4))
    box.until(lambda: len(box.of_kind(lib.REPORT_ACCEPTED)) == 3)
    for _ in range(3):
        venue.send(b"\0\1H")
        box.run(500)
    assert canceled(venue) == [1, 2]


def test_a_venue_without_mass_cancel_gets_one_cancel_an_order(make_box: Callable[..., Any], venue: Any) -> None:
    box = make_box(order_types=0)
    working(box, venue, {}, {"instrument": 0})
    box.command(lib.EXECUTION_MASS_CANCEL, 1)
    box.until(lambda: len(venue.inbound) == 3)
    box.run(10)
    assert canceled(venue) == [1]
    assert box.count("MASS_CANCELS") == 0


def test_resync_replays_the_record_and_changes_nothing(box: Any, venue: Any) -> None:
    working(box, venue, {}, {})
    box.command(lib.EXECUTION_RESYNC)
    box.until(lambda: box.kinds().count(lib.REPORT_LIVE) == 2)
    assert venue.logins[-1] == 1
    assert len(box.of_kind(lib.REPORT_RESET)) == 2
    assert box.count("OPEN_ORDERS") == 2
    assert len(venue.inbound) == 2


def test_commands_at_every_moment_of_a_session_s_life_break_nothing(box: Any, venue: Any) -> None:
    venue.accept(1)
    commands = [
        (lib.EXECUTION_CANCEL_ALL,),
        (lib.EXECUTION_CANCEL, box.order_id(1)),
        (lib.EXECUTION_CANCEL_SCOPE, lib.STOP_INSTRUMENT, 1),
        (lib.EXECUTION_MASS_CANCEL, 2**64 - 1),
    ]
    for moment in range(60):
        box.command(*commands[moment % len(commands)])
        box.step()
        if moment == 40:
            venue.hang_up()
    box.until_live()
    box.run(50)
    assert box.count("MALFORMED") == box.count("ILLEGAL") == 0
    assert set(canceled(venue)) <= {1}
