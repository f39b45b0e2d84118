"""What the command line and /metrics say of positions, routing decisions, alerts, and of a file or a person."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from operator_box import TOKENS, VIEWER, OperatorBox
from operator_doors import serving, unix_client
from operator_fakes import Desk, Fill, Order, PnL
from typer.testing import CliRunner, Result

from tickwire.api.metrics import Exposition, OperationsCollector, SegmentCollector
from tickwire.api.people import token_digest
from tickwire.cli import build
from tickwire.native import lib
from tickwire.services.alerts import FILE, Alert
from tickwire.services.ledger_book import FillPnL, Key

Run = Callable[..., Result]


def run(*arguments: str, token: str = "victor") -> Result:
    env = {"TICKWIRE_TOKEN": TOKENS.get(token, token), "TICKWIRE_CONFIG": "", "COLUMNS": "240"}
    return CliRunner().invoke(build(), list(arguments), env=env)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[OperatorBox]:
    made = OperatorBox(tmp_path)
    yield made
    made.close()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "box.toml"
    path.write_text(f'[box]\nname = "box"\nsegment_path = "{tmp_path}/segment"\nstate_dir = "{tmp_path}/state"\n')
    return path


def tell(box: OperatorBox, story: Callable[[Run], None]) -> None:
    """Run the story's commands while the box serves."""
    socket = str(box.state_dir / "operator.sock")

    def on_box(*arguments: str, **more: str) -> Result:
        return run(*arguments, "--socket", socket, **more)

    async def all_of_it() -> None:
        async with serving(box, http=""):
            await asyncio.to_thread(story, on_box)

    asyncio.run(all_of_it())


def as_json(on_box: Run, *arguments: str) -> Any:
    done = on_box(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def hold(box: OperatorBox) -> None:
    """AAPL on both venues and for two strategies, MSFT on one."""
    box.ledger.held |= {
        (0, 1, 1, 0): PnL(300, average_cost=300_000_000, realised_average=70_000, realised_fifo=60_000, fees=900_000),
        (0, 2, 1, 1): PnL(-100, average_cost=-101_000_000, realised_average=10_000, fees=-200_000),
        (1, 2, 1, 0): PnL(50, average_cost=20_000_000, high_water_mark=45_000, drawdown=15_000),
    }


def test_positions_are_net_over_venues_and_in_total(box: OperatorBox) -> None:
    hold(box)

    def story(on_box: Run) -> None:
        answer = as_json(on_box, "positions")
        assert [line["instrument"] for line in answer["lines"]] == ["AAPL", "AAPL", "MSFT"]
        (net,) = answer["net"]
        assert (net["instrument"], net["venue"], net["quantity"]) == ("AAPL", "", 200), "MSFT is on one venue only"
        total = answer["total"]
        assert (total["realised_1e4"], total["realised_fifo_1e4"], total["fees_1e6"]) == (80_000, 60_000, 700_000)
        assert total["quantity"] is None, "shares of different instruments are not added up"
        assert answer["lines"][0]["cost_per_share_1e4"] == 1_000_000
        shown = on_box("positions").output
        for word in ("average cost", "100.00", "realised FIFO", "+6.00", "high-water", "drawdown", "net", "total"):
            assert word in shown, (word, shown)
        assert "net" not in on_box("positions", "--scope", "venue", "--name", "A").output

    tell(box, story)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("instrument", [("AAPL", 200), ("MSFT", 50)]),
        ("strategy", [("imbalance", None), ("twap", None)]),
        ("account", [("HOUSE", None)]),
        ("venue", [("A", None), ("B", None)]),
        ("firm", [(None, None)]),
    ],
)
def test_positions_are_summed_up_by_what_is_asked_for(
    box: OperatorBox, by: str, expected: list[tuple[str | None, int | None]]
) -> None:
    hold(box)

    def story(on_box: Run) -> None:
        groups = as_json(on_box, "positions", "--by", by)["groups"]
        assert [(line.get(by), line["quantity"]) for line in groups] == expected
        assert sum(line["fees_1e6"] for line in groups) == 700_000
        assert all((name or "firm") in on_box("positions", "--by", by).output for name, _ in expected)

    tell(box, story)


