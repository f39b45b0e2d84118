"""RTS 6 Article 12: cancel any or all orders on any or all venues at once, and know whose every order was."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from compliance_rig import FIRST, SECOND, Rig
from operator_box import OFFICER, TRADER, OperatorBox
from pipeline_rig import STEP_NS

from tickwire.api.errors import Refused
from tickwire.native import lib
from tickwire.native.execution import OrderOwner

ROUND_TRIP_STEPS = 4  # out with the kill, there, back and read: a step each


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Rig(tmp_path) as made:
        yield made


def spread(rig: Rig) -> None:
    """Eight orders: two venues, two instruments, two owners; UserRefNums 1 to 4 at each venue."""
    for venue in (0, 1):
        for instrument in (0, 1):
            for owner in (FIRST, SECOND):
                rig.rest(venue=venue, instrument=instrument, **owner)
    rig.settle()
    assert [rig.working(venue) for venue in (0, 1)] == [[1, 2, 3, 4]] * 2


@pytest.mark.rule("RTS 6 Art 12 kill functionality")
def test_the_kill_switch_cancels_every_order_on_every_venue_within_a_round_trip(rig: Rig) -> None:
    spread(rig)
    rig.control.kill = rig.now_ns
    rig.step(ROUND_TRIP_STEPS)
    assert [rig.working(venue) for venue in (0, 1)] == [[], []]
    entered = len([message for message in rig.wire if message[:1] == b"O"])
    for owner in (FIRST, SECOND):
        rig.rest(300, **owner)
    rig.step(ROUND_TRIP_STEPS)
    assert rig.reasons() == ["killed"] * 2
    assert len([message for message in rig.wire if message[:1] == b"O"]) == entered


@pytest.mark.rule("RTS 6 Art 12 kill functionality")
@pytest.mark.parametrize(
    ("scope", "index", "left"),
    [
        ("venue", 1, [[1, 2, 3, 4], []]),
        ("account", 1, [[2, 4], [2, 4]]),
        ("strategy", 2, [[1, 3], [1, 3]]),
        ("instrument", 1, [[1, 2], [1, 2]]),
        ("firm", 0, [[], []]),
    ],
)
def test_a_kill_of_a_scope_cancels_what_is_of_it_and_nothing_else(
    rig: Rig, scope: str, index: int, left: list[list[int]]
) -> None:
    spread(rig)
    rig.control.stop_set(scope, index, lib.STOP_KILL)
    rig.step(ROUND_TRIP_STEPS)
    assert [rig.working(venue) for venue in (0, 1)] == left


@pytest.mark.rule("RTS 6 Art 12 kill functionality")
def test_an_order_that_passed_the_gate_before_the_kill_is_stopped_at_the_last_look(rig: Rig) -> None:
    rig.intent(price=1_000_000 - 500)
    lib.stage_poll(rig.stages["risk"], rig.now_ns)  # the gate lets it pass; execution has not seen it yet
    rig.control.kill = rig.now_ns + STEP_NS
    rig.step(ROUND_TRIP_STEPS)
    assert rig.reasons() == []
    assert rig.wire == []
    assert [chr(report.reason) for report in rig.of_kind(lib.REPORT_NOT_SENT)] == ["k"]


@pytest.mark.rule("RTS 6 Art 12 kill functionality")
def test_a_kill_stays_on_until_a_risk_officer_rearms_in_two_steps(tmp_path: Path) -> None:
    box = OperatorBox(tmp_path)

    def do(who: Any, name: str, **arguments: Any) -> Any:
        return asyncio.run(operations.execute(who, name, arguments))

    operations = box.operations()
    do(TRADER, "kill", reason="runaway")
    assert box.control.kill == box.owner.kill  # on disk, too
    with pytest.raises(Refused, match="risk-officer"):
        do(TRADER, "rearm-prepare")
    with pytest.raises(Refused):
        do(OFFICER, "rearm-confirm", code="GUESSED", reason="all clear")
    assert box.control.kill
    prepared = do(OFFICER, "rearm-prepare")
    do(OFFICER, "rearm-confirm", code=prepared.code, reason="all clear")
    assert (box.control.kill, box.owner.kill) == (0, 0)
    box.close()


@pytest.mark.rule("RTS 6 Art 12 attribution")
def test_every_order_on_the_wire_says_strategy_account_and_trader(rig: Rig) -> None:
    spread(rig)
    owners = rig.owners()
    assert len(owners) == 8
    for owner, wanted in zip(owners, [FIRST, SECOND] * 4, strict=True):
        assert isinstance(owner, OrderOwner)
        assert {"strategy": owner.strategy, "account": owner.account, "trader": owner.trader} == wanted
        assert owner.tick


@pytest.mark.rule("RTS 6 Art 12 attribution")
def test_an_order_keeps_its_owner_when_box_and_memory_are_lost(rig: Rig) -> None:
    spread(rig)
    rig.reports.clear()
    for name in list(rig.stages):
        rig.start(name)  # as after a crash: what is known now is the venues' own record
    rig.settle()
    found = [report for report in rig.of_kind(lib.REPORT_ACCEPTED) if report.flags & lib.REPORT_REPLAYED]
    assert sorted((report.venue, report.strategy, report.account, report.trader) for report in found) == sorted(
        (venue, owner["strategy"], owner["account"], owner["trader"])
        for venue in (0, 1)
        for owner in (FIRST, SECOND) * 2
    )
