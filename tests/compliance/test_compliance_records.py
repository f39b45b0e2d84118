"""RTS 24, RTS 25 and RTS 6 Annex II: what is on record of every order."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path

import pytest
from blotter_rig import PRICE, Ear, accepted, broken, canceled, executed, order_id, rejected, replaced
from compliance_rig import SECOND, Rig
from pipeline_rig import TICK

from tickwire.native import ffi, lib, now_ns
from tickwire.services.blotter_names import Names, VenueNames
from tickwire.services.blotter_records import record_entry, record_from

OWNER = {"account": 2, "strategy": 3, "trader": 4}


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[Ear]:
    made = Ear(tmp_path).begin()
    yield made
    made.segment.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Rig(tmp_path) as made:
        yield made


@pytest.mark.rule("RTS 24 identifiers")
def test_an_order_record_says_who_decided_who_executed_and_for_which_account(ear: Ear) -> None:
    ear.send(1, **OWNER)
    ear.tell(accepted(1))
    ear.check()
    record = ear.blotter.orders[order_id(1)]
    assert (record.strategy, record.trader, record.account) == (3, 4, 2)
    assert (record.order_id, record.order_reference) == (order_id(1), 8)


@pytest.mark.rule("RTS 24 events")
@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("live", [accepted(1)]),
        ("live", [accepted(1), executed(1, 40, 9)]),
        ("filled", [accepted(1), executed(1, 100, 9)]),
        ("canceled", [accepted(1), canceled(1, 100)]),
        ("rejected", [rejected(1)]),
    ],
    ids=["new", "partial fill", "fill", "cancel", "reject"],
)
def test_every_event_of_an_order_is_on_record(ear: Ear, state: str, told: list[bytes]) -> None:
    ear.send(1, **OWNER)
    ear.tell(*told)
    ear.check()
    assert ear.blotter.orders[order_id(1)].state == state


@pytest.mark.rule("RTS 24 events")
def test_a_replace_names_the_order_it_took_the_place_of_and_a_broken_trade_stays_on_record(ear: Ear) -> None:
    ear.send(1, **OWNER)
    ear.tell(accepted(1), executed(1, 40, 9))
    ear.send(2, 200, target=1, **OWNER)
    ear.tell(replaced(1, 2, shares=200), broken(1, 9))
    ear.check()
    old, new = (ear.blotter.orders[order_id(urn)] for urn in (1, 2))
    assert (old.state, old.replaced_by, new.replaces) == ("replaced", new.order_id, old.order_id)
    assert [fill.match_number for fill in (*old.busted, *new.busted)] == [9]


@pytest.mark.rule("RTS 24 events")
def test_what_the_gate_refused_is_on_record_with_its_reason(ear: Ear) -> None:
    refusal = ffi.new("struct risk_refusal *", {"verdict": lib.RISK_PRICE_COLLAR, "quantity": 9, **OWNER})
    ear.verdicts.write([refusal[0]])
    ear.check()
    (one,) = ear.blotter.refusals
    assert (one.verdict, one.quantity, one.strategy, one.trader, one.account) == ("price_collar", 9, 3, 4, 2)


@pytest.mark.rule("RTS 24 order terms")
@pytest.mark.rule("RTS 24 quantities")
def test_an_order_record_has_its_terms_and_what_is_left_and_done_of_its_quantity(rig: Rig) -> None:
    rig.intent(quantity=300, price=1_000_000 + TICK, time_in_force=lib.TIF_DAY, **SECOND)
    rig.intent(quantity=2, price=1_000_000 - TICK, side=lib.SIDE_SELL, time_in_force=lib.TIF_IOC, instrument=1)
    rig.settle()
    told = {report.order_id: report for report in rig.of_kind(lib.REPORT_ACCEPTED)}
    day, ioc = (told[key] for key in sorted(told))
    assert (day.quantity, day.price, day.side, day.order_type) == (
        300,
        1_000_000 + TICK,
        lib.SIDE_BUY,
        lib.ORDER_TYPE_LIMIT,
    )
    assert (ioc.quantity, ioc.side) == (2, lib.SIDE_SELL)
    assert day.time_in_force != ioc.time_in_force
    fill = next(one for one in rig.of_kind(lib.REPORT_EXECUTED) if one.order_id == day.order_id)
    assert (fill.quantity, fill.leaves) == (300, 0)


@pytest.mark.rule("RTS 24 order terms")
@pytest.mark.rule("RTS 24 quantities")
def test_the_terms_that_only_the_sent_order_has_are_in_its_record_and_outlast_a_replay(tmp_path: Path) -> None:
    ear = Ear(tmp_path).begin()
    ear.send(
        1,
        side=lib.SIDE_SELL,
        display=lib.DISPLAY_HIDDEN,
        display_quantity=10,
        minimum_quantity=20,
        peg_offset=-100,
        flags=lib.ORDER_POST_ONLY | lib.ORDER_REDUCE_ONLY,
        short_sale=lib.SALE_SHORT,
        source=lib.SOURCE_OPERATOR,
        score=5,
    )
    ear.tell(accepted(1, side="S"))
    ear.check()
    ear.replay()
    record = ear.blotter.orders[order_id(1)]
    assert (record.display_quantity, record.minimum_quantity, record.peg_offset) == (10, 20, -100)
    assert (record.hidden, record.post_only, record.short_sale_word, record.source_word) == (
        *(True, True),
        *("short", "operator"),
    )
    assert (record.limit_price, record.score, record.terms_known) == (PRICE, 5, True)
    entry = record_entry(record)
    assert (entry["order_type_word"], entry["side_word"], entry["post_only"]) == ("limit", "sell", True)
    ear.segment.close()


@pytest.mark.rule("RTS 24 identifiers")
@pytest.mark.rule("RTS 24 venue and instrument")
def test_a_record_has_names_beside_its_numbers_so_that_it_can_be_read_without_the_days_configuration(
    tmp_path: Path,
) -> None:
    names = Names(
        (VenueNames("A", "XPA1", "TWRA"),), ("AAPL",), {2: "HOUSE"}, {3: "imbalance"}, {3: "imbalance-1"}, {4: "alice"}
    )
    ear = Ear(tmp_path, names=names).begin()
    ear.send(1, **OWNER)
    ear.tell(accepted(1))
    ear.check()
    entry = record_entry(ear.blotter.orders[order_id(1)])
    assert (entry["venue_name"], entry["mic"], entry["firm"], entry["symbol"]) == ("A", "XPA1", "TWRA", "AAPL")
    assert (entry["account_name"], entry["trader_name"]) == ("HOUSE", "alice")
    assert (entry["strategy_name"], entry["algorithm"]) == ("imbalance", "imbalance-1")
    ear.segment.close()


@pytest.mark.rule("RTS 24 passive or aggressive")
@pytest.mark.rule("RTS 24 venue trade id")
def test_a_fill_says_whether_it_took_or_gave_and_which_trade_of_the_venue_it_was(ear: Ear) -> None:
    ear.send(1)
    ear.tell(accepted(1), executed(1, 40, 11), executed(1, 60, 12))
    ear.check()
    fills = ear.blotter.fills()
    assert [(fill.liquidity, fill.venue_trade_id) for fill in fills] == [("R", 11), ("R", 12)]
    assert [fill.role for fill in fills] == ["aggressive"] * 2
    assert {flag: replace(fills[0], liquidity=flag).role for flag in ("A", "J", "k", "O", "")} == {
        **dict.fromkeys("AJk", "passive"),
        **dict.fromkeys(("O", ""), ""),
    }


@pytest.mark.rule("RTS 24 self-match prevention")
def test_an_order_held_back_so_as_not_to_meet_our_own_is_told_with_that_reason(rig: Rig) -> None:
    rig.rest()
    rig.intent(side=lib.SIDE_SELL, price=1_000_000 - 5 * TICK)
    rig.step()
    (refusal,) = rig.refusals
    assert (rig.reasons(), refusal.strategy, refusal.refused_ns > 0) == (["self_match"], 1, True)


@pytest.mark.rule("RTS 24 routing strategy")
def test_a_routed_order_names_its_parent_and_the_decision_what_every_venue_showed(rig: Rig) -> None:
    evidence = rig.segment.ring("evidence", "route_evidence").observer(0)
    rig.parent(quantity=300, policy=lib.PARENT_SWEEP)
    rig.settle()
    (decision, *_) = evidence.read(16)
    parents = {order.parent_id for order in rig.orders}
    assert parents == {decision.parent_id}
    assert [decision.venues[venue].ask for venue in (0, 1)] == [1_000_000 + TICK] * 2
    assert sum(decision.venues[venue].chosen for venue in (0, 1)) == 300


@pytest.mark.rule("RTS 24 timestamps and sequence")
@pytest.mark.rule("RTS 24 paired times")
def test_sending_and_hearing_are_stamped_in_order_and_the_venues_messages_numbered(rig: Rig) -> None:
    rig.take(100)
    rig.settle()
    (sent,) = rig.of_kind(lib.REPORT_SENT)
    (accepted_,) = rig.of_kind(lib.REPORT_ACCEPTED)
    (fill,) = rig.of_kind(lib.REPORT_EXECUTED)
    assert sent.report_ns and sent.rx_ns < accepted_.report_ns <= fill.report_ns
    assert accepted_.venue_ns and accepted_.venue_ns <= fill.venue_ns
    assert 0 < accepted_.sequence < fill.sequence
    assert sent.tick == accepted_.tick == fill.tick


@pytest.mark.rule("RTS 25 granularity")
def test_the_boxs_clock_tells_less_than_a_microsecond_apart() -> None:
    stamps = [now_ns() for _ in range(10_000)]
    steps = {later - earlier for earlier, later in pairwise(stamps) if later != earlier}
    assert min(steps) < 1000
    assert any(step % 1000 for step in steps)


@pytest.mark.rule("RTS 6 Art 28 and Annex II")
def test_an_order_that_leaves_memory_is_on_disk_as_it_was(tmp_path: Path) -> None:
    ear = Ear(tmp_path, orders_max=1).begin()
    for urn in (1, 2, 3):
        ear.send(urn, decision_price=PRICE - 10, score=5, **OWNER)
        ear.tell(accepted(urn), executed(urn, 100, urn))
    ear.check()
    entries = ear.lines("order")
    assert len(entries) >= 2
    for entry in entries:
        assert asdict(record_from(entry)) == asdict(ear.blotter.orders[entry["order_id"]])  # type: ignore[call-overload]
    ear.segment.close()
