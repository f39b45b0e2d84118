"""Breakers under random measurements, people, restarts and time: every way through their states is a permitted one."""

import shutil
import tempfile
from collections import deque
from pathlib import Path
from types import SimpleNamespace

from desk import Time
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tickwire.services.breaker import BreakerSettings, State
from tickwire.services.breaker_metrics import BUCKETS, Probes, SlidingCount
from tickwire.services.breaker_store import BreakerStore
from tickwire.services.breakers import Breakers
from tickwire.services.limit_paths import RefusedError

SECOND = 1_000_000_000
THRESHOLD, PROBES, COOL_DOWN_S = 10, 3, 5


class BreakerWays(RuleBasedStateMachine):
    """One breaker on a loss; the model knows what alone may change its state."""

    @initialize(cool_down_s=st.sampled_from([0, COOL_DOWN_S]))
    def begin(self, cool_down_s: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tickwire-breakers-", dir="/dev/shm"))
        self.time, self.loss, self.orders = Time(), 0, Probes()
        self.settings = BreakerSettings(
            "firm", "", "loss", THRESHOLD, "cancel-all", cool_down_s=cool_down_s, probe_orders_max=PROBES
        )
        self.state, self.is_held, self.opened_ns, self.accepted, self.bad = State.CLOSED, False, 0, 0, 0
        self.before = self.orders
        self.start()

    def start(self) -> None:
        metrics = SimpleNamespace(loss=lambda *_: self.loss, probes=lambda *_: self.orders)
        self.breakers = Breakers([self.settings], metrics, BreakerStore(self.folder), self.time, self.time)  # type: ignore[arg-type]

    def look(self) -> None:
        """Observe, and follow what it may have done."""
        actions = self.breakers.observe()
        was, self.state = self.state, self.breakers.handles()[0].view.state
        past = self.loss is not None and self.loss - self.accepted >= THRESHOLD
        if self.loss is not None:
            self.accepted = max(0, min(self.accepted, self.loss))
            past = self.loss - self.accepted >= THRESHOLD
        if was is State.CLOSED:
            assert self.state is (State.OPEN if past else State.CLOSED)
        if was is State.OPEN and self.state is not State.OPEN:
            assert self.state is State.HALF_OPEN and not self.is_held and not past and self.loss is not None
            assert self.settings.cool_down_s
            assert self.time() - self.opened_ns >= COOL_DOWN_S * SECOND * 2 ** min(self.bad, 5)
            self.before = self.orders
        if was is State.HALF_OPEN:
            good, bad = self.orders.good - self.before.good, self.orders.bad - self.before.bad
            wanted = State.OPEN if past or bad else State.CLOSED if good >= PROBES else State.HALF_OPEN
            assert self.state is wanted
            self.bad = self.bad + 1 if wanted is State.OPEN else 0 if wanted is State.CLOSED else self.bad
        if was is not State.OPEN and self.state is State.OPEN:
            self.opened_ns = self.time()
            assert [action.kind for action in actions] == ["cancel-all"]
        assert bool(self.breakers.stops()) == (self.state is not State.CLOSED)

    @rule(loss=st.sampled_from([-5, 0, 9, 10, 12, 20, 30, None]), seconds=st.integers(0, 200))
    def measure(self, loss: int | None, seconds: int) -> None:
        self.time.pass_s(seconds)
        self.loss = loss  # type: ignore[assignment]
        self.look()

    @rule(good=st.integers(0, 3), bad=st.sampled_from([0, 0, 1]))
    def probe(self, good: int, bad: int) -> None:
        """A loss, and long after it is gone: what an open breaker makes of its probe orders."""
        self.measure(THRESHOLD + self.accepted, 0)
        self.measure(0, 400)
        self.trade(good, bad)

    @rule(good=st.integers(0, 3), bad=st.sampled_from([0, 0, 0, 1]))
    def trade(self, good: int, bad: int) -> None:
        if self.state is not State.OPEN:
            self.orders = Probes(
                self.orders.sent + good + bad,
                self.orders.good + good,
                self.orders.bad + bad,
            )
        self.look()

    @rule(seldom=st.sampled_from([False] * 5 + [True]))
    def trip(self, seldom: bool) -> None:
        if not seldom:
            return
        try:
            self.breakers.trip(self.settings.key, "tim", "because")
        except RefusedError:
            assert self.state is State.OPEN and self.is_held
            return
        self.state, self.is_held, self.opened_ns = State.OPEN, True, self.time()

    @rule(accept=st.booleans())
    def reset(self, accept: bool) -> None:
        past = self.loss is not None and self.loss - self.accepted >= THRESHOLD
        try:
            self.breakers.reset(self.settings.key, "ann", "because", accept)
        except RefusedError:
            assert self.state is State.CLOSED or self.loss is None or (past and not accept)
            return
        assert self.state is not State.CLOSED
        self.accepted = self.loss if past else self.accepted
        self.state, self.is_held, self.bad = State.CLOSED, False, 0
        self.look()

    @rule(lost=st.sampled_from([False] * 15 + [True]))
    def restart(self, lost: bool) -> None:
        path = self.folder / "breakers.json"
        if lost:
            path.write_bytes(path.read_bytes()[:-20])
            self.state, self.is_held, self.accepted, self.bad = State.OPEN, True, 0, 0
        if self.state is not State.CLOSED:
            self.state, self.opened_ns = State.OPEN, self.time()
        self.start()
        assert self.breakers.handles()[0].view.state is self.state
        self.look()

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)


TestBreakerWays = BreakerWays.TestCase
TestBreakerWays.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 5)), max_size=60), st.integers(64, 1000))
def test_a_sliding_count_holds_all_of_its_window_and_little_more(steps: list[tuple[int, int]], window: int) -> None:
    sliding, now, count, grown = SlidingCount(window), 0, 0, deque[tuple[int, int]]()
    sliding.observe(0, 0)
    for passed, more in steps:
        now, count = now + passed, count + more
        grown.append((now, more))
        seen = sliding.observe(now, count)
        bucket = window // BUCKETS
        assert seen >= sum(more for at, more in grown if at > now - window)
        assert seen <= sum(more for at, more in grown if at > now - window - bucket)
