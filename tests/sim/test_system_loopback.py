"""The whole system without privileges: exchange and box as processes on loopback, with sockets."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from killing import final_lines, kill_every_lane, trade

from tickwire.demo.children import workplace
from tickwire.demo.plan import PASSWORD, SYNTHETIC_SYMBOLS, Settings, box_command
from tickwire.demo.site import Site
from tickwire.host.process import is_running
from tickwire.sim.settings import StreetSettings
from tickwire.sim.street import write_street
from tickwire.supervisor.ownership import LANE_MODULE

SOCKETS = Settings(backend="socket", instruments=2)


def demo(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tickwire", "demo", "--backend", "socket", "--no-view", *arguments]


def leftovers() -> list[Path]:
    return [*Path("/dev/shm").glob(f"tickwire-demo-{os.getpid()}-*")]


def test_the_demo_trades_and_its_positions_equal_the_exchanges(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    done = subprocess.run(demo("--seconds", "4", "--report", str(file)), capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(file.read_text())
    assert report["orders"] > 0
    assert report["fills"] > 0
    assert report["position_breaks"] == 0
    assert report["run"]["mode"].startswith("loopback, socket")
    assert report["latency_ns"]["tick_to_order"]["count"] > 0
    assert report["latency_ns"]["wire_to_wire"]["count"] > 0
    assert "The box's positions equal the exchange's own." in done.stdout


def test_a_gzipped_recording_goes_at_once_up_to_its_start_and_is_traded_from_there(tmp_path: Path) -> None:
    day, file = tmp_path / "day.itch.gz", tmp_path / "report.json"
    write_street(StreetSettings(symbols=SYNTHETIC_SYMBOLS[:2]), day, 120_000)  # 6 s of market
    arguments = ["--itch", str(day), "--start", "09:30:03", "--seconds", "2", "--report", str(file)]
    done = subprocess.run(demo(*arguments), capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(file.read_text())
    assert report["run"]["market"] == "recording day.itch.gz"
    assert report["messages"] > 60_000, "3 s that went at once, and what was traded"
    assert report["orders"] > 0
    assert report["feed"]["lost"] == 0


def test_an_interrupted_demo_still_reports_and_leaves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    logs = tmp_path / "logs"
    process = subprocess.Popen(
        demo("--seconds", "600", "--report", str(file), "--keep-logs", str(logs)),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        while "| trading |" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0
    assert json.loads(file.read_text())["position_breaks"] == 0
    assert {"box.log", "box.toml", "exchange.log", "exchange.json"} <= {kept.name for kept in logs.iterdir()}
    assert not [kept for kept in logs.iterdir() if PASSWORD in kept.read_text()]
    assert not [*Path("/dev/shm").glob(f"tickwire-demo-{process.pid}-*")]


def test_a_killed_demo_leaves_no_process_behind() -> None:
    process = subprocess.Popen(demo("--seconds", "600"), stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        while "| trading |" not in process.stdout.readline():
            assert process.poll() is None
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) == 3, "exchange, supervisor, one lane"
    finally:
        process.kill()
        process.communicate()
    _, alive = psutil.wait_procs(children, timeout=60)
    assert not alive
    with workplace():  # the next demo's sweeps up after it
        assert not [*Path("/dev/shm").glob(f"tickwire-demo-{process.pid}-*")]


def test_killing_each_lane_in_turn_breaks_no_position_and_sends_nothing_meanwhile() -> None:
    kill_every_lane(SOCKETS)
    assert not leftovers()


def test_a_second_supervisor_of_the_same_box_is_refused_and_told_by_whom() -> None:
    with Site(SOCKETS, SOCKETS.symbols()) as site:
        second = subprocess.run(box_command(site.folder / "box.toml"), capture_output=True, text=True, timeout=60)
        assert second.returncode == 3
        assert f"is held by pid {site.box.pid}" in second.stderr
        site.await_armed()


def test_lanes_of_a_killed_supervisor_end_by_themselves_and_the_next_one_reconciles() -> None:
    with Site(SOCKETS, SOCKETS.symbols()) as site:
        site.await_armed()
        trade(site, 20)
        lanes = [lane.pid for lane in site.segment.control().lanes()]
        epoch = site.segment.control().epoch
        site.box.kill()
        site.start_box_again()  # refuses to start before the old lanes are gone
        assert not any(is_running(pid, LANE_MODULE) for pid in lanes)
        assert site.segment.control().epoch == epoch + 1
        site.await_armed()
        trade(site, 5)
        lines = final_lines(site)
        assert all(line.equal for line in lines), lines


@pytest.mark.parametrize("text", ["", "[box]\nnme = 1\n"])
def test_a_box_is_not_started_from_a_wrong_file(tmp_path: Path, text: str) -> None:
    file = tmp_path / "box.toml"
    file.write_text(text)
    for extra in ([], ["--check"]):
        refused = subprocess.run([*box_command(file), *extra], capture_output=True, text=True, timeout=60)
        assert refused.returncode == 2
        assert f"{file}:1" in refused.stderr or f"{file}:2" in refused.stderr
