"""The ledger against a reckoning share by share, and against the box's own position book."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from desk import Fill, Time
from hypothesis import given
from hypothesis import strategies as st

from tickwire.native import lib
from tickwire.native.trading import PositionBook, record
from tickwire.services.fees import FeeSchedule
from tickwire.services.ledger import Ledger
from tickwire.services.ledger_book import Scope

FEES = {0: FeeSchedule(3_000, -2_001), 1: FeeSchedule(-7, 11)}
PRICES = st.one_of(st.integers(1, 60), st.integers(1, 2**32 - 1))
FILLS = st.builds(
    Fill,
    order_id=st.integers(1, 4),
    match_number=st.integers(1, 12),
    side=st.sampled_from([lib.SIDE_BUY, lib.SIDE_SELL]),
    quantity=st.integers(1, 30),
    price=PRICES,
    instrument=st.integers(0, 1),
    strategy=st.integers(1, 2),
    account=st.integers(1, 2),
    venue=st.integers(0, 1),
    liquidity=st.sampled_from("ARJ?"),
)
NAMES = st.tuples(st.integers(1, 4), st.integers(1, 12))
STEPS = st.one_of(
    st.tuples(st.just("fill"), FILLS),
    st.tuples(st.just("fill"), FILLS),
    st.tuples(st.just("bust"), NAMES),
    st.tuples(st.just("reset"), st.integers(0, 1)),
    st.tuples(st.just("mark"), st.integers(0, 1), PRICES),
)


@dataclass
class Model:
    """The fills that stand, in order; everything else is reckoned anew each time, share by share."""

    fills: dict[tuple[int, int], Fill] = field(default_factory=dict)
    seen: dict[tuple[int, int], int] = field(default_factory=dict)
    unseen: dict[tuple[int, int], int] = field(default_factory=dict)
    marks: dict[int, int] = field(default_factory=dict)

    def apply(self, ledger: Ledger, step: tuple[Any, ...]) -> None:
        kind, *rest = step
        getattr(self, kind)(ledger, *rest)

    def fill(self, ledger: Ledger, fill: Fill) -> None:
        ledger.on_fill(fill)
        name = (fill.order_id, fill.match_number)
        if name in self.seen:
            return
        self.seen[name] = fill.venue
        if self.unseen.pop(name, None) is None:
            self.fills[name] = fill

    def bust(self, ledger: Ledger, name: tuple[int, int]) -> None:
        venue = self.seen.get(name, 0)
        ledger.on_bust(venue, *name)
        if name in self.seen:
            self.fills.pop(name, None)
        else:
            self.unseen.setdefault(name, venue)

    def reset(self, ledger: Ledger, venue: int) -> None:
        ledger.reset(venue)
        self.fills = {name: fill for name, fill in self.fills.items() if fill.venue != venue}
        self.seen = {name: of for name, of in self.seen.items() if of != venue}
        self.unseen = {name: of for name, of in self.unseen.items() if of != venue}

    def mark(self, ledger: Ledger, instrument: int, price: int) -> None:
        ledger.mark(instrument, price, 0)
        self.marks[instrument] = price


def share_by_share(fills: list[Fill]) -> tuple[int, list[int]]:
    """What first in, first out realised, and the signed prices of the shares left."""
    realised, held, sign = 0, deque[int](), 0
    for fill in fills:
        way = 1 if fill.side == lib.SIDE_BUY else -1
        for _ in range(fill.quantity):
            if held and sign != way:
                realised += sign * (fill.price - held.popleft())
            else:
                sign = way
                held.append(fill.price)
    return realised, [sign * price for price in held]


def average(fills: list[Fill]) -> tuple[int, int, int]:
    """Quantity, cost and realised by the box's own position book."""
    book = PositionBook()
    book.report(record("execution_report", kind=lib.REPORT_RESET))
    book.report(record("execution_report", kind=lib.REPORT_LIVE, next_user_ref=1))
    for match, fill in enumerate(fills, 1):
        fields = {"side": fill.side, "quantity": fill.quantity, "price": fill.price, "match_number": match}
        effect = book.report(record("execution_report", kind=lib.REPORT_EXECUTED, order_id=match, **fields))
        assert effect == lib.POSITION_FILLED
    entry = book.entry(0)
    return entry.quantity, entry.cost, entry.realised


