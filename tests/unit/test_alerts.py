"""Alerts: raised while something is wrong, cleared when it no longer is, on disk both times."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from alert_rig import AlertRig

from tickwire.native import lib
from tickwire.services.alerts import ALERTS_MAX, FILE, Alerts, Cause, read_alerts


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[AlertRig]:
    with AlertRig(tmp_path) as made:
        yield made


def test_a_box_that_is_well_has_no_alert(rig: AlertRig) -> None:
    assert rig.wait(10) == []
    assert [entry["event"] for entry in read_alerts(rig.folder)] == ["watch_began"]


def test_an_alert_is_raised_once_and_cleared_when_its_cause_has_been_gone_for_two_seconds(
    rig: AlertRig, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        rig.control.stop_set("strategy", 1, lib.STOP_PAUSE)
        assert rig.wait(5) == ["pause strategy imbalance"]
        rig.control.stop_clear("strategy", 1, lib.STOP_PAUSE)
        assert rig.wait(1) == ["pause strategy imbalance"]
        assert rig.wait(2) == []
    events = [(entry["event"], entry.get("alert")) for entry in read_alerts(rig.folder)]
    assert events == [("watch_began", None), ("raised", "pause"), ("cleared", "pause")]
    assert [record.message for record in caplog.records] == ["alert_raised", "alert_cleared"]


def test_a_cause_that_flaps_is_one_alert(rig: AlertRig) -> None:
    for _ in range(10):
        rig.feeds[1][lib.MARKET_COUNT_SYNCHRONISED] = 0
        rig.wait(0.25)
        rig.feeds[1][lib.MARKET_COUNT_SYNCHRONISED] = 1
        assert rig.wait(1) == ["feed-stale venue B"]
    assert len(read_alerts(rig.folder)) == 2


def test_what_was_over_before_anybody_looked_is_told_of_for_a_minute(rig: AlertRig) -> None:
    rig.sessions[0][lib.EXECUTION_COUNT_SILENCES] += 1
    assert rig.wait() == ["venue-silent venue A"]
    assert rig.wait(59) == ["venue-silent venue A"]
    assert rig.wait(5) == []
    rig.start()
    assert rig.wait() == []


def test_limits_use_is_told_from_80_per_cent_on_until_it_is_below_75(rig: AlertRig) -> None:
    limit = rig.segment.parameters("risk", "risk_limits").read().firm.gross_max  # type: ignore[union-attr]
    for used, told in ((0.79, False), (0.80, True), (0.76, True), (0.74, False), (0.79, False)):
        rig.use(lib.RISK_SCOPE_FIRM, gross=round(used * limit))
        assert ("limit-use firm gross_max" in rig.wait(3)) == told, used


def test_while_positions_are_unknown_nothing_is_said_of_limits(rig: AlertRig) -> None:
    limit = rig.segment.parameters("risk", "risk_limits").read().firm.gross_max  # type: ignore[union-attr]
    reconciled = rig.segment.counters("risk-manager").values
    rig.use(lib.RISK_SCOPE_FIRM, gross=round(2.33 * limit))
    reconciled[lib.RISK_COUNT_RECONCILED] = 0
    assert rig.wait() == ["not-reconciled firm"]
    reconciled[lib.RISK_COUNT_RECONCILED] = 1
    assert "limit-use firm gross_max" in rig.wait()


def test_an_accepted_difference_is_an_alert_as_long_as_it_stands(rig: AlertRig) -> None:
    one = SimpleNamespace(found=SimpleNamespace(venue=0, instrument=0), text="differs (accepted by ann)")
    rig.records.accepted = [one]
    assert rig.wait(3600) == ["accepted-difference instrument AAPL"]
    assert rig.alerts.active()[0].text == "1 still there, the first: differs (accepted by ann)"
    rig.records.accepted = []
    assert rig.wait(3) == []


def test_a_limit_that_is_being_written_is_looked_at_later(rig: AlertRig) -> None:
    rig.use(lib.RISK_SCOPE_FIRM, open_orders=10_000, version=1)
    assert rig.wait() == []
    rig.use(lib.RISK_SCOPE_FIRM, version=2)
    assert rig.wait() == ["limit-use firm open_orders_max"]


def test_breaks_are_one_alert_for_each_place(rig: AlertRig) -> None:
    rig.records.breaks = [
        SimpleNamespace(venue=0, instrument=0, text="one"),
        SimpleNamespace(venue=0, instrument=0, text="two"),
        SimpleNamespace(venue=1, instrument=None, text="three"),
        SimpleNamespace(venue=None, instrument=None, text="four"),
    ]
    assert rig.wait() == [
        "reconciliation-break instrument AAPL",
        "reconciliation-break venue B",
        "reconciliation-break firm",
    ]
    assert rig.alerts.active()[0].text == "2 unresolved, the first: one"


def test_a_disk_that_takes_nothing_holds_no_alert_up(rig: AlertRig, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError("no space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(rig.alerts._file, "append", full)
        rig.control.kill = 1
        assert rig.wait() == ["kill firm"]
    rig.wait()
    assert [entry["event"] for entry in read_alerts(rig.folder)] == ["watch_began", "raised"]


def test_the_file_is_read_past_what_a_crash_left_of_a_line(rig: AlertRig) -> None:
    rig.control.kill = 1
    rig.wait()
    with (rig.folder / FILE).open("a") as file:
        file.write('{"event": "rai')
    assert [entry["event"] for entry in read_alerts(rig.folder)] == ["watch_began", "raised"]
    rig.start()
    rig.wait()
    events = [entry["event"] for entry in read_alerts(rig.folder)]
    assert events == ["watch_began", "raised", "watch_began", "raised"]  # what is wrong still is told again
    assert read_alerts(rig.folder, 1)[0]["alert"] == "kill"
    assert json.loads((rig.folder / FILE).read_text().splitlines()[0])["event"] == "watch_began"


def test_there_is_no_file_before_the_first_start(tmp_path: Path) -> None:
    assert read_alerts(tmp_path) == ()


def test_a_flood_of_causes_is_cut_off(tmp_path: Path) -> None:
    alerts = Alerts(lambda: (Cause("flood", str(number), "") for number in range(10**9)), tmp_path, lambda: 10**18)
    alerts.check()
    assert len(alerts.active()) == ALERTS_MAX


def test_an_order_that_is_open_five_seconds_after_its_cancel_is_told_of_until_it_is_not(rig: AlertRig) -> None:
    order = SimpleNamespace(order_id=7, instrument=0, venue=1, leaves=30, open=True, cancel_ns=0)
    rig.records.blotter.in_memory = lambda: [order]
    assert rig.wait(10) == [], "nobody canceled it"
    order.cancel_ns = rig.now_ns
    assert rig.wait(5) == []
    assert rig.wait() == ["cancel-not-answered order 7"]
    assert rig.raised("cancel-not-answered").text == (
        "order 7, 30 open of instrument AAPL at venue B: no answer to its cancel for 5 s"
    )
    order.open = False
    assert rig.wait(3) == []
