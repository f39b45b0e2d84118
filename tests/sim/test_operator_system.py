"""Operators and a whole box: real lanes, a real supervisor, a paper exchange, and the command line beside them."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from killing import trade

from tickwire.api.audit import FILE, AuditLog
from tickwire.demo.plan import ACCOUNT, Settings
from tickwire.demo.site import Site
from tickwire.native import lib
from tickwire.sim.control import ask as control_ask

SOCKETS = Settings(backend="socket", instruments=2)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(SOCKETS, SOCKETS.symbols()) as made:
        made.await_armed()
        yield made


def ask(site: Site, *arguments: str, exit_code: int = 0) -> Any:
    command = [sys.executable, "-m", "tickwire", *arguments, "--config", str(site.folder / "box.toml"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == exit_code, done.stderr
    return json.loads(done.stdout)


def open_orders(site: Site) -> int:
    return site.segment.counters("execution-engine.0")[lib.EXECUTION_COUNT_OPEN_ORDERS]


def test_a_box_that_trades_is_killed_looked_at_reconciled_and_rearmed(site: Site) -> None:
    trade(site, 10)
    assert ask(site, "status")["trading"]
    assert ask(site, "fills", "--lines", "3")
    assert [venue["session"] for venue in ask(site, "venues")] == ["live"]
    assert "recorded by the box" in ask(site, "kill", "--reason", "test")["done"]
    site.wait(lambda: open_orders(site) == 0, "every order to be cancelled")
    assert not ask(site, "status")["trading"]
    assert ask(site, "reconcile")["breaks"] == []
    prepared = ask(site, "rearm")
    assert prepared["open_orders"] == 0
    ask(site, "rearm", "--code", prepared["code"], "--reason", "test over")
    assert site.segment.control().kill == 0
    trade(site, 10)  # it goes on
    assert AuditLog(site.folder / "state" / FILE).verify() == ""


def test_flatten_leaves_nothing_held_and_nothing_open(site: Site) -> None:
    trade(site, 20)
    site.wait(lambda: any(position.quantity for position in site.reader.read().positions), "a position")
    ask(site, "flatten", "--reason", "test")
    assert [position.quantity for position in site.reader.read().positions] == [0, 0]
    assert open_orders(site) == 0
    assert site.segment.control().stop_bits("firm", 0) == lib.STOP_PAUSE


def test_a_box_says_of_its_own_trading_who_what_and_at_what_price(site: Site) -> None:
    trade(site, 10)
    orders = ask(site, "orders", "--all", "--lines", "1000")
    assert {(one["time_in_force"], one["order_type"]) for one in orders} <= {("day", "limit"), ("ioc", "limit")}
    order = orders[-1]
    assert order["trader_number"] > 0 and not order["trader"].isdecimal()
    direct = ask(site, "best-execution", str(order["order_id"]))
    assert "direct to venue" in direct["note"] and not direct["decisions"]
    held = ask(site, "positions", "--by", "instrument")
    assert {line["instrument"] for line in held["groups"]} == {line["instrument"] for line in held["lines"]}
    assert held["total"]["high_water_mark_1e4"] is not None
    alerts = ask(site, "alerts", "--all")
    assert alerts["history"][0]["event"] == "watch_began"


def test_whoever_watches_a_box_needs_no_token_on_loopback(site: Site) -> None:
    address = (site.folder / "state" / "operator.http").read_text().strip()
    trade(site, 10)
    for path in ("health", "ready"):
        with urllib.request.urlopen(f"http://{address}/{path}", timeout=20) as answer:
            assert json.load(answer)["good"]
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=20) as answer:
        text = answer.read().decode()
    for family in (
        "risk_verdicts_total",
        "position_shares",
        "tick_to_order_seconds_bucket",
        "limit_use_ratio",
        "profit",
    ):
        assert f"tickwire_{family}{{" in text


def test_a_scope_that_was_killed_stays_killed_in_the_next_life_of_the_box(site: Site) -> None:
    symbol = SOCKETS.symbols()[0]
    ask(site, "kill", "--scope", "instrument", "--name", symbol, "--reason", "test")
    site.box.stop(20)
    site.start_box_again()
    site.await_armed()
    assert site.segment.control().stop_bits("instrument", 0) == lib.STOP_KILL
    assert [line["name"] for line in ask(site, "status")["stops"]] == [symbol]


@pytest.mark.rule("RTS 6 Art 17")
def test_a_swallowed_execution_is_never_nothing_differs_until_the_venue_and_the_box_agree(site: Site) -> None:
    trade(site, 10)
    control_ask(site.control(), "swallow_execution", account=ACCOUNT)
    site.wait(lambda: any(site.segment.control().stops()), "the swallowed execution to stop its instrument")
    found = ask(site, "reconcile", exit_code=5)
    numbers = [line["break_id"] for line in ask(site, "breaks", "show", exit_code=5)]
    assert {line["kind"] for line in found["breaks"]} >= {"fill_unknown", "position"}
    ask(site, "breaks", "clear", numbers[0], "--reason", "by reflex", exit_code=3)
    for number in numbers:
        ask(site, "breaks", "accept", number, "--reason", "ticket 4711")
    assert not any(site.segment.control().stops())
    for more in ((), ("--replay",)):
        answer = ask(site, "reconcile", *more, exit_code=5)
        assert (answer["state"], answer["breaks"]) == ("accepted differences", [])
        assert all("accepted by " in line["text"] for line in answer["accepted"])
    assert ask(site, "reconcile", "--accept-known")["state"] == "accepted differences"
    assert ask(site, "status")["accepted_differences"] == len(numbers)
    site.box.stop(20)
    site.start_box_again()
    site.await_armed()
    assert ask(site, "reconcile", exit_code=5)["state"] == "accepted differences"
    ask(site, "kill", "--reason", "test")  # the order whose execution was swallowed stays open for us
    assert any("accepted difference" in line for line in ask(site, "rearm", exit_code=3)["against"])
    code = ask(site, "rearm", "--accept-differences")["code"]
    ask(site, "rearm", "--accept-differences", "--code", code, "--reason", "ticket 4711")
    assert site.segment.control().kill == 0
