"""Orders by hand on a whole box: real lanes and supervisor, two paper exchanges, and people at the command line."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tickwire.api.audit import FILE, AuditLog
from tickwire.api.people import token_digest
from tickwire.cli import build
from tickwire.demo.plan import Settings
from tickwire.demo.site import Site
from tickwire.native import lib
from tickwire.native.views import Top, read_tops

TWO = Settings(backend="socket", instruments=2, venues=2)
SYMBOL = TWO.symbols()[0]
TOKENS = {name: f"token-of-{name}" for name in ("victor", "hanna", "olivia")}
PEOPLE = "".join(
    f'\n[[operators.people]]\nname = "{name}"\nrole = "{role}"\ntoken_sha256 = "{token_digest(TOKENS[name])}"\n'
    for name, role in (("victor", "viewer"), ("hanna", "trader"), ("olivia", "risk-officer"))
)
HAND = """
[[traders]]
name = "hanna"
number = 2

[[strategies]]
name = "hand"
number = 2
account = "HOUSE"
trader = "hanna"
algorithm = "by-hand"
gross_exposure_max = 20000000
net_exposure_max = 20000000
open_orders_max = 20
orders_per_window_max = 256
repeated_executions_max = 256
repeated_window_ms = 20
venue = "A"
slippage_max_bps = 200

[signal]
enabled = false
"""


def by_hand(text: str) -> str:
    """The strategy is off, so that every order is a person's; a busy machine ages nothing."""
    text = text.replace("\n[signal]\n", HAND, 1)
    text = text.replace("message_rate_max = 2000", "message_rate_max = 2000\ntick_age_ms_max = 20000", 1)
    return text.replace("order_count_max = 262144", "order_count_max = 262144\norder_age_ms_max = 20000")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(TWO, TWO.symbols(), extra=PEOPLE, change=by_hand) as made:
        made.await_armed()
        yield made


@pytest.fixture(autouse=True)
def nothing_is_left_open(site: Site) -> Iterator[None]:
    yield
    cancel_everything(site)


def cancel_everything(site: Site) -> None:
    counters = [site.segment.counters(f"execution-engine.{venue}") for venue in (0, 1)]
    ask(site, "cancel", "--all", "--reason", "test", who="olivia")
    site.wait(lambda: not any(one[lib.EXECUTION_COUNT_OPEN_ORDERS] for one in counters), "nothing to be open")


def command(site: Site, *arguments: str, who: str = "hanna") -> Result:
    env = {"TICKWIRE_TOKEN": TOKENS[who], "COLUMNS": "250"}
    return CliRunner().invoke(build(), [*arguments, "--config", str(site.folder / "box.toml")], env=env)


def ask(site: Site, *arguments: str, exit_code: int = 0, who: str = "hanna") -> Any:
    done = command(site, *arguments, "--json", who=who)
    assert done.exit_code == exit_code, done.output
    return json.loads(done.stdout)


def order(site: Site, *arguments: str, exit_code: int = 0, side: str = "buy", quantity: int = 100) -> Any:
    owner = (*WHO, "--side", side, "--quantity", str(quantity))
    return ask(site, "order", *owner, *arguments, exit_code=exit_code)


def work(site: Site, policy: str, *arguments: str, side: str = "buy", quantity: int = 100, exit_code: int = 0) -> Any:
    owner = (*WHO, "--side", side, "--quantity", str(quantity))
    return ask(site, "work", "--policy", policy, *owner, *arguments, exit_code=exit_code)


def top(site: Site, venue: int = 0) -> Top:
    return read_tops(site.segment, TWO.symbols(), venue)[0]


def money(value: int) -> str:
    return f"{value // 100 / 100:.2f}"


def low(site: Site) -> str:
    """A price to buy at that rests."""
    return money(top(site).bid_price - 8000)


WHO = ("--strategy", "hand", "--instrument", SYMBOL, "--reason", "test")
RESTS: dict[str, tuple[str, ...]] = {
    "limit": (),
    "extended": ("--time-in-force", "extended"),
    "post only": ("--post-only",),
    "hidden": ("--hidden",),
    "reserve": ("--display", "40"),
    "minimum quantity": ("--minimum", "50", "--hidden"),
    "pegged with a limit": ("--type", "peg-primary", "--peg-offset", "-0.80"),
}