def fee(fill: Fill) -> int:
    schedule = FEES[fill.venue]
    per_share = {"A": schedule.maker, "J": schedule.maker, "R": schedule.taker}
    return per_share.get(fill.liquidity, max(schedule.maker, schedule.taker)) * fill.quantity


def check(ledger: Ledger, model: Model, scope: Scope) -> None:
    total = ledger.total(*scope)
    groups: dict[tuple[int, ...], list[Fill]] = {}
    for one in model.fills.values():
        key = (one.instrument, one.strategy, one.account, one.venue)
        if all(wanted in (None, is_) for wanted, is_ in zip(scope, key, strict=True)):
            groups.setdefault(key, []).append(one)
    quantity = average_cost = realised_average = realised_fifo = fifo_cost = cash = worth = fees = 0
    for key, fills in groups.items():
        realised, held = share_by_share(fills)
        of_key = average(fills)
        quantity += of_key[0]
        average_cost += of_key[1]
        realised_average += of_key[2]
        realised_fifo += realised
        fifo_cost += sum(held)
        fees += sum(fee(one) for one in fills)
        cash += sum(one.price * one.quantity * (1 if one.side == lib.SIDE_SELL else -1) for one in fills)
        if key[0] in model.marks:
            worth += of_key[0] * model.marks[key[0]]
    assert (total.quantity, total.average_cost, total.realised_average) == (quantity, average_cost, realised_average)
    assert (total.fifo_cost, total.realised_fifo, total.fees) == (fifo_cost, realised_fifo, fees)
    assert total.sold_value - total.bought_value == cash
    assert total.bought - total.sold == quantity
    assert total.realised_average - total.average_cost == total.realised_fifo - total.fifo_cost == cash
    if {key[0] for key in groups} <= set(model.marks):
        assert total.realised_fifo + total.unrealised_fifo == cash + worth
        assert total.realised_average + total.unrealised == cash + worth
        assert total.net == ((cash + worth) * 100 - fees) // 100
    by_fill = list(ledger.fills(scope))
    assert sum(one.realised_fifo for one in by_fill) == total.realised_fifo
    assert sum(one.realised_average for one in by_fill) == total.realised_average
    assert sum(one.open_quantity for one in by_fill) == total.quantity
    assert sum(one.unrealised for one in by_fill) == total.unrealised_fifo
    assert sum(one.fee for one in by_fill) == total.fees


def live_ledger() -> Ledger:
    ledger = Ledger(FEES, 1, Time())
    for venue in FEES:
        ledger.reset(venue)
        ledger.live(venue)
    return ledger


SCOPES = [Scope(), Scope(venue=1), Scope(strategy=2), Scope(instrument=0, account=1), Scope(0, 1, 1, 0)]


@given(st.lists(STEPS, max_size=40))
def test_whatever_happened_the_figures_are_those_of_the_fills_that_stand(steps: list[tuple[Any, ...]]) -> None:
    ledger, model = Ledger(FEES, 1, Time()), Model()
    for step in steps:
        model.apply(ledger, step)
    for scope in SCOPES:
        check(ledger, model, scope)


@given(st.lists(FILLS, max_size=30), st.data())
def test_looking_in_between_changes_nothing(fills: list[Fill], data: st.DataObject) -> None:
    looked, unseen = Ledger(FEES, 1, Time()), Ledger(FEES, 1, Time())
    for one in fills:
        name = data.draw(NAMES)
        for ledger in (looked, unseen):
            ledger.on_fill(one)
            ledger.on_bust(one.venue, *name)
        looked.total()
    assert looked.total() == unseen.total()
    assert list(looked.fills()) == list(unseen.fills())


@given(st.lists(STEPS.filter(lambda step: step[0] in ("fill", "mark")), max_size=40))
def test_the_drawdown_is_the_distance_from_the_best_that_was_seen(steps: list[tuple[Any, ...]]) -> None:
    ledger, model, best = live_ledger(), Model(), 0
    for step in steps:
        model.apply(ledger, step)
        ledger.observe()
        total = ledger.total()
        best = max(best, total.net)
        assert (total.high_water_mark, total.drawdown) == (best, best - total.net)


@given(st.lists(STEPS, max_size=40))
def test_no_correction_makes_a_drawdown_negative(steps: list[tuple[Any, ...]]) -> None:
    ledger, model = live_ledger(), Model()
    for step in steps:
        model.apply(ledger, step)
        for scope in SCOPES[:3]:
            assert (ledger.total(*scope).drawdown or 0) >= 0
        ledger.observe()
