"""Profit and loss on examples that a person can check."""

from dataclasses import replace

import pytest
from desk import Time, fill

from tickwire.services import ledger as ledger_module
from tickwire.services.fees import FeeSchedule
from tickwire.services.ledger import Effect, Ledger
from tickwire.services.ledger_book import Key, Scope

DOLLAR = 10_000
FEES = {0: FeeSchedule(taker=3_000, maker=-2_000), 1: FeeSchedule(taker=1_000, maker=0)}


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def ledger(time: Time) -> Ledger:
    made = Ledger(FEES, mark_age_ns_max=1_000_000_000, clock_ns=time)
    for venue in FEES:
        made.reset(venue)
        made.live(venue)
    return made


def test_fifo_closes_the_oldest_lot_and_average_cost_a_share_of_all(ledger: Ledger) -> None:
    ledger.on_fill(fill(100, 10 * DOLLAR, 1))
    ledger.on_fill(fill(100, 20 * DOLLAR, 2))
    ledger.on_fill(fill(-100, 20 * DOLLAR, 3))
    total = ledger.total(instrument=0)
    assert (total.quantity, total.realised_fifo, total.realised_average) == (100, 1000 * DOLLAR, 500 * DOLLAR)
    assert (total.fifo_cost, total.average_cost) == (2000 * DOLLAR, 1500 * DOLLAR)


def test_a_flip_through_zero_closes_first_and_opens_the_rest(ledger: Ledger) -> None:
    ledger.on_fill(fill(100, 10 * DOLLAR, 1))
    ledger.on_fill(fill(-150, 11 * DOLLAR, 2))
    total = ledger.total()
    assert (total.quantity, total.fifo_cost, total.average_cost) == (-50, -550 * DOLLAR, -550 * DOLLAR)
    assert total.realised_fifo == total.realised_average == 100 * DOLLAR


def test_the_remover_pays_and_the_adder_is_paid(ledger: Ledger) -> None:
    ledger.on_fill(fill(100, DOLLAR, 1, liquidity="R"))
    assert ledger.total().fees == 300_000
    ledger.on_fill(fill(100, DOLLAR, 2, liquidity="A"))
    assert ledger.total().fees == 100_000
    ledger.on_fill(fill(100, DOLLAR, 3, venue=1, liquidity="m"))
    assert ledger.total(venue=1).fees == 100_000
    assert ledger.fees_assumed == 0


@pytest.mark.parametrize("flag", ["O", "C", "?", "", "\x00"])
def test_a_flag_that_says_neither_costs_the_dearer_and_is_counted(ledger: Ledger, flag: str) -> None:
    ledger.on_fill(fill(100, DOLLAR, 1, liquidity=flag))
    assert (ledger.total().fees, ledger.fees_assumed) == (300_000, 1)


def test_a_fraction_of_a_fee_is_rounded_against_us(ledger: Ledger) -> None:
    ledger.on_fill(fill(1, DOLLAR, 1, venue=1, liquidity="R"))
    assert (ledger.total().net, ledger.total().realised_average) == (-10, 0)


def test_sums_are_by_any_scope(ledger: Ledger) -> None:
    ledger.on_fill(fill(10, DOLLAR, 1, instrument=0, strategy=1, account=1, venue=0))
    ledger.on_fill(fill(20, DOLLAR, 2, instrument=0, strategy=2, account=1, venue=1))
    ledger.on_fill(fill(40, DOLLAR, 3, instrument=1, strategy=2, account=2, venue=1))
    assert ledger.total(strategy=2).bought == 60
    assert ledger.total(instrument=0, venue=1).bought == 20
    assert ledger.total(account=1).bought == 30
    assert ledger.total().bought == 70
    assert ledger.total(account=9) == replace(ledger.total(account=9), fills=0, quantity=0, net=0, stale=False)
    assert len(ledger.keys(Scope(venue=1))) == 2
    assert ledger.position(Key(1, 2, 2, 1)) == 40


def test_a_fill_told_twice_counts_once(ledger: Ledger) -> None:
    assert ledger.on_fill(fill(10, DOLLAR, 1)) is Effect.BOOKED
    assert ledger.on_fill(fill(10, DOLLAR, 1)) is Effect.DUPLICATE
    assert (ledger.total().bought, ledger.total().known) == (10, True)


