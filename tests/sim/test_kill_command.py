"""``tickwire kill``: the switch that works when nothing else does."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from killing import LANE_EACH, sent, trade

from tickwire.demo.plan import Settings
from tickwire.demo.site import Site
from tickwire.native import lib, now_ns
from tickwire.supervisor.layout import create_segment
from tickwire.supervisor.ownership import Ownership

SOCKETS = Settings(backend="socket", instruments=2)


def kill(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tickwire", "kill", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.rule("RTS 6 Art 12 kill functionality")
def test_the_kill_switch_works_with_the_supervisor_dead() -> None:
    lanes = LANE_EACH.replace("[lanes]\n", "[lanes]\norphan_ms_max = 60000\n")
    with Site(SOCKETS, SOCKETS.symbols(), extra=lanes) as site:
        site.await_armed()
        trade(site, 10)
        site.box.kill()
        done = kill("--config", str(site.folder / "box.toml"), "--reason", "test")
        assert done.returncode == 0, done.stderr
        assert "nothing new leaves" in done.stdout
        control = site.segment.control()
        assert control.kill > 0
        wait_quiet(site)
        before = sent(site)
        updates = site.reader.read().feed["updates"]
        wait_for(lambda: site.reader.read().feed["updates"] > updates + 100)  # the market goes on, the box does not
        assert sent(site) == before
        control.stop = True  # the lanes of this test have no supervisor any more


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = now_ns() + 20_000_000_000
    while not condition():
        assert now_ns() < deadline, "it never came"


def wait_quiet(site: Site) -> None:
    """Until no order is open."""
    counters = site.segment.counters("execution-engine.0")
    wait_for(lambda: counters[lib.EXECUTION_COUNT_OPEN_ORDERS] == 0)


def test_a_box_that_does_not_run_starts_killed_afterwards(tmp_path: Path) -> None:
    config = tmp_path / "box.toml"
    example = Path(__file__).resolve().parents[2] / "daemon/tickwire/config/example.toml"
    text = example.read_text().replace("/dev/shm/tickwire-box", str(tmp_path / "segment"))
    config.write_text(text.replace("/var/lib/tickwire/box", str(tmp_path / "state")))
    done = kill("--config", str(config), "--reason", "test")
    assert done.returncode == 0, done.stderr
    assert "the next one starts killed" in done.stdout
    owner = Ownership(tmp_path / "segment", tmp_path / "state")
    assert owner.kill > 0
    owner.close()


def test_a_mistake_elsewhere_in_the_file_does_not_stop_a_kill(tmp_path: Path) -> None:
    config = tmp_path / "box.toml"
    config.write_text(f'[box]\nname = "b"\nsegment_path = "{tmp_path}/s"\nstate_dir = "{tmp_path}/state"\n[rsk]\n')
    assert kill("--config", str(config), "--reason", "test").returncode == 0
    assert (tmp_path / "state" / "kill").exists()


@pytest.mark.parametrize("text", ["", "[box", '[box]\nname = "b"\n', "[box]\nname = 1\n"])
def test_a_file_that_names_no_box_is_refused_and_the_other_way_is_told(tmp_path: Path, text: str) -> None:
    config = tmp_path / "box.toml"
    config.write_text(text)
    done = kill("--config", str(config), "--reason", "test")
    assert done.returncode == 2
    assert "--segment PATH needs no file" in done.stderr


def test_a_second_kill_is_another_one_so_that_codes_given_before_it_are_void(tmp_path: Path) -> None:
    segment, control = create_segment(tmp_path / "segment", ["hot"])
    with segment:
        assert kill("--segment", str(segment.path), "--reason", "once").returncode == 0
        first = control.kill
        assert kill("--segment", str(segment.path), "--reason", "twice").returncode == 0
        assert control.kill > first > 0


@pytest.mark.parametrize("arguments", [(), ("--reason", "x"), ("--segment", "/s", "--config", "/c", "--reason", "x")])
def test_a_kill_that_names_no_one_box_is_refused(arguments: tuple[str, ...]) -> None:
    assert kill(*arguments).returncode == 2


def test_a_kill_that_finds_nothing_says_that_it_did_nothing(tmp_path: Path) -> None:
    done = kill("--segment", str(tmp_path / "none"), "--reason", "x")
    assert done.returncode == 1
    assert "NOT done" in done.stderr
