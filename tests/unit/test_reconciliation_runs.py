"""Reconciliation runs: what is in flight is waited for, what stays different is a break, what was not seen is said."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from blotter_rig import PRICE, accepted, broken, canceled, executed
from reconcile_rig import Desk

from tickwire.native import lib
from tickwire.services.reconciliation import Holding, Result


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.ear.segment.close()


def test_a_clean_day_is_clean_and_says_what_was_compared(desk: Desk) -> None:
    desk.ear.tell(accepted(1), executed(1, 40, 9), canceled(1, 60))
    result = desk.run()
    assert (result.state, result.breaks, result.partial, result.unsettled) == ("clean", (), (), 0)
    assert (result.orders, result.fills, result.positions) == (1, 1, 2)
    assert result.sources == ("drop copy of A", "position tracker")
    assert desk.reconciliation.blocks_rearm == ""


def test_an_execution_we_were_never_told_of_is_found_by_the_drop_copy(desk: Desk) -> None:
    desk.ear.tell(accepted(1))
    desk.ear.tell(executed(1, 60, 77), live=False, logged=False)
    assert desk.texts() == [
        "AAPL on A: the drop copy shows fill 77 of order 1, buy 60 at 100.0000, that we do not have.",
        "AAPL on A: our position is 0 and the drop copy makes it 60: a difference of 60.",
    ]
    assert desk.stops == {("instrument", 0): True}
    assert "2 unresolved breaks" in desk.reconciliation.blocks_rearm


def test_an_execution_nobody_made_is_found_by_the_drop_copy(desk: Desk) -> None:
    desk.ear.tell(accepted(1))
    desk.ear.tell(executed(1, 60, 77), copy=False)
    assert (
        desk.texts()[0]
        == "AAPL on A: we have fill 77 of order 1, buy 60 at 100.0000, that the drop copy does not show."
    )


def test_an_execution_the_live_session_had_swallowed_is_found_by_its_replay(desk: Desk) -> None:
    desk.ear.tell(accepted(1))
    desk.ear.tell(executed(1, 60, 77), live=False)
    desk.ear.tell(accepted(2))
    result = desk.run(replay=True)
    assert [found.text for found in result.breaks] == [
        "AAPL on A: the session replay shows fill 77 of order 1, buy 60 at 100.0000, that we do not have.",
        "AAPL on A: our position is 0 and the session replay makes it 60: a difference of 60.",
    ]
    assert "session replay of A" in result.sources


def test_an_execution_the_record_has_forgotten_is_found_by_its_replay(desk: Desk) -> None:
    desk.ear.tell(accepted(1), executed(1, 60, 77), accepted(2))
    desk.ear.check()
    desk.ear.replay([accepted(1), accepted(2), accepted(3)])
    found = desk.texts()
    assert (
        found[0] == "AAPL on A: we have fill 77 of order 1, buy 60 at 100.0000, that the session replay does not show."
    )


def test_a_record_that_ends_before_what_we_had_stops_the_venue(desk: Desk) -> None:
    desk.ear.tell(accepted(1), executed(1, 60, 77), accepted(2))
    desk.ear.check()
    desk.ear.replay([])
    assert "A: the session replay ends at message 0 and we had seen message 3." in desk.texts()
    assert desk.stops["venue", 0]


def test_a_replay_after_a_disconnect_brings_news_and_no_break(desk: Desk) -> None:
    desk.ear.tell(accepted(1), accepted(2))
    desk.ear.check()
    desk.ear.tell(executed(1, 100, 9), canceled(2, 100), live=False)
    desk.ear.replay()
    result = desk.run("reconnect")
    assert (result.state, result.sources[0]) == ("clean", "session replay of A")


def test_what_arrives_while_it_waits_is_no_break(desk: Desk) -> None:
    desk.ear.tell(accepted(1))
    desk.ear.tell(executed(1, 60, 77), live=False)

    def arrives() -> None:
        desk.ear.tell(executed(1, 60, 77), copy=False, logged=False)

    desk.while_it_waits = [lambda: None] * 5 + [arrives]
    assert desk.run().state == "clean"


def test_a_drop_copy_that_is_behind_proves_nothing(desk: Desk) -> None:
    desk.ear.tell(accepted(1), executed(1, 60, 77, at=50), copy=False)
    desk.ear.check()
    desk.ear.idle = lambda: None  # type: ignore[method-assign]
    result = desk.run()
    assert (result.state, result.unsettled) == ("partial", 2)
    assert result.partial == ("2 differences with the drop copy of A may still be in flight",)
    assert "partial" in desk.reconciliation.blocks_rearm


def test_a_busy_drop_copy_that_has_passed_it_proves_it_without_being_idle(desk: Desk) -> None:
    desk.ear.tell(accepted(1))
    desk.ear.tell(executed(1, 60, 77, at=50), copy=False)
    desk.ear.idle = lambda: None  # type: ignore[method-assign]
    desk.ear.tell(accepted(2, at=60))
    assert len(desk.run().breaks) == 2


def test_while_our_own_stream_does_not_flow_what_we_lack_is_no_break(desk: Desk) -> None:
    desk.ear.tell(accepted(1))
    desk.ear.tell(executed(1, 60, 77), live=False, logged=False)
    desk.flowing = False
    assert desk.run().unsettled == 1


@pytest.mark.parametrize("how", ["down", "incomplete"])
def test_a_drop_copy_that_cannot_be_reached_or_read_makes_the_run_partial(desk: Desk, how: str) -> None:
    if how == "down":
        desk.ear.copy.session_down("no connection: Connection refused")
    else:
        desk.ear.copy.session_message(1, b"TWRA?")
    result = desk.run()
    assert result.state == "partial"
    assert (
        result.partial[0]
        == {
            "down": "the drop copy of A cannot be reached: no connection: Connection refused",
            "incomplete": "the drop copy of A is incomplete: message 1 of the drop copy cannot be read",
        }[how]
    )


@pytest.mark.parametrize("blocks", [True, False])
def test_whether_a_partial_run_blocks_the_rearm_is_configured(tmp_path: Path, blocks: bool) -> None:
    desk = Desk(tmp_path, partial_blocks_rearm=blocks)
    assert desk.reconciliation.blocks_rearm == "nothing has been reconciled yet"
    desk.ear.copy.session_down("gone")
    desk.run()
    assert bool(desk.reconciliation.blocks_rearm) is blocks


def test_a_box_without_a_drop_copy_is_reconciled_with_what_there_is(tmp_path: Path) -> None:
    desk = Desk(tmp_path, drop_copy=False)
    assert (desk.run().state, desk.run().sources) == ("clean", ("position tracker",))


def test_an_instrument_nobody_configured_stops_the_whole_venue(desk: Desk) -> None:
    desk.ear.tell(accepted(1, symbol="ZZZZ"), live=False, logged=False)
    assert desk.texts() == [
        "ZZZZ on A: the drop copy shows order 1, buy 100 at 100.0000, live with 100 left, that we do not have."
    ]
    assert desk.stops == {("venue", 0): True}


def test_a_trade_the_venue_broke_behind_our_back_is_found(desk: Desk) -> None:
    desk.ear.tell(accepted(1), executed(1, 100, 77))
    desk.ear.tell(broken(1, 77), live=False, logged=False)
    assert desk.texts()[0] == (
        "AAPL on A: fill 77 of order 1, buy 100 at 100.0000, "
        "was broken by the venue according to the drop copy, and we count it."
    )


def test_a_position_the_box_counts_otherwise_is_a_break_of_its_own(desk: Desk) -> None:
    desk.ear.tell(accepted(1), executed(1, 60, 77))
    desk.holdings = [Holding("position tracker", "AAPL", 60), Holding("risk gate", "AAPL", 0)]
    assert desk.texts() == ["AAPL: our position is 60 and the risk gate makes it 0: a difference of -60."]
    assert desk.stops == {("instrument", 0): True}


def test_another_book_of_the_box_can_be_compared_with(desk: Desk) -> None:
    desk.ear.tell(accepted(1), executed(1, 60, 77))
    desk.reconciliation.compare_with(lambda: [Holding("ledger", "AAPL", 61)])
    assert desk.texts() == ["AAPL: our position is 60 and the ledger makes it 61: a difference of 1."]


def test_a_position_that_is_only_late_is_no_break(desk: Desk) -> None:
    desk.ear.tell(accepted(1), executed(1, 60, 77))
    desk.holdings = [Holding("risk gate", "AAPL", 0)]

    def arrives() -> None:
        desk.holdings = [Holding("risk gate", "AAPL", 60)]

    desk.while_it_waits = [arrives]
    assert desk.run().state == "clean"


def test_a_position_nobody_knows_makes_the_run_partial(desk: Desk) -> None:
    desk.holdings = [Holding("position tracker", "AAPL", 0, known=False)]
    assert desk.run().partial == ("the position tracker does not know its position in AAPL",)


def test_while_the_session_is_down_the_run_is_partial(desk: Desk) -> None:
    desk.ear.publish(lib.REPORT_DOWN)
    result = desk.run()
    assert result.partial[0] == "our orders and fills at A are not known (down)"


def test_a_venue_that_does_not_replay_makes_the_run_partial(tmp_path: Path) -> None:
    desk = Desk(tmp_path, replay_ms_max=500)
    desk.reconciliation._resync = lambda _: True  # asked, and nothing comes
    result = desk.run(replay=True)
    assert result.partial == ("A has not replayed its record in time",)


def test_every_run_is_on_record_and_breaks_come_back_after_a_restart(desk: Desk) -> None:
    desk.run()
    desk.ear.tell(accepted(1))
    desk.ear.tell(executed(1, 60, 77), live=False, logged=False)
    before = desk.run().breaks
    desk.start()
    assert desk.reconciliation.unresolved() == before
    assert desk.stops == {("instrument", 0): True}
    assert desk.run().run == 3
    known = asyncio.run(desk.reconciliation.accept(before[0].break_id, "ann", "venue confirmed"))
    assert known.found.break_id == before[0].break_id
    assert len(desk.run().accepted) == 1


def test_a_break_is_found_once_however_often_it_is_looked_for(desk: Desk) -> None:
    desk.ear.tell(accepted(1))
    desk.ear.tell(executed(1, 60, 77), live=False, logged=False)
    first, second = desk.run(), desk.run()
    assert first.breaks == second.breaks


def test_runs_never_overlap(desk: Desk) -> None:
    async def both() -> list[Result]:
        run = desk.reconciliation.run_now
        return list(await asyncio.gather(run("one", True), run("two", True), run("three", False)))

    desk.ear.tell(accepted(1))
    desk.ear.check()
    results = asyncio.run(both())
    assert [result.run for result in results] == [1, 2, 3]
    assert [result.state for result in results] == ["clean"] * 3


@pytest.mark.rule("RTS 6 Art 17")
def test_it_runs_by_itself_at_the_start_when_something_came_back_and_every_interval(tmp_path: Path) -> None:
    desk = Desk(tmp_path, interval_s=60.0)

    async def run_that_follows(cause: Callable[[], None]) -> str:
        before = desk.reconciliation.last
        cause()
        while (last := desk.reconciliation.last) is before or last is None:
            await asyncio.sleep(0)
        return last.reason

    async def watch() -> list[str]:
        running = asyncio.create_task(desk.reconciliation.run())
        async with asyncio.timeout(20):
            causes = (desk.ear.replay, desk.ear.replay, desk.ear.copy.session_up)
            reasons = [await run_that_follows(cause) for cause in causes]
        running.cancel()
        return reasons

    assert asyncio.run(watch()) == ["start", "reconnect", "drop copy back"]


@pytest.mark.parametrize("trading", [True, False])
def test_it_runs_every_interval_and_asks_for_the_record_while_the_box_trades(tmp_path: Path, trading: bool) -> None:
    desk = Desk(tmp_path, interval_s=0.001)
    desk.trading = trading

    async def watch() -> None:
        running = asyncio.create_task(desk.reconciliation.run())
        async with asyncio.timeout(20):
            while desk.reconciliation.last is None:
                await asyncio.sleep(0)
        running.cancel()

    asyncio.run(watch())
    assert desk.reconciliation.last is not None
    assert desk.reconciliation.last.reason == "interval"
    assert desk.ear.resyncs[:1] == ([0] if trading else [])


def test_a_wrong_price_in_the_drop_copy_is_named_to_the_last_digit(desk: Desk) -> None:
    desk.ear.tell(accepted(1))
    desk.ear.tell(executed(1, 60, 77, PRICE), copy=False)
    desk.ear.tell(executed(1, 60, 77, PRICE + 1), live=False, logged=False)
    assert desk.texts() == [
        "AAPL on A: fill 77 of order 1 has price 100.0000 with us and 100.0001 in the drop copy: "
        "a difference of 0.0001."
    ]
