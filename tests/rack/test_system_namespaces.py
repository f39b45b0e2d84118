"""The whole system as root: exchange and box in two namespaces, packets through AF_XDP."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from killing import kill_every_lane
from pyroute2 import netns

from tickwire.demo.plan import Settings
from tickwire.host.facts import has_af_xdp

AAPL = Path("derived-itch50-from-lobster-aapl", "AAPL_20120621_0930_1030.itch50")


@pytest.fixture(autouse=True)
def af_xdp(root: None) -> None:
    """Skips, saying so, where AF_XDP cannot work."""
    if not has_af_xdp():
        pytest.skip("no AF_XDP in this kernel or build")


def run_demo(report: Path, *arguments: str) -> dict[str, object]:
    command = [sys.executable, "-m", "tickwire", "demo", "--no-view", "--report", str(report), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    data: dict[str, object] = json.loads(report.read_text())
    return data


def check(report: dict[str, object]) -> None:
    assert report["orders"] > 0  # type: ignore[operator]
    assert report["fills"] > 0  # type: ignore[operator]
    assert report["position_breaks"] == 0
    assert report["feed"]["lost"] == 0  # type: ignore[index]
    assert report["run"]["mode"].startswith("two namespaces, af_xdp")  # type: ignore[index]


def test_real_data_is_traded_through_af_xdp_without_a_break(shared_data: Path, tmp_path: Path) -> None:
    file = shared_data / AAPL
    check(run_demo(tmp_path / "report.json", "--itch", str(file), "--speed", "10", "--seconds", "10"))


def test_real_data_at_full_speed_is_lost_nowhere_and_the_demo_ends_with_it(shared_data: Path, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    wanted = ("--itch", str(shared_data / AAPL), "--speed", "max", "--seconds", "100", "--keep-logs", str(logs))
    report = run_demo(tmp_path / "report.json", *wanted)
    feed: dict[str, int] = report["feed"]  # type: ignore[assignment]
    published = json.loads((logs / "exchange.json").read_text())["publisher"]
    assert feed["next_sequence"] == published["next_sequence"] > 92_081  # the recording, and what our orders added
    assert feed["messages"] == published["messages"]
    assert feed["lost"] == 0
    assert "backpressure" in feed  # what was held back is told: the feed, and each ring
    rings: dict[str, dict[str, int]] = report["rings"]  # type: ignore[assignment]
    assert {"market.0", "intent.signal", "order.0", "report.0"} <= rings.keys()
    assert all("stalls" in ring for ring in rings.values())
    assert report["position_breaks"] == 0
    assert report["run"]["seconds"] < 100  # type: ignore[index]


def test_a_synthetic_market_is_traded_through_af_xdp_without_a_break(tmp_path: Path) -> None:
    check(run_demo(tmp_path / "report.json", "--seconds", "4"))
    assert not [name for name in netns.listnetns() if name.startswith(f"tickwire-{os.getpid()}-")]


def test_killing_each_lane_in_turn_breaks_no_position_and_sends_nothing_meanwhile() -> None:
    kill_every_lane(Settings(backend="af_xdp", instruments=2))
    assert not [name for name in netns.listnetns() if name.startswith(f"tickwire-{os.getpid()}-")]
