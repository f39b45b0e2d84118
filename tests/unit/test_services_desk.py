"""The services that other services meet in: bookkeeper, limits in force, the operators' way to the venues."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from config_text import CORES, EXAMPLE, TWO_VENUES
from throttling import no_throttles

from tickwire.config import Config, parse
from tickwire.native import Control, Segment, ffi, lib
from tickwire.native.stages import stages_of
from tickwire.native.views import Top, consolidate
from tickwire.services.account_state import PeakStore
from tickwire.services.account_watch import AccountWatch
from tickwire.services.blotter_records import Bust, Down, Fill, Live, Reset
from tickwire.services.bookkeeper import Bookkeeper
from tickwire.services.fees import FeeSchedule
from tickwire.services.ledger import Ledger
from tickwire.services.ledger_book import FIRM, Scope
from tickwire.services.limit_lease import Clocks
from tickwire.services.limits_steward import LimitSteward, open_limit_book
from tickwire.services.order_desk import ANY_VENUE, OrderDesk, net_positions
from tickwire.supervisor.layout import create_segment
from tickwire.supervisor.stewards import Stewards

CONFIG = parse(TWO_VENUES, "box.toml", CORES)
FILL = Fill(
    order_id=7, match_number=1, venue=0, instrument=0, account=1, strategy=1, side=lib.SIDE_BUY, quantity=100,
    price=1_000_000, liquidity="R", venue_ns=0, report_ns=0, sequence=1, replayed=False,
)  # fmt: skip


@pytest.fixture
def box(tmp_path: Path) -> Iterator[tuple[Segment, Control]]:
    segment, control = create_segment(tmp_path / "segment", ["hot"], 2)
    with segment:
        yield segment, control


def show(segment: Segment, venue: int, bid: int, ask: int, flags: int = 0) -> None:
    block = lib.segment_find(segment.handle, f"top.{venue}".encode(), lib.BLOCK_TABLE, ffi.NULL)
    top = ffi.cast("struct market_top *", block)[0]
    top.updates += 1
    top.last.bid_price[0], top.last.ask_price[0] = bid, ask
    top.last.bid_quantity[0] = top.last.ask_quantity[0] = 100
    top.last.flags = flags


def test_the_ledger_is_fed_by_the_blotter_and_marked_at_the_best_of_all_venues(
    box: tuple[Segment, Control], tmp_path: Path
) -> None:
    segment, _ = box
    ledger = Ledger({0: FeeSchedule(3000, -2000), 1: FeeSchedule(0, 0)}, 10**9, lambda: 5)
    keeper = Bookkeeper(ledger, segment, CONFIG.symbols, CONFIG.enabled_venues, PeakStore(tmp_path), lambda: 5)
    for event in (Reset(0), Live(0), Reset(1), Live(1), FILL):
        keeper.listen(event)
    show(segment, 0, 1_000_000, 1_000_400)
    show(segment, 1, 1_000_200, 1_000_600)
    keeper.check()
    total = ledger.total(instrument=0)
    assert (total.quantity, total.mark, total.unrealised, total.fees) == (100, 1_000_300, 100 * 300, 100 * 3000)
    show(segment, 0, 1_000_000, 1_000_400, lib.MARKET_STALE)
    show(segment, 1, 1_000_200, 1_000_600, lib.MARKET_STALE)
    keeper.check()
    assert ledger.total(instrument=0).stale
    keeper.listen(Bust(7, 1, 0, FILL, replayed=False))
    assert ledger.total(instrument=0).quantity == 0
    keeper.listen(Down(0))
    assert not ledger.total().known


def test_what_is_at_stake_is_reckoned_and_told_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    now = [1]
    ledger = Ledger({0: FeeSchedule(0, 0), 1: FeeSchedule(0, 0)}, 10**9, lambda: now[0])
    ledger.reset(0)
    ledger.on_fill(FILL)
    ledger.mark(0, 1_000_000, 1)
    watch = AccountWatch(CONFIG, ledger, Orders(), lambda: now[0])
    assert watch.check() == ""
    assert watch.states[FIRM].gross_exposure == 100 * 1_000_000
    assert not caplog.records
    now[0] += 60_000_000_000
    watch.check()
    told = {record.facts["of"]: record.facts["gross_exposure"] for record in caplog.records}  # type: ignore[attr-defined]
    assert told == dict.fromkeys(["firm", "account HOUSE", "strategy imbalance"], 100_000_000)


class Orders:
    """A blotter without orders."""

    orders: ClassVar[dict[int, Any]] = {}


def test_the_best_of_several_venues_is_of_those_that_are_fresh() -> None:
    fresh = Top("AAPL", 100, 10, 103, 10, stale=False, updates=1)
    better = Top("AAPL", 101, 5, 102, 5, stale=False, updates=2)
    stale = Top("AAPL", 999, 5, 999, 5, stale=True, updates=3)
    best = consolidate([fresh, better, stale])
    assert (best.bid_price, best.bid_quantity, best.ask_price, best.ask_quantity) == (101, 5, 102, 5)
    assert (best.stale, best.updates) == (False, 6)
    assert consolidate([stale]).stale
    empty = consolidate([Top("AAPL", stale=False), Top("AAPL", stale=False)])
    assert (empty.bid_quantity, empty.ask_quantity) == (0, 0)


def limited(tmp_path: Path, segment: Segment, control: Control) -> tuple[LimitSteward, Stewards, Config]:
    config = parse(EXAMPLE, "box.toml", CORES)
    stewards = Stewards(config, segment, control, no_throttles(tmp_path), lambda: 1)
    return (
        LimitSteward(config, open_limit_book(config, tmp_path, Clocks.system()), [stewards.risk.enforce]),
        stewards,
        config,
    )


def shown(steward: LimitSteward) -> str:
    return next(view.effective for view in steward.views() if view.path == "instruments.AAPL.position_max")


def test_a_change_of_a_limit_is_in_force_when_it_is_answered_and_after_a_restart(
    box: tuple[Segment, Control], tmp_path: Path
) -> None:
    steward, _, _ = limited(tmp_path, *box)
    published = box[0].parameters("risk", "risk_limits")
    steward.propose("olivia", "risk-officer", "instruments.AAPL.position_max", 7, "careful today")
    assert published.read().instruments[0].position_max == 7
    assert shown(steward) == "7"
    again, _, _ = limited(tmp_path, *box)
    assert shown(again) == "7", "a restart loosens nothing"
    assert published.read().instruments[0].position_max == 7


def test_refusals_of_the_limit_book_become_what_operators_expect(box: tuple[Segment, Control], tmp_path: Path) -> None:
    steward, _, _ = limited(tmp_path, *box)
    with pytest.raises(KeyError, match="no limit 'x'"):
        steward.propose("olivia", "risk-officer", "x", 7, "why")
    with pytest.raises(ValueError, match="out of bounds"):
        steward.propose("olivia", "risk-officer", "risk.message_rate_max", 99_999, "why")
    with pytest.raises(ValueError, match="no change 9 waits"):
        steward.approve(9, "robert", "risk-officer")


def test_cancels_go_where_the_order_is_and_closing_orders_only_reduce(
    box: tuple[Segment, Control], tmp_path: Path
) -> None:
    segment, control = box
    stewards = Stewards(CONFIG, segment, control, no_throttles(tmp_path), lambda: 1)
    parents = segment.ring("parent.operator", "parent_order")
    ledger = Ledger({0: FeeSchedule(0, 0), 1: FeeSchedule(0, 0)}, 10**9, lambda: 5)
    desk = OrderDesk(CONFIG, stewards.executions, ledger, parents, 3, lambda: 9)
    commands = [segment.ring(f"command.execution.{venue}", "command") for venue in (0, 1)]
    assert desk.cancel_order(1 << lib.ORDER_ID_VENUE_SHIFT | 5)
    assert desk.cancel_scope("account", 1)
    assert desk.cancel_scope("venue", 1)
    assert not desk.cancel_scope("venue", 3), "nobody is there"
    assert not desk.cancel_order(3 << lib.ORDER_ID_VENUE_SHIFT | 5)
    assert [command.kind for command in commands[0].read(0)] == [lib.EXECUTION_CANCEL_SCOPE]
    assert [command.kind for command in commands[1].read(0)] == [
        *(lib.EXECUTION_CANCEL, lib.EXECUTION_CANCEL_SCOPE, lib.EXECUTION_CANCEL_ALL)
    ]
    assert desk.close_position(0, 1, 1, 0, 100) == 0, "nothing is held"
    ledger.on_fill(replace(FILL, quantity=1200))
    assert desk.close_position(0, 1, 1, ANY_VENUE, 1200)
    (sliced,) = parents.read(0)
    assert (sliced.policy, sliced.venue_mask, sliced.quantity) == (lib.PARENT_TWAP, 0, 1200)
    assert sliced.duration_ns // sliced.interval_ns * 500 >= 2 * 1200, "slices of half of what an order may be"
    ledger.on_fill(replace(FILL, order_id=8, venue=1, side=lib.SIDE_SELL, quantity=900))
    assert desk.close_position(0, 1, 1, 1, -900) == 0, "bought at one venue and sold at another is no position"
    first, second = desk.close_position(0, 1, 1, 0, 1200), desk.close_position(0, 1, 1, 0, 200)
    large, small = parents.read(0)
    assert first != second and {first, second} == {large.parent_id, small.parent_id}
    assert (large.side, large.quantity, large.flags) == (lib.SIDE_SELL, 300, lib.ORDER_REDUCE_ONLY)
    assert (small.quantity, small.trader, small.account, small.policy) == (200, 1, 1, lib.PARENT_SWEEP)
    while desk.close_position(0, 1, 1, 0, 200):
        pass
    assert parents.lag(0) == parents.capacity, "no room is told, not waited for"


def test_positions_are_closed_net_of_venues_unless_it_is_about_one() -> None:
    ledger = Ledger({0: FeeSchedule(0, 0), 1: FeeSchedule(0, 0)}, 10**9, lambda: 5)
    ledger.on_fill(FILL)
    ledger.on_fill(replace(FILL, order_id=8, venue=1, side=lib.SIDE_SELL, quantity=70))
    assert net_positions(ledger, FIRM) == {(0, 1, 1): 30}
    assert net_positions(ledger, Scope(venue=1)) == {(0, 1, 1): -70}


def test_a_service_expands_into_its_stages_for_each_enabled_venue() -> None:
    start = TWO_VENUES.index('name = "B"')
    disabled = TWO_VENUES[:start] + TWO_VENUES[start:].replace("# enabled = true", "enabled = false #", 1)
    names = {
        text: [str(stage) for stage in stages_of("execution-engine", parse(text, "", CORES))]
        for text in (TWO_VENUES, disabled)
    }
    assert names == {TWO_VENUES: ["execution.0", "execution.1"], disabled: ["execution.0"]}
    assert [str(stage) for stage in stages_of("signal-bridge", CONFIG)] == ["signal", "router"]
