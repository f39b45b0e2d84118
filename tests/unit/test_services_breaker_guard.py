"""Breakers measured by the box and carried out: stop words first, then what is owed, then probes."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

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

    def __init__(self, folder: Path, segment: Segment, control: Control, action: str = "cancel-all") -> None:
        breakers = BREAKERS.replace("cancel-all", action)
        example = EXAMPLE[: EXAMPLE.index("[[breakers]]")] + breakers + EXAMPLE[EXAMPLE.index("[router]") :]
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
        self.open: list[Any] = []  # orders
        self.parents: set[int] = set()  # that work
        self.guard = BreakerGuard(
            self.config, self.metrics, control, self.risk, self.desk, self.ledger, *clocks, working=self
        )
        self.guard.check()  # what was before does not count

    def pass_time(self, seconds: float) -> None:
        self.now_ns += int(seconds * SECOND)
        self.guard.check()

    def orders(self) -> list[Any]:
        return self.open

    def parent(self, parent_id: int) -> bool:
        return parent_id in self.parents

    def hold(self, shares: int, number: int) -> None:
        """A fill that the ledger hears of."""
        side = lib.SIDE_BUY if shares > 0 else lib.SIDE_SELL
        told = {"venue_ns": 0, "report_ns": 0, "sequence": number, "replayed": False}
        self.ledger.on_fill(Fill(number, number, 0, 0, 1, 1, side, abs(shares), 1_000_000, "R", **told))  # type: ignore[arg-type]

    def closed(self) -> list[int]:
        """Shares of the parents that were started since the last look."""
        return [parent.quantity for parent in self.segment.ring("parent.operator", "parent_order").read(0)]

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


@pytest.fixture
def flat(tmp_path: Path) -> Iterator[Box]:
    """A box whose breaker flattens; 100 are held."""
    segment, control = create_segment(tmp_path / "segment", ["hot"])
    with segment:
        made = Box(tmp_path, segment, control, "flatten")
        made.ledger.reset(0)
        made.hold(100, 1)
        yield made


def trip(box: Box) -> None:
    box.guard.breakers.handles()[0].trip("olivia", "test")


def alerts(box: Box) -> list[str]:
    return [f"{cause.name} {cause.subject}: {cause.text}" for cause in box.guard.flatten.causes()]


def test_a_flatten_that_a_kill_held_back_is_done_after_the_rearm(flat: Box, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    flat.control.kill = 1
    trip(flat)
    flat.pass_time(0.1)
    assert (flat.closed(), alerts(flat)) == ([], []), "it may still do"
    for _ in range(600):
        flat.pass_time(0.1)
    assert flat.closed() == []
    (alert,) = alerts(flat)
    assert alert.startswith("flatten-not-finished strategy imbalance")
    assert alert.endswith("left: AAPL +100 of imbalance: the firm is killed")
    flat.control.kill = 0
    for _ in range(21):
        flat.pass_time(0.1)
    assert flat.closed() == [100]
    flat.hold(-100, 2)
    flat.pass_time(0.1)
    assert alerts(flat) == []
    said = [record.message for record in caplog.records]
    assert (said.count("flatten_not_finished"), said.count("flatten_finished")) == (31, 1)


def test_a_flatten_is_tried_again_every_two_seconds_while_nothing_of_it_works(flat: Box) -> None:
    trip(flat)
    (first,) = (parent.parent_id for parent in flat.segment.ring("parent.operator", "parent_order").read(0))
    flat.parents = {first}
    for _ in range(50):
        flat.pass_time(0.1)
    assert flat.closed() == [], "it works still"
    assert alerts(flat)[0].endswith(f"parent {first} works")
    flat.parents = set()
    for _ in range(60):
        flat.pass_time(0.1)
    assert flat.closed() == [100] * 3


def test_a_flatten_never_closes_what_an_open_order_may_close_too(flat: Box) -> None:
    flat.open = [SimpleNamespace(order_id=7, instrument=0, strategy=1, account=1, side=lib.SIDE_SELL, leaves=30)]
    trip(flat)
    assert flat.closed() == [70]
    flat.hold(-70, 2)
    flat.pass_time(2)
    assert flat.closed() == []
    assert alerts(flat)[0].endswith("left: AAPL +30 of imbalance: in the way is order 7")


def test_a_person_who_resets_the_breaker_ends_its_flatten(flat: Box) -> None:
    flat.control.kill = 1
    trip(flat)
    flat.pass_time(3)
    assert alerts(flat)
    flat.guard.breakers.handles()[0].reset("olivia", "enough")
    flat.control.kill = 0
    for _ in range(50):
        flat.pass_time(0.1)
    assert (flat.closed(), alerts(flat)) == ([], [])


def test_what_a_breaker_that_is_open_finds_held_later_is_closed_too(flat: Box) -> None:
    flat.hold(-100, 2)
    trip(flat)
    flat.pass_time(1)
    assert flat.closed() == []
    flat.hold(40, 3)
    flat.pass_time(2)
    assert flat.closed() == [40]


def test_a_flatten_that_is_not_done_goes_on_while_probes_are_let_through_and_then_rests(flat: Box) -> None:
    flat.control.kill = 1
    flat.metrics.bad += 2
    for _ in range(30):
        flat.pass_time(0.1)
    assert flat.bits == lib.STOP_PROBE
    flat.control.kill = 0
    flat.pass_time(2)
    assert flat.closed() == [100]
    flat.hold(-100, 2)
    flat.pass_time(2)
    flat.hold(10, 3)  # a probe's
    flat.pass_time(4)
    assert flat.closed() == []


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
