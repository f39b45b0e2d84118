"""Rings against a deque for each consumer."""

from collections import deque
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tickwire.native import Segment, ffi

CAPACITY = 8


class RingMachine(RuleBasedStateMachine):
    """Random writes and reads by one to eight consumers: each sees every record once, in order."""

    @initialize(consumers=st.integers(1, 8))
    def start(self, consumers: int) -> None:
        self.folder = TemporaryDirectory()
        self.segment = Segment.create(Path(self.folder.name) / "box", 1 << 16)
        self.ring = self.segment.add_ring("ring", CAPACITY, "order", consumers)
        self.waiting: list[deque[int]] = [deque() for _ in range(consumers)]
        self.written = 0
        self.observer = self.ring.observer()
        self.observed = 0

    @rule(count=st.integers(1, 12))
    def write(self, count: int) -> None:
        room = CAPACITY - max(len(queue) for queue in self.waiting)
        records = [ffi.new("struct order *", {"order_id": self.written + i})[0] for i in range(count)]
        assert self.ring.write(records) == min(room, count)
        for queue in self.waiting:
            queue.extend(range(self.written, self.written + min(room, count)))
        self.written += min(room, count)

    @rule(choice=st.integers(0, 7), count=st.integers(1, 12))
    def read(self, choice: int, count: int) -> None:
        consumer = choice % len(self.waiting)
        queue = self.waiting[consumer]
        expected = [queue.popleft() for _ in range(min(count, len(queue)))]
        assert [record.order_id for record in self.ring.read(consumer, count)] == expected
        assert self.ring.lag(consumer) == len(queue)

    @rule(count=st.integers(1, 12))
    def observe(self, count: int) -> None:
        seen = [record.order_id for record in self.observer.read(count)]
        assert seen == list(range(seen[0], seen[0] + len(seen))) if seen else True
        self.observed += len(seen)
        assert self.observed + self.observer.missed <= self.written
        if len(seen) < count:
            assert self.observed + self.observer.missed == self.written

    def teardown(self) -> None:
        if hasattr(self, "segment"):
            self.segment.close()
            self.folder.cleanup()


TestRing = RingMachine.TestCase


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=300))
def test_histogram_quantiles_are_within_a_bucket_of_the_exact_ones(values: list[int]) -> None:
    with TemporaryDirectory() as folder, Segment.create(Path(folder) / "box", 1 << 16) as segment:
        histogram = segment.add_histogram("latency")
        for value in values:
            histogram.record(value)
        summary = histogram.summary()
    ordered = sorted(values)
    assert summary["count"] == len(values)
    assert summary["max"] == ordered[-1]
    for name, quantile in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("p99_9", 0.999)):
        rank = max(1, -(-int(quantile * 1000) * len(values) // 1000))
        exact = ordered[rank - 1]
        assert exact <= summary[name] <= exact * (1 + 1 / 32) + 1
