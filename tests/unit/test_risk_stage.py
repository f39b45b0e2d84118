"""The gate between its rings, at two venues: where orders and refusals go, what is published, what a restart keeps."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gate_desk import AAPL, ASK, NOW, Desk, limits

from tickwire.native import Lane, LaneSettings, NativeError, Segment, lib, open_stage
from tickwire.native.trading import record

INTENTS = ("signal", "router", "operator")


class Stage:
    """A segment with what the gate needs for two venues, and its lane."""

    def __init__(self, path: Path) -> None:
        self.segment = Segment.create(path, 4 << 20)
        self.control = self.segment.add_control()
        add = self.segment.add_ring
        for venue in (0, 1):
            add(f"market.{venue}", 64, "market_update", lib.MARKET_CONSUMER_COUNT)
            add(f"report.{venue}", 64, "execution_report", lib.REPORT_CONSUMER_COUNT)
        self.order = [add(f"order.{venue}", 4, "order", 1) for venue in (0, 1)]
        self.intent = {name: add(f"intent.{name}", 16, "order_intent", 1) for name in INTENTS}
        self.verdict = add("verdict", 16, "risk_refusal", 2)
        self.limits = self.segment.add_parameters("risk", "risk_limits")
        self.segment.add_histogram("gate")
        self.exposure = self.segment.add_table("exposure", "risk_scope_exposure", lib.RISK_SCOPE_COUNT)
        self.counters = self.segment.add_counters("risk-manager")
        self.control.calibrate_clock()
        self.control.armed = True
        self.control.epoch = 1
        self.control.supervisor_heartbeat_ns = NOW
        self.control.declare_lane("risk")
        self.lane: Lane | None = None

    def start(self) -> None:
        if self.lane:
            self.lane.close()
        self.lane = Lane(self.segment, LaneSettings("risk"))
        self.lane.add(open_stage(lib.risk_stage_open, self.segment, 2)[0])

    def poll(self) -> None:
        assert self.lane is not None
        self.lane.poll(NOW)

    def put(self, ring: str, struct: str, **fields: Any) -> None:
        assert self.segment.ring(ring, struct).write([record(struct, **fields)[0]]) == 1

    def report(self, kind: str, venue: int, **fields: Any) -> None:
        about = {"kind": getattr(lib, f"REPORT_{kind}"), "venue": venue, "instrument": AAPL}
        self.put(f"report.{venue}", "execution_report", **about | fields)

    def open(self, **changes: Any) -> None:
        """Limits, live sessions and a market at both venues."""
        self.limits.write(limits(**changes), NOW)
        for venue in (0, 1):
            self.report("RESET", venue)
            self.report("LIVE", venue, next_user_ref=1)
            about = {"venue": venue, "instrument": AAPL, "trading_state": lib.TRADING_OPEN}
            touch = {"bid_price": [100_0000], "ask_price": [ASK], "bid_quantity": [1], "ask_quantity": [1]}
            self.put(f"market.{venue}", "market_update", **about | touch)

    def intend(self, source: str = "signal", **changes: Any) -> None:
        usual = {"kind": lib.INTENT_NEW, "instrument": AAPL, "price": ASK, "quantity": 100, "rx_ns": NOW}
        owner = {"strategy": 1, "account": 1, "trader": 1}
        assert self.intent[source].write([record("order_intent", **usual | owner | changes)[0]]) == 1


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path / "box")
    made.start()
    yield made
    if made.lane:
        made.lane.close()
    made.segment.close()


def test_an_order_leaves_on_its_venues_ring_and_says_who_wanted_it(stage: Stage) -> None:
    stage.open()
    for venue, source in ((0, "signal"), (1, "router"), (1, "operator")):
        stage.intend(source, venue=venue)
    stage.poll()
    assert [(order.venue, order.source) for order in stage.order[0].read(0)] == [(0, lib.SOURCE_SIGNAL)]
    sources = [(order.venue, order.source) for order in stage.order[1].read(0)]
    assert sources == [(1, lib.SOURCE_ROUTER), (1, lib.SOURCE_OPERATOR)]


def test_a_refusal_says_whose_intent_it_was(stage: Stage) -> None:
    stage.open()
    for source in INTENTS:
        stage.intend(source, quantity=501, parent_id=7, venue=1)
    stage.poll()
    refusals = stage.verdict.read(lib.VERDICT_CONSUMER_ROUTER)
    assert [refusal.source for refusal in refusals] == [lib.SOURCE_SIGNAL, lib.SOURCE_ROUTER, lib.SOURCE_OPERATOR]
    told = refusals[0]
    about = (told.verdict, told.venue, told.account, told.strategy, told.trader, told.parent_id, told.refused_ns)
    assert about == (lib.RISK_ORDER_QUANTITY, 1, 1, 1, 1, 7, NOW)


@pytest.mark.parametrize("venue", [2, 3, 4, 255])
@pytest.mark.parametrize("kind", [lib.INTENT_NEW, lib.INTENT_CANCEL])
def test_nothing_leaves_for_a_venue_the_box_does_not_have(stage: Stage, venue: int, kind: int) -> None:
    stage.open()
    stage.intend(venue=venue, kind=kind)
    stage.poll()
    assert stage.order[0].read(0) == stage.order[1].read(0) == []
    assert len(stage.verdict.read(0)) == 1


def test_exposure_is_published_in_the_next_idle_cycle(stage: Stage) -> None:
    stage.open()
    stage.intend(venue=1)
    stage.intend(instrument=9)
    stage.poll()
    stage.poll()
    firm = stage.exposure.read(lib.RISK_SCOPE_FIRM)
    assert (firm.gross, firm.net_long, firm.net_short, firm.credit_used) == (100 * ASK, 100 * ASK, 0, 100 * ASK)
    assert (firm.open_orders, firm.refusals, firm.version % 2) == (1, 1, 0)
    assert stage.exposure.read(lib.RISK_SCOPE_STRATEGY + 1).gross == 100 * ASK
    assert stage.exposure.read(lib.RISK_SCOPE_ACCOUNT + 1).open_orders == 1
    assert stage.exposure.read(lib.RISK_SCOPE_INSTRUMENT + AAPL).gross == 100 * ASK
    stage.poll()
    assert stage.exposure.read(lib.RISK_SCOPE_FIRM).version == firm.version  # nothing changed: nothing written
    stage.report("REJECTED", 1, order_id=1 << 60 | 1 << 32 | 1)
    stage.poll()
    stage.poll()
    assert stage.exposure.read(lib.RISK_SCOPE_FIRM).gross == 0
    assert stage.exposure.read(lib.RISK_SCOPE_INSTRUMENT + AAPL).gross == 0
    assert stage.exposure.read(lib.RISK_SCOPE_STRATEGY + 1).open_orders == 0


def test_cancels_are_counted_apart(stage: Stage) -> None:
    stage.open()
    stage.intend()
    stage.intend(kind=lib.INTENT_CANCEL, target_order_id=1 << 32 | 1)
    stage.poll()
    assert (stage.counters[lib.RISK_COUNT_ORDERS], stage.counters[lib.RISK_COUNT_CANCELS]) == (2, 1)
    assert stage.counters[lib.RISK_COUNT_RECONCILED] == 1
    assert stage.counters[lib.RISK_COUNT_OPEN_ORDERS] == 1


@pytest.mark.parametrize("scope", [lib.STOP_FIRM, lib.STOP_VENUE, lib.STOP_ACCOUNT, lib.STOP_STRATEGY])
def test_stop_words_are_read_for_every_intent(stage: Stage, scope: int) -> None:
    stage.open()
    index = 0 if scope in (lib.STOP_FIRM, lib.STOP_VENUE) else 1
    control = lib.control_find(stage.segment.handle)
    assert lib.control_stop_set(control, scope, index, lib.STOP_PAUSE) == 0
    stage.intend()
    stage.poll()
    lib.control_stop_clear(control, scope, index, lib.STOP_PAUSE)
    stage.intend()
    stage.poll()
    assert [refusal.verdict for refusal in stage.verdict.read(0)] == [lib.RISK_PAUSED]
    assert len(stage.order[0].read(0)) == 1


def test_a_throttle_outlives_the_gate_that_latched_it(stage: Stage) -> None:
    tight = {"strategies": {1: {"execution_count_max": 1}}}
    stage.open(**tight)
    stage.intend()
    stage.poll()
    stage.report("EXECUTED", 0, order_id=1 << 32 | 1, quantity=100, price=ASK, match_number=1)
    stage.poll()
    stage.poll()
    assert stage.exposure.read(lib.RISK_SCOPE_STRATEGY + 1).throttled == 1
    stage.start()
    stage.open(**tight)
    stage.intend()
    stage.poll()
    assert [refusal.verdict for refusal in stage.verdict.read(0)] == [lib.RISK_THROTTLED]
    tight["strategies"][1]["throttle_generation"] = 1
    stage.limits.write(limits(**tight), NOW)
    stage.intend()
    stage.poll()
    assert stage.verdict.read(0) == []


def test_an_epoch_past_what_an_order_id_holds_is_refused(stage: Stage) -> None:
    stage.control.epoch = lib.ORDER_ID_EPOCH_MAX + 1
    stage.open()
    stage.intend()
    stage.poll()
    assert [refusal.verdict for refusal in stage.verdict.read(0)] == [lib.RISK_SESSION_DOWN]


def test_the_gate_says_that_the_table_is_missing(tmp_path: Path) -> None:
    with Segment.create(tmp_path / "bare", 4 << 20) as segment:
        segment.add_control()
        structs = {"market": "market_update", "report": "execution_report", "order": "order"}
        for name, struct in structs.items():
            segment.add_ring(f"{name}.0", 2, struct, 8)
        for name in INTENTS:
            segment.add_ring(f"intent.{name}", 2, "order_intent", 1)
        segment.add_ring("verdict", 2, "risk_refusal", 2)
        segment.add_parameters("risk", "risk_limits")
        segment.add_histogram("gate")
        segment.add_counters("risk-manager")
        with pytest.raises(NativeError, match='table "exposure"'):
            open_stage(lib.risk_stage_open, segment, 1)


def test_what_a_gate_counts_is_what_its_limits_are_about() -> None:
    desk = Desk()
    assert desk.ask() == "pass"
    for kind, number in (("firm", 0), ("account", 1), ("strategy", 1), ("instrument", AAPL)):
        assert desk.gate.scope(kind, number).open_orders == 1
    out_of_range = desk.gate.scope("instrument", lib.INSTRUMENT_COUNT_MAX)
    assert (out_of_range.gross, out_of_range.open_orders) == (0, 0)
