"""What a person may do to a box, and what they may not."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from operator_box import OFFICER, TRADER, VIEWER, OperatorBox
from operator_fakes import Break, Fill, Order, PnL

from tickwire.api import flattening, trading
from tickwire.api.commands import COMMANDS
from tickwire.api.errors import Refused
from tickwire.api.metrics import OperationsCollector
from tickwire.api.people import Principal, Role, nobody
from tickwire.native import lib
from tickwire.services.account_state import AccountState
from tickwire.services.ledger_book import FillPnL, Key, Scope

ARGUMENTS: dict[str, dict[str, Any]] = {
    "best-execution": {"order_id": 7},
    "rearm-confirm": {"code": "ABCDEF", "reason": "x"},
    "limit-propose": {"path": "instruments.AAPL.position_max", "value": 1, "reason": "x"},
    "limit-override": {"path": "instruments.AAPL.position_max", "value": 1, "reason": "x", "expires_s": 5},
    "limit-approve": {"change": 1},
    "limit-reject": {"change": 1, "reason": "x"},
    "breaker-trip": {"scope": "strategy", "name": "imbalance", "reason": "x"},
    "breaker-reset": {"scope": "strategy", "name": "imbalance", "reason": "x"},
    "throttle-reset": {"strategy": "imbalance", "reason": "x"},
    "break-clear": {"break_id": "1", "reason": "x"},
    "break-accept": {"break_id": "1", "reason": "x"},
    "cancel": {"scope": "firm", "reason": "x"},
} | {name: {"reason": "x"} for name in ("kill", "pause", "resume", "flatten")}


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


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("role", [*Role, None])
def test_each_command_is_refused_to_whom_it_is_not_for_and_that_is_on_record(
    box: OperatorBox, name: str, role: Role | None
) -> None:
    who = Principal("somebody", role, "unix")
    operations = box.operations()

    async def attempt() -> str:
        try:
            await operations.execute(who, name, ARGUMENTS.get(name, {}))
        except Refused as refused:
            return refused.code
        return "done"

    code = asyncio.run(attempt())
    allowed = role is not None and role in COMMANDS[name].roles
    assert (code not in ("role", "unauthenticated")) == allowed
    last = box.lines()[-1]
    assert last["command"] == name
    assert last["phase"] == "refused" if not allowed else last["phase"] in ("done", "refused", "looked")


def test_only_a_risk_officer_lifts_anything_that_a_machine_or_a_kill_stopped() -> None:
    lifts = ("rearm-prepare", "rearm-confirm", "breaker-reset", "throttle-reset", "break-clear", "break-accept")
    governs = ("limit-propose", "limit-override", "limit-approve", "limit-reject")
    for name in lifts + governs:
        assert COMMANDS[name].roles == {Role.RISK_OFFICER}
    for name, command in COMMANDS.items():
        assert not command.changes or Role.VIEWER not in command.roles, name


@pytest.mark.parametrize("name", ["pause", "resume", "flatten", "cancel"])
def test_nothing_else_is_done_that_cannot_be_recorded(box: OperatorBox, name: str) -> None:
    do(box, OFFICER, "pause", reason="x")
    box.state_dir.rename(box.state_dir.with_name("gone"))
    assert refusal(box, OFFICER, name, **ARGUMENTS[name]).code == "not-recorded"
    assert box.control.stop_bits("firm", 0) == lib.STOP_PAUSE
    assert not box.desk.asked
    assert do(box, VIEWER, "status").recording, "who looks sees that nothing can be recorded"


def test_a_cancel_is_of_an_open_order_or_of_a_scope(box: OperatorBox, monkeypatch: pytest.MonkeyPatch) -> None:
    box.blotter.orders = {7: Order(7), 8: Order(8, state="filled")}
    monkeypatch.setattr(trading, "CANCEL_S_MAX", 0.0)
    do(box, TRADER, "cancel", order_id=7, reason="x")
    do(box, TRADER, "cancel", scope="venue", name="B", reason="x")
    do(box, TRADER, "cancel", scope="firm", reason="x")
    assert box.desk.asked == [("cancel", 7), ("cancel", "venue", 1), ("cancel", "firm", 0)]
    assert refusal(box, TRADER, "cancel", order_id=8, reason="x").code == "state"
    assert refusal(box, TRADER, "cancel", order_id=9, reason="x").code == "unknown"
    assert refusal(box, TRADER, "cancel", reason="x").code == "malformed"
    assert refusal(box, TRADER, "cancel", order_id=7, scope="firm", reason="x").code == "malformed"
    box.desk.room = False
    assert refusal(box, TRADER, "cancel", order_id=7, reason="x").code == "busy"


def test_flatten_pauses_cancels_and_closes_what_is_held_in_the_scope(box: OperatorBox) -> None:
    box.ledger.held |= {
        (0, 1, 1, 0): PnL(quantity=300),
        (0, 2, 1, 1): PnL(quantity=-50),
        (1, 1, 1, 0): PnL(),
        (1, 2, 1, 1): PnL(quantity=10),
    }
    done = do(box, TRADER, "flatten", scope="instrument", name="AAPL", reason="news")
    assert box.control.stop_bits("instrument", 0) == lib.STOP_PAUSE, "or the strategy would open it again"
    assert box.desk.asked == [("cancel", "instrument", 0), ("close", 0, 1, 1, 0, 300), ("close", 0, 2, 1, 1, -50)]
    assert done.parents == [2, 3]
    assert done.done[-1] == "instrument AAPL: no position is open"


def test_flatten_closes_in_orders_that_the_limits_let_through_until_nothing_is_left(box: OperatorBox) -> None:
    box.ledger.held |= {(0, 1, 1, 0): PnL(quantity=-250, mark=1_870_000)}
    box.parts.order_quantity_max = lambda instrument, mark: 100 if mark == 1_870_000 else 0
    do(box, TRADER, "flatten", reason="news")
    assert [asked[-1] for asked in box.desk.asked[1:]] == [-100, -100, -50]
    assert box.ledger.held[0, 1, 1, 0].quantity == 0


def test_flatten_waits_for_what_is_in_flight(box: OperatorBox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flattening, "LOOK_S", 0.001)
    box.ledger.held |= {(0, 1, 1, 0): PnL(quantity=300)}
    looks = 0

    class Watched(dict[int, Order]):
        def values(self) -> Any:
            nonlocal looks
            looks += 1
            return super().values()

    box.blotter.orders = Watched({7: Order(7)})
    operations = box.operations()

    async def story() -> None:
        flattening = asyncio.create_task(operations.execute(TRADER, "flatten", {"reason": "x"}))
        while looks < 20:
            await asyncio.sleep(0)
        assert box.desk.asked == [("cancel", "firm", 0)], "the order that was on its way may still be filled"
        box.ledger.held[0, 1, 1, 0].quantity = 400
        box.blotter.orders[7].state = "filled"
        await flattening

    asyncio.run(story())
    assert box.desk.asked[1:] == [("close", 0, 1, 1, 0, 400)]


def test_flatten_says_what_is_left_when_time_is_up(box: OperatorBox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trading, "FLATTEN_S_MAX", 0.5)
    monkeypatch.setattr(flattening, "LOOK_S", 0.01)
    box.ledger.held |= {(0, 1, 1, 0): PnL(quantity=300)}
    box.desk.fills = False
    done = do(box, TRADER, "flatten", reason="x").done
    assert any("gave up" in line for line in done)
    assert done[-1] == "AAPL +300 of imbalance: NOT closed"


def test_flatten_does_nothing_while_positions_are_unknown_or_the_firm_is_killed(box: OperatorBox) -> None:
    box.ledger.held |= {(0, 1, 1, 0): PnL(quantity=300)}
    do(box, TRADER, "kill", reason="x")
    assert "re-arm first" in refusal(box, TRADER, "flatten", reason="x").text
    box.control.kill = 0
    box.segment.table("position", "position_entry")._entries[1].known = 0
    assert "unknown" in refusal(box, TRADER, "flatten", reason="x").text
    assert not box.desk.asked
    assert not box.control.stop_bits("firm", 0)


def test_flatten_says_what_it_could_not_close(box: OperatorBox) -> None:
    box.ledger.held |= {(0, 1, 1, 0): PnL(quantity=300), (0, 1, 1, 1): PnL(quantity=200)}
    do(box, TRADER, "kill", scope="venue", name="A", reason="x")
    done = do(box, TRADER, "flatten", reason="x")
    assert any("NOT closed, its venue is stopped by kill" in line for line in done.done)
    assert len(done.parents) == 1


def test_a_limit_is_loosened_by_two_people_and_the_values_are_on_record(box: OperatorBox) -> None:
    path = "instruments.AAPL.position_max"
    pending = do(box, OFFICER, "limit-propose", path=path, value=5000, reason="more")
    assert (pending.change["old"], pending.change["new"], box.limits.value) == (2000, 5000, 2000)
    assert refusal(box, OFFICER, "limit-approve", change=1).code == "state"
    do(box, replace(OFFICER, name="carol"), "limit-approve", change=1)
    assert box.limits.value == 5000
    assert [line.effective for line in do(box, VIEWER, "limits", path=path).limits] == ["5000"]
    assert refusal(box, OFFICER, "limit-propose", path="no.such", value=1, reason="x").code == "state"
    assert refusal(box, OFFICER, "limit-propose", path=path, value=-1, reason="x").code == "state"
    assert box.lines()[-1]["arguments"] == {"path": path, "value": -1, "reason": "x"}
    do(box, OFFICER, "limit-propose", path=path, value=9000, reason="more")
    do(box, OFFICER, "limit-reject", change=2, reason="no")
    assert box.limits.changes[-1].state == "rejected"
    override = do(box, OFFICER, "limit-override", path=path, value=100, reason="event", expires_s=60)
    assert override.change["expires_s"] == 60


def test_breaker_throttle_and_break_are_lifted_by_name(box: OperatorBox) -> None:
    scope = {"scope": "strategy", "name": "imbalance", "reason": "x"}
    do(box, TRADER, "breaker-trip", **scope)
    assert box.breaker.state == "open"
    assert do(box, OFFICER, "breaker-reset", **scope).done == ["breaker strategy imbalance loss: open -> closed"]
    assert refusal(box, OFFICER, "breaker-reset", scope="venue", name="A", reason="x").code == "unknown"
    box.control.stop_set("strategy", 1, lib.STOP_THROTTLE | lib.STOP_PAUSE)
    do(box, OFFICER, "throttle-reset", strategy="imbalance", reason="x")
    assert box.throttles.resets == [1]
    assert box.control.stop_bits("strategy", 1) == lib.STOP_PAUSE
    box.reconciliation.breaks = [Break()]
    assert do(box, TRADER, "reconcile").breaks[0].text.startswith("order 7")
    assert refusal(box, OFFICER, "break-clear", break_id="2", reason="x").code == "unknown"
    do(box, OFFICER, "break-clear", break_id="1", reason="x")
    assert do(box, VIEWER, "breaks") == []


def test_a_refused_reset_says_why_is_on_record_and_holds_no_other_breaker_up(box: OperatorBox) -> None:
    other = replace(box.breaker, trigger="disconnects", state="open")
    box.breakers.append(other)
    scope = {"scope": "strategy", "name": "imbalance", "reason": "x"}
    box.breaker.refuses = "loss is 12.00, its threshold 10.00"
    box.breaker.state = "open"
    refused = refusal(box, OFFICER, "breaker-reset", **scope)
    assert (refused.code, box.breaker.state, other.state) == ("state", "open", "closed")
    assert refused.text == (
        "loss is 12.00, its threshold 10.00; done all the same: breaker strategy imbalance disconnects: open -> closed"
    )
    assert [(line["phase"], line["person"]) for line in box.lines()[-2:]] == [("begun", "bob"), ("refused", "bob")]
    do(box, OFFICER, "breaker-reset", **scope, accept=True)
    assert box.breaker.state == "closed"


def test_a_throttle_that_is_not_is_refused(box: OperatorBox) -> None:
    box.throttles.refuses = "strategy imbalance is not throttled"
    box.control.stop_set("strategy", 1, lib.STOP_THROTTLE)
    refused = refusal(box, OFFICER, "throttle-reset", strategy="imbalance", reason="x")
    assert (refused.code, refused.text) == ("state", box.throttles.refuses)
    assert box.control.stop_bits("strategy", 1) == lib.STOP_THROTTLE


def test_who_looks_sees_names_and_the_newest_first(box: OperatorBox) -> None:
    box.blotter.orders = {1: Order(1, venue=1), 2: Order(2, instrument=1), 3: Order(3, state="filled")}
    box.blotter.executions = [Fill(1, 11), Fill(2, 12, instrument=1)]
    box.ledger.held |= {(0, 1, 1, 0): PnL(quantity=300, realised_average=5), (1, 1, 1, 0): PnL()}
    assert [line.order_id for line in do(box, VIEWER, "orders")] == [2, 1]
    assert [line.order_id for line in do(box, VIEWER, "orders", state="all", lines=1)] == [3]
    assert [line.venue for line in do(box, VIEWER, "orders", scope="venue", name="B")] == ["B"]
    assert [line.match_number for line in do(box, VIEWER, "fills", scope="instrument", name="AAPL")] == [11]
    lines = do(box, VIEWER, "positions", scope="instrument", name="AAPL").lines
    assert [(line.instrument, line.strategy, line.account, line.venue) for line in lines] == [
        ("AAPL", "imbalance", "HOUSE", "A")
    ]
    assert [venue.session for venue in do(box, VIEWER, "venues")] == ["live", "live"]
    assert do(box, VIEWER, "best-execution", order_id=7).decisions[0].venues[0].venue == "A"
    assert refusal(box, VIEWER, "best-execution", order_id=8).code == "unknown"
    status = do(box, VIEWER, "status")
    assert (status.trading, status.wrong, status.realised_1e4) == (True, [], 5)


def test_what_is_at_stake_stands_beside_the_limits_in_the_status_and_in_the_metrics(box: OperatorBox) -> None:
    stakes = [
        AccountState(Scope(), gross_exposure=50_000, net_long=20_000, net_short=30_000, daily_loss=10_000, known=True),
        AccountState(Scope(account=1), credit_used=70_000, drawdown=15_000, high_water_mark=25_000, known=True),
        AccountState(Scope(strategy=2), stale=True),
    ]
    box.parts.stakes = lambda: stakes
    lines = do(box, VIEWER, "limits").stakes
    assert lines == do(box, VIEWER, "status").stakes
    assert [(line.scope, line.name, line.known) for line in lines] == [
        ("firm", "", True),
        ("account", "HOUSE", True),
        ("strategy", "twap", False),
    ]
    assert (lines[0].net_exposure_1e4, lines[0].daily_loss_1e4) == (30_000, 10_000)
    assert (lines[1].credit_used_1e4, lines[1].drawdown_1e4) == (70_000, 15_000)
    samples = {
        (sample.name, sample.labels["scope"], sample.labels["name"]): sample.value
        for family in OperationsCollector(box.parts, box.segment).collect()
        for sample in family.samples
        if "scope" in sample.labels
    }
    assert samples["tickwire_gross_exposure", "firm", ""] == 5.0
    assert samples["tickwire_credit_used", "account", "HOUSE"] == 7.0
    assert samples["tickwire_drawdown", "account", "HOUSE"] == 1.5
    assert samples["tickwire_stake_known", "strategy", "twap"] == 0


def test_each_fill_says_what_it_brought(box: OperatorBox) -> None:
    box.blotter.executions = [Fill(1, 11), Fill(2, 12, instrument=1)]
    box.ledger.profits = [FillPnL(1, 11, Key(0, 1, 1, 0), -100, 1, 500, 400, 30_000, 20, 70)]
    other, first = do(box, VIEWER, "fills")
    assert (first.realised_1e4, first.realised_fifo_1e4, first.unrealised_1e4, first.fee_1e6) == (500, 400, 70, 30_000)
    assert (other.realised_1e4, other.fee_1e6) == (None, None), "what the ledger has not booked is not known"


def test_the_status_says_why_the_box_does_not_trade(box: OperatorBox) -> None:
    do(box, TRADER, "pause", reason="lunch")
    box.session(1, lib.SESSION_REFUSED)
    box.control.pointer.lanes[0].state = lib.LANE_STOPPED
    status = do(box, VIEWER, "status")
    assert not status.trading
    wrong = "\n".join(status.wrong)
    for expected in ("firm stopped by pause", "session with venue B is refused", "lane hot is stopped"):
        assert expected in wrong


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("kill", {}),
        ("kill", {"reason": ""}),
        ("kill", {"reason": "   "}),
        ("kill", {"reason": "x" * 201}),
        ("kill", {"reason": "\x1b[2J"}),
        ("kill", {"reason": "a\nb"}),
        ("kill", {"reason": "x", "scope": "world"}),
        ("kill", {"reason": "x", "nmae": "A"}),
        ("kill", {"reason": "x", "scope": "venue"}),
        ("kill", {"reason": "x", "scope": "venue", "name": "../../etc"}),
        ("kill", {"reason": "x", "scope": "venue", "name": "C"}),
        ("kill", {"reason": "x", "scope": "firm", "name": "A"}),
        ("cancel", {"reason": "x", "order_id": -1}),
        ("cancel", {"reason": "x", "order_id": 2**63}),
        ("orders", {"lines": 10_000_000}),
        ("no-such-command", {}),
        ("__init__", {}),
    ],
)
def test_what_is_malformed_is_refused_and_changes_nothing(
    box: OperatorBox, name: str, arguments: dict[str, Any]
) -> None:
    refused = refusal(box, OFFICER, name, **arguments)
    assert refused.code in ("malformed", "unknown")
    assert not box.control.kill
    assert all(not box.control.stop_bits(scope, index) for scope, index in (("venue", 0), ("venue", 1), ("firm", 0)))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 60_000, b'{"a":' * 9_000])
def test_no_bytes_do_more_than_be_refused(box: OperatorBox, body: bytes) -> None:
    with pytest.raises(Refused) as caught:
        asyncio.run(box.operations().execute(OFFICER, "kill", body))
    assert caught.value.code == "malformed"
    assert not box.control.kill


def test_a_part_that_this_box_does_not_have_is_said_to_be_missing(box: OperatorBox) -> None:
    for part in ("blotter", "ledger", "limits", "breakers", "reconciliation", "desk", "evidence", "throttles"):
        setattr(box.parts, part, None)
    for name in ("orders", "fills", "positions", "limits", "best-execution", "reconcile", "cancel", "throttle-reset"):
        assert refusal(box, OFFICER, name, **ARGUMENTS.get(name, {})).code == "unavailable"
    assert do(box, VIEWER, "status").trading
    do(box, OFFICER, "kill", reason="x")
    assert do(box, OFFICER, "rearm-prepare").code


def test_nobody_is_told_what_broke_inside(box: OperatorBox) -> None:
    box.parts.evidence = object()  # type: ignore[assignment]
    refused = refusal(box, VIEWER, "best-execution", order_id=7)
    assert (refused.code, refused.text) == ("failed", "the box failed to do this; its log says why")


def test_nobody_is_a_person() -> None:
    assert nobody("http", "127.0.0.1:9").role is None
