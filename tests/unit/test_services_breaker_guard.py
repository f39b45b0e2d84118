"""Breakers measured by the box and carried out: stop words first, then what is owed, then probes."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from config_text import CORES, EXAMPLE
from throttling import no_throttles

from tickwire.config import Config, parse
from tickwire.native import Control, Segment, lib
from tickwire.native.trading import record
from tickwire.services.blotter_records import Fill
from tickwire.services.breaker_guard import BreakerGuard
from tickwire.services.breaker_metrics import Probes
from tickwire.services.breakers import Action
from tickwire.services.fees import FeeSchedule
from tickwire.services.latency_window import LatencyWindow
from tickwire.services.ledger import Ledger
from tickwire.services.order_desk import ANY_VENUE, OrderDesk
from tickwire.supervisor.layout import create_segment
from tickwire.supervisor.stewards import Stewards

SECOND = 1_000_000_000
BREAKERS = """
[[breakers]]
scope = "strategy"
name = "imbalance"
trigger = "reject-rate"
threshold = 2
window_s = 1
cool_down_s = 1
probe_orders_max = 1
action = "cancel-all"
"""


@dataclass
class Measured:
    """What the breaker reads, said by the test."""

    sent: int = 0
    good: int = 0
    bad: int = 0

    def probes(self, scope: str, name: str) -> Probes:
        return Probes(self.sent, self.good, self.bad)

    def rejects(self, scope: str, name: str) -> int | None:
        return self.bad

    def loss(self, scope: str, name: str) -> int | None:
        return None

    drawdown = disconnects = loss

    def latency_us(self, scope: str, name: str, window_s: int) -> int | None:
        return None


class Box:
    """A segment with a guard over it, and the venue's word played by the test."""

    def __init__(self, folder: Path, segment: Segment, control: Control) -> None:
        example = EXAMPLE[: EXAMPLE.index("[[breakers]]")] + BREAKERS + EXAMPLE[EXAMPLE.index("[router]") :]
        text = example.replace("/var/lib/tickwire/box", str(folder / "state"))
        (folder / "state").mkdir(exist_ok=True)
        self.config: Config = parse(text, "box.toml", CORES)
        self.now_ns = 1000 * SECOND
        self.segment, self.control = segment, control
        self.commands = segment.ring("command.execution.0", "command")
        stewards = Stewards(self.config, segment, control, no_throttles(folder), lambda: self.now_ns)
        self.risk = stewards.risk
        self.ledger = Ledger({0: FeeSchedule(0, 0)}, SECOND, lambda: self.now_ns)
        parents = segment.ring("parent.operator", "parent_order")
        self.desk = OrderDesk(self.config, stewards.executions, self.ledger, parents, 1, lambda: self.now_ns)
        self.metrics = Measured()
        clocks = (lambda: self.now_ns, lambda: self.now_ns)
        self.guard = BreakerGuard(self.config, self.metrics, control, self.risk, self.desk, self.ledger, *clocks)
        self.guard.check()  # what was before does not count

    def pass_time(self, seconds: float) -> None:
        self.now_ns += int(seconds * SECOND)
        self.guard.check()

    @property
    def bits(self) -> int:
        return self.control.stop_bits("strategy", 1)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    segment, control = create_segment(tmp_path / "segment", ["hot"])
    with segment:
        yield Box(tmp_path, segment, control)


def test_rejects_open_the_breaker_stop_the_strategy_and_cancel_its_orders_once(box: Box) -> None:
    box.metrics.bad += 1
    box.pass_time(0.1)
    assert box.bits == 0
    box.metrics.bad += 1
    box.pass_time(0.1)
    assert box.bits == lib.STOP_BREAKER
    (command,) = box.commands.read(0)
    assert (command.kind, list(command.argument)[:2]) == (lib.EXECUTION_CANCEL_SCOPE, [lib.STOP_STRATEGY, 1])
    box.pass_time(0.1)
    assert box.commands.read(0) == []


def test_a_flatten_closes_what_is_held_once_by_orders_that_only_reduce(box: Box) -> None:
    guard = box.guard
    box.ledger.reset(0)
    box.ledger.on_fill(
        Fill(7, 1, 0, 0, 1, 1, lib.SIDE_BUY, 100, 1_000_000, "R", venue_ns=0, report_ns=0, sequence=1, replayed=False)
    )
    closed: list[tuple[int, ...]] = []
    box.desk.close_position = lambda *position: closed.append(position) or 1  # type: ignore[method-assign,func-returns-value]
    guard._act([Action("flatten", "strategy", "imbalance", "test")])
    guard._act([])
    assert closed == [(0, 1, 1, ANY_VENUE, 100)]
    assert [command.kind for command in box.commands.read(0)] == [lib.EXECUTION_CANCEL_SCOPE]


def test_it_lets_probes_through_after_its_cool_down_and_closes_when_they_do_well(box: Box) -> None:
    before = box.segment.parameters("risk", "risk_limits").read()
    box.metrics.bad += 2
    box.pass_time(0.1)
    for _ in range(30):
        box.pass_time(0.1)
    assert box.bits == lib.STOP_PROBE
    published = box.segment.parameters("risk", "risk_limits").read()
    assert published.probe_generation == (before.probe_generation if before else 0) + 1
    box.metrics.sent += 1
    box.metrics.good += 1
    box.pass_time(0.1)
    assert box.bits == 0


def test_a_probe_that_does_badly_opens_it_again(box: Box) -> None:
    box.metrics.bad += 2
    for _ in range(30):
        box.pass_time(0.1)
    assert box.bits == lib.STOP_PROBE
    box.metrics.bad += 1
    box.pass_time(0.1)
    assert box.bits == lib.STOP_BREAKER


def test_an_open_breaker_is_open_after_a_restart_whatever_the_segment_says(box: Box, tmp_path: Path) -> None:
    box.metrics.bad += 2
    box.pass_time(0.1)
    segment, control = create_segment(tmp_path / "next", ["hot"])
    with segment:
        again = Box(tmp_path, segment, control)
        assert again.bits == lib.STOP_BREAKER


def test_a_stop_word_that_no_breaker_asks_for_any_more_is_cleared_and_others_stay(box: Box) -> None:
    box.control.stop_set("strategy", 1, lib.STOP_BREAKER | lib.STOP_PAUSE)
    box.pass_time(0.1)
    assert box.bits == lib.STOP_PAUSE


def test_cancels_that_found_no_room_are_asked_for_again(box: Box) -> None:
    while box.commands.write([record("command")[0]]):
        pass
    box.metrics.bad += 2
    box.pass_time(0.1)
    assert box.bits == lib.STOP_BREAKER
    box.commands.read(0)
    box.pass_time(0.1)
    assert [command.kind for command in box.commands.read(0)] == [lib.EXECUTION_CANCEL_SCOPE]


def test_the_latency_of_a_window_forgets_what_is_older(box: Box) -> None:
    histogram = box.segment.histogram("latency.tick_to_order.0")
    window = LatencyWindow([histogram], 8 * SECOND)
    histogram.record(900_000)
    assert window.percentile_us(0) is None, "what was before is not of the window"
    histogram.record(500_000)
    assert window.percentile_us(1 * SECOND) == pytest.approx(500, rel=0.04)
    for second in range(2, 12):
        histogram.record(10_000)
        last = window.percentile_us(second * SECOND)
    assert last == pytest.approx(10, rel=0.1)