def test_positions_by_nonsense_are_refused_and_a_scope_holds_within_its_sums(box: OperatorBox) -> None:
    hold(box)

    def story(on_box: Run) -> None:
        assert on_box("positions", "--by", "moon").exit_code == 2
        answer = as_json(on_box, "positions", "--scope", "strategy", "--name", "twap", "--by", "venue")
        assert [(line["venue"], line["fees_1e6"]) for line in answer["groups"]] == [("A", 0), ("B", -200_000)]
        assert (answer["net"], answer["total"]["fees_1e6"]) == ([], -200_000)
        box.ledger.held.clear()
        assert "no positions" in on_box("positions").output

    tell(box, story)


def test_fills_carry_their_fee_and_realised_profit_as_json_too(box: OperatorBox) -> None:
    box.blotter.executions = [Fill(1, 11)]
    box.ledger.profits = [FillPnL(1, 11, Key(0, 1, 1, 0), -100, 1, 500, 400, 30_000, 20, 70)]

    def story(on_box: Run) -> None:
        (fill,) = as_json(on_box, "fills")
        assert (fill["realised_1e4"], fill["realised_fifo_1e4"], fill["fee_1e6"]) == (500, 400, 30_000)

    tell(box, story)


def test_an_order_shows_its_slippage_and_words_and_numbers_for_what_it_is(box: OperatorBox) -> None:
    box.blotter.orders = {
        7: Order(
            7,
            order_type=lib.ORDER_TYPE_PEG_MIDPOINT,
            time_in_force=lib.TIF_IOC,
            executed=100,
            decision_price=1_870_000,
            average_price=1_870_200,
            slippage_value=20_000,
            slippage=1.07,
        ),
        8: Order(8, trader=9, order_type=77, time_in_force=78),
    }

    def story(on_box: Run) -> None:
        odd, order = as_json(on_box, "orders")
        assert (order["trader"], order["trader_number"]) == ("alice", 1)
        assert (order["order_type"], order["order_type_number"]) == ("peg-midpoint", lib.ORDER_TYPE_PEG_MIDPOINT)
        assert (order["time_in_force"], order["time_in_force_number"]) == ("ioc", lib.TIF_IOC)
        assert (order["slippage_1e4"], order["slippage_bps"]) == (20_000, 1.07)
        assert (odd["trader"], odd["order_type"], odd["time_in_force"]) == ("9", "77", "78"), "never nothing"
        shown = on_box("orders", "7").output
        for word in ("peg-midpoint", "ioc", "alice", "187.00", "187.02", "+20,000", "+1.07"):
            assert word in shown, (word, shown)

    tell(box, story)


def test_a_routing_decision_is_told_in_names_prices_and_what_each_venue_costs(box: OperatorBox) -> None:
    def story(on_box: Run) -> None:
        (decision,) = as_json(on_box, "best-execution", "7")["decisions"]
        assert (decision["instrument"], decision["side"], decision["limit_1e4"]) == ("AAPL", "buy", 1_880_000)
        venues = [(one["venue"], one["net_1e6"], one["chosen"]) for one in decision["venues"]]
        assert venues == [("A", 187_008_000, 100), ("B", 187_013_000, 0)], "bought: the fee comes on top"
        shown = on_box("best-execution", "7").output
        for word in ("sweep", "buy 100 AAPL", "188.00", "187.01", "187.008000", "-0.0020", "busy"):
            assert word in shown, (word, shown)

    tell(box, story)


def test_what_is_sold_brings_less_by_the_fee_and_a_post_is_net_of_where_it_rests(box: OperatorBox) -> None:
    (bought,) = box.parts.evidence.decisions(7)  # type: ignore[union-attr]
    empty = replace(bought.venues[1], bid=0)

    class Sold:
        def decisions(self, order_id: int) -> list[Any]:
            sold = replace(bought, side=lib.SIDE_SELL, venues=(bought.venues[0], empty))
            return [sold, replace(bought, policy="post", limit=1_869_900)]

    box.parts.evidence = Sold()

    def story(on_box: Run) -> None:
        sold, post = as_json(on_box, "best-execution", "7")["decisions"]
        assert [one["net_1e6"] for one in sold["venues"]] == [187_002_000, None], "no price, no net price"
        assert [one["net_1e6"] for one in post["venues"]] == [186_988_000, 186_993_000]

    tell(box, story)


