"""The gate against a venue with a mind and a pace of its own: what could ever be traded stays inside the limit."""

from collections import deque
from dataclasses import dataclass
from typing import Any

from gate_desk import AAPL, BID, Desk, intent, moment
from hypothesis import given, settings
from hypothesis import strategies as st

from tickwire.native import lib
from tickwire.native.trading import RiskGate, record

POSITION_MAX = 300
INSTRUMENT = AAPL
SIGNS = {lib.SIDE_BUY: 1, lib.SIDE_SELL: -1}


@dataclass
class Resting:
    """An order at the venue; executed counts its whole chain of replaces, as OUCH does."""

    side: int
    leaves: int
    executed: int = 0


class Venue:
    """Takes orders in the order they were sent, whenever it likes, and reports what it did in that order."""

    def __init__(self) -> None:
        self.inbound: deque[Any] = deque()
        self.outbound: deque[dict[str, int]] = deque()
        self.resting: dict[int, Resting] = {}
        self.position = 0
        self.sequence = 0

    def say(self, kind: str, order_id: int, **fields: int) -> None:
        self.sequence += 1
        order = self.resting.get(order_id)
        usual = {"side": order.side, "leaves": order.leaves} if order else {}
        self.outbound.append(
            {"kind": getattr(lib, f"REPORT_{kind}"), "order_id": order_id, "sequence": self.sequence} | usual | fields
        )

    def take(self, choice: int) -> None:
        """Act on the oldest message; choice decides what a venue may decide."""
        if not self.inbound:
            return
        order = self.inbound.popleft()
        target = self.resting.get(order.target_order_id)
        if order.kind == lib.INTENT_CANCEL:
            if target:
                self.cancel(order.target_order_id, target.leaves)
        elif order.kind == lib.INTENT_REPLACE:
            if target:
                self.replace(order, target, choice)
        elif choice % 5 == 0:
            self.say("REJECTED", order.order_id, side=order.side)
        else:
            self.resting[order.order_id] = Resting(order.side, order.quantity)
            self.say("ACCEPTED", order.order_id, quantity=order.quantity)

    def replace(self, order: Any, target: Resting, choice: int) -> None:
        if choice % 5 == 0:
            self.say("REJECTED", order.order_id, target_order_id=order.target_order_id)
        elif order.quantity <= target.executed or choice % 5 == 1:
            self.cancel(order.target_order_id, target.leaves)
        else:
            del self.resting[order.target_order_id]
            self.resting[order.order_id] = Resting(target.side, order.quantity - target.executed, target.executed)
            self.say("REPLACED", order.order_id, target_order_id=order.target_order_id, quantity=order.quantity)

    def cancel(self, order_id: int, quantity: int) -> None:
        order = self.resting[order_id]
        order.leaves -= quantity
        self.say("CANCELED", order_id, quantity=quantity)
        if not order.leaves:
            del self.resting[order_id]

    def fill(self, choice: int, quantity: int) -> None:
        if not self.resting:
            return
        order_id = sorted(self.resting)[choice % len(self.resting)]
        order = self.resting[order_id]
        quantity = min(quantity, order.leaves)
        order.leaves -= quantity
        order.executed += quantity
        self.position += SIGNS[order.side] * quantity
        self.say("EXECUTED", order_id, quantity=quantity, match_number=self.sequence + 1)
        if not order.leaves:
            del self.resting[order_id]

    def worst(self, side: int) -> int:
        """Position in the direction of side if all that rests or is on its way there were executed in full."""
        open_shares = {order_id: order.leaves for order_id, order in self.resting.items() if order.side == side}
        for order in self.inbound:
            if order.kind == lib.INTENT_NEW and order.side == side:
                open_shares[order.order_id] = order.quantity
            elif order.kind == lib.INTENT_REPLACE and order.target_order_id in open_shares:
                chain = self.resting.get(order.target_order_id)
                remaining = order.quantity - (chain.executed if chain else 0)
                open_shares[order.target_order_id] = max(open_shares[order.target_order_id], remaining)
        return SIGNS[side] * self.position + sum(open_shares.values())


def live_gate() -> RiskGate:
    """A gate that lets everything pass but too large a position."""
    desk = Desk(instrument={"position_max": POSITION_MAX, "order_quantity_max": 1000}, message_window_ns=1)
    return desk.gate


