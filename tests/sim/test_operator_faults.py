"""A venue that errs while people and breakers want to be flat: real lanes, a real supervisor, a paper exchange."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from killing import trade

from tickwire.demo.plan import ACCOUNT, Settings
from tickwire.demo.site import Site
from tickwire.native import lib
from tickwire.services.alerts import read_alerts
from tickwire.sim.control import ask as have

SOCKETS = Settings(backend="socket", instruments=2)
BREAKER = """
[[breakers]]
scope = "firm"
trigger = "loss"
threshold = "1000000"
window_s = 60
cool_down_s = 0
action = "flatten"
"""


def seldom(text: str) -> str:
    """A configuration whose reconciliation stops no instrument while a test looks."""
    return text.replace("interval_s = 5", "interval_s = 3600")


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(SOCKETS, SOCKETS.symbols(), extra=BREAKER, change=seldom) as made:
        made.await_armed()
        yield made


def ask(site: Site, *arguments: str, exit_code: int = 0) -> Any:
    command = [sys.executable, "-m", "tickwire", *arguments, "--config", str(site.folder / "box.toml"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == exit_code, done.stdout + done.stderr
    return json.loads(done.stdout)


def held(site: Site) -> list[int]:
    return [position.quantity for position in site.reader.read().positions]


def raised(site: Site) -> set[str]:
    """Alerts that were raised so far."""
    return {entry["alert"] for entry in read_alerts(site.folder / "state") if entry["event"] == "raised"}


def test_an_order_whose_execution_was_swallowed_holds_up_no_flatten_and_is_told_of(site: Site) -> None:
    have(site.control(), "swallow_execution", account=ACCOUNT)
    trade(site, 60)
    ask(site, "pause", "--reason", "test")
    answer = ask(site, "cancel", "--all", "--reason", "test", exit_code=1)
    (ghost,) = answer["still_open"]
    assert f"still open after 1 s: order {ghost} (" in answer["done"][0]
    again = ask(site, "cancel", "--order", str(ghost), "--reason", "test", exit_code=1)
    assert again["still_open"] == [ghost]
    (order,) = ask(site, "orders")
    site.wait(lambda: "cancel-not-answered" in raised(site), "the alert")
    answer = ask(site, "flatten", "--reason", "test", exit_code=1)
    assert answer["still_open"] == [ghost]
    assert f"order {ghost}" in answer["done"][-1]
    left = dict(zip(site.config.symbols, held(site), strict=True))
    assert all(abs(shares) <= order["leaves"] for symbol, shares in left.items() if symbol == order["instrument"])
    assert not any(shares for symbol, shares in left.items() if symbol != order["instrument"])


def test_a_breaker_that_opened_while_the_firm_was_killed_is_flat_after_the_rearm(site: Site) -> None:
    trade(site, 20)
    site.wait(lambda: any(held(site)), "a position")
    ask(site, "kill", "--reason", "test")
    site.wait(lambda: site.segment.counters("execution-engine.0")[lib.EXECUTION_COUNT_OPEN_ORDERS] == 0, "no order")
    ask(site, "breaker", "trip", "--scope", "firm", "--reason", "test")
    if any(held(site)):
        site.wait(lambda: "flatten-not-finished" in raised(site), "the alert")
    prepared = ask(site, "rearm")
    ask(site, "rearm", "--code", prepared["code"], "--reason", "test over")
    site.wait(lambda: not any(held(site)), "every position to be closed")
    assert site.segment.control().stop_bits("firm", 0) & lib.STOP_BREAKER


def test_so_many_drops_are_so_many_losses_and_a_start_is_none(site: Site) -> None:
    counters = site.segment.counters("execution-engine.0")
    assert counters[lib.EXECUTION_COUNT_LOSSES] == 0
    for drops in (1, 2, 3):
        lives = counters[lib.EXECUTION_COUNT_LIVES]
        have(site.control(), "drop_connections", account=ACCOUNT)
        site.wait(lambda: counters[lib.EXECUTION_COUNT_LIVES] > lives, "the session to be live again")  # noqa: B023
        assert counters[lib.EXECUTION_COUNT_LOSSES] == drops
