"""The slow services together, as a box has them: what is in force, what outlasts a restart."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from config_text import CORES, EXAMPLE
from throttling import no_throttles

from tickwire.config import Config, parse
from tickwire.host import upkeep
from tickwire.host.upkeep import Submit, at_once, scribe
from tickwire.native import ffi, lib
from tickwire.services.blotter_records import Fill, Live, Reset
from tickwire.services.limit_paths import RefusedError
from tickwire.supervisor.layout import create_segment
from tickwire.supervisor.services import Services
from tickwire.supervisor.stewards import Stewards

SECOND = 1_000_000_000
DOLLAR = 10_000
LOSS = "breakers.firm.loss.cancel-all.threshold"
TWO_LOSSES = """
[[breakers]]
scope = "firm"
trigger = "loss"
threshold = 30000
action = "flatten"

[router]"""


class Box:
    """Services on a new segment and an old folder, as a restart has them."""

    def __init__(self, folder: Path, name: str, text: str = EXAMPLE, submit: Submit = at_once) -> None:
        text = text.replace("/var/lib/tickwire/box", str(folder / "state"))
        text = text[: text.index("[venues.drop_copy]")] + text[text.index("[[accounts]]") :]
        (folder / "state").mkdir(exist_ok=True)
        self.config: Config = parse(text, "box.toml", CORES)
        self.now_ns = 1000 * SECOND
        self.segment, self.control = create_segment(folder / name, ["hot"])
        self.stewards = Stewards(
            self.config, self.segment, self.control, no_throttles(folder / "state", self.clock, submit), self.clock
        )
        self.services = Services(self.config, self.segment, self.control, self.stewards, self.clock, submit)
        self.guard = self.services.guard

    def clock(self) -> int:
        return self.now_ns

    def thresholds(self) -> dict[str, str]:
        views = [handle.view for handle in self.guard.breakers.handles()]
        return {view.key: view.threshold for view in views}

    def limit(self, path: str, value: int, role: str = "risk-officer") -> str:
        return str(self.services.limits.propose("olivia", role, path, value, "so said the committee").state)

    def trade(self, match_number: int, side: int, price: int) -> None:
        """100 shares at venue A."""
        self.services._bookkeeper.listen(
            Fill(match_number, match_number, 0, 0, 1, 1, side, 100, price, "A", 0, 0, match_number, replayed=False)
        )

    def look(self) -> None:
        for _ in range(10):
            self.services._bookkeeper.check()
        self.guard.check()

    def gate_throttles(self, on: bool) -> None:
        block = lib.segment_find(self.segment.handle, b"exposure", lib.BLOCK_TABLE, ffi.NULL)
        ffi.cast("struct risk_scope_exposure *", block)[lib.RISK_SCOPE_STRATEGY + 1].throttled = on

    @property
    def throttle_generation(self) -> int:
        limits = self.segment.parameters("risk", "risk_limits").read()
        return int(limits.strategies[1].throttle_generation)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = Box(tmp_path, "segment")
    yield made
    made.segment.close()


def again(tmp_path: Path, name: str, text: str = EXAMPLE) -> Box:
    return Box(tmp_path, name, text)


def test_a_changed_threshold_trips_its_breaker_at_once(box: Box) -> None:
    for event in (Reset(0), Live(0)):
        box.services._bookkeeper.listen(event)
    box.trade(1, lib.SIDE_BUY, 100 * DOLLAR)
    box.trade(2, lib.SIDE_SELL, 90 * DOLLAR)
    box.look()
    assert box.control.stop_bits("firm", 0) == 0
    assert box.limit(LOSS, 500) == "in force"
    box.guard.check()
    assert box.control.stop_bits("firm", 0) == lib.STOP_BREAKER


def test_a_looser_file_loosens_no_breaker_by_a_restart(box: Box, tmp_path: Path) -> None:
    box.limit(LOSS, 500)
    looser = EXAMPLE.replace("threshold = 20000", "threshold = 90000")
    assert again(tmp_path, "next", looser).thresholds()["firm.loss.cancel-all"] == "500.00"


def test_a_looser_threshold_waits_for_a_second_person(box: Box) -> None:
    assert box.limit(LOSS, 90_000) == "waiting"
    assert box.thresholds()["firm.loss.cancel-all"] == "20000.00"


def test_two_breakers_that_look_at_the_same_keep_a_threshold_each(tmp_path: Path) -> None:
    box = again(tmp_path, "two", EXAMPLE.replace("\n[router]", TWO_LOSSES, 1))
    box.limit("risk.message_rate_max", 1)
    losses = {key: shown for key, shown in box.thresholds().items() if "loss" in key}
    assert losses == {"firm.loss.cancel-all": "20000.00", "firm.loss.flatten": "30000.00"}


def test_a_restart_forgets_no_high_water_mark(box: Box, tmp_path: Path) -> None:
    for event in (Reset(0), Live(0)):
        box.services._bookkeeper.listen(event)
    box.trade(1, lib.SIDE_BUY, 100 * DOLLAR)
    box.trade(2, lib.SIDE_SELL, 110 * DOLLAR)
    box.look()
    peak = box.services.ledger.total().high_water_mark
    assert peak and peak > 900 * DOLLAR
    box.trade(3, lib.SIDE_BUY, 110 * DOLLAR)
    box.trade(4, lib.SIDE_SELL, 105 * DOLLAR)
    next_box = again(tmp_path, "next")
    for event in (Reset(0), Live(0)):
        next_box.services._bookkeeper.listen(event)
    next_box.trade(5, lib.SIDE_BUY, 110 * DOLLAR)
    next_box.trade(6, lib.SIDE_SELL, 105 * DOLLAR)
    next_box.look()
    total = next_box.services.ledger.total()
    assert total.high_water_mark == peak
    assert total.drawdown == peak - total.net


def test_a_throttled_strategy_stays_off_whatever_restarts_until_a_person_re_enables_it(
    box: Box, tmp_path: Path
) -> None:
    box.stewards.risk.check()
    box.gate_throttles(True)
    box.stewards.risk.check()
    box.gate_throttles(False)  # the gate starts again, and knows nothing
    box.control.stop_clear("strategy", 1, lib.STOP_THROTTLE)
    box.stewards.risk.check()
    assert box.control.stop_bits("strategy", 1) == lib.STOP_THROTTLE
    next_box = again(tmp_path, "next")  # so does the box, whose gate has not latched anything
    next_box.stewards.risk.check()
    assert next_box.control.stop_bits("strategy", 1) == lib.STOP_THROTTLE
    next_box.stewards.risk.reenable(1, "olivia", "the venue had repeated itself")
    assert (next_box.control.stop_bits("strategy", 1), next_box.throttle_generation) == (0, 1)
    last = again(tmp_path, "last")
    last.stewards.risk.check()
    assert (last.control.stop_bits("strategy", 1), last.throttle_generation) == (0, 1), "a generation never starts over"


def test_a_throttle_whose_record_is_lost_is_still_one_and_goes_on_record_again(box: Box, tmp_path: Path) -> None:
    box.control.stop_set("strategy", 1, lib.STOP_THROTTLE)  # as restored by name
    box.stewards.risk.check()
    next_box = again(tmp_path, "next")
    next_box.stewards.risk.check()
    assert next_box.control.stop_bits("strategy", 1) == lib.STOP_THROTTLE
    next_box.stewards.risk.reenable(1, "olivia", "looked at it")
    record = [json.loads(line) for line in (tmp_path / "state" / "throttles.jsonl").read_text().splitlines()]
    assert [(entry["event"], entry["who"]) for entry in record] == [("throttled", "gate"), ("re-enabled", "olivia")]


def test_a_disk_that_does_not_answer_keeps_nothing_from_stopping_and_lets_nothing_loosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "WAIT_S_MAX", 0.0)
    free, write = threading.Event(), scribe("test")
    box = Box(tmp_path, "held", submit=lambda job: write(lambda: free.wait() and job()))
    try:
        box.guard.check()
        (loss,) = (one for one in box.guard.breakers.handles() if one.view.key == "firm.loss.cancel-all")
        loss.trip("olivia", "by eye")
        assert box.control.stop_bits("firm", 0) == lib.STOP_BREAKER
        assert box.limit(LOSS, 500) == "in force"
        assert box.thresholds()["firm.loss.cancel-all"] == "500.00"
        box.gate_throttles(True)
        box.stewards.risk.check()
        assert box.control.stop_bits("strategy", 1) == lib.STOP_THROTTLE
        with pytest.raises(RefusedError, match="did not answer"):
            box.stewards.risk.reenable(1, "olivia", "looked at it")
        with pytest.raises(ValueError, match="did not answer"):
            box.limit("instruments.AAPL.position_max", 4_000)
        assert box.control.stop_bits("strategy", 1) == lib.STOP_THROTTLE
        box.look()
    finally:
        free.set()
    write(lambda: None).result()
    for _ in range(3):
        box.services.limits.check()
        box.guard.check()
        box.stewards.risk.check()
        write(lambda: None).result()
    next_box = again(tmp_path, "next")
    next_box.stewards.risk.check()
    assert next_box.thresholds()["firm.loss.cancel-all"] == "500.00"
    assert next_box.control.stop_bits("firm", 0) == lib.STOP_BREAKER
    assert next_box.control.stop_bits("strategy", 1) == lib.STOP_THROTTLE
