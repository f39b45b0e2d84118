"""Every kind of order on the wire, whose it is, and what a venue that does not offer it gets to see: nothing."""

import struct
from collections.abc import Callable
from typing import Any

import pytest

from tickwire.native import lib
from tickwire.native.execution import OrderOwner, write_client_order_id

OWNER = {"strategy": 7, "account": 3, "trader": 2}
ENTER = struct.Struct(">cIcI8sQccccc14sH")
REPLACE = struct.Struct(">cIIIQccc14sH")
MINIMUM, FLOOR, PRICE_TYPE, OFFSET, POST = b"\5\3", b"\5\5", b"\2\6", b"\5\7", b"\2\x0c"
FIRM = b"\5\2LIME"


def entered(message: bytes) -> dict[str, Any]:
    """The fields of an Enter Order message that differ between kinds of orders, and its options."""
    _, _, side, quantity, _, price, tif, display, _, sweep, _, token, size = ENTER.unpack(message[: ENTER.size])
    assert len(message) == ENTER.size + size
    return {
        "side": side,
        "quantity": quantity,
        "price": price,
        "tif": tif,
        "display": display,
        "sweep": sweep,
        "token": token,
        "options": message[ENTER.size :].removeprefix(FIRM),
    }


KINDS = [
    ("limit", {}, {}),
    ("immediate", {"time_in_force": lib.TIF_IOC}, {"tif": b"3"}),
    ("extended hours", {"time_in_force": lib.TIF_EXTENDED}, {"tif": b"5"}),
    ("market", {"order_type": lib.ORDER_TYPE_MARKET, "price": 0}, {"price": 0x7FFFFFFF, "tif": b"3"}),
    ("post only", {"flags": lib.ORDER_POST_ONLY}, {"options": POST + b"P"}),
    ("hidden", {"display": lib.DISPLAY_HIDDEN}, {"display": b"N"}),
    ("reserve", {"display_quantity": 30}, {"options": FLOOR + struct.pack(">I", 30)}),
    ("a reserve that shows all of it", {"display_quantity": 100}, {}),
    ("minimum quantity", {"minimum_quantity": 40}, {"options": MINIMUM + struct.pack(">I", 40)}),
    ("peg to its own side", {"order_type": lib.ORDER_TYPE_PEG_PRIMARY}, {"options": PRICE_TYPE + b"R"}),
    (
        "peg to the other side, with an offset",
        {"order_type": lib.ORDER_TYPE_PEG_MARKET, "peg_offset": -200},
        {"options": PRICE_TYPE + b"P" + OFFSET + struct.pack(">i", -200)},
    ),
    (
        "peg to the midpoint",
        {"order_type": lib.ORDER_TYPE_PEG_MIDPOINT},
        {"options": PRICE_TYPE + b"M", "display": b"N"},
    ),
    (
        "peg without a limit",
        {"order_type": lib.ORDER_TYPE_PEG_PRIMARY, "price": 0},
        {"price": 0x7FFFFFFF, "options": PRICE_TYPE + b"R"},
    ),
    (
        "pegged sale, a cent towards the other side",
        {"order_type": lib.ORDER_TYPE_PEG_PRIMARY, "peg_offset": 100, "side": lib.SIDE_SELL},
        {"side": b"S", "options": PRICE_TYPE + b"R" + OFFSET + struct.pack(">i", -100)},
    ),
    ("intermarket sweep", {"flags": lib.ORDER_SWEEP, "time_in_force": lib.TIF_IOC}, {"sweep": b"Y", "tif": b"3"}),
    ("sale", {"side": lib.SIDE_SELL}, {"side": b"S"}),
    ("short sale", {"side": lib.SIDE_SELL, "short_sale": lib.SALE_SHORT}, {"side": b"T"}),
    ("exempt short sale", {"side": lib.SIDE_SELL, "short_sale": lib.SALE_SHORT_EXEMPT}, {"side": b"E"}),
    (
        "everything at once",
        {"flags": lib.ORDER_POST_ONLY, "display_quantity": 10, "order_type": lib.ORDER_TYPE_PEG_PRIMARY},
        {"options": FLOOR + struct.pack(">I", 10) + PRICE_TYPE + b"R" + POST + b"P"},
    ),
]


