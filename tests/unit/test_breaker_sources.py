"""What breakers are measured by, from the ledger and from what became of orders."""

from dataclasses import replace
from pathlib import Path

import pytest
from config_text import CORES, TWO_VENUES
from desk import Time, fill

from tickwire.config import parse
from tickwire.config.effective import limit_values, with_limits
from tickwire.services import breaker_sources
from tickwire.services.blotter_records import Live, OrderChange, OrderRecord
from tickwire.services.breaker import State
from tickwire.services.breaker_metrics import Probes
from tickwire.services.breaker_sources import BoxMetrics, OrderTally, breaker_settings, thresholds
from tickwire.services.breaker_store import BreakerStore
from tickwire.services.breakers import Breakers
from tickwire.services.fees import FeeSchedule
from tickwire.services.ledger import Ledger

DOLLAR = 10_000
BREAKERS = """
[[breakers]]
scope = "venue"
trigger = "reject-rate"
threshold = 3
action = "cancel-all"

[[breakers]]
scope = "venue"
name = "B"
trigger = "reject-rate"
threshold = 9
action = "cancel-all"

[[breakers]]
scope = "firm"
trigger = "loss"
threshold = 250
action = "flatten"
"""


TEXT = TWO_VENUES[: TWO_VENUES.index("[[breakers]]")] + BREAKERS + TWO_VENUES[TWO_VENUES.index("[reconciliation]") :]


class Box:
    """A ledger, a tally and what reads them."""

    def __init__(self) -> None:
        self.ledger = Ledger({0: FeeSchedule(0, 0), 1: FeeSchedule(0, 0)}, 10**9, Time())
        self.tally = OrderTally()
        self.broken = {0: 1, 1: 4}
        self.metrics = BoxMetrics(
            self.ledger,
            self.tally,
            {"A": 0, "B": 1},
            {"imbalance": 1},
            self.broken.__getitem__,
            lambda window_s: 7,
        )

    def go_live(self) -> None:
        for venue in (0, 1):
            self.ledger.reset(venue)
            self.ledger.live(venue)

    def tell(self, order_id: int, state: str, **fields: int | bool) -> None:
        order = OrderRecord(order_id, venue=0, instrument=0, side=0, strategy=1, state=state)
        self.tally.listen(OrderChange(replace(order, **fields)))  # type: ignore[arg-type]


@pytest.fixture
def box() -> Box:
    return Box()


def test_breakers_are_those_of_the_configuration_in_their_units() -> None:
    config = parse(TEXT, "box.toml", CORES)
    made = {one.key: one.threshold for one in breaker_settings(config)}
    assert made == {
        "venue.A.reject-rate.cancel-all": 3,
        "venue.B.reject-rate.cancel-all": 9,
        "firm.loss.flatten": 250 * DOLLAR,
    }


def test_a_threshold_is_a_limit_like_any_other_and_can_be_changed_while_the_box_runs(box: Box, tmp_path: Path) -> None:
    config = parse(TEXT, "box.toml", CORES)
    assert limit_values(config)["breakers.venue.reject-rate.cancel-all.threshold"] == 3 * DOLLAR
    values = {
        "breakers.firm.loss.flatten.threshold": 100 * DOLLAR,
        "breakers.venue.reject-rate.cancel-all.threshold": 2 * DOLLAR,
    }
    changed = thresholds(with_limits(config, values))
    assert (changed["firm.loss.flatten"], changed["venue.A.reject-rate.cancel-all"]) == (100 * DOLLAR, 2)
    breakers = Breakers(breaker_settings(config), box.metrics, BreakerStore(tmp_path), Time(), Time())
    breakers.retune(changed)
    box.go_live()
    box.ledger.on_fill(fill(10, 11 * DOLLAR, 1))
    box.ledger.on_fill(fill(-10, 1 * DOLLAR, 2))
    assert [action.kind for action in breakers.observe()] == ["flatten"]


def test_a_loss_is_unknown_until_every_fill_is_there(box: Box) -> None:
    assert box.metrics.loss("firm", "") is None
    box.go_live()
    box.ledger.on_fill(fill(100, 10 * DOLLAR, 1))
    box.ledger.on_fill(fill(-100, 8 * DOLLAR, 2))
    box.ledger.observe()
    assert box.metrics.loss("firm", "") == box.metrics.loss("venue", "A") == 200 * DOLLAR
    assert box.metrics.drawdown("strategy", "imbalance") == 200 * DOLLAR
    assert box.metrics.loss("venue", "B") == 0
    box.ledger.reset(1)
    assert (box.metrics.loss("firm", ""), box.metrics.loss("venue", "A")) == (None, 200 * DOLLAR)
    box.ledger.down(0)
    assert box.metrics.loss("venue", "A") == 200 * DOLLAR


def test_a_name_that_the_box_does_not_have_is_not_known(box: Box) -> None:
    box.go_live()
    assert box.metrics.loss("venue", "Z") is None
    assert box.metrics.rejects("strategy", "Z") is None
    assert box.metrics.disconnects("venue", "Z") is None
    assert box.metrics.probes("venue", "Z") == Probes()


def test_each_order_counts_once_for_what_became_of_it(box: Box) -> None:
    for state in ("sent", "live", "filled", "filled"):
        box.tell(1, state)
    for state in ("sent", "rejected", "rejected"):
        box.tell(2, state)
    box.tell(3, "sent")
    box.tell(4, "canceled")  # its acceptance was not seen
    for scope, name in (("firm", ""), ("venue", "A"), ("strategy", "imbalance")):
        assert box.metrics.probes(scope, name) == Probes(sent=4, good=2, bad=1)
        assert box.metrics.rejects(scope, name) == 1
    assert box.metrics.probes("venue", "B") == Probes()


def test_what_is_told_again_or_is_not_ours_does_not_count(box: Box) -> None:
    box.tell(1, "rejected", replayed=True)
    box.tell(2, "rejected", unknown=True)
    box.tell(3, "not_sent")
    box.tally.listen(Live(0))
    assert box.metrics.probes("firm", "") == Probes()


def test_the_memory_of_orders_is_bounded(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker_sources, "ORDER_COUNT_MAX", 2)
    for order_id in range(5):
        box.tell(order_id, "live")
    assert box.metrics.probes("firm", "").good == 5


def test_disconnects_and_latency_are_the_sessions_and_the_boxes(box: Box) -> None:
    assert (box.metrics.disconnects("venue", "B"), box.metrics.disconnects("firm", "")) == (4, 5)
    assert box.metrics.latency_us("firm", "", 60) == 7


def test_an_operator_who_resets_a_scope_does_not_stumble_over_what_is_closed(box: Box, tmp_path: Path) -> None:
    box.go_live()
    config = parse(TEXT, "box.toml", CORES)
    breakers = Breakers(breaker_settings(config), box.metrics, BreakerStore(tmp_path), Time(), Time())
    first, other, *_ = breakers.handles()
    first.trip("tim", "odd")
    first.trip("ann", "odd indeed")
    assert (first.view.state, other.view.state) == (State.OPEN, State.CLOSED)
    for handle in breakers.handles():
        handle.reset("ann", "well again")
    assert {handle.view.state for handle in breakers.handles()} == {State.CLOSED}
    assert first.view.key == "venue.A.reject-rate.cancel-all"