def test_the_same_fill_with_another_content_shakes_the_trust_until_the_replay(ledger: Ledger) -> None:
    ledger.on_fill(fill(10, DOLLAR, 1))
    assert ledger.on_fill(fill(11, DOLLAR, 1)) is Effect.CONFLICT
    assert ledger.total().bought == 10
    assert not ledger.total().known
    assert ledger.total(venue=1).known
    ledger.reset(0)
    ledger.live(0)
    assert ledger.total().known


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": 0},
        {"quantity": -5},
        {"quantity": 1_000_000},
        {"price": 0},
        {"price": -1},
        {"price": 2**32},
        {"side": 2},
        {"instrument": 65535},
        {"strategy": -1},
        {"venue": 3},
    ],
)
def test_an_impossible_fill_is_refused_and_the_figures_are_not_to_be_trusted(
    ledger: Ledger, changes: dict[str, int]
) -> None:
    assert ledger.on_fill(replace(fill(10, DOLLAR, 1), **changes)) is Effect.REFUSED
    assert (ledger.total().fills, ledger.total().known) == (0, False)


def test_a_broken_trade_was_never_there_not_even_its_fee(ledger: Ledger) -> None:
    ledger.on_fill(fill(100, 10 * DOLLAR, 1))
    before = ledger.total()
    ledger.on_fill(fill(-60, 12 * DOLLAR, 2))
    assert ledger.on_bust(0, 2, 2) is Effect.BROKEN
    assert ledger.total() == before
    assert ledger.on_bust(0, 2, 2) is Effect.DUPLICATE
    assert ledger.on_fill(fill(-60, 12 * DOLLAR, 2)) is Effect.DUPLICATE
    assert ledger.total() == before


def test_breaking_an_early_buy_moves_the_later_sale_to_the_next_lot(ledger: Ledger) -> None:
    ledger.on_fill(fill(100, 10 * DOLLAR, 1))
    ledger.on_fill(fill(100, 20 * DOLLAR, 2))
    ledger.on_fill(fill(-100, 30 * DOLLAR, 3))
    ledger.on_bust(0, 1, 1)
    total = ledger.total()
    assert (total.quantity, total.realised_fifo, total.realised_average) == (0, 1000 * DOLLAR, 1000 * DOLLAR)


def test_a_break_that_overtakes_its_fill_still_breaks_it(ledger: Ledger) -> None:
    assert ledger.on_bust(0, 1, 1) is Effect.UNKNOWN
    assert not ledger.total().known
    assert ledger.on_fill(fill(100, DOLLAR, 1)) is Effect.BROKEN
    assert (ledger.total().fills, ledger.total().known) == (0, True)


def test_a_reset_forgets_one_venue_and_keeps_the_other(ledger: Ledger) -> None:
    ledger.on_fill(fill(100, DOLLAR, 1, venue=0))
    ledger.on_fill(fill(50, DOLLAR, 2, venue=1))
    ledger.reset(0)
    assert (ledger.total().bought, ledger.total().replaying, ledger.total(venue=1).known) == (50, True, True)
    ledger.on_fill(fill(100, DOLLAR, 1, venue=0))
    ledger.live(0)
    assert (ledger.total().bought, ledger.total().known) == (150, True)


def test_nothing_is_known_before_a_reset_and_a_replay(time: Time) -> None:
    ledger = Ledger(FEES, 1, time)
    ledger.live(0)
    assert not ledger.total(venue=0).known
    ledger.reset(0)
    assert not ledger.total(venue=0).known
    ledger.live(0)
    assert ledger.total(venue=0).known
    ledger.down(0)
    assert not ledger.total(venue=0).known


def test_an_old_mark_keeps_its_value_and_is_called_stale(ledger: Ledger, time: Time) -> None:
    ledger.on_fill(fill(100, 10 * DOLLAR, 1))
    assert ledger.total(instrument=0).stale  # no mark at all
    ledger.mark(0, 11 * DOLLAR, time())
    assert (ledger.total().unrealised, ledger.total().stale) == (100 * DOLLAR, False)
    time.pass_s(1.5)
    total = ledger.total(instrument=0)
    assert (total.unrealised, total.stale, total.mark_age_ns) == (100 * DOLLAR, True, 1_500_000_000)
    ledger.mark(0, 11 * DOLLAR, time())
    assert not ledger.total().stale
    ledger.mark(0, 0, time(), stale=True)
    assert (ledger.total().unrealised, ledger.total().stale) == (100 * DOLLAR, True)


def test_a_stale_mark_does_not_matter_where_nothing_is_held(ledger: Ledger) -> None:
    ledger.on_fill(fill(100, DOLLAR, 1))
    ledger.on_fill(fill(-100, DOLLAR, 2))
    assert not ledger.total().stale


