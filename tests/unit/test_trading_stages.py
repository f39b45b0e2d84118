"""The three stages on a real segment: what they wait for, what they count, and what survives a restart."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gate_desk import limits as desk_limits

from tickwire.native import Lane, LaneSettings, NativeError, Segment, ffi, lib, open_stage
from tickwire.native.trading import record

NOW = 1_000_000_000_000
AAPL = 3
RINGS = {
    "market.0": ("market_update", 64, lib.MARKET_CONSUMER_COUNT),
    "report.0": ("execution_report", 64, lib.REPORT_CONSUMER_COUNT),
    "intent.signal": ("order_intent", 4, 1),
    "order.0": ("order", 2, 1),
    "intent.router": ("order_intent", 4, 1),
    "intent.operator": ("order_intent", 4, 1),
    "verdict": ("risk_refusal", 4, 1),
    "parent": ("parent_order", 4, 1),
    "parent.report": ("parent_report", 4, 1),
    "blotter": ("execution_report", 64, 0),
}
STAGES = {"signal": lib.signal_stage_open, "risk": lib.risk_stage_open, "position": lib.position_stage_open}


class Box:
    """A segment with everything the three stages need, and a lane for each."""

    def __init__(self, path: Path) -> None:
        self.segment = Segment.create(path, 4 << 20)
        self.control = self.segment.add_control()
        self.rings = {
            name: self.segment.add_ring(name, capacity, struct, consumers)
            for name, (struct, capacity, consumers) in RINGS.items()
        }
        self.limits = self.segment.add_parameters("risk", "risk_limits")
        self.parameters = self.segment.add_parameters("signal", "signal_parameters")
        self.gate = self.segment.add_histogram("gate")
        self.table = self.segment.add_table("position", "position_entry", lib.INSTRUMENT_COUNT_MAX)
        self.exposure = self.segment.add_table("exposure", "risk_scope_exposure", lib.RISK_SCOPE_COUNT)
        names = {"signal": "signal-bridge", "risk": "risk-manager", "position": "position-tracker"}
        self.counters = {stage: self.segment.add_counters(name) for stage, name in names.items()}
        self.control.calibrate_clock()
        self.control.armed = True
        self.control.epoch = 1
        self.control.supervisor_heartbeat_ns = NOW
        self.lanes: dict[str, Lane] = {}
        for name in STAGES:
            self.control.declare_lane(name)

    def start(self, *names: str) -> None:
        for name in names:
            self.stop(name)
            self.lanes[name] = Lane(self.segment, LaneSettings(name))
            self.lanes[name].add(open_stage(STAGES[name], self.segment, 1)[0])

    def stop(self, name: str) -> None:
        lane = self.lanes.pop(name, None)
        if lane:
            lane.close()

    def poll(self, *names: str, at: int = NOW) -> int:
        return sum(self.lanes[name].poll(at) for name in names or self.lanes)

    def publish(self, at: int = NOW) -> None:
        changes = {"collar_ppm": 1000, "order_quantity_max": 100}
        limits = desk_limits(limits_age_ns_max=10**9, tick_age_ns_max=10**9, instrument=changes)
        limits.venues[1].permitted = 0
        self.limits.write(limits, at)
        parameters = record("signal_parameters", enabled=1, strategy=1, account=1, trader=1)
        parameters.instruments[AAPL] = {
            "enabled": 1,
            "mode": lib.SIGNAL_QUOTE,
            "order_quantity": 100,
            "position_max": 500,
            "imbalance_enter": 500_000,
            "spread_max": 1000,
        }
        self.parameters.write(parameters, at)

    def report(self, kind: str, order_id: int = 0, **fields: Any) -> None:
        usual = {"instrument": AAPL, "order_id": order_id}
        made = record("execution_report", kind=getattr(lib, f"REPORT_{kind}"), **usual | fields)
        assert self.rings["report.0"].write([made[0]]) == 1

    def replay(self) -> None:
        self.report("RESET")
        self.report("LIVE", next_user_ref=1)

    def market(self, bids: int = 900, asks: int = 100, **changes: Any) -> None:
        usual = {
            "instrument": AAPL,
            "trading_state": lib.TRADING_OPEN,
            "tick": 5,
            "rx_ns": NOW,
            "bid_price": [100_0000],
            "ask_price": [100_0100],
            "bid_quantity": [bids],
            "ask_quantity": [asks],
        }
        assert self.rings["market.0"].write([record("market_update", **usual | changes)[0]]) == 1

    def intend(self, count: int = 1, **changes: Any) -> None:
        usual = {"kind": lib.INTENT_NEW, "instrument": AAPL, "price": 100_0000, "quantity": 1, "rx_ns": NOW}
        usual |= {"strategy": 1, "account": 1, "trader": 1}
        assert self.rings["intent.signal"].write([record("order_intent", **usual | changes)[0]] * count) == count

    def count(self, stage: str, name: str) -> int:
        return self.counters[stage][getattr(lib, name)]

    def orders(self) -> list[Any]:
        return self.rings["order.0"].read(0)

    def verdicts(self) -> list[int]:
        return [refusal.verdict for refusal in self.rings["verdict"].read(0)]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = Box(tmp_path / "box")
    yield made
    for name in list(made.lanes):
        made.stop(name)
    made.segment.close()


def test_a_tick_becomes_an_order_through_signal_and_gate(box: Box) -> None:
    box.start(*STAGES)
    box.publish()
    box.replay()
    box.market()
    box.poll()
    (order,) = box.orders()
    assert (order.order_id, order.price, order.quantity, order.tick) == (1 << 32 | 1, 100_0000, 100, 5)
    assert order.signal_ns <= order.risk_ns
    assert box.gate.count == 1
    assert box.count("risk", "RISK_PASS") == box.count("risk", "RISK_COUNT_ORDERS") == 1
    assert box.count("signal", "SIGNAL_COUNT_INTENTS") == 1


def test_every_stage_asks_for_a_replay_when_it_starts(box: Box) -> None:
    box.start(*STAGES)
    assert box.control.resync_requests == 3


def test_a_refusal_reaches_the_signal_which_may_then_try_again(box: Box) -> None:
    box.start("signal", "risk")
    box.publish()
    box.replay()
    box.control.kill = NOW
    for expected in (1, 2):
        box.market()
        box.poll()
        assert box.count("risk", "RISK_KILLED") == expected
    assert box.orders() == []
    assert box.count("signal", "SIGNAL_COUNT_REFUSALS") == 1
    box.poll()
    box.control.kill = 0
    box.market()
    box.poll()
    assert len(box.orders()) == 1


def test_what_the_report_ring_held_before_the_start_opens_nothing(box: Box) -> None:
    box.publish()
    box.replay()
    box.market()
    box.start(*STAGES)
    box.poll()
    box.intend()
    box.poll("risk")
    assert box.verdicts() == [lib.RISK_NOT_RECONCILED]
    assert box.count("signal", "SIGNAL_COUNT_UNRECONCILED") == 1
    assert box.table.read(AAPL).known == 0
    assert box.count("risk", "RISK_COUNT_RECONCILED") == 0


def test_a_restarted_gate_is_shut_until_its_own_replay(box: Box) -> None:
    box.start("risk")
    box.publish()
    box.replay()
    box.market()
    box.intend()
    box.poll()
    assert len(box.orders()) == 1
    box.start("risk")
    box.market()
    box.intend()
    box.poll()
    assert box.verdicts() == [lib.RISK_NOT_RECONCILED]
    box.replay()
    box.intend()
    box.poll()
    assert len(box.orders()) == 1


def test_every_order_carries_the_generation_of_the_picture_it_was_judged_by(box: Box) -> None:
    box.start("risk")
    box.publish()
    box.market()
    for generation in (255, 0):
        box.report("RESET")
        box.report("LIVE", next_user_ref=1, generation=generation)
        box.intend()
        box.poll()
    assert [order.generation for order in box.orders()] == [255, 0]


def test_a_number_the_gate_has_given_is_not_given_again_after_a_replay(box: Box) -> None:
    box.start("risk")
    box.publish()
    box.market()
    for next_user_ref in (5, 5, 3, 9):
        box.report("RESET")
        box.report("LIVE", next_user_ref=next_user_ref)
        box.intend()
        box.poll()
        (order,) = box.orders()
        box.report("NOT_SENT", order.order_id - 1)  # of the order before: it is not this one's
    box.poll()
    assert order.order_id == 1 << 32 | 9
    assert box.count("risk", "RISK_COUNT_OPEN_ORDERS") == 1


def test_a_full_order_ring_refuses_and_a_full_verdict_ring_makes_intents_wait(box: Box) -> None:
    box.start("risk")
    box.publish()
    box.replay()
    box.market()
    box.intend(4)
    box.poll()
    assert box.count("risk", "RISK_PASS") == 2
    assert box.count("risk", "RISK_BACKPRESSURE") == 2
    box.intend(4)
    box.poll()
    assert box.count("risk", "RISK_COUNT_BACKPRESSURE") == 1
    assert box.count("risk", "RISK_COUNT_INTENTS") == 6
    assert box.verdicts() == [lib.RISK_BACKPRESSURE] * 4
    box.poll()
    assert box.verdicts() == [lib.RISK_BACKPRESSURE] * 2
    assert len(box.orders()) == 2


def test_limits_go_stale_unless_they_are_published_again(box: Box) -> None:
    box.start("risk")
    box.publish()
    box.replay()
    box.market()
    late = NOW + 10**9 + 1
    box.control.supervisor_heartbeat_ns = late
    box.intend(rx_ns=late)
    box.poll(at=late)
    assert box.verdicts() == [lib.RISK_LIMITS_STALE]
    box.publish(at=late)
    box.intend(rx_ns=late)
    box.poll(at=late)
    assert len(box.orders()) == 1


def test_limits_half_written_are_not_taken_over(box: Box) -> None:
    box.start("risk")
    box.publish()
    header = lib.parameters_find(box.segment.handle, b"risk")
    header.version += 1
    box.replay()
    box.market()
    box.intend()
    box.poll()
    assert box.verdicts() == [lib.RISK_NO_LIMITS]
    header.version += 1
    box.intend()
    box.poll()
    assert len(box.orders()) == 1


def test_reports_and_markets_are_drained_before_any_intent_is_judged(box: Box) -> None:
    box.start("risk")
    box.publish()
    box.replay()
    for _ in range(60):
        box.report("RESTATED")
    for _ in range(64):
        box.market()
    box.intend()
    box.poll()  # a full batch of updates: there may be more, so the intent waits
    assert box.count("risk", "RISK_COUNT_INTENTS") == 0
    box.poll()
    assert len(box.orders()) == 1


def test_a_decision_waits_for_room_and_is_taken_on_the_latest_update(box: Box) -> None:
    box.intend(4)  # before the start: afterwards the stage is the ring's one producer
    box.start("signal")
    box.publish()
    box.replay()
    box.market(tick=6)
    box.market(tick=7)
    box.poll()
    assert box.count("signal", "SIGNAL_COUNT_CONFLATED") == 1
    assert box.count("signal", "SIGNAL_COUNT_BACKPRESSURE") == 1
    box.rings["intent.signal"].read(0)
    box.market(tick=8)
    box.poll()
    (intent,) = box.rings["intent.signal"].read(0)
    assert intent.tick == 8


def test_positions_are_published_for_any_reader(box: Box) -> None:
    box.start("position")
    box.replay()
    box.report("ACCEPTED", 1, leaves=10)
    box.report("EXECUTED", 1, quantity=10, price=100_0000, match_number=1)
    box.market()
    box.poll()
    entry = box.table.read(AAPL)
    assert (entry.quantity, entry.cost, entry.mark, entry.unrealised) == (10, 10 * 100_0000, 100_0050, 500)
    assert (entry.known, entry.open_orders, entry.version % 2) == (1, 0, 0)
    assert box.count("position", "POSITION_COUNT_FILLS") == 1
    box.report("DOWN")
    box.poll()
    assert box.table.read(AAPL).known == 0


@pytest.mark.parametrize("name", sorted(STAGES))
def test_a_stage_says_what_the_segment_lacks(tmp_path: Path, name: str) -> None:
    with Segment.create(tmp_path / "bare", 1 << 20) as segment:
        segment.add_control()
        with pytest.raises(NativeError, match=r'no ring "market\.0"'):
            open_stage(STAGES[name], segment, 1)
        segment.add_ring("market.0", 2, "risk_refusal", 8)
        with pytest.raises(NativeError, match="records of 64 bytes"):
            open_stage(STAGES[name], segment, 1)


def test_every_record_fills_whole_cache_lines() -> None:
    sizes = {name: ffi.sizeof(f"struct {struct}") for name, (struct, _, _) in RINGS.items()}
    assert sizes == {name: 64 if name in ("verdict", "parent.report") else 128 for name in RINGS}
