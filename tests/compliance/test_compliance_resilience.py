"""RTS 6 Articles 10 and 14: twice the peak, and everything that dies comes back knowing what it held."""

import itertools
from pathlib import Path
from typing import Any

import pytest
import venue_wire as wire
from compliance_rig import Rig, limits_of_two
from pipeline_rig import PRICE, SYMBOLS, TICK, VENUES

from tickwire.native import lib

# The demo's feed peaks at some 21 000 messages a second, and its gate lets 2000 order messages a second pass.
# A step is a millisecond: twice that is 42 updates and 4 order messages in every one.
SHOWINGS = 42 // (VENUES * len(SYMBOLS))
STEPS = 1000
OPEN_MAX = 60
POSITION_MAX = 2_000
RATE_MAX = 4_096
REFILL_STEPS = 10


class Storm:
    """In every step two orders, and the cancels of two that rest; one order in five takes."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.wanted = 0
        self.number = itertools.count()
        self.steps = itertools.count(1)

    def step(self) -> None:
        for _ in range(SHOWINGS - 1):
            for venue in range(VENUES):
                self.rig._show(venue)
        for _ in range(2):
            self.want()
        if next(self.steps) % REFILL_STEPS == 0:
            self.refill()
        for venue, truth in enumerate(self.rig.truths):
            for urn in list(truth.orders)[:1]:
                order_id = venue << lib.ORDER_ID_VENUE_SHIFT | 1 << lib.ORDER_ID_EPOCH_SHIFT | urn
                self.intend(kind=lib.INTENT_CANCEL, target_order_id=order_id, venue=venue)
        self.rig.step()

    def refill(self) -> None:
        """The street shows again what was taken of it."""
        for venue, symbol in itertools.product(range(VENUES), range(len(SYMBOLS))):
            self.rig.street(venue, symbol, wire.BUY, 300, PRICE - TICK)
            self.rig.street(venue, symbol, wire.SELL, 300, PRICE + TICK)

    def want(self) -> None:
        number = next(self.number)
        side = (lib.SIDE_BUY, lib.SIDE_SELL)[number // 2 % 2]
        sign = 1 if side == lib.SIDE_BUY else -1
        away = TICK if number % 5 == 0 else -TICK * (2 + number % 3)
        self.intend(
            side=side,
            venue=number % VENUES,
            instrument=number % len(SYMBOLS),
            quantity=1 + number % 97,
            price=PRICE + sign * away,
        )

    def intend(self, **fields: Any) -> None:
        self.wanted += 1
        self.rig.intent(**fields)

    def check(self) -> None:
        """No limit is passed, by the exchanges' own words."""
        held = self.rig.true_positions()
        working = [order for truth in self.rig.truths for order in truth.orders.values()]
        assert len(working) <= OPEN_MAX
        for symbol in SYMBOLS:
            for side, sign in ((wire.BUY, 1), (wire.SELL, -1)):
                open_ = sum(order.leaves for order in working if (order.symbol, order.side) == (symbol, side))
                assert sign * held[symbol] + open_ <= POSITION_MAX

    def judged(self) -> dict[str, int]:
        """Intents by verdict."""
        return self.rig.segment.counters("risk-manager").named("risk_verdict", "RISK_")


def storm_limits() -> Any:
    """As the demo's, with room for twice its rate."""
    return limits_of_two(
        message_rate_max=RATE_MAX,
        message_window_ns=10**9,
        message_burst_max=200,
        message_burst_window_ns=10**7,
        order_window_ns=2 * 10**7,
        firm={"open_orders_max": OPEN_MAX},
        instrument={"position_max": POSITION_MAX, "open_orders_max": 30},
    )


def books_agree(rig: Rig) -> None:
    rig.settle()
    assert rig.positions() == rig.true_positions()
    open_ = sum(len(truth.orders) for truth in rig.truths)
    assert rig.exposure(lib.RISK_SCOPE_FIRM).open_orders == open_


@pytest.mark.rule("RTS 6 Art 10")
def test_at_twice_the_peak_nothing_is_lost_and_no_limit_is_passed_even_while_execution_hangs(tmp_path: Path) -> None:
    with Rig(tmp_path) as rig:
        rig.publish(storm_limits())
        storm = Storm(rig)
        for _ in range(STEPS):
            storm.step()
            storm.check()
        stalled = rig.stages.pop("execution.0")  # it hangs, and the storm goes on
        for _ in range(STEPS // 2):
            storm.step()
        assert storm.judged()["open_orders"]  # nothing is acknowledged, so what was sent counts
        rig.stages["execution.0"] = stalled
        books_agree(rig)
        storm.check()
        judged = storm.judged()
        judged.pop("verdict_count", None)
        assert sum(judged.values()) == storm.wanted  # every intent has its one answer
        assert judged["pass"] == rig.segment.counters("risk-manager")[lib.RISK_COUNT_ORDERS]
        assert judged["pass"] > STEPS


@pytest.mark.rule("RTS 6 Art 10")
def test_a_full_order_ring_refuses_and_counts_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    with Rig(tmp_path) as rig:
        rig.publish(limits_of_two(message_rate_max=RATE_MAX, message_burst_max=RATE_MAX))
        rig.rest()
        rig.settle()
        (urn,) = rig.working(0)
        target = 1 << lib.ORDER_ID_EPOCH_SHIFT | urn
        stalled = rig.stages.pop("execution.0")
        capacity = rig.segment.ring("order.0", "order").capacity
        for _ in range(capacity + 5):
            rig.intent(kind=lib.INTENT_CANCEL, target_order_id=target)
            rig.step()
        assert rig.reasons() == ["backpressure"] * 5
        rig.stages["execution.0"] = stalled
        rig.settle()
        assert rig.working() == []
        rig.rest()
        rig.settle()
        assert len(rig.working(0)) == 1
        assert rig.reasons() == ["backpressure"] * 5


@pytest.mark.rule("RTS 6 Art 14")
@pytest.mark.parametrize("name", ["risk", "execution.0", "execution.1", "position", "route", "all"])
def test_whatever_process_dies_comes_back_knowing_orders_and_positions_from_the_venues_record(
    tmp_path: Path, name: str
) -> None:
    with Rig(tmp_path) as rig:
        for venue in range(VENUES):
            rig.take(100 + venue, venue=venue)
            rig.rest(10, venue=venue)
        rig.settle()
        before, working = rig.true_positions(), rig.working()
        assert before["AAPL"] == 201
        for dead in list(rig.stages) if name == "all" else [name]:
            rig.start(dead)
        rig.settle()
        assert (rig.positions(), rig.working()) == (before, working)
        books_agree(rig)
        rig.take(50)
        rig.settle()
        assert rig.positions() == rig.true_positions() == before | {"AAPL": 251}


@pytest.mark.rule("RTS 6 Art 14")
def test_until_the_venues_record_is_known_again_nothing_new_leaves(tmp_path: Path) -> None:
    with Rig(tmp_path) as rig:
        rig.rest()
        rig.settle()
        rig.start("risk")
        entered = len(rig.wire)
        rig.rest(200)
        assert rig.reasons() == ["not_reconciled"]
        assert len(rig.wire) == entered
