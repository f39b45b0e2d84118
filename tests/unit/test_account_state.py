"""Exposure, credit, loss and drawdown on examples that a person can check."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from desk import Time, fill
from hypothesis import given
from hypothesis import strategies as st

from tickwire.native import lib
from tickwire.services.account_state import AccountState, PeakStore, account_states
from tickwire.services.fees import FeeSchedule
from tickwire.services.ledger import Ledger
from tickwire.services.ledger_book import FIRM, Scope

DOLLAR = 10_000


@dataclass(frozen=True)
class Order:
    """A working order."""

    side: int
    leaves: int
    price: int
    instrument: int = 0
    strategy: int = 1
    account: int = 1


def live_ledger() -> Ledger:
    made = Ledger({0: FeeSchedule(0, 0)}, 1_000_000_000, Time())
    made.reset(0)
    made.live(0)
    for instrument in range(3):
        made.mark(instrument, 10 * DOLLAR, Time()())
    return made


@pytest.fixture
def ledger() -> Ledger:
    return live_ledger()


def firm(ledger: Ledger, *orders: Order) -> AccountState:
    return account_states(ledger, orders)[FIRM]


def test_working_orders_count_on_the_side_where_they_are_worse(ledger: Ledger) -> None:
    ledger.on_fill(fill(100, 9 * DOLLAR, 1))
    state = firm(ledger, Order(lib.SIDE_BUY, 50, 8 * DOLLAR), Order(lib.SIDE_SELL, 30, 12 * DOLLAR))
    assert (state.gross_exposure, state.net_long, state.net_short) == (1400 * DOLLAR, 1400 * DOLLAR, -640 * DOLLAR)
    assert (state.net_exposure, state.open_orders) == (1400 * DOLLAR, 2)


def test_a_sale_that_could_turn_the_position_counts_what_it_could_turn_it_to(ledger: Ledger) -> None:
    ledger.on_fill(fill(10, 9 * DOLLAR, 1))
    assert firm(ledger, Order(lib.SIDE_SELL, 100, 10 * DOLLAR)).gross_exposure == 900 * DOLLAR


def test_long_and_short_offset_in_net_but_not_in_gross(ledger: Ledger) -> None:
    ledger.on_fill(fill(100, 10 * DOLLAR, 1, instrument=0))
    ledger.on_fill(fill(-80, 10 * DOLLAR, 2, instrument=1))
    state = firm(ledger)
    assert (state.gross_exposure, state.net_exposure) == (1800 * DOLLAR, 200 * DOLLAR)


def test_credit_is_what_was_executed_both_ways_and_what_is_working(ledger: Ledger) -> None:
    ledger.on_fill(fill(100, 10 * DOLLAR, 1))
    ledger.on_fill(fill(-100, 11 * DOLLAR, 2))
    state = firm(ledger, Order(lib.SIDE_BUY, 10, 5 * DOLLAR))
    assert (state.credit_used, state.daily_loss, state.net_profit) == (2150 * DOLLAR, 0, 100 * DOLLAR)


def test_each_account_and_strategy_has_its_own(ledger: Ledger) -> None:
    ledger.on_fill(fill(100, 10 * DOLLAR, 1, strategy=1, account=1))
    ledger.on_fill(fill(50, 10 * DOLLAR, 2, strategy=2, account=1))
    states = account_states(ledger, [Order(lib.SIDE_BUY, 10, 10 * DOLLAR, strategy=3, account=2)])
    assert states[Scope(account=1)].gross_exposure == 1500 * DOLLAR
    assert states[Scope(strategy=2)].gross_exposure == 500 * DOLLAR
    assert states[Scope(account=2)].gross_exposure == 100 * DOLLAR
    assert states[FIRM].gross_exposure == 1600 * DOLLAR


def test_loss_and_drawdown_are_of_today_after_fees(ledger: Ledger) -> None:
    ledger.on_fill(fill(100, 10 * DOLLAR, 1))
    for dollars in (12, 7):
        ledger.mark(0, dollars * DOLLAR, Time()())
        ledger.observe()
    state = firm(ledger)
    assert (state.daily_loss, state.drawdown, state.high_water_mark) == (300 * DOLLAR, 500 * DOLLAR, 200 * DOLLAR)


def test_what_cannot_be_valued_is_not_known_to_be_nothing(ledger: Ledger) -> None:
    ledger.on_fill(fill(100, 10 * DOLLAR, 1, instrument=9))  # no mark
    state = firm(ledger)
    assert (state.gross_exposure, state.stale, state.known) == (1000 * DOLLAR, True, True)
    assert not firm(ledger, Order(lib.SIDE_BUY, 10, 0, instrument=9)).known
    assert firm(ledger, Order(lib.SIDE_BUY, 10, 0)).gross_exposure == 1100 * DOLLAR
    adopted = firm(ledger, Order(lib.SIDE_NONE, 10, 10 * DOLLAR))
    assert (adopted.known, adopted.gross_exposure) == (False, 1100 * DOLLAR)


def test_figures_of_a_part_of_the_fills_are_not_known(ledger: Ledger) -> None:
    ledger.reset(0)
    assert not firm(ledger).known


ORDERS = st.builds(
    Order,
    side=st.sampled_from([lib.SIDE_BUY, lib.SIDE_SELL]),
    leaves=st.integers(1, 50),
    price=st.integers(1, 20),
    instrument=st.integers(0, 2),
    account=st.integers(1, 2),
)


@given(st.lists(ORDERS, max_size=8), st.lists(st.tuples(st.booleans(), st.integers(0, 2)), max_size=5), st.data())
def test_whichever_working_orders_are_executed_exposure_was_not_understated(
    orders: list[Order], held: list[tuple[bool, int]], data: st.DataObject
) -> None:
    ledger = live_ledger()
    for match, (buys, instrument) in enumerate(held, 1):
        ledger.on_fill(fill(30 if buys else -30, 10, match, instrument=instrument))
    for instrument in range(3):
        ledger.mark(instrument, 10, Time()())
    before = firm(ledger, *orders)
    value = dict.fromkeys(range(3), 0)
    for key in ledger.keys(FIRM):
        value[key.instrument] += ledger.position(key) * 10
    for order in orders:
        part = data.draw(st.integers(0, order.leaves)) * order.price
        value[order.instrument] += part if order.side == lib.SIDE_BUY else -part
    assert sum(map(abs, value.values())) <= before.gross_exposure
    assert abs(sum(value.values())) <= before.net_exposure


def test_high_water_marks_outlast_a_restart_of_the_same_day_only(ledger: Ledger, tmp_path: Path) -> None:
    ledger.on_fill(fill(100, 10 * DOLLAR, 1))
    ledger.mark(0, 12 * DOLLAR, Time()())
    ledger.observe()
    store = PeakStore(tmp_path)
    assert store.keep(ledger, "2026-11-25")
    assert not store.keep(ledger, "2026-11-25")
    again, next_day = live_ledger(), live_ledger()
    assert "took over" in PeakStore(tmp_path).restore(again, "2026-11-25")
    assert PeakStore(tmp_path).restore(next_day, "2026-11-26") == ""
    assert (again.total().drawdown, next_day.total().drawdown) == (200 * DOLLAR, 0)


@pytest.mark.parametrize("damage", [b"", b"{}", None])
def test_lost_high_water_marks_are_said(ledger: Ledger, tmp_path: Path, damage: bytes | None) -> None:
    PeakStore(tmp_path).keep(ledger, "2026-11-25")
    path = tmp_path / "peaks.json"
    path.write_bytes(path.read_bytes().replace(b"2026", b"2027") if damage is None else damage)
    assert "lost" in PeakStore(tmp_path).restore(ledger, "2026-11-25")