def test_an_order_that_was_not_routed_says_so_and_one_of_unknown_way_is_not_called_direct(box: OperatorBox) -> None:
    box.blotter.orders = {
        8: Order(8, venue=1),
        9: Order(9, parent_id=71),
        12: Order(12, source=0),
        10: Order(10, unknown=True),
    }

    def story(on_box: Run) -> None:
        direct = on_box("best-execution", "8")
        assert direct.exit_code == 0
        assert "direct to venue B: no routing decision; the venue's book then: not on record" in direct.output
        assert as_json(on_box, "best-execution", "8")["decisions"] == []
        missed = as_json(on_box, "best-execution", "12")["note"]
        assert missed.startswith("as far as is on record direct"), "its sending may have been missed"
        for order, why in (("9", "of parent 71"), ("10", "the venue's record only"), ("11", "no order")):
            refused = on_box("best-execution", order)
            assert (refused.exit_code, why in refused.stderr) == (2, True), refused.output

    tell(box, story)


def test_alerts_are_shown_and_their_history_also_with_the_box_down(box: OperatorBox, config: Path) -> None:
    box.alerts.found = [Alert("feed-stale", "venue A", "the feed of A is stale", 1, 2)]
    raised = {"event": "raised", "at_ns": 1, "time": "2026-01-01T09:30:00.000001", "alert": "gap", "subject": "venue B"}
    (box.state_dir / FILE).write_text(json.dumps({**raised, "text": "a gap"}) + "\n" + '{"torn')

    def story(on_box: Run) -> None:
        assert as_json(on_box, "alerts")["history"] == []
        answer = as_json(on_box, "alerts", "--all")
        assert [one["alert"] for one in answer["active"]] == ["feed-stale"]
        assert [one["alert"] for one in answer["history"]] == ["gap"]
        assert "the feed of A is stale" in on_box("alerts").output
        assert on_box("alerts", token="nobody").exit_code == 3

    tell(box, story)
    down = run("alerts", "--all", "--config", str(config))
    assert (down.exit_code, "a gap" in down.stdout, "nothing runs at" in down.stderr) == (0, True, True), down.output
    told = json.loads(run("alerts", "--all", "--json", "--config", str(config)).stdout)
    assert (told["active"], len(told["history"])) == (None, 1), "what is wrong now is not known"
    assert run("alerts", "--config", str(config)).exit_code == 4


def test_alerts_over_http_are_for_viewers_too(box: OperatorBox) -> None:
    box.alerts.found = [Alert("kill", "firm", "the kill switch is on", 1, 2)]

    async def story() -> None:
        async with serving(box, http=""), unix_client(box.state_dir / "operator.sock", VIEWER.name) as client:
            answer = await client.get("/v1/alerts", params={"history": "true"})
            assert answer.status_code == 200
            assert answer.json()["active"][0]["text"] == "the kill switch is on"

    asyncio.run(story())


def test_metrics_tell_alerts_profit_fees_and_the_counters_of_router_and_position_tracker(box: OperatorBox) -> None:
    hold(box)
    box.alerts.found = [Alert("kill", "firm", "the kill switch is on", 1, 2)]
    box.segment.counters("router").values[lib.ROUTE_COUNT_DECISIONS] = 5
    segment = SegmentCollector(box.segment, ("AAPL", "MSFT"), ("A", "B"), lambda: box.now_ns)
    text = Exposition((segment, OperationsCollector(box.parts, box.segment))).text().decode()
    for line in (
        'tickwire_alert{alert="kill",subject="firm"} 1.0',
        'tickwire_profit{kind="realised_average",name="AAPL",scope="instrument"} 8.0',
        'tickwire_profit{kind="realised_fifo",name="imbalance",scope="strategy"} 6.0',
        'tickwire_profit{kind="realised_average",name="",scope="firm"} 8.0',
        'tickwire_fees_paid{name="B",scope="venue"} -0.2',
        'tickwire_fees_paid{name="HOUSE",scope="account"} 0.7',
        "tickwire_fees 0.7",
        "tickwire_router_decisions_total 5.0",
        "tickwire_router_working 0.0",
        "tickwire_position_tracker_fills_total 0.0",
    ):
        assert line in text.splitlines(), line
    assert "tickwire_router_count" not in text


