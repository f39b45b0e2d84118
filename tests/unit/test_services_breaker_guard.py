"""Breakers measured by the box and carried out: stop words first, then what is owed, then probes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from config_text import CORES, EXAMPLE

from tickwire.config import Config, parse
from tickwire.native import Control, Segment, lib
from tickwire.native.trading import record
from tickwire.services.breaker_figures import BoxFigures, LatencyWindow
from tickwire.services.breaker_guard import BreakerGuard
from tickwire.services.breaker_metrics import Probes
from tickwire.services.fees import FeeSchedule
from tickwire.services.ledger import Ledger
from tickwire.services.order_desk import OrderDesk
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
        stewards = Stewards(self.config, segment, control, lambda: self.now_ns)
        self.risk = stewards.risk
        self.ledger = Ledger({0: FeeSchedule(0, 0)}, SECOND, lambda: self.now_ns)
        self.desk = OrderDesk(self.config, stewards.executions, None, 1, lambda: self.now_ns)
        self.figures = BoxFigures(self.config, segment, self.ledger)
        clocks = (lambda: self.now_ns, lambda: self.now_ns)
        self.guard = BreakerGuard(self.config, self.figures, control, self.risk, self.desk, self.ledger, *clocks)
        self.guard.check()  # what was before does not count

    def say(self, kind: int, count: int = 1, **fields: Any) -> None:
        report = record("execution_report", kind=kind, strategy=1, **fields)[0]
        self.segment.ring("blotter", "execution_report").write([report] * count)

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
    box.say(lib.REPORT_REJECTED, 1)
    box.pass_time(0.1)
    assert box.bits == 0
    box.say(lib.REPORT_REJECTED, 1)
    box.pass_time(0.1)
    assert box.bits == lib.STOP_BREAKER
    (command,) = box.commands.read(0)
    assert (command.kind, list(command.argument)[:2]) == (lib.EXECUTION_CANCEL_SCOPE, [lib.STOP_STRATEGY, 1])
    box.pass_time(0.1)
    assert box.commands.read(0) == []


def test_it_lets_probes_through_after_its_cool_down_and_closes_when_they_do_well(box: Box) -> None:
    before = box.segment.parameters("risk", "risk_limits").read()
    box.say(lib.REPORT_REJECTED, 2)
    box.pass_time(0.1)
    for _ in range(30):
        box.pass_time(0.1)
    assert box.bits == lib.STOP_PROBE
    published = box.segment.parameters("risk", "risk_limits").read()
    assert published.probe_generation == (before.probe_generation if before else 0) + 1
    box.say(lib.REPORT_SENT, 1, order_id=7)
    box.say(lib.REPORT_ACCEPTED, 1, order_id=7)
    box.pass_time(0.1)
    assert box.bits == 0


def test_a_probe_that_does_badly_opens_it_again(box: Box) -> None:
    box.say(lib.REPORT_REJECTED, 2)
    for _ in range(30):
        box.pass_time(0.1)
    assert box.bits == lib.STOP_PROBE
    box.say(lib.REPORT_REJECTED, 1)
    box.pass_time(0.1)
    assert box.bits == lib.STOP_BREAKER


def test_an_open_breaker_is_open_after_a_restart_whatever_the_segment_says(box: Box, tmp_path: Path) -> None:
    box.say(lib.REPORT_REJECTED, 2)
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
    box.say(lib.REPORT_REJECTED, 2)
    box.pass_time(0.1)
    assert box.bits == lib.STOP_BREAKER
    box.commands.read(0)
    box.pass_time(0.1)
    assert [command.kind for command in box.commands.read(0)] == [lib.EXECUTION_CANCEL_SCOPE]


def test_what_was_said_again_in_a_replay_does_not_count(box: Box) -> None:
    box.say(lib.REPORT_REJECTED, 5, flags=lib.REPORT_REPLAYED)
    box.pass_time(0.1)
    assert box.bits == 0


def test_figures_are_of_their_scope(box: Box) -> None:
    box.say(lib.REPORT_SENT, 2, order_id=7)
    box.say(lib.REPORT_SENT, 1, order_id=7, target_order_id=7)  # a cancel
    box.say(lib.REPORT_REJECTED, 1, venue=0)
    box.figures.follow(box.now_ns)
    assert box.figures.probes("firm", "") == Probes(sent=2, good=0, bad=1)
    assert box.figures.rejects("venue", "A") == box.figures.rejects("strategy", "imbalance") == 1
    box.segment.counters("execution-engine.0").values[lib.EXECUTION_COUNT_DISCONNECTS] = 3
    assert box.figures.disconnects("venue", "A") == box.figures.disconnects("firm", "") == 3
    assert box.figures.loss("firm", "") is None, "fills are not known before the venue is live"
    box.ledger.reset(0)
    box.ledger.live(0)
    assert box.figures.loss("firm", "") == 0


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
