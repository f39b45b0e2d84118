"""Limits: who may change them, and when a change takes effect."""

import json
from pathlib import Path
from typing import Any

import pytest
from limit_desk import ANN, BOB, CONFIGURED, POSITION, Desk

from tickwire.services.limit_book import PENDING_COUNT_MAX
from tickwire.services.limit_change import Governance
from tickwire.services.limit_paths import RefusedError


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_tightening_takes_effect_at_once(desk: Desk) -> None:
    change = desk.book.propose("tim", "trader", POSITION, "500", "nervous market")
    assert (change.state, change.old, change.new, desk.position()) == ("in force", 2000, 500, 500)


def test_a_loosening_waits_for_a_second_person(desk: Desk) -> None:
    change = desk.book.propose(*BOB, POSITION, 3000, "index event")
    assert (change.state, desk.position()) == ("waiting", 2000)
    assert desk.book.pending() == (change,)
    assert desk.book.approve(change.id, *ANN).approver == "ann"
    assert (desk.position(), desk.book.pending()) == (3000, ())


@pytest.mark.parametrize("name", ["bob", " Bob ", "BOB", "\uff42ob"])  # the last one is a wide b
def test_nobody_approves_what_is_his_own_however_he_spells_himself(desk: Desk, name: str) -> None:
    change = desk.book.propose(*BOB, POSITION, 3000, "index event")
    with pytest.raises(RefusedError, match="second person"):
        desk.book.approve(change.id, name, "risk-officer")
    with pytest.raises(RefusedError, match="second person"):
        desk.book.propose(*BOB, POSITION, 3000, "index event", approver=name)
    assert desk.position() == 2000


def test_a_second_person_who_is_there_saves_the_wait(desk: Desk) -> None:
    assert desk.book.propose(*BOB, POSITION, 3000, "index event", approver="ann").state == "in force"
    assert desk.position() == 3000


def test_without_governance_one_risk_officer_is_enough(desk: Desk) -> None:
    desk.governance = Governance(approval="none")
    assert desk.start().propose(*BOB, POSITION, 3000, "index event").state == "in force"
    with pytest.raises(RefusedError, match="only a risk officer"):
        desk.book.propose("tim", "trader", POSITION, 4000, "more")
    with pytest.raises(RefusedError, match="look"):
        desk.book.propose("vic", "viewer", POSITION, 1, "less")


def test_where_all_changes_are_seen_by_two_a_tightening_still_does_not_wait(desk: Desk) -> None:
    desk.governance = Governance(approval="all")
    desk.start()
    change = desk.book.propose(*BOB, POSITION, 500, "nervous market")
    assert (change.state, desk.position(), desk.book.pending()[0].id) == ("unconfirmed", 500, change.id)
    assert desk.book.approve(change.id, *ANN).state == "in force"
    assert (desk.book.pending(), desk.position()) == ((), 500)
    desk.book.propose(*BOB, POSITION, 400, "very nervous market")
    desk.pass_s(3601)
    assert (desk.book.pending(), desk.position()) == ((), 400)