class World:
    """The gate, the venue, and the two wires between them."""

    def __init__(self) -> None:
        self.gate = live_gate()
        self.venue = Venue()
        self.sent: list[Any] = []
        self.last_report: dict[str, int] = {}

    def ask(self, kind: int, choice: int, quantity: int) -> None:
        target = self.sent[choice % len(self.sent)] if self.sent else None
        if kind != lib.INTENT_NEW and target is None:
            return
        wanted = intent(
            kind=kind,
            price=BID,
            quantity=quantity,
            side=choice % 2 if kind == lib.INTENT_NEW or target is None else target.side,
            target_order_id=target.order_id if target is not None else 0,
        )
        verdict, order = self.gate.reserve(wanted, moment())
        if verdict != "pass":
            return
        self.venue.inbound.append(order)
        if kind != lib.INTENT_CANCEL:
            self.sent.append(order)

    def deliver(self, again: bool = False) -> None:
        if not again:
            if not self.venue.outbound:
                return
            self.last_report = self.venue.outbound.popleft()
        if self.last_report:
            self.gate.report(record("execution_report", instrument=INSTRUMENT, **self.last_report))

    def step(self, action: str, choice: int, quantity: int) -> None:
        match action:
            case "new":
                self.ask(lib.INTENT_NEW, choice, quantity)
            case "replace":
                self.ask(lib.INTENT_REPLACE, choice, quantity)
            case "cancel":
                self.ask(lib.INTENT_CANCEL, choice, 0)
            case "take":
                self.venue.take(choice)
            case "fill":
                self.venue.fill(choice, quantity)
            case "deliver":
                self.deliver()
            case "repeat":
                self.deliver(again=True)

    def settle(self) -> None:
        while self.venue.inbound:
            self.venue.take(2)
        for order_id, order in list(self.venue.resting.items()):
            self.venue.cancel(order_id, order.leaves)
        while self.venue.outbound:
            self.deliver()


ACTIONS = st.tuples(
    st.sampled_from(["new", "new", "replace", "cancel", "take", "take", "fill", "deliver", "deliver", "repeat"]),
    st.integers(0, 20),
    st.integers(1, 200),
)


@settings(max_examples=400)
@given(st.lists(ACTIONS, max_size=60))
def test_what_could_be_traded_never_passes_the_limit_and_nothing_stays_reserved(
    actions: list[tuple[str, int, int]],
) -> None:
    world = World()
    for action in actions:
        world.step(*action)
        assert max(world.venue.worst(side) for side in SIGNS) <= POSITION_MAX
        exposure = world.gate.exposure(INSTRUMENT)
        assert exposure.position + exposure.open_buy <= POSITION_MAX
        assert exposure.open_sell - exposure.position <= POSITION_MAX
    world.settle()
    exposure = world.gate.exposure(INSTRUMENT)
    assert (exposure.open_buy, exposure.open_sell, exposure.open_orders, world.gate.open_orders) == (0, 0, 0, 0)
    assert exposure.position == world.venue.position


REPORTS = st.fixed_dictionaries(
    {
        "kind": st.integers(0, 16),
        "order_id": st.integers(0, 6),
        "target_order_id": st.integers(0, 6),
        "quantity": st.integers(0, 2**32 - 1),
        "leaves": st.sampled_from([0, 1, 50, 2**32 - 1]),
        "sequence": st.integers(0, 8),
        "match_number": st.integers(0, 3),
        "instrument": st.sampled_from([INSTRUMENT, 255, 256, 65535]),
        "side": st.integers(0, 255),
        "flags": st.integers(0, 3),
        "next_user_ref": st.integers(1, 3),
    }
)


@given(st.lists(st.one_of(REPORTS, ACTIONS), max_size=60))
def test_no_report_however_absurd_leaves_negative_exposure(mixture: list[Any]) -> None:
    world = World()
    for item in mixture:
        if isinstance(item, dict):
            world.gate.report(record("execution_report", **item))
        else:
            world.step(*item)
        exposure = world.gate.exposure(INSTRUMENT)
        assert min(exposure.open_buy, exposure.open_sell, exposure.open_orders) >= 0
        assert world.gate.open_orders >= exposure.open_orders
        if exposure.open_orders == 0:
            assert (exposure.open_buy, exposure.open_sell) == (0, 0)
    world.gate.report(record("execution_report", kind=lib.REPORT_RESET))
    assert world.gate.exposure(INSTRUMENT).open_orders == 0


@given(st.integers(0, 128), st.randoms(use_true_random=False))
def test_an_order_is_found_whatever_its_identifier(count: int, random: Any) -> None:
    identifiers = random.sample(range(1, 2**63), count)
    gate = live_gate()
    about = {"instrument": INSTRUMENT, "flags": lib.REPORT_UNKNOWN_ORDER}
    for identifier in identifiers:
        gate.report(record("execution_report", kind=lib.REPORT_ACCEPTED, order_id=identifier, leaves=1, **about))
    assert gate.open_orders == len(identifiers)
    random.shuffle(identifiers)
    for done, identifier in enumerate(identifiers, 1):
        gone = record("execution_report", kind=lib.REPORT_CANCELED, order_id=identifier, quantity=1, **about)
        assert gate.report(gone) == 1
        assert gate.open_orders == len(identifiers) - done
