"""Kill, re-arm, pause, resume: what stops a scope, and who lets it go again."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from operator_box import OFFICER, TRADER, OperatorBox
from operator_fakes import Break

from tickwire.api.errors import Refused
from tickwire.api.people import Principal
from tickwire.api.scopes import Stop
from tickwire.native import lib
from tickwire.supervisor.ownership import throw_kill


@pytest.fixture
def box(tmp_path: Path) -> Iterator[OperatorBox]:
    made = OperatorBox(tmp_path)
    yield made
    made.close()


def do(box: OperatorBox, who: Principal, name: str, /, key: str = "", **arguments: Any) -> Any:
    return asyncio.run(box.operations().execute(who, name, arguments, key))


def refusal(box: OperatorBox, who: Principal, name: str, /, **arguments: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        do(box, who, name, **arguments)
    return caught.value


def test_a_kill_of_the_firm_is_on_and_stays_on_across_restarts(box: OperatorBox) -> None:
    done = do(box, TRADER, "kill", reason="fat finger")
    assert box.control.kill == box.now_ns == box.owner.kill
    assert "stays on across restarts" in done.done[1]
    box.now_ns += 5
    do(box, TRADER, "kill", reason="again")
    assert box.control.kill == box.now_ns - 5, "the first time counts"


@pytest.mark.parametrize("scope", ["firm", "venue"])
def test_a_kill_that_only_wrote_the_segment_voids_the_code_given_before_it(box: OperatorBox, scope: str) -> None:
    async def story() -> Refused:
        operations = box.operations()
        where = {"scope": scope} | ({} if scope == "firm" else {"name": "A"})
        await operations.execute(OFFICER, "kill", where | {"reason": "x"})
        prepared = await operations.execute(OFFICER, "rearm-prepare", where)
        if scope == "firm":
            throw_kill(box.segment.path, None, box.now_ns + 1)
        else:
            box.control.stop_set("venue", 0, lib.STOP_KILL)
        with pytest.raises(Refused) as caught:
            await operations.execute(OFFICER, "rearm-confirm", where | {"code": prepared.code, "reason": "x"})
        return caught.value

    assert "thrown again" in str(asyncio.run(story()))
    assert box.control.kill or box.control.stop_bits("venue", 0) & lib.STOP_KILL


@pytest.mark.parametrize(
    ("scope", "name", "index"),
    [("venue", "B", 1), ("account", "HOUSE", 1), ("strategy", "twap", 2), ("instrument", "MSFT", 1)],
)
def test_a_kill_of_a_scope_stops_that_scope_alone_and_is_kept(
    box: OperatorBox, scope: str, name: str, index: int
) -> None:
    do(box, TRADER, "kill", scope=scope, name=name, reason="x")
    assert box.control.stop_bits(scope, index) == lib.STOP_KILL
    assert not box.control.kill
    assert box.parts.stops.read()[scope, name].bits == Stop.KILL  # type: ignore[index]
    assert box.control.pointer.stops.kills == 1, "execution sees that there is something to cancel"


def test_a_disk_that_does_not_answer_holds_up_the_answer_to_a_kill_and_nothing_else(box: OperatorBox) -> None:
    free, keep = threading.Event(), box.owner.remember_kill
    box.parts.kill_memory = SimpleNamespace(remember_kill=lambda kill: free.wait() and keep(kill), rearm=None)  # type: ignore[assignment]
    operations = box.operations()

    async def story() -> list[str]:
        killing = asyncio.create_task(operations.execute(TRADER, "kill", {"reason": "x"}))
        await asyncio.sleep(0)
        assert box.control.kill, "before it waits for anything"
        assert (await operations.execute(TRADER, "status", {})).killed_ns, "everybody else is answered"
        assert not killing.done()
        free.set()
        return list((await killing).done)

    assert "stays on across restarts" in asyncio.run(story())[1]
    assert box.owner.kill == box.control.kill


def test_a_kill_is_done_when_neither_disk_nor_record_takes_it(box: OperatorBox) -> None:
    box.state_dir.rename(box.state_dir.with_name("gone"))
    done = do(box, TRADER, "kill", reason="x")
    assert box.control.kill
    assert "NOT kept for the next start" in done.done[1]
    assert box.parts.audit.problem


def rearm(box: OperatorBox, who: Principal = OFFICER, **scope: str) -> Any:
    operations = box.operations()

    async def both() -> Any:
        prepared = await operations.execute(who, "rearm-prepare", scope)
        return await operations.execute(who, "rearm-confirm", scope | {"code": prepared.code, "reason": "looked"})

    return asyncio.run(both())


def test_a_kill_is_lifted_in_two_steps(box: OperatorBox) -> None:
    do(box, TRADER, "kill", reason="x")
    rearm(box)
    assert box.control.kill == 0 == box.owner.kill
    do(box, TRADER, "kill", scope="venue", name="A", reason="x")
    rearm(box, scope="venue", name="A")
    assert box.control.stop_bits("venue", 0) == 0
    assert not box.parts.stops.read()


def test_rearming_a_scope_says_that_the_firm_is_still_killed(box: OperatorBox) -> None:
    do(box, TRADER, "kill", reason="x")
    do(box, TRADER, "kill", scope="venue", name="A", reason="x")
    assert "still stopped by: kill of the whole firm" in rearm(box, scope="venue", name="A").done
    assert box.control.kill


def unreconciled(box: OperatorBox) -> None:
    box.reconciled(False)


def broken(box: OperatorBox) -> None:
    box.reconciliation.breaks = [Break()]


def not_yet_compared(box: OperatorBox) -> None:
    box.reconciliation.blocks_rearm = "nothing has been reconciled yet"


def lane_down(box: OperatorBox) -> None:
    box.control.pointer.lanes[0].state = lib.LANE_STOPPED


def lane_silent(box: OperatorBox) -> None:
    box.control.pointer.lanes[0].heartbeat_ns -= 3_000_000_000


@pytest.mark.parametrize("trouble", [unreconciled, broken, not_yet_compared, lane_down, lane_silent])
def test_a_kill_stays_on_while_something_is_wrong(box: OperatorBox, trouble: Any) -> None:
    do(box, TRADER, "kill", reason="x")
    operations = box.operations()

    async def prepare_before_and_confirm_after() -> None:
        prepared = await operations.execute(OFFICER, "rearm-prepare", {})
        trouble(box)
        with pytest.raises(Refused, match="stays killed"):
            await operations.execute(OFFICER, "rearm-confirm", {"code": prepared.code, "reason": "x"})

    asyncio.run(prepare_before_and_confirm_after())
    assert box.control.kill
    prepared = do(box, OFFICER, "rearm-prepare")
    assert prepared.against
    assert prepared.code == "", "no code is given out"


def test_a_break_of_another_instrument_stops_no_rearm_of_this_one(box: OperatorBox) -> None:
    box.reconciliation.breaks = [Break(instrument=1)]
    do(box, TRADER, "kill", scope="instrument", name="AAPL", reason="x")
    rearm(box, scope="instrument", name="AAPL")
    do(box, TRADER, "kill", scope="instrument", name="MSFT", reason="x")
    assert "unresolved break 1" in do(box, OFFICER, "rearm-prepare", scope="instrument", name="MSFT").against[0]


def test_a_code_is_good_once_for_a_minute_for_one_person_and_one_scope_and_not_after_another_kill(
    box: OperatorBox,
) -> None:
    do(box, TRADER, "kill", reason="x")
    do(box, TRADER, "kill", scope="venue", name="A", reason="x")
    operations = box.operations()

    async def confirm(code: str, who: Principal = OFFICER, **scope: str) -> str:
        try:
            await operations.execute(who, "rearm-confirm", scope | {"code": code, "reason": "x"})
        except Refused as refused:
            return refused.text
        return "done"

    async def prepare() -> str:
        return str((await operations.execute(OFFICER, "rearm-prepare", {})).code)

    async def story() -> None:
        assert "prepare first" in await confirm("ABCDEF")
        code = await prepare()
        assert "prepare first" in await confirm(code, scope="venue", name="A")
        assert "not the code you were given" in await confirm(code, replace(OFFICER, name="carol"))
        code = await prepare()
        box.now_ns += 61_000_000_000
        box.make_well()
        assert "no longer good" in await confirm(code)
        code = await prepare()
        await operations.execute(TRADER, "kill", {"reason": "no!"})
        assert "prepare first" in await confirm(code)
        code = await prepare()
        for _ in range(3):
            assert "not the code" in await confirm("WRONG2")
        assert "no longer good" in await confirm(code), "nobody may guess for ever"
        code = await prepare()
        assert await confirm(code.lower()) == "done"
        assert "not killed" in await confirm(code)

    asyncio.run(story())
    assert not any(line.get("arguments", {}).get("code", "(hidden)") != "(hidden)" for line in box.lines())
    assert not any("code" in (line.get("answer") or {}) for line in box.lines()), "no code is on record"


def test_a_pause_is_ended_by_who_made_it_or_by_a_risk_officer(box: OperatorBox) -> None:
    do(box, OFFICER, "pause", scope="venue", name="A", reason="x")
    do(box, TRADER, "pause", scope="venue", name="A", reason="me too")
    assert refusal(box, TRADER, "resume", scope="venue", name="A", reason="x").code == "role"
    assert box.control.stop_bits("venue", 0) == lib.STOP_PAUSE
    do(box, OFFICER, "resume", scope="venue", name="A", reason="x")
    do(box, TRADER, "pause", scope="venue", name="A", reason="x")
    do(box, TRADER, "resume", scope="venue", name="A", reason="x")
    assert box.control.stop_bits("venue", 0) == 0
    assert refusal(box, TRADER, "resume", scope="venue", name="A", reason="x").code == "state"


def test_a_trader_resumes_a_strategy_of_their_own(box: OperatorBox) -> None:
    for name in ("twap", "imbalance"):
        do(box, OFFICER, "pause", scope="strategy", name=name, reason="x")
    do(box, TRADER, "resume", scope="strategy", name="twap", reason="x")
    assert refusal(box, TRADER, "resume", scope="strategy", name="imbalance", reason="x").code == "role"


def test_a_resume_lifts_no_kill(box: OperatorBox) -> None:
    do(box, TRADER, "pause", scope="venue", name="A", reason="x")
    do(box, TRADER, "kill", scope="venue", name="A", reason="x")
    assert do(box, TRADER, "resume", scope="venue", name="A", reason="x").done[1] == "still stopped by: kill"
    assert box.control.stop_bits("venue", 0) == lib.STOP_KILL