@pytest.mark.parametrize("kind", RESTS)
def test_each_kind_rests_at_the_exchange_and_is_canceled(site: Site, kind: str) -> None:
    answer = order(site, "--price", low(site), *RESTS[kind])
    assert (answer["state"], answer["leaves"]) == ("live", 100), answer
    number = str(answer["order_id"])
    ask(site, "cancel", "--order", number, "--reason", "test")

    def canceled() -> bool:
        (line,) = ask(site, "orders", number)
        return bool(line["state"] == "canceled" and line["decision_price_1e4"])

    site.wait(canceled, "the order to be canceled")


@pytest.mark.parametrize("peg", ["peg-primary", "peg-midpoint"])
def test_a_peg_without_a_limit_is_taken_too(site: Site, peg: str) -> None:
    answer = order(site, "--type", peg, *(("--peg-offset", "-0.80") if peg == "peg-primary" else ()))
    assert answer["state"] in ("live", "filled") or "quote unavailable" in answer["text"], answer


@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize("kind", ["market", "ioc"])
def test_what_takes_is_executed_and_its_slippage_shown(site: Site, kind: str, side: str) -> None:
    through = money(top(site).ask_price + 3000 if side == "buy" else top(site).bid_price - 3000)
    terms = ("--type", "market") if kind == "market" else ("--price", through, "--time-in-force", "ioc")
    answer = order(site, *terms, side=side)
    assert answer["state"] in ("filled", "canceled") and answer["executed"] > 0, answer
    site.wait(lambda: bool(ask(site, "orders", str(answer["order_id"]))), "the blotter to have it")
    site.wait(lambda: ask(site, "orders", str(answer["order_id"]))[0]["slippage_bps"] is not None, "its slippage")
    (line,) = ask(site, "orders", str(answer["order_id"]))
    sign = 1 if side == "buy" else -1
    worse = sign * (line["average_price_1e4"] - line["decision_price_1e4"]) / line["decision_price_1e4"] * 10_000
    assert line["slippage_bps"] == pytest.approx(worse, abs=0.01)
    shown = command(site, "orders", "--all").output
    assert "decision" in shown and "slippage bps" in shown


def test_a_replace_moves_an_order_and_keeps_what_was_not_said(site: Site) -> None:
    first = order(site, "--price", low(site), "--post-only")
    second = ask(site, "replace", str(first["order_id"]), "--quantity", "150", "--reason", "test")
    assert (second["state"], second["leaves"]) == ("live", 150), second
    assert second["order_id"] != first["order_id"]
    assert ask(site, "replace", str(first["order_id"]), "--quantity", "90", "--reason", "x", exit_code=2)["code"] == (
        "malformed"
    )
    ask(site, "cancel", "--order", str(second["order_id"]), "--reason", "test")