@dataclass
class Answered(Desk):
    """The venue cancels what it is asked to at once."""

    orders: dict[int, Order] = field(default_factory=dict)

    def cancel_order(self, order_id: int) -> bool:
        self.orders[order_id].state = "canceled"
        return super().cancel_order(order_id)


def test_an_order_and_a_path_are_said_with_or_without_their_option(box: OperatorBox) -> None:
    box.blotter.orders = {123: Order(123), 124: Order(124)}
    box.parts.desk = Answered(box.ledger.held, box.desk.asked, orders=box.blotter.orders)

    def story(on_box: Run) -> None:
        because = ("--reason", "x")
        assert on_box("cancel", "123", *because, token="alice").exit_code == 0
        assert on_box("cancel", "--order", "124", *because, token="alice").exit_code == 0
        assert [asked for asked in box.desk.asked if asked[0] == "cancel"] == [("cancel", 123), ("cancel", 124)]
        for twice in (("123", "--order", "124"), ("123", "--all"), ("123", "--scope", "firm")):
            assert on_box("cancel", *twice, *because, token="alice").exit_code == 2, twice
        path = "instruments.AAPL"
        assert as_json(on_box, "limits", "show", path) == as_json(on_box, "limits", "show", "--path", path)
        assert on_box("limits", "show", "nothing.like.it").exit_code == 2
        assert on_box("limits", "show", path, "--path", path).exit_code == 2

    tell(box, story)


@pytest.mark.parametrize(("group", "shown"), [("limits", "position_max"), ("breaker", "cancel-all"), ("breaks", "no ")])
def test_a_group_shows_when_nothing_else_is_asked_of_it(box: OperatorBox, group: str, shown: str) -> None:
    def story(on_box: Run) -> None:
        assert shown in on_box(group).output
        assert as_json(on_box, group) == as_json(on_box, group, "show")

    tell(box, story)
    listed = run(group, "--help")
    assert (listed.exit_code, "Commands" in listed.output) == (0, True), "help is still help"


def test_the_judgement_of_a_file_is_json_when_asked(config: Path) -> None:
    refused = run("run", "--check", "--json", "--config", str(config))
    assert refused.exit_code == 2
    told = json.loads(refused.stdout)
    assert (told["good"], told["file"]) == (False, str(config))
    assert told["error"] and told["error"] in refused.stderr
    assert run("run", "--json", "--config", str(config)).exit_code == 2, "a box that runs answers with no JSON"


@pytest.mark.parametrize(("command", "key"), [("token", "token_sha256"), ("keys", "curve_public")])
def test_the_credentials_of_a_person_are_json_without_the_secret(tmp_path: Path, command: str, key: str) -> None:
    secret = tmp_path / "secret"
    made = run("operator", command, "alice", "--role", "trader", "--json", "--out", str(secret))
    told = json.loads(made.stdout)
    assert (told["name"], told["role"], told["secret_file"]) == ("alice", "trader", str(secret))
    assert secret.read_text().strip() not in made.output
    if command == "token":
        assert told[key] == token_digest(secret.read_text().strip())
    shown = run("operator", command, "alice", "--role", "trader", "--json")
    assert json.loads(shown.stdout)[key]
    assert "shown once" in shown.stderr


@pytest.mark.parametrize("command", ["token", "keys"])
def test_nothing_is_made_for_a_name_that_no_file_can_hold(tmp_path: Path, command: str) -> None:
    out = tmp_path / "secret"
    assert run("operator", command, 'a"b', "--role", "trader", "--out", str(out)).exit_code == 2
    assert not out.exists()


def test_a_failure_to_reach_the_exchange_is_json_when_asked(tmp_path: Path) -> None:
    failed = run("exchange-control", str(tmp_path / "none.sock"), "halt", "symbol=AAPL", "--json")
    assert failed.exit_code == 1
    assert json.loads(failed.stdout)["code"] == "failed"
