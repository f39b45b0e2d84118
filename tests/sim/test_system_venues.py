"""The whole system on loopback with more than one venue, and the story of risk, told by real processes."""

import json
import subprocess
import sys
from pathlib import Path

from killing import final_lines, trade

from tickwire.demo.plan import Settings
from tickwire.demo.site import Site
from tickwire.host.process import is_running
from tickwire.native import lib

TWO = Settings(backend="socket", instruments=2, venues=2)


def demo(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tickwire", "demo", "--backend", "socket", "--no-view", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=150)


def test_orders_go_to_both_venues_and_positions_equal_the_sum_of_both(tmp_path: Path) -> None:
    done = demo("--venues", "2", "--seconds", "6", "--report", str(tmp_path / "report.json"))
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    first, second = report["venues"]
    assert (first["name"], second["name"]) == ("A", "B")
    assert first["orders"] > 0
    assert second["orders"] > 0
    assert min(first["messages"], second["messages"]) > 0
    assert report["position_breaks"] == 0
    assert report["latency_ns"]["wire_to_wire"]["count"] > 0


def test_the_story_of_risk_happens_step_by_step() -> None:
    done = demo("--story", "risk")
    assert done.returncode == 0, done.stdout + done.stderr
    for said in (
        "order_quantity.",
        "OPEN: reject-rate",
        "HALF OPEN",
        "CLOSED",
        "Second step",
        "equal the exchange's own",
    ):
        assert said in done.stdout


def test_a_disabled_venue_keeps_nobody_waiting_and_gets_no_order() -> None:
    def disable(text: str) -> str:
        return text.replace('name = "B"', 'name = "B"\nenabled = false', 1)

    with Site(TWO, TWO.symbols(), change=disable) as site:
        site.await_armed()
        trade(site, 10)
        assert [lane["stage"] for lane in site.box.events("stage_opened")].count("execution.1") == 0
        assert [venue.name for venue in site.reader.read().venues] == ["A"]
        lines = final_lines(site)
        assert all(line.equal for line in lines), lines


def test_a_pause_outlives_the_supervisor_and_its_segment() -> None:
    settings = Settings(backend="socket", instruments=2)
    with Site(settings, settings.symbols()) as site:
        site.await_armed()
        trade(site, 5)
        control = site.segment.control()
        control.stop_set("instrument", 0, lib.STOP_PAUSE)
        pids = [lane.pid for lane in control.lanes()]
        site.box.kill()
        site.start_box_again()
        assert not any(is_running(pid, "tickwire.services.lane") for pid in pids)
        assert site.segment.control().stop_bits("instrument", 0) == lib.STOP_PAUSE
        refused = site.reader.read().verdicts["paused"]
        site.wait(lambda: site.reader.read().verdicts["paused"] > refused, "the gate to refuse by the pause")


def test_no_answer_seems_to_come_before_the_order_it_answers() -> None:
    with Site(TWO, TWO.symbols()) as site:
        site.await_armed()
        blotter = site.segment.ring("blotter", "execution_report").observer()
        trade(site, 200)
        sent_ns: dict[int, int] = {}
        answers = 0
        for report in blotter.read(16_384):
            if report.kind == lib.REPORT_SENT:
                sent_ns.setdefault(report.order_id, report.report_ns)
            elif report.order_id in sent_ns and report.sequence:
                assert report.report_ns >= sent_ns[report.order_id]
                answers += 1
        assert answers > 100
