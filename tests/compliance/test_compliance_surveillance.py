"""RTS 6 Articles 16 and 17: alerts in time, and the venue's records against our own."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from alert_rig import CONFIG, SECOND, AlertRig, Records
from blotter_rig import accepted, executed
from compliance_rig import Rig
from reconcile_rig import Desk

from tickwire.native import lib
from tickwire.services.alert_causes import BoxCauses
from tickwire.services.alerts import Alerts, read_alerts

DUE_NS = 5 * SECOND


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[AlertRig]:
    with AlertRig(tmp_path) as made:
        yield made


def _kill(rig: AlertRig) -> None:
    rig.control.kill = rig.now_ns


def _stop(bits: int) -> Callable[[AlertRig], None]:
    return lambda rig: rig.control.stop_set("strategy", 1, bits) and None


def _feed(rig: AlertRig) -> None:
    rig.feeds[0][lib.MARKET_COUNT_SYNCHRONISED] = 0


def _session(rig: AlertRig) -> None:
    rig.sessions[1][lib.EXECUTION_COUNT_SESSION_STATE] = 0


def _silence(rig: AlertRig) -> None:
    rig.sessions[1][lib.EXECUTION_COUNT_SILENCES] += 1


def _lane(rig: AlertRig) -> None:
    rig.lane.state = lib.LANE_STOPPED


def _lane_hangs(rig: AlertRig) -> None:
    rig.lane_lives = False


def _shut(rig: AlertRig) -> None:
    rig.control.armed = False


def _limit(rig: AlertRig) -> None:
    rig.use(lib.RISK_SCOPE_FIRM, gross=2**60)


def _break(rig: AlertRig) -> None:
    rig.records.breaks.append(SimpleNamespace(venue=0, instrument=0, text="a fill that we do not have"))


def _accepted(rig: AlertRig) -> None:
    found = SimpleNamespace(venue=0, instrument=0)
    rig.records.accepted.append(SimpleNamespace(found=found, text="a fill that we do not have (accepted by ann)"))


def _blotter(rig: AlertRig) -> None:
    rig.records.blotter.incomplete = True


def _drop_copy(rig: AlertRig) -> None:
    copy = SimpleNamespace(why_down="no connection", incomplete="")
    rig.records.drop_copies.append(SimpleNamespace(name="drop-copy A", copy=copy))


def _unknown(rig: AlertRig) -> None:
    rig.segment.counters("risk-manager").values[lib.RISK_COUNT_RECONCILED] = 0


CAUSES: dict[str, Callable[[AlertRig], None]] = {
    "kill": _kill,
    "pause": _stop(lib.STOP_PAUSE),
    "break": _stop(lib.STOP_BREAK),
    "breaker": _stop(lib.STOP_BREAKER),
    "throttle": _stop(lib.STOP_THROTTLE),
    "gate-shut": _shut,
    "lane-down": _lane,
    "lane-silent": _lane_hangs,
    "feed-stale": _feed,
    "session-down": _session,
    "venue-silent": _silence,
    "limit-use": _limit,
    "reconciliation-break": _break,
    "accepted-difference": _accepted,
    "blotter-incomplete": _blotter,
    "drop-copy-down": _drop_copy,
    "not-reconciled": _unknown,
}


@pytest.mark.rule("RTS 6 Art 16")
@pytest.mark.parametrize("name", CAUSES)
def test_from_cause_to_alert_it_takes_less_than_five_seconds(rig: AlertRig, name: str) -> None:
    rig.wait(1)
    began_ns = rig.now_ns
    CAUSES[name](rig)
    while name not in [alert.name for alert in rig.alerts.active()]:
        rig.wait()
        assert rig.now_ns - began_ns < DUE_NS
    last = read_alerts(rig.folder)[-1]
    assert (last["event"], last["alert"]) == ("raised", name)
    assert last["raised_ns"] - began_ns < DUE_NS
    assert last["text"]


@pytest.mark.rule("RTS 6 Art 16")
def test_an_alert_cannot_be_dismissed_while_its_cause_lasts(rig: AlertRig) -> None:
    rig.control.kill = rig.now_ns
    rig.wait(3600)
    rig.start()
    rig.wait()
    assert rig.names() == ["kill firm"]
    assert not [name for name in vars(Alerts) if name in ("dismiss", "acknowledge", "silence", "clear")]


@pytest.mark.rule("RTS 6 Art 16")
def test_a_session_that_breaks_and_an_order_near_a_limit_are_told_of_by_the_real_stages(tmp_path: Path) -> None:
    with Rig(tmp_path, instrument={"position_max": 110}) as rig:
        causes = BoxCauses(CONFIG, rig.segment, rig.control, Records(), lambda: rig.now_ns)  # type: ignore[arg-type]
        alerts = Alerts(causes, tmp_path, lambda: rig.now_ns)
        alerts.check()
        before = {alert.name for alert in alerts.active()}
        assert not before & {"session-down", "limit-use"}
        rig.take(100)
        for _ in range(250):  # the steward looks four times a second
            rig.step()
        alerts.check()
        assert ("limit-use", "instrument AAPL position_max") in {(one.name, one.subject) for one in alerts.active()}
        began_ns = rig.now_ns
        while "session-down" not in {alert.name for alert in alerts.active()}:
            for _ in range(250):
                rig.exchanges[1].orders.disconnect(None)
                rig.step()
            alerts.check()
            assert rig.now_ns - began_ns < DUE_NS
        assert ("session-down", "venue B") in {(alert.name, alert.subject) for alert in alerts.active()}


@pytest.mark.rule("RTS 6 Art 17")
def test_a_fill_that_only_the_venue_knows_stops_its_instrument_until_a_person_has_looked_into_it(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path)
    desk.ear.tell(accepted(1))
    desk.ear.tell(executed(1, 60, 77), live=False, logged=False)
    found = desk.run().breaks
    assert "fill 77 of order 1, buy 60 at 100.0000, that we do not have" in found[0].text
    assert desk.stops == {("instrument", 0): True}
    for one in found:
        with pytest.raises(ValueError, match="still stands"):
            asyncio.run(desk.reconciliation.clear(one.break_id, "ann", "booked by hand"))
        asyncio.run(desk.reconciliation.accept(one.break_id, "ann", "booked by hand"))
    assert desk.stops == {("instrument", 0): False}
    desk.ear.segment.close()