@pytest.mark.parametrize(("kind", "fields", "expected"), KINDS, ids=[kind[0] for kind in KINDS])
def test_each_kind_of_order_is_what_ouch_calls_it(
    box: Any, venue: Any, kind: str, fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    box.until_live()
    box.submit(box.order(1, **OWNER, **fields))
    box.until(lambda: bool(venue.inbound))
    usual = {"side": b"B", "quantity": 100, "price": 1_000_000, "tif": b"0", "display": b"Y", "sweep": b"N"}
    token = write_client_order_id(OrderOwner(tick=41, **OWNER))
    assert entered(venue.inbound[0]) == usual | {"token": token, "options": b""} | expected


OFFERS = [
    ("MARKET", {"order_type": lib.ORDER_TYPE_MARKET, "price": 0}),
    ("POST_ONLY", {"flags": lib.ORDER_POST_ONLY}),
    ("HIDDEN", {"display": lib.DISPLAY_HIDDEN}),
    ("RESERVE", {"display_quantity": 30}),
    ("MINIMUM_QUANTITY", {"minimum_quantity": 40}),
    ("PEG", {"order_type": lib.ORDER_TYPE_PEG_MIDPOINT}),
    ("EXTENDED_HOURS", {"time_in_force": lib.TIF_EXTENDED}),
]


@pytest.mark.parametrize(("offer", "fields"), OFFERS, ids=[offer[0] for offer in OFFERS])
def test_what_the_venue_does_not_offer_is_refused_here(
    make_box: Callable[..., Any], venue: Any, offer: str, fields: dict[str, Any]
) -> None:
    box = make_box(order_types=0xFF & ~getattr(lib, f"OFFER_{offer}"))
    box.until_live()
    box.submit(box.order(1, **fields), box.order(2))
    box.until(lambda: bool(venue.inbound))
    assert box.reasons() == ["u"]
    assert venue.inbound[0][1:5] == b"\0\0\0\2"


@pytest.mark.parametrize(
    "fields",
    [
        {"order_type": lib.ORDER_TYPE_COUNT},
        {"time_in_force": 3},
        {"display": 2},
        {"short_sale": 3},
        {"strategy": lib.STRATEGY_COUNT_MAX},
        {"account": lib.ACCOUNT_COUNT_MAX},
        {"trader": lib.TRADER_COUNT_MAX},
        {"venue": 1},
        {"kind": 9},
    ],
)
def test_an_order_with_a_field_out_of_range_is_refused_as_our_own_bug(
    box: Any, venue: Any, fields: dict[str, Any]
) -> None:
    box.until_live()
    box.submit(box.order(1, **fields), box.order(2))
    box.until(lambda: bool(venue.inbound))
    assert box.reasons() == ["m"]
    assert venue.inbound[0][1:5] == b"\0\0\0\2"


def test_a_replace_keeps_owner_and_attributes_of_its_target(box: Any, venue: Any) -> None:
    box.until_live()
    venue.accept_all()
    peg = {"order_type": lib.ORDER_TYPE_PEG_PRIMARY, "peg_offset": -100, "display_quantity": 30}
    box.submit(box.order(1, **OWNER, **peg, flags=lib.ORDER_POST_ONLY))
    box.until(lambda: lib.REPORT_ACCEPTED in box.kinds())
    box.submit(box.order(2, kind=lib.INTENT_REPLACE, target_order_id=box.order_id(1), price=1_000_100, strategy=9))
    box.until(lambda: len(venue.inbound) == 2)
    *_, price, tif, display, sweep, token, _ = REPLACE.unpack(venue.inbound[1][: REPLACE.size])
    assert (price, tif, display, sweep) == (1_000_100, b"0", b"Y", b"N")
    assert token == write_client_order_id(OrderOwner(tick=41, **OWNER))
    options = FLOOR + struct.pack(">I", 30) + PRICE_TYPE + b"R" + OFFSET + struct.pack(">i", -100) + POST + b"P"
    assert venue.inbound[1][REPLACE.size :] == options
    sent = box.of_kind(lib.REPORT_SENT)[1]
    assert (sent.strategy, sent.account, sent.trader, sent.order_type) == (7, 3, 2, lib.ORDER_TYPE_PEG_PRIMARY)


def test_a_replace_of_fewer_shares_than_were_shown_shows_all(box: Any, venue: Any) -> None:
    box.until_live()
    venue.accept_all()
    box.submit(box.order(1, display_quantity=30))
    box.until(lambda: lib.REPORT_ACCEPTED in box.kinds())
    box.submit(box.order(2, kind=lib.INTENT_REPLACE, target_order_id=box.order_id(1), quantity=20))
    box.until(lambda: len(venue.inbound) == 2)
    assert venue.inbound[1][REPLACE.size :] == b""


def test_executions_while_a_replace_is_on_its_way_are_counted_in_the_order_they_are_of(box: Any, venue: Any) -> None:
    box.until_live()
    venue.accept_all()
    box.submit(box.order(1))
    box.until(lambda: lib.REPORT_ACCEPTED in box.kinds())
    box.submit(box.order(2, kind=lib.INTENT_REPLACE, target_order_id=box.order_id(1), quantity=80))
    venue.on_order = lambda message: None
    box.until(lambda: len(venue.inbound) == 2)
    venue.execute(1, 30, match=1)
    replaced = struct.pack(">cQIIcI8sQccQ", b"U", 1, 1, 2, b"B", 50, b"AAPL    ", 1_000_000, b"0", b"Y", 2)
    venue.say(replaced + b"PNNL" + b"T".ljust(14) + b"\0\0")  # 80 in all, 30 of them executed
    venue.execute(2, 50, match=2)
    box.until(lambda: len(box.of_kind(lib.REPORT_EXECUTED)) == 2)
    first, second = box.of_kind(lib.REPORT_EXECUTED)
    assert (first.order_id, first.leaves) == (box.order_id(1), 70)
    assert (second.order_id, second.leaves, second.order_state) == (box.order_id(2), 0, lib.ORDER_FILLED)
    assert box.count("ILLEGAL") == box.count("OPEN_ORDERS") == 0


def test_a_sale_cannot_change_its_mark_by_being_replaced(box: Any, venue: Any) -> None:
    box.until_live()
    venue.accept_all()
    short = {"side": lib.SIDE_SELL, "short_sale": lib.SALE_SHORT}
    box.submit(box.order(1, **short))
    box.until(lambda: lib.REPORT_ACCEPTED in box.kinds())
    target = {"kind": lib.INTENT_REPLACE, "target_order_id": box.order_id(1)}
    box.submit(box.order(2, **target, side=lib.SIDE_SELL), box.order(3, **target, **short))
    box.until(lambda: len(venue.inbound) == 2)
    assert box.reasons() == ["u"]
    assert venue.inbound[1][5:9] == b"\0\0\0\3"


def test_a_replace_of_another_side_or_instrument_is_refused(box: Any, venue: Any) -> None:
    box.until_live()
    venue.accept_all()
    box.submit(box.order(1))
    box.until(lambda: lib.REPORT_ACCEPTED in box.kinds())
    target = {"kind": lib.INTENT_REPLACE, "target_order_id": box.order_id(1)}
    box.submit(box.order(2, **target, side=lib.SIDE_SELL), box.order(3, **target, instrument=0))
    box.until(lambda: len(box.reasons()) == 2)
    assert box.reasons() == ["m", "m"]


def test_every_report_of_an_order_says_whose_it_is_and_where(make_box: Callable[..., Any], venue: Any) -> None:
    box = make_box(venue=2)
    box.until_live()
    venue.accept_all()
    box.submit(box.order(1, **OWNER), box.order(2, **OWNER))
    box.until(lambda: len(box.of_kind(lib.REPORT_ACCEPTED)) == 2)
    venue.execute(1, 40, match=1)
    venue.cancel(1, 60)
    box.until(lambda: lib.REPORT_CANCELED in box.kinds())
    about = [report for report in box.seen if report.order_id == box.order_id(1)]
    assert [report.kind for report in about] == [
        lib.REPORT_SENT,
        lib.REPORT_ACCEPTED,
        lib.REPORT_EXECUTED,
        lib.REPORT_CANCELED,
    ]
    assert {(report.strategy, report.account, report.trader) for report in about} == {(7, 3, 2)}
    assert {report.venue for report in box.seen} == {2}
    assert about[0].order_id >> 60 == 2


def test_orders_keep_their_owner_through_a_restart_by_what_the_venue_repeats(box: Any, venue: Any) -> None:
    box.until_live()
    venue.accept_all()
    box.submit(box.order(1, **OWNER), box.order(2, side=lib.SIDE_SELL, short_sale=lib.SALE_SHORT, **OWNER))
    box.until(lambda: len(box.of_kind(lib.REPORT_ACCEPTED)) == 2)
    box.restart()
    box.seen.clear()
    box.until_live()
    adopted = box.of_kind(lib.REPORT_ACCEPTED)
    assert [(report.strategy, report.account, report.trader) for report in adopted] == [(7, 3, 2)] * 2
    assert [report.tick for report in adopted] == [41] * 2
    assert all(report.flags == lib.REPORT_REPLAYED | lib.REPORT_UNKNOWN_ORDER for report in adopted)
    box.submit(  # its mark was adopted as well
        box.order(
            3,
            kind=lib.INTENT_REPLACE,
            target_order_id=box.order_id(2),
            side=lib.SIDE_SELL,
            short_sale=lib.SALE_SHORT,
        )
    )
    box.until(lambda: len(venue.inbound) == 3)
    assert venue.inbound[2][24:38] == write_client_order_id(OrderOwner(tick=41, **OWNER))


def test_an_adopted_order_gets_the_id_of_its_venue_and_this_epoch(make_box: Callable[..., Any], venue: Any) -> None:
    venue.accept(5)
    box = make_box(venue=3)
    box.until_live()
    assert box.of_kind(lib.REPORT_ACCEPTED)[0].order_id == 3 << 60 | 3 << 32 | 5
    box.submit(box.order(0, kind=lib.INTENT_CANCEL, target_order_id=box.order_id(5)))
    box.until(lambda: [message[:5] for message in venue.inbound] == [b"X\0\0\0\5"])


def test_attributes_of_an_adopted_order_are_kept_by_its_replace(box: Any, venue: Any) -> None:
    options = FLOOR + struct.pack(">I", 30) + PRICE_TYPE + b"R" + POST + b"P"
    venue.accept(1, options=options, token=write_client_order_id(OrderOwner(tick=5, **OWNER)))
    box.until_live()
    assert box.of_kind(lib.REPORT_ACCEPTED)[0].order_type == lib.ORDER_TYPE_PEG_PRIMARY
    box.submit(box.order(2, kind=lib.INTENT_REPLACE, target_order_id=box.order_id(1)))
    box.until(lambda: bool(venue.inbound))
    assert venue.inbound[0][REPLACE.size :] == options


def test_a_market_order_never_reports_the_venue_s_number_for_no_price(box: Any, venue: Any) -> None:
    venue.accept(1, price=0x7FFFFFFF)
    box.until_live()
    adopted = box.of_kind(lib.REPORT_ACCEPTED)[0]
    assert (adopted.price, adopted.order_type) == (0, lib.ORDER_TYPE_MARKET)


def test_observers_see_every_order_that_left_as_it_left(box: Any, venue: Any) -> None:
    box.until_live()
    venue.accept_all()
    box.submit(box.order(1, display=lib.DISPLAY_HIDDEN, parent_id=77, **OWNER))
    box.until(lambda: lib.REPORT_ACCEPTED in box.kinds())
    replace = box.order(2, kind=lib.INTENT_REPLACE, target_order_id=box.order_id(1), quantity=50)
    cancel = box.order(0, kind=lib.INTENT_CANCEL, target_order_id=box.order_id(1))
    box.submit(replace, box.order(3, quantity=0), cancel)
    box.until(lambda: len(venue.inbound) == 3)
    orders = box.sent.observer(0).read()
    assert len(orders) == 2
    assert [(order.order_id, order.kind) for order in orders] == [
        (box.order_id(1), lib.INTENT_NEW),
        (box.order_id(2), lib.INTENT_REPLACE),
    ]
    assert [(order.display, order.strategy, order.quantity) for order in orders] == [(1, 7, 100), (1, 7, 50)]
    assert box.of_kind(lib.REPORT_SENT)[0].match_number == 77
