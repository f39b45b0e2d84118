"""The box against the paper exchange, over loopback and in real time: what it says is what that understands."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import venue_wire as wire
from exchange_client import Running, running, write_recording

from tickwire.native import lib
from tickwire.sim.settings import AccountSettings, StreetSettings

PRICE = 1_000_000
STREET = (wire.action("T"), wire.add(1, wire.SELL, 100, PRICE), wire.add(2, wire.BUY, 100, PRICE - 100))
ACCOUNTS = (
    AccountSettings("COD", "secret", "LIME", cancel_on_disconnect=True),
    AccountSettings("KEEP", "secret", "LIME"),
)
OWNER = {"strategy": 7, "account": 3, "trader": 2}
REST = {"price": PRICE - 200, **OWNER}


class Elsewhere:
    """The exchange runs by itself: a step of the box is none of it."""

    def __init__(self, port: int) -> None:
        self.port = port

    def step(self) -> None:
        """Nothing to do."""


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Running]:
    with running(StreetSettings(itch=write_recording(tmp_path / "street.itch", *STREET)), accounts=ACCOUNTS) as started:
        started.wait(lambda: started.exchange.end_of_market)
        yield started


@pytest.fixture
def connect(make_box: Callable[..., Any], exchange: Running) -> Callable[[str], Any]:
    """A live box as that account."""

    def made(account: str) -> Any:
        box = make_box(Elsewhere(exchange.order_port), username=account, reconnect_ns_min=10_000_000)
        run_until(exchange, box, lambda: box.is_live)
        return box

    return made


def run_until(exchange: Running, box: Any, condition: Callable[[], bool]) -> None:
    """Let the box live in real time until it holds."""

    def turn() -> bool:
        box.now_ns = lib.clock_now_ns()
        box.step(0)
        return condition()

    exchange.wait(turn)


@pytest.mark.rule("FIA cancel on disconnect")
def test_open_orders_of_a_cancel_on_disconnect_account_come_out_of_the_record_canceled(
    exchange: Running, connect: Callable[[str], Any]
) -> None:
    box = connect("COD")
    box.submit(box.order(1, **REST), box.order(2, **REST))
    run_until(exchange, box, lambda: len(box.of_kind(lib.REPORT_ACCEPTED)) == 2)
    box.command(lib.EXECUTION_RESYNC)
    run_until(exchange, box, lambda: len(box.of_kind(lib.REPORT_LIVE)) == 2)
    gone = box.of_kind(lib.REPORT_CANCELED)
    assert [(report.order_id, report.leaves, report.strategy) for report in gone] == [
        (box.order_id(1), 0, 7),
        (box.order_id(2), 0, 7),
    ]
    run_until(exchange, box, lambda: box.count("OPEN_ORDERS") == 0)


def test_open_orders_of_another_account_outlive_the_connection(
    exchange: Running, connect: Callable[[str], Any]
) -> None:
    box = connect("KEEP")
    box.submit(box.order(1, **REST))
    run_until(exchange, box, lambda: lib.REPORT_ACCEPTED in box.kinds())
    box.restart()
    box.seen.clear()
    run_until(exchange, box, lambda: box.is_live)
    adopted = box.of_kind(lib.REPORT_ACCEPTED)[0]
    assert (adopted.strategy, adopted.account, adopted.trader, adopted.leaves) == (7, 3, 2, 100)
    assert adopted.flags == lib.REPORT_REPLAYED | lib.REPORT_UNKNOWN_ORDER
    box.control.stop_set("strategy", 7, lib.STOP_KILL)
    run_until(exchange, box, lambda: box.count("OPEN_ORDERS") == 0)


KINDS = {
    "limit": {},
    "extended": {"time_in_force": lib.TIF_EXTENDED},
    "post only": {"flags": lib.ORDER_POST_ONLY},
    "hidden": {"display": lib.DISPLAY_HIDDEN},
    "reserve": {"display_quantity": 30},
    "minimum": {"minimum_quantity": 40, "display": lib.DISPLAY_HIDDEN},
    "primary peg": {"order_type": lib.ORDER_TYPE_PEG_PRIMARY, "peg_offset": -100},
    "market peg": {"order_type": lib.ORDER_TYPE_PEG_MARKET, "peg_offset": -200},
    "midpoint peg": {"order_type": lib.ORDER_TYPE_PEG_MIDPOINT},
    "short": {"side": lib.SIDE_SELL, "short_sale": lib.SALE_SHORT, "price": PRICE + 100},
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_order_rests_is_replaced_and_is_canceled(
    exchange: Running, connect: Callable[[str], Any], kind: str
) -> None:
    box = connect("KEEP")
    fields = {**REST, **KINDS[kind]}
    box.submit(box.order(1, **fields))
    run_until(exchange, box, lambda: lib.REPORT_ACCEPTED in box.kinds())
    target = {"kind": lib.INTENT_REPLACE, "target_order_id": box.order_id(1), "quantity": 80}
    terms = ("price", "side", "short_sale", "time_in_force")
    box.submit(box.order(2, **target, **{name: fields[name] for name in terms if name in fields}))
    run_until(exchange, box, lambda: lib.REPORT_REPLACED in box.kinds())
    box.submit(box.order(0, kind=lib.INTENT_CANCEL, target_order_id=box.order_id(2)))
    run_until(exchange, box, lambda: lib.REPORT_CANCELED in box.kinds())
    assert box.of_kind(lib.REPORT_REPLACED)[0].order_type == fields.get("order_type", lib.ORDER_TYPE_LIMIT)
    assert {report.strategy for report in box.seen if report.order_id} == {7}
    assert box.count("REJECTED") == box.count("ILLEGAL") == box.count("OPEN_ORDERS") == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"order_type": lib.ORDER_TYPE_MARKET, "price": 0},
        {"time_in_force": lib.TIF_IOC, "price": PRICE, "flags": lib.ORDER_SWEEP},
    ],
    ids=["market", "sweep"],
)
def test_what_takes_is_executed_and_the_rest_of_it_goes(
    exchange: Running, connect: Callable[[str], Any], fields: dict[str, Any]
) -> None:
    box = connect("KEEP")
    box.submit(box.order(1, **OWNER, **{**fields, "quantity": 150}))
    run_until(exchange, box, lambda: lib.REPORT_CANCELED in box.kinds())
    executed, canceled = box.of_kind(lib.REPORT_EXECUTED)[0], box.of_kind(lib.REPORT_CANCELED)[0]
    assert (executed.quantity, executed.price, canceled.quantity) == (100, PRICE, 50)
    assert box.of_kind(lib.REPORT_ACCEPTED)[0].price < 2_000_000


def test_a_mass_cancel_empties_the_venue_and_trading_goes_on(exchange: Running, connect: Callable[[str], Any]) -> None:
    box = connect("KEEP")
    box.submit(*(box.order(user_ref, **REST) for user_ref in range(1, 31)))
    run_until(exchange, box, lambda: len(box.of_kind(lib.REPORT_ACCEPTED)) == 30)
    box.command(lib.EXECUTION_MASS_CANCEL, 2**64 - 1)
    run_until(exchange, box, lambda: box.count("OPEN_ORDERS") == 0)
    assert box.count("CANCELS") == 0
    assert box.count("MASS_CANCEL_ANSWERS") == 1
    box.submit(box.order(31, **REST), box.order(32, **REST))
    run_until(exchange, box, lambda: len(box.of_kind(lib.REPORT_ACCEPTED)) == 31)
    assert box.reasons() == ["f"]


def test_a_kill_of_one_strategy_leaves_the_others_working(exchange: Running, connect: Callable[[str], Any]) -> None:
    box = connect("KEEP")
    owners = [{**REST, "strategy": 1 + number % 2} for number in range(40)]
    box.submit(*(box.order(user_ref, **owner) for user_ref, owner in enumerate(owners, 1)))
    run_until(exchange, box, lambda: len(box.of_kind(lib.REPORT_ACCEPTED)) == 40)
    box.control.stop_set("strategy", 2, lib.STOP_KILL)
    run_until(exchange, box, lambda: box.count("OPEN_ORDERS") == 20)
    assert {report.strategy for report in box.of_kind(lib.REPORT_CANCELED)} == {2}
    assert box.count("SWEEP_RETRIES") == 0