def test_the_drawdown_is_from_the_best_of_the_day(ledger: Ledger, time: Time) -> None:
    ledger.on_fill(fill(100, 10 * DOLLAR, 1, venue=1, liquidity="A"))
    for price in (10, 15, 12):
        ledger.mark(0, price * DOLLAR, time())
        ledger.observe()
    for scope in ({}, {"strategy": 1}, {"account": 1}, {"instrument": 0}, {"venue": 1}):
        total = ledger.total(**scope)
        assert (total.high_water_mark, total.drawdown) == (500 * DOLLAR, 300 * DOLLAR)
    assert ledger.total(strategy=1, venue=1).high_water_mark is None
    assert ledger.total(strategy=2).drawdown == 0


def test_a_day_that_only_lost_draws_down_from_flat(ledger: Ledger, time: Time) -> None:
    ledger.on_fill(fill(100, 10 * DOLLAR, 1, liquidity="A", venue=1))
    ledger.mark(0, 8 * DOLLAR, time())
    ledger.observe()
    assert (ledger.total().high_water_mark, ledger.total().drawdown) == (0, 200 * DOLLAR)


def test_a_profit_that_was_broken_does_not_leave_a_drawdown_behind(ledger: Ledger, time: Time) -> None:
    ledger.on_fill(fill(100, 1 * DOLLAR, 1, sequence=5))
    ledger.mark(0, 100 * DOLLAR, time())
    ledger.observe()
    ledger.on_bust(0, 1, 1)
    assert (ledger.total().high_water_mark, ledger.total().drawdown) == (0, 0)


def test_a_replay_does_not_disturb_the_high_water_mark(ledger: Ledger, time: Time) -> None:
    ledger.on_fill(fill(100, 10 * DOLLAR, 1, venue=1, liquidity="A"))
    ledger.on_fill(fill(-100, 12 * DOLLAR, 2, venue=1, liquidity="A"))
    ledger.on_fill(fill(100, 12 * DOLLAR, 3, venue=1, liquidity="A"))
    ledger.on_fill(fill(-100, 11 * DOLLAR, 4, venue=1, liquidity="A"))
    ledger.observe()
    ledger.reset(1)
    for match, signed, price in ((1, 100, 10), (2, -100, 12), (3, 100, 12), (4, -100, 11)):
        ledger.on_fill(fill(signed, price * DOLLAR, match, venue=1, liquidity="A"))
        ledger.observe()
    ledger.live(1)
    ledger.observe()
    assert (ledger.total().high_water_mark, ledger.total().drawdown) == (100 * DOLLAR, 0)


def test_high_water_marks_outlast_a_restart(ledger: Ledger, time: Time) -> None:
    ledger.on_fill(fill(100, 10 * DOLLAR, 1, venue=1, liquidity="A"))
    ledger.mark(0, 15 * DOLLAR, time())
    ledger.observe()
    again = Ledger(FEES, 1, time)
    again.peaks.restore(ledger.peaks.state())
    assert again.total().drawdown == 500 * DOLLAR
    with pytest.raises(ValueError, match="high-water"):
        again.peaks.restore([[1, 2]])


def test_each_fill_says_what_it_brought_and_what_is_open_of_it(ledger: Ledger, time: Time) -> None:
    ledger.mark(0, 13 * DOLLAR, time())
    ledger.on_fill(fill(100, 10 * DOLLAR, 1))
    ledger.on_fill(fill(-60, 12 * DOLLAR, 2))
    first, second = ledger.fills()
    assert (first.realised_fifo, first.open_quantity, first.unrealised, first.fee) == (0, 40, 120 * DOLLAR, 300_000)
    assert (second.realised_fifo, second.open_quantity, second.unrealised) == (120 * DOLLAR, 0, 0)


def test_fills_beyond_what_is_kept_stay_in_the_sums(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "FILL_COUNT_MAX", 3)
    for match in range(1, 6):
        ledger.on_fill(fill(10, match * DOLLAR, match))
    assert (ledger.total().fifo_cost, ledger.total().fills) == (150 * DOLLAR, 5)
    ledger.on_bust(0, 4, 4)
    assert (ledger.total().fifo_cost, ledger.total().average_cost) == (110 * DOLLAR, 110 * DOLLAR)
    assert ledger.on_bust(0, 1, 1) is Effect.UNKNOWN
    assert not ledger.total().known


def test_a_flood_of_unknown_breaks_is_bounded(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "UNKNOWN_COUNT_MAX", 2)
    for match in range(1, 5):
        assert ledger.on_bust(0, match, match) is Effect.UNKNOWN
    for match in range(1, 3):
        ledger.on_fill(fill(10, DOLLAR, match))
    assert not ledger.total().known