@pytest.mark.parametrize(
    ("path", "value", "loosens"),
    [
        ("instruments.BRK.B.order_value_max", "999999.9999", False),
        ("instruments.BRK.B.order_value_max", "1000000.0001", True),
        ("instruments.BRK.B.restricted", "true", False),
        ("instruments.BRK.B.collar_last_ppm", 0, True),
        ("instruments.BRK.B.collar_last_ppm", 1, False),
        ("risk.message_window_ms", 2000, False),
        ("risk.message_window_ms", 500, True),
        ("instruments.BRK.B.short_sale", "allow", True),
    ],
)
def test_each_limit_knows_which_way_is_looser(desk: Desk, path: str, value: object, loosens: bool) -> None:
    assert desk.book.propose(*BOB, path, value, "because").loosens is loosens


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("instruments.BRK.B.positon_max", 1, "did you mean instruments.BRK.B.position_max"),
        ("", 1, "no limit"),
        (POSITION, "many", "a whole number from 1 to"),
        (POSITION, 0, "out of bounds"),
        (POSITION, 1.5, "a whole number"),
        (POSITION, True, "a whole number"),
        (POSITION, None, "a whole number"),
        (POSITION, "9" * 5000, "a whole number"),
        ("instruments.BRK.B.order_value_max", "0.00001", "a number from 0"),
        ("instruments.BRK.B.restricted", "maybe", "one of true, false"),
        ("instruments.BRK.B.short_sale", 1, "one of deny, allow"),
        ("risk.self_match", "allow", "one of refuse"),
        (POSITION, 2000, "already"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(desk: Desk, path: str, value: object, says: str) -> None:
    with pytest.raises(RefusedError, match=says) as refused:
        desk.book.propose(*BOB, path, value, "because")
    assert len(str(refused.value)) < 300
    assert desk.book.effective() == CONFIGURED


@pytest.mark.parametrize(("who", "why"), [("", "x"), (" ", "x"), ("bob", ""), ("bob", "\n"), ("bob", "a\nb"), (7, "x")])
def test_somebody_answers_for_a_change_and_says_why(desk: Desk, who: Any, why: str) -> None:
    with pytest.raises(RefusedError):
        desk.book.propose(who, "risk-officer", POSITION, 500, why)


def test_an_approval_of_what_has_changed_meanwhile_is_refused(desk: Desk) -> None:
    change = desk.book.propose(*BOB, POSITION, 3000, "index event")
    desk.book.propose("tim", "trader", POSITION, 100, "incident")
    with pytest.raises(RefusedError, match="100 now, not 2000"):
        desk.book.approve(change.id, *ANN)
    assert desk.position() == 100


def test_a_proposal_that_nobody_approves_is_void_in_time(desk: Desk) -> None:
    change = desk.book.propose(*BOB, POSITION, 3000, "index event")
    desk.pass_s(3599)
    desk.start()
    assert len(desk.book.pending()) == 1
    desk.pass_s(2)
    with pytest.raises(RefusedError, match="expired"):
        desk.book.approve(change.id, *ANN)


def test_a_proposal_can_be_rejected_or_withdrawn_but_not_by_anybody(desk: Desk) -> None:
    first = desk.book.propose(*BOB, POSITION, 3000, "index event")
    with pytest.raises(RefusedError, match="risk officer"):
        desk.book.reject(first.id, "tim", "trader", "no")
    desk.book.reject(first.id, *ANN, "too much")
    second = desk.book.propose(*BOB, POSITION, 3000, "index event")
    desk.book.reject(second.id, "bob", "trader", "thought better of it")
    assert (desk.book.pending(), desk.position()) == ((), 2000)


def test_too_many_proposals_are_refused_but_never_a_tightening(desk: Desk) -> None:
    desk.governance = Governance(approval="all")
    desk.start()
    for extra in range(PENDING_COUNT_MAX):
        desk.book.propose(*BOB, POSITION, 3000 + extra, "flood")
    with pytest.raises(RefusedError, match="wait already"):
        desk.book.propose(*BOB, POSITION, 9000, "flood")
    assert desk.book.propose(*BOB, POSITION, 10, "stop").state == "in force"


def test_an_override_returns_by_itself(desk: Desk) -> None:
    desk.book.propose(*BOB, POSITION, 3000, "close", approver="ann", expires_s=60)
    desk.pass_s(59)
    assert desk.position() == 3000
    desk.pass_s(2)
    assert "has ended" in desk.book.tick()[0]
    assert desk.position() == 2000


@pytest.mark.parametrize("seconds", [0, -1, 28_801, 1.5, True])
def test_an_override_has_a_longest_time(desk: Desk, seconds: Any) -> None:
    with pytest.raises(RefusedError, match="1 to 28800 seconds"):
        desk.book.propose(*BOB, POSITION, 500, "x", expires_s=seconds)


def test_an_override_starts_when_it_is_approved(desk: Desk) -> None:
    change = desk.book.propose(*BOB, POSITION, 3000, "close", expires_s=60)
    desk.pass_s(50)
    desk.book.approve(change.id, *ANN)
    desk.pass_s(50)
    assert desk.position() == 3000
    desk.pass_s(11)
    assert desk.position() == 2000


def test_a_loose_override_ends_by_whichever_clock_is_first(desk: Desk) -> None:
    desk.book.propose(*BOB, POSITION, 3000, "close", approver="ann", expires_s=60)
    desk.wall.pass_s(-3600)
    desk.elapsed.pass_s(61)
    assert desk.position() == 2000
    desk.book.propose(*BOB, POSITION, 3000, "close", approver="ann", expires_s=60)
    desk.wall.pass_s(61)
    assert desk.position() == 2000


def test_a_tight_override_ends_only_when_both_clocks_say_so(desk: Desk) -> None:
    desk.book.propose("tim", "trader", POSITION, 100, "news", expires_s=60)
    desk.wall.pass_s(3600)
    assert desk.position() == 100
    desk.elapsed.pass_s(61)
    assert desk.position() == 2000


def test_a_tight_override_is_not_ended_early_without_approval(desk: Desk) -> None:
    desk.book.propose("tim", "trader", POSITION, 100, "news", expires_s=600)
    for value, seconds in ((50, 60), (100, 60), (2000, None)):
        assert desk.book.propose(*BOB, POSITION, value, "enough", expires_s=seconds).state == "waiting"
    assert desk.book.propose("tim", "trader", POSITION, 50, "worse", expires_s=700).state == "in force"
    assert desk.book.propose("tim", "trader", POSITION, 40, "for good").state == "in force"
    desk.pass_s(1000)
    assert desk.position() == 40


def test_an_override_outlasts_a_restart_and_its_end_does_too(desk: Desk) -> None:
    desk.book.propose(*BOB, POSITION, 3000, "close", approver="ann", expires_s=60)
    desk.pass_s(30)
    desk.start()
    assert desk.position() == 3000
    desk.reboot()
    desk.wall.pass_s(31)
    desk.start()
    assert desk.position() == 2000


def test_a_clock_that_went_back_over_a_reboot_ends_what_was_lent(desk: Desk) -> None:
    desk.book.propose(*BOB, POSITION, 3000, "close", approver="ann", expires_s=600)
    desk.pass_s(300)
    desk.book.tick()
    desk.reboot()
    desk.wall.pass_s(-100)
    desk.start()
    assert desk.position() == 2000
    assert desk.book.history()[-1]["event"] == "override ended"


def test_the_history_says_who_what_when_why_and_who_agreed(desk: Desk) -> None:
    change = desk.book.propose(*BOB, POSITION, 3000, "index event")
    desk.book.approve(change.id, *ANN)
    entry = json.loads(desk.history.read_text().splitlines()[-1])
    wanted = {"who": "bob", "approver": "ann", "old": "2000", "new": "3000", "why": "index event", "path": POSITION}
    assert wanted.items() <= entry.items()
    assert entry["time"].startswith("1970-01-01T00:16:40")
    assert [one["event"] for one in desk.book.history()] == ["proposed", "changed"]


def test_a_person_sees_each_limit_as_it_is_written(desk: Desk) -> None:
    desk.book.propose("tim", "trader", POSITION, 100, "news", expires_s=60)
    change = desk.book.propose(*BOB, "instruments.BRK.B.short_sale", "allow", "test day")
    views = {view.path: view for view in desk.book.views()}
    assert (views[POSITION].effective, views[POSITION].standing, views[POSITION].unit) == ("100", "2000", "shares")
    assert views[POSITION].override_ends_ns > 0
    assert views["instruments.BRK.B.short_sale"].waiting == (change.id,)
    assert views["instruments.BRK.B.order_value_max"].effective == "1000000"
