"""Circuit breakers: when they trip, what they then ask for, and how they come back."""

import logging
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from desk import Time

from tickwire.host.durable import Journal
from tickwire.services.breaker import BreakerSettings, State
from tickwire.services.breaker_metrics import Probes
from tickwire.services.breaker_store import BreakerStore
from tickwire.services.breakers import Action, Breakers, BreakerView, expand
from tickwire.services.limit_paths import RefusedError

DOLLAR = 10_000
LOSS = BreakerSettings("firm", "", "loss", 1000 * DOLLAR, action="flatten")
REJECTS = BreakerSettings("venue", "A", "reject-rate", 5, action="cancel-all", window_s=60, cool_down_s=10)
LATENCY = BreakerSettings("strategy", "imbalance", "latency", 500, cool_down_s=0)


class Measured:
    """What a test says was measured."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str, str], int | None] = defaultdict(int)
        self.orders: dict[tuple[str, str], Probes] = defaultdict(Probes)

    def loss(self, scope: str, name: str) -> int | None:
        return self.values["loss", scope, name]

    def drawdown(self, scope: str, name: str) -> int | None:
        return self.values["drawdown", scope, name]

    def rejects(self, scope: str, name: str) -> int | None:
        return self.values["reject-rate", scope, name]

    def disconnects(self, scope: str, name: str) -> int | None:
        return self.values["disconnects", scope, name]

    def latency_us(self, scope: str, name: str, window_s: int) -> int | None:
        return self.values["latency", scope, name]

    def probes(self, scope: str, name: str) -> Probes:
        return self.orders[scope, name]


class Box:
    """Breakers that can be started again on the same folder."""

    def __init__(self, folder: Path, *settings: BreakerSettings) -> None:
        self.folder, self.settings = folder, settings
        self.metrics, self.time = Measured(), Time()
        self.acted: list[Action] = []
        self.breakers = self.start()

    def start(self) -> Breakers:
        store = BreakerStore(self.folder)
        self.breakers = Breakers(self.settings, self.metrics, store, self.time, self.time, self.acted.extend)
        return self.breakers

    def measure(self, settings: BreakerSettings, value: int | None) -> None:
        self.metrics.values[settings.trigger, settings.scope, settings.name] = value

    def see(self, settings: BreakerSettings, value: int | None, seconds: float = 1) -> State:
        self.time.pass_s(seconds)
        self.measure(settings, value)
        self.look()
        return self.state(settings)

    def probe(self, settings: BreakerSettings, **counts: int) -> State:
        scope = (settings.scope, settings.name)
        self.metrics.orders[scope] = replace(self.metrics.orders[scope], **counts)
        self.look()
        return self.state(settings)

    def look(self) -> None:
        self.acted += self.breakers.observe()

    def state(self, settings: BreakerSettings) -> State:
        return next(view.state for view in self.views() if view.key == settings.key)

    def views(self) -> list[BreakerView]:
        return [handle.view for handle in self.breakers.handles()]

    def events(self) -> tuple[dict[str, Any], ...]:
        return Journal(self.folder / "breakers.jsonl").load().entries


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path, LOSS, REJECTS, LATENCY)


def test_a_loss_at_its_threshold_trips_and_asks_for_its_action(box: Box) -> None:
    assert box.see(LOSS, 1000 * DOLLAR - 1) is State.CLOSED
    assert box.see(LOSS, 1000 * DOLLAR) is State.OPEN
    why = "firm.loss.flatten: loss: 1000.00, threshold 1000.00"
    assert box.acted == [Action("flatten", "firm", "", why)]
    assert box.breakers.stops()["firm", ""].state is State.OPEN
    box.look()
    assert len(box.acted) == 1  # once


def test_each_scope_has_a_state_of_its_own(tmp_path: Path) -> None:
    every = expand([replace(REJECTS, name=""), replace(REJECTS, threshold=9)], {"venue": ("A", "B")})
    assert [(one.name, one.threshold) for one in every] == [("A", 9), ("B", 5)]
    box = Box(tmp_path, *every)
    box.look()
    box.see(every[1], 5)
    assert (box.state(every[0]), box.state(every[1])) == (State.CLOSED, State.OPEN)
    assert list(box.breakers.stops()) == [("venue", "B")]


def test_rejects_are_counted_in_their_window(box: Box) -> None:
    box.see(REJECTS, 100)  # what was before the start does not count
    for count in (101, 102, 103, 104):
        assert box.see(REJECTS, count, seconds=20) is State.CLOSED
    assert box.see(REJECTS, 107) is State.OPEN


def test_a_count_that_starts_anew_with_its_process_goes_on_counting(box: Box) -> None:
    box.see(REJECTS, 100)
    assert box.see(REJECTS, 103) is State.CLOSED
    assert box.see(REJECTS, 2) is State.OPEN


def trip_rejects(box: Box) -> None:
    box.see(REJECTS, 0)
    assert box.see(REJECTS, 5) is State.OPEN


def test_after_its_cool_down_it_lets_probe_orders_through(box: Box) -> None:
    trip_rejects(box)
    assert box.see(REJECTS, 5, seconds=9) is State.OPEN
    assert box.see(REJECTS, 5, seconds=50) is State.OPEN  # the rejects are in the window still
    assert box.see(REJECTS, 5, seconds=10) is State.HALF_OPEN
    stop = box.breakers.stops()["venue", "A"]
    assert (stop.state, stop.probe_orders_max, box.breakers.probe_generation) == (State.HALF_OPEN, 5, 1)


def half_open_rejects(box: Box) -> None:
    trip_rejects(box)
    assert box.see(REJECTS, 5, seconds=70) is State.HALF_OPEN


def test_it_closes_when_all_its_probe_orders_did_well(box: Box) -> None:
    half_open_rejects(box)
    assert box.probe(REJECTS, sent=4, good=4) is State.HALF_OPEN
    assert box.views()[1].probes_left == 1
    assert box.probe(REJECTS, sent=5, good=5) is State.CLOSED
    assert box.breakers.stops() == {}


def test_one_bad_probe_order_opens_it_again_for_twice_as_long(box: Box) -> None:
    half_open_rejects(box)
    assert box.probe(REJECTS, sent=2, good=1, bad=1) is State.OPEN
    assert box.views()[1].cool_down_s == 20
    assert box.see(REJECTS, 6, seconds=19) is State.OPEN
    assert box.see(REJECTS, 6, seconds=2) is State.HALF_OPEN
    assert box.probe(REJECTS, sent=8, good=6) is State.CLOSED  # five since the half-open; those before do not count


def test_its_cool_down_does_not_grow_for_ever(box: Box) -> None:
    half_open_rejects(box)
    for bad in range(1, 12):
        box.probe(REJECTS, bad=bad)
        box.see(REJECTS, 5, seconds=10_000)
    assert box.views()[1].cool_down_s == 320


def test_a_loss_that_is_still_there_keeps_it_open_however_long(box: Box) -> None:
    box.see(LOSS, 2000 * DOLLAR)
    assert box.see(LOSS, 2000 * DOLLAR, seconds=100_000) is State.OPEN
    assert box.see(LOSS, None, seconds=100_000) is State.OPEN
    assert box.see(LOSS, 999 * DOLLAR) is State.HALF_OPEN
    assert box.see(LOSS, 1000 * DOLLAR) is State.OPEN


def test_what_is_not_known_trips_nothing_and_closes_nothing(box: Box) -> None:
    assert box.see(LOSS, None) is State.CLOSED
    box.see(LOSS, 1000 * DOLLAR)
    with pytest.raises(RefusedError, match="not known"):
        box.measure(LOSS, None)
        box.breakers.reset(LOSS.key, "ann", "looked at it")


def test_without_a_cool_down_only_a_person_closes_it(box: Box) -> None:
    box.see(LATENCY, 500)
    assert box.see(LATENCY, None, seconds=100_000) is State.OPEN
    box.breakers.reset(LATENCY.key, "ann", "a slow switch")
    assert box.state(LATENCY) is State.CLOSED


def test_a_person_may_trip_it_and_then_only_a_person_closes_it(box: Box) -> None:
    box.look()
    box.breakers.trip(REJECTS.key, "tim", "the venue is odd")
    assert [action.kind for action in box.acted] == ["cancel-all"]
    assert box.see(REJECTS, 0, seconds=100_000) is State.OPEN
    with pytest.raises(RefusedError, match="open already: tim"):
        box.breakers.trip(REJECTS.key, "ann", "me too")
    box.breakers.reset(REJECTS.key, "ann", "the venue says it is well")
    assert box.state(REJECTS) is State.CLOSED


@pytest.mark.parametrize(("who", "why"), [("", "x"), ("ann", " "), ("ann", "a\tb")])
def test_a_person_says_who_and_why(box: Box, who: str, why: str) -> None:
    for command in (box.breakers.trip, box.breakers.reset):
        with pytest.raises(RefusedError):
            command(LOSS.key, who, why)
    with pytest.raises(RefusedError, match="closed already"):
        box.breakers.reset(LOSS.key, "ann", "no reason")
    with pytest.raises(RefusedError, match=r"there are firm\.loss\.flatten"):
        box.breakers.trip("firm.loss", "ann", "no reason")


def test_a_reset_that_would_trip_again_at_once_is_refused_unless_accepted(box: Box) -> None:
    box.see(LOSS, 1500 * DOLLAR)
    with pytest.raises(RefusedError, match=r"loss is 1500.00, its threshold 1000.00; or accept it"):
        box.breakers.reset(LOSS.key, "ann", "known trade")
    box.breakers.reset(LOSS.key, "ann", "known trade", accept=True)
    assert box.see(LOSS, 2499 * DOLLAR) is State.CLOSED
    assert box.see(LOSS, 2500 * DOLLAR) is State.OPEN


def test_what_was_accepted_is_not_accepted_the_next_day(box: Box) -> None:
    box.see(LOSS, 1500 * DOLLAR)
    box.breakers.reset(LOSS.key, "ann", "known trade", accept=True)
    box.start()
    box.see(LOSS, 0)
    assert box.see(LOSS, 1000 * DOLLAR) is State.OPEN


def test_what_was_won_back_is_not_accepted_again_by_a_restart(box: Box) -> None:
    box.see(LOSS, 1500 * DOLLAR)
    box.breakers.reset(LOSS.key, "ann", "known trade", accept=True)
    box.see(LOSS, 500 * DOLLAR)
    box.measure(LOSS, 1500 * DOLLAR)
    box.start()
    assert box.see(LOSS, 1500 * DOLLAR) is State.OPEN


def test_rejects_before_a_reset_do_not_trip_it_again(box: Box) -> None:
    trip_rejects(box)
    box.breakers.reset(REJECTS.key, "ann", "fixed")
    assert box.see(REJECTS, 9) is State.CLOSED
    assert box.see(REJECTS, 10) is State.OPEN


def test_an_open_breaker_stays_open_over_a_restart_and_asks_again(box: Box) -> None:
    trip_rejects(box)
    box.acted.clear()
    box.start()
    assert box.state(REJECTS) is State.OPEN
    assert box.see(REJECTS, 5) is State.OPEN
    assert [action.kind for action in box.acted] == ["cancel-all"]
    box.see(REJECTS, 5)
    assert len(box.acted) == 1


def test_a_half_open_breaker_is_open_after_a_restart_and_cools_down_anew(box: Box) -> None:
    half_open_rejects(box)
    box.start()
    assert box.see(REJECTS, 5) is State.OPEN
    assert box.see(REJECTS, 5, seconds=11) is State.HALF_OPEN


def test_what_a_person_tripped_is_held_over_a_restart(box: Box) -> None:
    box.breakers.trip(REJECTS.key, "tim", "the venue is odd")
    box.start()
    assert box.see(REJECTS, 0, seconds=100_000) is State.OPEN
    assert box.views()[1].who == "tim"


def test_a_higher_threshold_in_the_file_does_not_close_what_is_open(box: Box) -> None:
    box.see(LOSS, 1500 * DOLLAR)
    box.settings = (replace(LOSS, threshold=9000 * DOLLAR),)
    box.start()
    assert box.see(LOSS, 1500 * DOLLAR) is State.OPEN


def test_taking_an_open_breaker_out_of_the_file_does_not_close_it(box: Box) -> None:
    trip_rejects(box)
    box.settings = (LOSS,)
    for _ in range(2):
        box.start()
        assert ("venue", "A") in box.breakers.stops()
    box.breakers.reset(REJECTS.key, "ann", "no longer wanted")
    assert box.breakers.stops() == {}
    assert [handle.view.key for handle in box.start().handles()] == [LOSS.key]


@pytest.mark.parametrize("damage", [b"", b"{}", b"\x00\x01", None])
def test_when_it_is_not_known_how_they_stood_all_are_open_until_a_person_closes_them(
    box: Box, damage: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    trip_rejects(box)
    if damage is None:
        (box.folder / "breakers.json").unlink()
    else:
        (box.folder / "breakers.json").write_bytes(damage)
    box.start()
    box.see(LOSS, 0, seconds=100_000)
    assert {view.state for view in box.views()} == {State.OPEN}
    assert [record for record in caplog.records if record.levelno == logging.ERROR]
    box.breakers.reset(LOSS.key, "ann", "looked at it")
    assert box.state(LOSS) is State.CLOSED


def test_a_trip_that_was_recorded_and_not_kept_counts(box: Box) -> None:
    box.look()
    before = (box.folder / "breakers.json").read_bytes()
    trip_rejects(box)
    (box.folder / "breakers.json").write_bytes(before)
    box.start()
    assert box.state(REJECTS) is State.OPEN


def test_a_trip_does_not_wait_for_the_disk(
    box: Box, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append", full)
        trip_rejects(box)
        assert len(box.acted) == 1
        assert "breakers_not_recorded" in caplog.messages
    box.look()
    assert box.events()[-1]["breaker"] == REJECTS.key
    assert box.start().stops()


def test_every_change_of_state_says_what_was_measured_and_against_what(box: Box) -> None:
    trip_rejects(box)
    wanted: dict[str, Any] = {
        "before": "closed",
        "after": "open",
        "value": 5,
        "threshold": 5,
        "window_s": 60,
        "measured": "5 rejects in 60 s",
        "who": "breaker",
    }
    assert wanted.items() <= box.events()[-1].items()


def test_the_strictest_breaker_of_a_scope_counts(tmp_path: Path) -> None:
    other = replace(REJECTS, trigger="disconnects", threshold=1)
    box = Box(tmp_path, REJECTS, other)
    half_open_rejects(box)
    assert box.breakers.stops()["venue", "A"].probe_orders_max == 5
    box.see(other, 1)
    assert box.breakers.stops()["venue", "A"].state is State.OPEN


def test_a_threshold_can_be_changed_while_it_runs(box: Box) -> None:
    box.breakers.retune({LOSS.key: 10 * DOLLAR, "firm.nothing": 1})
    assert box.see(LOSS, 10 * DOLLAR) is State.OPEN
