"""Who may change what, what is kept of it, and test apart from production."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from compliance_rig import SECOND, Rig, limits_of_two
from config_text import EXAMPLE, changed, refused
from gate_desk import Desk as GateDesk
from limit_desk import ANN, BOB, POSITION, Desk
from operator_box import OFFICER, TRADER, VIEWER, OperatorBox

from tickwire.api.audit import FILE, AuditLog
from tickwire.api.errors import Refused
from tickwire.services.limit_paths import RefusedError


def do(box: OperatorBox, who: Any, name: str, /, **arguments: Any) -> Any:
    """One command."""
    return asyncio.run(box.operations().execute(who, name, arguments))


@pytest.mark.rule("SEC 15c3-5 (b)")
@pytest.mark.rule("RTS 6 Art 5(7)")
def test_every_change_of_a_limit_says_who_what_when_why_and_who_agreed_and_outlives_a_restart(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    change = desk.book.propose(*BOB, POSITION, 3000, "index event")
    desk.book.approve(change.id, *ANN)
    desk.start()
    proposed, changed_ = desk.book.history()[:2]
    assert (proposed["event"], changed_["event"]) == ("proposed", "changed")
    wanted = {"who": "bob", "approver": "ann", "old": "2000", "new": "3000", "why": "index event", "path": POSITION}
    assert wanted.items() <= changed_.items()
    assert changed_["time"]


@pytest.mark.rule("SEC 15c3-5 (b)")
def test_a_record_of_a_change_that_was_tampered_with_is_not_believed(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.book.propose(*BOB, POSITION, 3000, "index event", approver="ann")
    lines = desk.history.read_text().splitlines()
    desk.history.write_text("\n".join([lines[0].replace("ann", "eve"), *lines[1:]]) + "\n")
    desk.book.propose(*BOB, POSITION, 500, "x")
    desk.start()
    assert desk.position() <= 500  # the tightest that is known


@pytest.mark.rule("SEC 15c3-5 (b)")
def test_every_command_and_every_refused_attempt_is_on_record_in_a_chain_that_shows_what_was_changed(
    tmp_path: Path,
) -> None:
    box = OperatorBox(tmp_path)
    do(box, TRADER, "pause", scope="strategy", name="imbalance", reason="news")
    with pytest.raises(Refused):
        do(box, VIEWER, "kill", reason="curious")
    do(box, OFFICER, "limit-propose", path="instruments.AAPL.position_max", value=100, reason="news")
    told = [(line["person"], line["command"], line["phase"]) for line in box.lines()]
    assert ("victor", "kill", "refused") in told
    assert {("alice", "pause", "done"), ("bob", "limit-propose", "done")} <= set(told)
    path = box.state_dir / FILE
    assert AuditLog(path).verify() == ""
    path.write_text(path.read_text().replace("news", "none", 1))
    assert AuditLog(path).verify() != ""
    box.close()


@pytest.mark.rule("SEC 15c3-5 (d)")
def test_nobody_loosens_a_limit_alone_and_a_trader_never(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with pytest.raises(RefusedError, match="risk officer"):
        desk.book.propose("tim", "trader", POSITION, 3000, "more")
    change = desk.book.propose(*BOB, POSITION, 3000, "more")
    with pytest.raises(RefusedError, match="second person"):
        desk.book.approve(change.id, *BOB)
    assert desk.position() == 2000


@pytest.mark.rule("SEC 15c3-5 (d)")
def test_neither_a_restart_nor_another_file_loosens_a_limit(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.book.propose("tim", "trader", POSITION, 500, "nervous market")
    desk.start(instruments__BRK__B__position_max=9000)
    assert desk.position() == 500


@pytest.mark.rule("RTS 6 Art 7")
@pytest.mark.parametrize("box_is_production", [True, False])
def test_a_box_with_a_venue_of_the_other_environment_does_not_start(box_is_production: bool) -> None:
    said = 'environment = "production"'
    if box_is_production:
        text = changed('# environment = "test"                     # or', f"{said} # or")
    else:
        text = changed('# environment = "test"                     # as', f"{said} # as")
    assert any("a box never has venues of both kinds" in line for line in refused(text))


@pytest.mark.rule("RTS 6 Art 8")
@pytest.mark.parametrize(
    ("verdict", "caps"),
    [
        ("order_rate", {"order_count_max": 2}),
        ("gross_strategy", {"scope": {"gross_max": 2 * 100 * 1_000_200}}),
        ("net_strategy", {"scope": {"net_max": 2 * 100 * 1_000_200}}),
        ("open_orders", {"scope": {"open_orders_max": 2}}),
    ],
)
def test_a_newly_deployed_strategy_is_held_to_caps_of_its_own(verdict: str, caps: dict[str, Any]) -> None:
    desk = GateDesk(strategies={3: caps})
    assert [desk.ask(strategy=3, quantity=100 - i) for i in range(3)] == ["pass", "pass", verdict]
    assert [desk.ask(strategy=1, quantity=100 - i) for i in range(3)] == ["pass"] * 3


@pytest.mark.rule("RTS 6 Art 8")
def test_a_strategy_that_nobody_has_deployed_sends_nothing(tmp_path: Path) -> None:
    made = limits_of_two()
    made.strategies[2].scope.permitted = 0
    with Rig(tmp_path) as rig:
        rig.publish(made)
        rig.step()
        rig.rest(**SECOND)
        assert (rig.reasons(), rig.wire) == (["strategy"], [])


@pytest.mark.rule("RTS 6 Art 8")
def test_a_strategy_is_deployed_with_all_its_caps_or_not_at_all() -> None:
    for cap in ("gross_exposure_max", "net_exposure_max", "open_orders_max", "orders_per_window_max"):
        start = EXAMPLE.index("[[strategies]]")
        line = next(line for line in EXAMPLE[start:].splitlines() if line.startswith(cap))
        text = EXAMPLE[:start] + EXAMPLE[start:].replace(line, "", 1)
        assert [f"expected the key {cap}" in said for said in refused(text)] == [True]