REFUSED: dict[str, tuple[tuple[str, ...], int, str, str]] = {
    "too many shares": ((), 500, "order_quantity", f"instruments.{SYMBOL}.order_quantity_max = 200"),
    "too far": (("--price", "1000.00"), 100, "price_collar", "the book at A is"),
    "not reducing": (("--reduce-only",), 200, "not_reducing", "holds no 200 shares to give"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_the_gate_refuses_is_told_with_limit_and_value(site: Site, why: str) -> None:
    options, quantity, verdict, said = REFUSED[why]
    price = () if "--price" in options else ("--price", low(site))
    answer = order(site, *price, *options, quantity=quantity, exit_code=3)
    assert (answer["state"], answer["verdict"], answer["order_id"]) == ("refused", verdict, 0)
    assert said in answer["text"]


def test_a_paused_instrument_refuses_in_words(site: Site) -> None:
    ask(site, "pause", "--scope", "instrument", "--name", SYMBOL, "--reason", "test")
    try:
        answer = order(site, "--price", low(site), exit_code=3)
        assert answer["text"] == f"refused by the gate, paused: instrument {SYMBOL} is stopped by pause"
        parent = work(site, "sweep", exit_code=3)["parent"]
        assert parent["state"] in ("refused", "canceled")
    finally:
        ask(site, "resume", "--scope", "instrument", "--name", SYMBOL, "--reason", "test", who="olivia")


def test_one_trader_does_not_order_in_anothers_name(site: Site) -> None:
    terms = ("--strategy", "imbalance", "--instrument", SYMBOL, "--side", "buy", "--quantity", "100", "--reason", "x")
    answer = ask(site, "order", *terms, "--price", low(site), exit_code=3)
    assert (answer["verdict"], "alice" in answer["text"]) == ("trader", True)


def test_a_viewer_orders_nothing_and_that_is_on_record(site: Site) -> None:
    terms = ("--strategy", "hand", "--instrument", SYMBOL, "--side", "buy", "--quantity", "100", "--reason", "x")
    for arguments in (("order", *terms, "--type", "market"), ("work", "--policy", "sweep", *terms)):
        assert ask(site, *arguments, exit_code=3, who="victor")["code"] == "role"
    refused = AuditLog(site.folder / "state" / FILE).last(2)
    assert [(line["person"], line["command"], line["code"]) for line in refused] == [
        ("victor", "order-enter", "role"),
        ("victor", "parent-start", "role"),
    ]
    assert isinstance(ask(site, "parents", who="victor"), list)


def test_a_sweep_over_two_venues_leaves_its_evidence(site: Site) -> None:
    done = work(site, "sweep", "--slippage-bps", "200", quantity=200)
    parent = done["parent"]
    assert parent["state"] in ("filled", "canceled") and parent["executed"] > 0, done
    assert parent["slippage_bps"] is not None
    number = str(parent["parent_id"])
    site.wait(lambda: command(site, "best-execution", number).exit_code == 0, "the evidence")
    decision = ask(site, "best-execution", number)["decisions"][0]
    assert [shown["ask_1e4"] > 0 for shown in decision["venues"]] == [True, True]
    assert sum(shown["chosen"] for shown in decision["venues"]) > 0


def test_a_twap_runs_to_its_end_and_another_is_canceled(site: Site) -> None:
    terms = ("--interval", "200ms", "--slippage-bps", "200")
    begun = work(site, "twap", *terms, "--duration", "1s", side="sell", quantity=50)
    assert begun["parent"]["state"] == "working"
    number = str(begun["parent"]["parent_id"])
    site.wait(lambda: ask(site, "parents", number)[0]["state"] != "working", "the twap to end")
    (over,) = ask(site, "parents", number)
    assert over["executed"] > 0 and over["working"] == 0
    assert (over["state"], over["reason"]) in (("filled", ""), ("canceled", "time"))
    longer = str(work(site, "twap", *terms, "--duration", "10m", quantity=3000)["parent"]["parent_id"])
    ask(site, "parents", "cancel", longer, "--reason", "enough")
    site.wait(lambda: ask(site, "parents", longer)[0]["state"] == "canceled", "the cancel")
    assert ask(site, "parents", longer)[0]["reason"] == "request"
    assert ask(site, "parents", "cancel", longer, "--reason", "again", exit_code=2)["code"] == "malformed"


def test_the_exchanges_and_the_record_agree_and_a_restart_still_shows_parents(site: Site) -> None:
    before = {line["parent_id"]: line for line in ask(site, "parents")}
    cancel_everything(site)
    assert ask(site, "reconcile")["breaks"] == []
    site.box.stop(20)
    site.start_box_again()
    site.await_armed()
    assert {line["parent_id"]: line for line in ask(site, "parents")} == before
    assert ask(site, "reconcile")["breaks"] == [], "every kind of order is the same in the venue's own record"
    log = AuditLog(site.folder / "state" / FILE)
    assert log.verify() == ""
    assert {"order-enter", "order-replace", "parent-start", "parent-cancel"} <= {
        line["command"] for line in log.last(1000) if line.get("phase") == "done"
    }
