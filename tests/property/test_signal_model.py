"""The rule in random markets, with a gate and venue that answer late and as they like."""

from collections import deque
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tickwire.native import lib
from tickwire.native.trading import SignalRule, record

INSTRUMENT = 7
POSITION_MAX = 250
SIGNS = {lib.SIDE_BUY: 1, lib.SIDE_SELL: -1}


class Counterparty:
    """Gate and venue in one: answers wait in ``reports`` until they are delivered."""

    def __init__(self, mode: int) -> None:
        self.rule = SignalRule()
        parameters = record("signal_parameters", enabled=1)
        parameters.instruments[INSTRUMENT] = {
            "enabled": 1,
            "mode": mode,
            "order_quantity": 100,
            "position_max": POSITION_MAX,
            "imbalance_enter": 300_000,
            "imbalance_exit": 50_000,
            "spread_max": 500,
            "inventory_skew": 100_000,
        }
        self.rule.parameters(parameters)
        self.reports: deque[dict[str, Any]] = deque()
        self.resting: dict[int, dict[str, int]] = {}
        self.position = 0
        self.reference = 0
        self.tick = 0
        self.stale = True
        self.say("RESET")
        self.say("LIVE", next_user_ref=1)
        self.deliver(2)

    def say(self, kind: str, order_id: int = 0, **fields: Any) -> None:
        order = self.resting.get(order_id, {})
        self.reports.append(
            {"kind": getattr(lib, f"REPORT_{kind}"), "order_id": order_id, "instrument": INSTRUMENT} | order | fields
        )

    def deliver(self, count: int) -> None:
        while count and self.reports:
            self.rule.report(record("execution_report", **self.reports.popleft()))
            count -= 1

    def update(self, stale: bool, bid: int, spread: int, bids: int, asks: int) -> None:
        self.tick += 1
        self.stale = stale
        self.rule.update(
            record(
                "market_update",
                tick=self.tick,
                rx_ns=self.tick,
                instrument=INSTRUMENT,
                trading_state=lib.TRADING_OPEN,
                flags=lib.MARKET_STALE if stale else 0,
                bid_price=[1_000_000 + 100 * bid],
                ask_price=[1_000_000 + 100 * (bid + spread)],
                bid_quantity=[bids],
                ask_quantity=[asks],
            )
        )

    def act(self, choice: int) -> None:
        """Let the rule decide; check what it wants; answer it."""
        for intent in self.rule.decide():
            if intent.kind != lib.INTENT_CANCEL:
                assert not self.stale
                self.check_position(intent)
            self.answer(intent, choice)
            assert len(self.resting) <= 1

    def check_position(self, intent: Any) -> None:
        sign = SIGNS[intent.side]
        working = [order["leaves"] for order in self.resting.values() if order["side"] == intent.side]
        assert intent.quantity <= 100
        if intent.kind == lib.INTENT_NEW:  # a move may well follow SENT before the venue has said anything
            assert all(report["kind"] != lib.REPORT_ACCEPTED for report in self.reports)
            assert not working
        assert sign * self.rule.position(INSTRUMENT) + intent.quantity <= POSITION_MAX

    def answer(self, intent: Any, choice: int) -> None:
        target = intent.target_order_id
        if choice == 0:
            fields = {"kind": intent.kind, "tick": intent.tick, "target_order_id": target, "instrument": INSTRUMENT}
            self.rule.refusal(record("risk_refusal", **fields))
        elif intent.kind == lib.INTENT_CANCEL:
            self.cancel(target)
        elif intent.kind == lib.INTENT_NEW:
            self.reference += 1
            self.resting[self.reference] = self.order(intent)
            self.say("SENT", self.reference, price=intent.price)
            if choice == 1:
                del self.resting[self.reference]
                self.say("REJECTED", self.reference, leaves=0, side=intent.side)
                return
            self.say("ACCEPTED", self.reference, price=intent.price)
            if intent.time_in_force == lib.TIF_IOC:
                self.fill(choice * 20)
                self.cancel(self.reference)
        elif target in self.resting:
            self.reference += 1
            del self.resting[target]
            self.resting[self.reference] = self.order(intent)
            self.say("REPLACED", self.reference, target_order_id=target, price=intent.price)

    @staticmethod
    def order(intent: Any) -> dict[str, int]:
        return {"side": intent.side, "leaves": intent.quantity, "time_in_force": intent.time_in_force}

    def fill(self, quantity: int) -> None:
        for order_id, order in list(self.resting.items()):
            taken = min(quantity, order["leaves"])
            order["leaves"] -= taken
            self.position += SIGNS[order["side"]] * taken
            self.say("EXECUTED", order_id, quantity=taken, match_number=self.tick)
            if not order["leaves"]:
                del self.resting[order_id]

    def cancel(self, order_id: int) -> None:
        order = self.resting.pop(order_id, None)
        if order:
            self.say("CANCELED", order_id, quantity=order["leaves"], leaves=0, side=order["side"])


UPDATES = st.tuples(
    st.sampled_from([False, False, False, True]),
    st.integers(-2, 2),
    st.integers(-1, 6),
    st.integers(0, 9),
    st.integers(0, 9),
)
STEPS = st.one_of(
    st.tuples(st.just("update"), UPDATES),
    st.tuples(st.just("act"), st.integers(0, 5)),
    st.tuples(st.just("fill"), st.integers(1, 60)),
    st.tuples(st.just("deliver"), st.integers(1, 4)),
)


@given(st.sampled_from([lib.SIGNAL_TAKE, lib.SIGNAL_QUOTE]), st.lists(STEPS, max_size=80))
def test_one_order_at_a_time_never_past_the_position_bound_and_never_blind(
    mode: int, steps: list[tuple[str, Any]]
) -> None:
    world = Counterparty(mode)
    for action, argument in steps:
        match action:
            case "update":
                world.update(*argument)
            case "act":
                world.act(argument)
            case "fill":
                world.fill(argument)
            case "deliver":
                world.deliver(argument)
        assert abs(world.position) <= POSITION_MAX
    world.deliver(-1)
    assert world.rule.position(INSTRUMENT) == world.position


@given(st.sampled_from([lib.SIGNAL_TAKE, lib.SIGNAL_QUOTE]), st.lists(UPDATES, max_size=40))
def test_the_same_updates_give_the_same_intents(mode: int, updates: list[tuple[Any, ...]]) -> None:
    first, second = Counterparty(mode), Counterparty(mode)
    for update in updates:
        seen = []
        for world in (first, second):
            world.update(*update)
            seen.append([(i.kind, i.side, i.price, i.quantity, i.score) for i in world.rule.decide()])
        assert seen[0] == seen[1]
