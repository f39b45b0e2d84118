"""The order table against a venue's own truth: random trading, races, refusals, disconnects and replays."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tickwire.native import lib
from tickwire.native.execution import ExecutionSettings, OrderTable

SETTINGS = ExecutionSettings("127.0.0.1", 1, "user", "secret", ["AAPL"], order_count_max=4096)
OPEN = (lib.ORDER_SENT, lib.ORDER_LIVE)


@dataclass
class Truth:
    """An order as the venue sees it."""

    state: int
    leaves: int
    executed: int = 0


@dataclass
class Venue:
    """What OUCH says a venue does with what it receives; every answer is a record entry."""

    ouch: Any
    orders: dict[int, Truth] = field(default_factory=dict)
    record: list[bytes] = field(default_factory=list)
    matches: int = 0

    def live(self) -> list[int]:
        return [user_ref for user_ref, truth in self.orders.items() if truth.state == lib.ORDER_LIVE]

    def say(self, name: str, **fields: Any) -> None:
        self.record.append(self.ouch(name, **fields))

    def enter(self, user_ref: int, quantity: int, mood: str) -> None:
        if mood == "reject":
            self.orders[user_ref] = Truth(lib.ORDER_REJECTED, 0)
            self.say("rejected", user_ref=user_ref, reason=19)
        elif mood == "dead":
            self.orders[user_ref] = Truth(lib.ORDER_CANCELED, 0)
            self.say("accepted", user_ref=user_ref, quantity=quantity, order_state=b"D")
        else:
            self.orders[user_ref] = Truth(lib.ORDER_LIVE, quantity)
            self.say("accepted", user_ref=user_ref, quantity=quantity)

    def replace(self, target: int, user_ref: int, quantity: int, mood: str) -> None:
        original = self.orders.get(target)
        if original is None or original.state != lib.ORDER_LIVE:
            return  # silently ignored
        left = quantity - original.executed  # a replace asks for a total, executions included
        if mood == "reject":
            self.orders[user_ref] = Truth(lib.ORDER_REJECTED, 0)
            self.say("rejected", user_ref=user_ref, reason=21)
        elif mood == "dead" or left <= 0:  # unacceptable: the original goes, the number is not used
            self.cancel(target, original.leaves)
        else:
            original.state, original.leaves = lib.ORDER_REPLACED, 0
            self.orders[user_ref] = Truth(lib.ORDER_LIVE, left)
            self.say("replaced", original_user_ref=target, user_ref=user_ref, quantity=left)

    def cancel(self, user_ref: int, quantity: int) -> None:
        truth = self.orders[user_ref]
        truth.leaves -= quantity
        if truth.leaves == 0:
            truth.state = lib.ORDER_CANCELED
        self.say("canceled", user_ref=user_ref, quantity=quantity)

    def execute(self, user_ref: int, quantity: int) -> None:
        truth = self.orders[user_ref]
        truth.leaves -= quantity
        truth.executed += quantity
        if truth.leaves == 0:
            truth.state = lib.ORDER_FILLED
        self.matches += 1
        self.say("executed", user_ref=user_ref, quantity=quantity, match_number=self.matches)


def machine(ouch: Any, order: Any, owner: Any) -> type[RuleBasedStateMachine]:
    """The state machine, given the builders."""

    class TableMachine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.table = OrderTable(SETTINGS)
            self.venue = Venue(ouch)
            self.towards: deque[tuple[str, int, int, int]] = deque()
            self.delivered = 0  # record entries the table has been given
            self.next_ref = 1
            self.reported = 0  # shares reported executed since the last reset
            self.unsettled: set[int] = set()  # sent, and not heard of since
            self.lives = 1
            self.ids: dict[int, int] = {}  # as last reported: one that was adopted is of another epoch

        @rule(quantity=st.integers(1, 100))
        def send_new(self, quantity: int) -> None:
            self.table.enter(order(self.next_ref, quantity))
            self.towards.append(("enter", self.next_ref, quantity, 0))
            self.unsettled.add(self.next_ref)
            self.next_ref += 1

        @rule(pick=st.integers(0, 99), quantity=st.integers(1, 150))
        def send_replace(self, pick: int, quantity: int) -> None:
            open_refs = [ref for ref in range(1, self.next_ref) if self.table.state(ref)[0] in OPEN]
            if not open_refs:
                return
            target = open_refs[pick % len(open_refs)]
            replace = order(self.next_ref, quantity, target)
            replace.target_order_id = self.ids.get(target, replace.target_order_id)
            self.table.enter(replace)
            self.towards.append(("replace", self.next_ref, quantity, target))
            self.unsettled.add(self.next_ref)
            self.next_ref += 1

        @precondition(lambda self: self.towards)
        @rule(mood=st.sampled_from(["accept", "accept", "accept", "reject", "dead"]))
        def venue_hears(self, mood: str) -> None:
            kind, user_ref, quantity, target = self.towards.popleft()
            if kind == "enter":
                self.venue.enter(user_ref, quantity, mood)
            else:
                self.venue.replace(target, user_ref, quantity, mood)

        @precondition(lambda self: self.venue.live())
        @rule(pick=st.integers(0, 99), share=st.integers(1, 150), what=st.sampled_from(["execute", "cancel", "notice"]))
        def venue_trades(self, pick: int, share: int, what: str) -> None:
            live = self.venue.live()
            user_ref = live[pick % len(live)]
            quantity = min(share, self.venue.orders[user_ref].leaves)
            if what == "execute":
                self.venue.execute(user_ref, quantity)
            elif what == "cancel":
                self.venue.cancel(user_ref, quantity)
            else:
                self.venue.say("cancel_rejected" if share % 2 else "cancel_pending", user_ref=user_ref)

        @precondition(lambda self: self.delivered < len(self.venue.record))
        @rule(count=st.integers(1, 10))
        def deliver(self, count: int) -> None:
            for _ in range(min(count, len(self.venue.record) - self.delivered)):
                self.delivered += 1
                report = self.table.apply(self.venue.record[self.delivered - 1], self.delivered)
                if report is not None:
                    self.same_owner(report)
                    self.ids[report.order_id & 0xFFFFFFFF] = report.order_id
                    self.unsettled.discard(report.order_id & 0xFFFFFFFF)
                    self.reported += report.quantity if report.kind == lib.REPORT_EXECUTED else 0
                self.take_settled()

        def same_owner(self, report: Any) -> None:
            truth = owner(report.order_id & 0xFFFFFFFF)
            assert (report.tick, report.strategy, report.account, report.trader) == (
                truth.tick,
                truth.strategy,
                truth.account,
                truth.trader,
            )

        @rule()
        def another_life(self) -> None:
            """The process died: all it knows from now on is the venue's record."""
            self.towards.clear()
            self.unsettled.clear()
            self.table = OrderTable(SETTINGS)
            self.delivered = self.reported = 0
            self.lives += 1
            while self.delivered < len(self.venue.record):
                self.deliver(10)
            self.same_as_the_venue()

        def take_settled(self) -> None:
            for report in self.table.settle():
                user_ref = report.order_id & 0xFFFFFFFF
                assert user_ref in self.unsettled, "settled twice, or after the venue spoke of it"
                assert user_ref not in self.venue.orders, "the venue knows it"
                self.unsettled.discard(user_ref)

        @rule(from_the_start=st.booleans())
        def break_and_recover(self, from_the_start: bool) -> None:
            self.towards.clear()  # lost with the connection
            if from_the_start:
                self.table.reset()
                self.delivered = self.reported = 0
            while self.delivered < len(self.venue.record):
                self.deliver(10)
            self.table.settle_lost()
            self.take_settled()
            assert not self.unsettled, "neither in the record nor settled"
            self.same_as_the_venue()

        @invariant()
        def same_as_the_venue(self) -> None:
            assert self.table.counts.illegal == 0
            assert self.lives > 1 or self.table.counts.unknown == 0
            if self.delivered < len(self.venue.record) or self.towards:
                return
            for user_ref in range(1, self.next_ref):
                truth = self.venue.orders.get(user_ref)
                state, leaves = self.table.state(user_ref)
                if truth is not None:
                    assert (state, leaves) == (truth.state, truth.leaves)
                else:
                    assert state in (lib.ORDER_NONE, lib.ORDER_SENT)
            assert self.reported == sum(truth.executed for truth in self.venue.orders.values())

    return TableMachine


def test_the_table_always_comes_to_the_venue_s_truth(ouch: Any, order: Any, owner: Any) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        machine(ouch, order, owner), settings=settings(max_examples=150, stateful_step_count=60, deadline=None)
    )
