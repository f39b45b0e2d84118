"""Random commands, markets, venue misbehaviour and disconnects against a plain reference, thousands of steps a seed.

``TICKWIRE_MODEL_SEEDS=1,2,3`` and ``TICKWIRE_MODEL_STEPS`` choose what is driven; a failure names its seed.
"""

import os
import random
from pathlib import Path
from typing import Any

import pytest
import venue_wire as wire
from pipeline_limits import new_limits
from pipeline_reference import Reference
from pipeline_rig import ACCOUNT, PRICE, SYMBOLS, TICK, VENUES, Pipeline, verdict

from tickwire.native import lib
from tickwire.native.venue import Fault

SEEDS = tuple(int(seed) for seed in os.environ.get("TICKWIRE_MODEL_SEEDS", "1,2").split(","))
STEPS = int(os.environ.get("TICKWIRE_MODEL_STEPS", "10000"))
SETTLE_EVERY = 250
GATE_TO_WIRE_STEPS = 4
POSITIONS = (600, 1_000, 2_000)


class Driver:
    """Does something random at every step, and looks at everything that came of it."""

    def __init__(self, box: Pipeline, seed: int) -> None:
        self.box = box
        self.random = random.Random(seed)
        self.reference = Reference()
        self.position_max = POSITIONS[-1]
        self.quantity_max = 1_000
        self.seen = {"orders": 0, "reports": 0, "refusals": 0}
        self.reasons: dict[str, int] = {}
        self.street: list[tuple[int, int]] = []
        self.killed = False
        self.publish()
        self.actions = (
            (self.want_order, 30),
            (self.want_cancel, 12),
            (self.want_replace, 10),
            (self.want_parent, 6),
            (self.move_street, 30),
            (self.wait, 6),
            (self.change_limits, 2),
            (self.stop_something, 1),
            (self.resume_everything, 6),
            (self.kill_everything, 0.3),
            (self.misbehave, 2),
            (self.disconnect, 1),
            (self.restart_a_stage, 1),
        )

    # ---- what may happen ----

    def act(self) -> None:
        """One random action, then one step, then every check that holds at any moment."""
        actions, weights = zip(*self.actions, strict=True)
        self.random.choices(actions, weights)[0]()
        self.box.step()
        self.check()

    def price(self) -> int:
        return PRICE + TICK * self.random.randint(-12, 12)

    def want_order(self) -> None:
        """Any order the vocabulary knows, sensible or not."""
        choose = self.random.choice
        fields: dict[str, Any] = {
            "venue": self.random.randrange(VENUES),
            "instrument": self.random.randrange(len(SYMBOLS)),
            "side": choose((lib.SIDE_BUY, lib.SIDE_SELL)),
            "quantity": choose((1, 50, 100, 100, 200, 500, 900, 5_000)),
            "price": self.price() + choose((0, 0, 0, 0, 0, 0, 0, 40 * TICK, 30_000 * TICK)),
            "time_in_force": choose((lib.TIF_DAY, lib.TIF_DAY, lib.TIF_IOC, lib.TIF_EXTENDED)),
            "ring": choose(("intent.signal", "intent.signal", "intent.operator")),
        }
        kind = self.random.randrange(16)
        if kind == 0:
            fields |= {"order_type": lib.ORDER_TYPE_MARKET, "price": 0, "time_in_force": lib.TIF_IOC}
        elif kind == 1:
            fields |= {"order_type": choose((lib.ORDER_TYPE_PEG_PRIMARY, lib.ORDER_TYPE_PEG_MIDPOINT))}
        elif kind == 2:
            fields |= {"flags": lib.ORDER_POST_ONLY}
        elif kind == 3:
            fields |= {"display": lib.DISPLAY_HIDDEN, "minimum_quantity": choose((0, 50))}
        elif kind == 4:
            fields |= {"display_quantity": 100, "quantity": 500}
        elif kind == 5:
            fields |= {"flags": lib.ORDER_REDUCE_ONLY}
        elif kind == 6:
            fields |= choose(
                ({"account": 2}, {"strategy": 9}, {"trader": 7}, {"venue": 3}, {"instrument": 200}, {"side": 2})
            )
        self.box.intent(**fields)

    def open_order(self) -> tuple[int, Any] | None:
        return self.random.choice(list(self.reference.orders.items())) if self.reference.orders else None

    def want_cancel(self) -> None:
        """Of an order that is open, or of one that never was."""
        if (found := self.open_order()) and self.random.random() < 0.95:
            order_id, order = found
            self.box.intent(
                kind=lib.INTENT_CANCEL, target_order_id=order_id, venue=order.venue, instrument=order.instrument
            )
        else:
            self.box.intent(kind=lib.INTENT_CANCEL, target_order_id=12345)

    def want_replace(self) -> None:
        """Another price and total for an order that is open, perhaps being filled meanwhile."""
        if found := self.open_order():
            order_id, order = found
            self.box.intent(
                kind=lib.INTENT_REPLACE,
                target_order_id=order_id,
                venue=order.venue,
                instrument=order.instrument,
                side=order.side,
                quantity=order.executed + self.random.choice((50, 100, 300)),
                price=self.price(),
            )

    def want_parent(self) -> None:
        """The router's part."""
        self.box.parent(
            instrument=self.random.randrange(len(SYMBOLS)),
            side=self.random.choice((lib.SIDE_BUY, lib.SIDE_SELL)),
            quantity=self.random.choice((100, 300, 700)),
            policy=self.random.choice((lib.PARENT_SWEEP, lib.PARENT_SWEEP, lib.PARENT_POST, lib.PARENT_TWAP)),
            duration_ns=50_000_000,
            interval_ns=10_000_000,
        )

    def move_street(self) -> None:
        """Orders of others come, trade and go, on both venues around one price."""
        for _ in range(self.random.randint(1, 4)):
            venue = self.random.randrange(VENUES)
            if len(self.street) > 80 or (self.street and self.random.random() < 0.3):
                where, ref = self.street.pop(self.random.randrange(len(self.street)))
                self.box.exchanges[where].venue.street(wire.deleted(ref))
                continue
            side = self.random.choice((wire.BUY, wire.SELL))
            away = TICK * self.random.choice((0, 0, 1, 2, 3, 5, 8))
            price = PRICE - away if side == wire.BUY else PRICE + TICK + away  # the street never crosses itself
            symbol = self.random.randrange(len(SYMBOLS))
            self.street.append((venue, self.box.street(venue, symbol, side, self.random.choice((50, 100, 300)), price)))

    def wait(self) -> None:
        """Nothing, for some time."""
        self.box.step(self.random.randint(1, 20))

    def publish(self) -> None:
        limits = new_limits(instrument={"position_max": self.position_max, "order_quantity_max": self.quantity_max})
        self.box.publish(limits)

    def change_limits(self) -> None:
        """Tighter or looser; what had passed the gate before that may still leave."""
        self.box.step(GATE_TO_WIRE_STEPS)
        self.check()
        self.position_max = self.random.choice(POSITIONS)
        self.quantity_max = self.random.choice((400, 1_000))
        self.publish()

    def stop_something(self) -> None:
        """A kill, pause, break or breaker of any scope."""
        bit = self.random.choice((lib.STOP_KILL, lib.STOP_PAUSE, lib.STOP_BREAK, lib.STOP_BREAKER, lib.STOP_PROBE))
        scope, index = self.random.choice(
            (
                ("firm", 0),
                ("venue", 0),
                ("venue", 1),
                ("account", 1),
                ("strategy", 1),
                ("instrument", 0),
                ("instrument", 1),
            )
        )
        self.box.control.stop_set(scope, index, bit)

    def kill_everything(self) -> None:
        """The kill switch: nothing new arrives anywhere from now on, and nothing stays open."""
        self.box.control.kill = self.box.now_ns
        self.box.step(2)
        self.check()
        self.want_order()
        self.want_parent()
        self.box.settle()
        arrived = [arrival for truth in self.box.truths for arrival in truth.arrived]
        assert not arrived, f"after the kill: {arrived}"
        assert not any(truth.orders for truth in self.box.truths)

    def resume_everything(self) -> None:
        """A person re-arms."""
        self.box.control.kill = 0
        for scope, index, bits in list(self.box.control.stops()):
            self.box.control.stop_clear(scope, index, bits)

    def misbehave(self) -> None:
        """A venue does what it should not."""
        venue = self.box.exchanges[self.random.randrange(VENUES)].venue
        kind = self.random.choice((Fault.REJECT, Fault.ACCEPT_TWICE))
        venue.fault(kind, ACCOUNT, 1, count=self.random.randint(1, 3), amount=3)

    def disconnect(self) -> None:
        """The exchange hangs up."""
        orders = self.box.exchanges[self.random.randrange(VENUES)].orders
        for connection in list(orders._connections):
            orders._drop(connection)

    def restart_a_stage(self) -> None:
        """One process dies and comes back knowing nothing."""
        self.box.start(self.random.choice(tuple(self.box.stages)))

    # ---- what must hold ----

    def check(self) -> None:
        """At any moment."""
        box, seen = self.box, self.seen
        for order in box.orders[seen["orders"] :]:
            assert order.order_id not in self.reference.sent, f"order {order.order_id:#x} left twice"
            self.reference.sent[order.order_id] = order
        for report in box.reports[seen["reports"] :]:
            sends = report.kind == lib.REPORT_SENT and report.order_id != report.target_order_id
            before = self.reference.worst(report.instrument, report.side) if sends else 0
            self.reference.apply(report)
            if sends:
                self.check_sent(report, before)
        for refusal in box.refusals[seen["refusals"] :]:
            assert refusal.verdict != lib.RISK_PASS
            self.reasons[verdict(refusal)] = self.reasons.get(verdict(refusal), 0) + 1
        self.seen = {"orders": len(box.orders), "reports": len(box.reports), "refusals": len(box.refusals)}
        self.check_arrivals()

    def check_sent(self, report: Any, before: int) -> None:
        """Nothing that raises what could be held leaves past the limit in force."""
        order = self.reference.sent[report.order_id]
        assert 0 < order.quantity <= self.quantity_max
        worst = self.reference.worst(report.instrument, report.side)
        what = f"{SYMBOLS[report.instrument]}: {worst} of {self.position_max} after {before} with {report.order_id:#x}"
        if not self.reference.replaying:  # half a picture, which the gate's judgement came before
            assert worst <= self.position_max or worst <= before, what

    def check_arrivals(self) -> None:
        """Nothing reaches a venue that the gate did not let through, as it let it through."""
        for venue, truth in enumerate(self.box.truths):
            for arrival in truth.arrived:
                order = self.reference.sent[
                    venue << lib.ORDER_ID_VENUE_SHIFT | 1 << lib.ORDER_ID_EPOCH_SHIFT | arrival["urn"]
                ]
                assert order.quantity == arrival["shares"]
                assert order.order_type == lib.ORDER_TYPE_MARKET or order.price == arrival["price"]
            truth.arrived.clear()

    def check_rest(self) -> None:
        """Once everything has been said: the box's books are the exchanges' books."""
        self.box.settle()
        self.check()
        box = self.box
        assert box.positions() == box.true_positions()
        assert {symbol: self.reference.position(index) for index, symbol in enumerate(SYMBOLS)} == box.true_positions()
        for venue, truth in enumerate(box.truths):
            ours = {
                order_id & 0xFFFFFFFF: order.leaves
                for order_id, order in self.reference.orders.items()
                if order.venue == venue
            }
            assert ours == {urn: order.leaves for urn, order in truth.orders.items()}
        assert box.exposure(lib.RISK_SCOPE_FIRM).open_orders == len(self.reference.orders)
        for index in range(len(SYMBOLS)):
            assert box.exposure(lib.RISK_SCOPE_INSTRUMENT + index).position == self.reference.position(index)
        counters = box.segment.counters("risk-manager").values
        assert counters[lib.RISK_COUNT_INTENTS] == counters[: lib.RISK_VERDICT_COUNT].sum()


@pytest.mark.rule("RTS 6 Art 15(2)")
@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_no_limit_is_passed_and_the_books_are_the_exchanges(tmp_path: Path, seed: int) -> None:
    with Pipeline(tmp_path) as box:
        driver = Driver(box, seed)
        driver.check_rest()
        for step in range(STEPS):
            driver.act()
            if step % SETTLE_EVERY == SETTLE_EVERY - 1:
                driver.resume_everything()
                driver.check_rest()
        print(f"seed {seed}: {len(box.orders)} orders, {len(box.refusals)} refusals {driver.reasons}")
        assert len(box.orders) > STEPS / 20
