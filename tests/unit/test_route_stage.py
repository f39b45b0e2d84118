"""The router on a real segment with signal and gate: from a tick to orders at two venues and back to the signal."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tickwire.native import Lane, LaneSettings, NativeError, Segment, ffi, lib, open_stage
from tickwire.native.trading import record

NOW = 1_000_000_000_000
AAPL = 3
BID, ASK = 100_0000, 100_0100
VENUES = (0, 1)
RINGS = {
    "intent.signal": ("order_intent", 4, 1),
    "intent.router": ("order_intent", 4, 1),
    "verdict": ("risk_refusal", 8, lib.VERDICT_CONSUMER_COUNT),
    "parent": ("parent_order", 4, 1),
    "parent.operator": ("parent_order", 4, 1),
    "parent.report": ("parent_report", 4, 1),
    "evidence": ("route_evidence", 8, 0),
}
VENUE_RINGS = {
    "market": ("market_update", 256, lib.MARKET_CONSUMER_COUNT),
    "report": ("execution_report", 128, lib.REPORT_CONSUMER_COUNT),
}
STAGES = {"signal": lib.signal_stage_open, "router": lib.route_stage_open}


class Box:
    """A segment with two venues, and a lane for each stage."""

    def __init__(self, path: Path) -> None:
        self.segment = Segment.create(path, 8 << 20)
        self.control = self.segment.add_control()
        self.rings = {
            name: self.segment.add_ring(name, capacity, struct, consumers)
            for name, (struct, capacity, consumers) in RINGS.items()
        }
        for base, (struct, capacity, consumers) in VENUE_RINGS.items():
            for venue in VENUES:
                name = f"{base}.{venue}"
                self.rings[name] = self.segment.add_ring(name, capacity, struct, consumers)
        self.signal = self.segment.add_parameters("signal", "signal_parameters")
        self.router = self.segment.add_parameters("route", "route_parameters")
        self.counters = {name: self.segment.add_counters(name) for name in ("signal-bridge", "router")}
        self.control.calibrate_clock()
        self.lanes: dict[str, Lane] = {}
        for name in STAGES:
            self.control.declare_lane(name)

    def start(self, *names: str) -> None:
        for name in names:
            self.stop(name)
            self.lanes[name] = Lane(self.segment, LaneSettings(name, housekeep_ns=0))
            self.lanes[name].add(open_stage(STAGES[name], self.segment, len(VENUES))[0])

    def stop(self, name: str) -> None:
        lane = self.lanes.pop(name, None)
        if lane:
            lane.close()

    def poll(self, *names: str, at: int = NOW) -> int:
        return sum(self.lanes[name].poll(at) for name in names or self.lanes)

    def publish(self) -> None:
        signal = record("signal_parameters", enabled=1, strategy=9, account=1, trader=1, route=lib.ROUTE_SWEEP)
        signal.slippage_ppm_max = 1000
        signal.instruments[AAPL] = {
            "enabled": 1,
            "mode": lib.SIGNAL_TAKE,
            "order_quantity": 100,
            "position_max": 500,
            "imbalance_enter": 500_000,
            "spread_max": 1000,
        }
        self.signal.write(signal, NOW)
        about = {"instrument_count": 8, "slippage_ppm": 1000, "parent_count_max": 64, "round_count_max": 4}
        self.router.write(record("route_parameters", venues=[{"enabled": 1} for _ in VENUES], **about), NOW)

    def report(self, kind: str, venue: int, order_id: int = 0, **fields: Any) -> None:
        about = {"instrument": AAPL, "order_id": order_id, "venue": venue, "strategy": 9}
        made = record("execution_report", kind=getattr(lib, f"REPORT_{kind}"), **about | fields)
        assert self.rings[f"report.{venue}"].write([made[0]]) == 1

    def replay(self) -> None:
        for venue in VENUES:
            self.report("RESET", venue)
            self.report("LIVE", venue, next_user_ref=1)

    def market(self, venue: int, asks: int = 60, **changes: Any) -> None:
        usual = {
            "instrument": AAPL,
            "trading_state": lib.TRADING_OPEN,
            "tick": 5,
            "rx_ns": NOW,
            "venue": venue,
            "bid_price": [BID],
            "ask_price": [ASK],
            "bid_quantity": [900],
            "ask_quantity": [asks],
        }
        made = record("market_update", **usual | changes)
        assert self.rings[f"market.{venue}"].write([made[0]]) == 1

    def operator(self, parent_id: int = 7, **fields: Any) -> None:
        usual = {"parent_id": parent_id, "kind": lib.INTENT_NEW, "instrument": AAPL, "quantity": 100}
        assert self.rings["parent.operator"].write([record("parent_order", **usual | fields)[0]]) == 1

    def refuse(self, intent: Any, source: int = lib.SOURCE_ROUTER) -> None:
        named = ("kind", "venue", "price", "quantity", "instrument", "parent_id", "target_order_id")
        about = {name: getattr(intent, name) for name in named}
        assert self.rings["verdict"].write([record("risk_refusal", source=source, verdict=5, **about)[0]]) == 1

    def intents(self) -> list[Any]:
        return self.rings["intent.router"].read(0)

    def count(self, name: str) -> int:
        return self.counters["router"][getattr(lib, f"ROUTE_COUNT_{name}")]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = Box(tmp_path / "box")
    made.publish()
    yield made
    for name in list(made.lanes):
        made.stop(name)
    made.segment.close()


@pytest.fixture
def live(box: Box) -> Box:
    """Router alone, both venues live and showing 60 at the ask."""
    box.start("router")
    box.replay()
    for venue in VENUES:
        box.market(venue)
    box.poll()
    box.rings["parent.report"].read(0)
    return box


def execute(box: Box, intent: Any, number: int) -> None:
    order_id = intent.venue << lib.ORDER_ID_VENUE_SHIFT | 1 << lib.ORDER_ID_EPOCH_SHIFT | number
    about = {"quantity": intent.quantity, "price": intent.price, "side": intent.side}
    box.report("SENT", intent.venue, order_id, leaves=intent.quantity, match_number=intent.parent_id, **about)
    box.report("EXECUTED", intent.venue, order_id, leaves=0, match_number=1, sequence=number, **about)


def test_a_tick_becomes_orders_at_two_venues_and_the_signal_hears_when_it_is_over(box: Box) -> None:
    box.start("signal", "router")
    box.replay()
    for venue in VENUES:
        box.market(venue)
    box.poll("signal", "router")
    first, second = box.intents()
    assert [(i.venue, i.quantity, i.price, i.tick) for i in (first, second)] == [(0, 60, ASK, 5), (1, 40, ASK, 5)]
    box.market(0, tick=6)
    box.poll("signal", "router")
    assert box.intents() == []  # one parent at a time
    for intent in (first, second):
        execute(box, intent, 1)
    box.poll("router", "signal")
    for venue in VENUES:
        box.market(venue, tick=7)
    box.poll("signal", "router")
    assert sum(intent.quantity for intent in box.intents()) == 100


def test_a_signal_whose_parent_was_lost_with_the_router_may_want_another(box: Box) -> None:
    box.start("signal", "router")
    box.replay()
    for venue in VENUES:
        box.market(venue)
    box.poll("signal", "router")
    assert len(box.intents()) == 2
    box.start("router")
    box.replay()
    for venue in VENUES:
        box.market(venue, tick=6)
    box.poll("router", "signal", "router")
    assert len(box.intents()) == 2


def test_what_a_parent_executed_is_held_by_the_time_the_parent_is_over(box: Box) -> None:
    box.start("signal")
    box.replay()
    box.market(0)
    box.poll()
    (parent,) = box.rings["parent"].read(0)
    for number in range(64):  # more than the signal reads of a venue in one cycle, with the other reports
        box.report("RESTATED", 0, 1000 + number)
    box.report("EXECUTED", 0, 5, quantity=500, match_number=1)  # its bound
    over = record("parent_report", parent_id=parent.parent_id, instrument=AAPL, state=lib.PARENT_FILLED)
    assert box.rings["parent.report"].write([over[0]]) == 1
    for tick in range(6, 9):
        box.market(0, tick=tick)
        box.poll()
    assert box.rings["parent"].read(0) == []


def test_evidence_is_there_for_whoever_observes(live: Box) -> None:
    observer = live.rings["evidence"].observer()
    live.operator()
    live.poll()
    (evidence,) = observer.read()
    assert (evidence.parent_id, [venue.chosen for venue in evidence.venues][:2]) == (7, [60, 40])


def test_a_refusal_of_another_source_is_not_the_routers(live: Box) -> None:
    live.operator()
    live.poll()
    first, _ = live.intents()
    live.refuse(first, source=lib.SOURCE_OPERATOR)
    live.poll()
    assert live.intents() == []
    live.refuse(first)
    live.poll()
    assert live.count("REFUSALS") == 1


def test_a_full_intent_ring_holds_the_rest_back_and_loses_nothing(live: Box) -> None:
    for number in range(3):
        live.operator(20 + number, quantity=20)
    live.poll()
    live.operator(30, quantity=60)
    live.operator(31, quantity=1)
    live.poll()
    assert live.count("BACKPRESSURE") >= 1
    taken = live.intents()
    assert len(taken) == 4
    live.poll()
    taken += live.intents()
    assert sum(intent.quantity for intent in taken) == 120  # all that was shown


def test_a_signal_that_does_not_read_its_reports_holds_no_intent_back(live: Box) -> None:
    for number in range(12):
        live.operator(40 + number, quantity=0)
        live.poll()
    live.operator(60, quantity=10)
    live.poll()
    assert [intent.parent_id for intent in live.intents()] == [60]
    told = []
    for _ in range(8):
        told += [report.parent_id for report in live.rings["parent.report"].read(0)]
        live.poll()
    assert sorted(told) == [*range(40, 52), 60]


def test_a_router_that_starts_turns_away_what_has_waited_for_it(box: Box) -> None:
    box.operator(5)
    before = box.control.resync_requests
    box.start("router")
    box.poll()
    first, second = box.rings["parent.report"].read(0)
    assert (first.parent_id, first.tick) == (0, 0)
    assert (second.parent_id, second.state) == (5, lib.PARENT_REFUSED)
    assert box.control.resync_requests == before + 1
    assert box.intents() == []


def test_until_the_replay_every_parent_is_refused(box: Box) -> None:
    box.report("LIVE", 0)
    box.start("router")
    box.market(0)
    box.operator()
    box.poll()
    *_, report = box.rings["parent.report"].read(0)
    assert (report.state, report.reason) == (lib.PARENT_REFUSED, lib.PARENT_REASON_UNAVAILABLE)


@pytest.mark.parametrize("scope", ["firm", "venues", "kill"])
def test_a_stop_word_keeps_the_router_from_a_venue(live: Box, scope: str) -> None:
    if scope == "kill":
        live.control.kill = NOW
    elif scope == "firm":
        live.control.stop_set("firm", 0, lib.STOP_PAUSE)
    else:
        for venue in VENUES:
            live.control.stop_set("venue", venue, lib.STOP_BREAKER)
    live.operator()
    live.poll()
    assert live.intents() == []


def test_what_only_reduces_is_left_to_the_gate_unless_the_books_differ(live: Box) -> None:
    live.control.kill = NOW
    live.control.stop_set("venue", 0, lib.STOP_BREAK)
    live.operator(flags=lib.ORDER_REDUCE_ONLY)
    live.poll()
    assert [intent.venue for intent in live.intents()] == [1]


def test_half_open_venues_may_be_probed(live: Box) -> None:
    for venue in VENUES:
        live.control.stop_set("venue", venue, lib.STOP_PROBE)
    live.operator()
    live.poll()
    assert len(live.intents()) == 2


def test_parents_wait_until_the_market_has_been_read(live: Box) -> None:
    for tick in range(64):
        live.market(0, tick=10 + tick, asks=60 if tick < 63 else 1)
    live.operator()
    live.poll()
    assert live.intents() == []
    live.poll()
    assert [(intent.venue, intent.quantity) for intent in live.intents()] == [(0, 1), (1, 60)]


def test_time_is_that_of_the_duty_cycle(live: Box) -> None:
    second = 1_000_000_000
    about = {"instrument_count": 8, "slippage_ppm": 1000, "parent_count_max": 8, "round_count_max": 4}
    about |= {"twap_duration_ns_max": 10 * second}
    live.router.write(record("route_parameters", venues=[{"enabled": 1} for _ in VENUES], **about), NOW)
    live.operator(policy=lib.PARENT_TWAP, quantity=40, duration_ns=4 * second, interval_ns=second)
    sizes = []
    for number in range(4):
        live.poll(at=NOW + number * second)
        for intent in live.intents():
            sizes.append(intent.quantity)
            execute(live, intent, number + 1)
        live.poll(at=NOW + number * second)
    assert sizes == [10] * 4
    assert live.count("PARENTS_FILLED") == 1


def test_the_stage_says_what_the_segment_lacks(tmp_path: Path) -> None:
    with Segment.create(tmp_path / "bare", 1 << 20) as segment:
        segment.add_control()
        with pytest.raises(NativeError, match=r'no ring "market\.0"'):
            open_stage(lib.route_stage_open, segment, 1)
        with pytest.raises(NativeError, match="5 venues"):
            open_stage(lib.route_stage_open, segment, 5)


def test_every_record_fills_whole_cache_lines() -> None:
    sizes = {name: ffi.sizeof(f"struct {struct}") for name, (struct, _, _) in RINGS.items()}
    assert sizes == {name: 64 if name in ("verdict", "parent.report") else 128 for name in RINGS}
