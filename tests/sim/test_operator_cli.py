"""The command line against a box that runs, a box that does not, and a box whose supervisor is dead."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from operator_box import TOKENS, OperatorBox
from operator_doors import serving
from operator_fakes import Break, Fill, Order, PnL
from typer.testing import CliRunner, Result

from tickwire.api.audit import AuditLog
from tickwire.api.people import People, Person, Role, token_digest
from tickwire.cli import MODULES, build
from tickwire.native import lib

Run = Callable[..., Result]


def run(*arguments: str, token: str = "bob", **environment: str) -> Result:
    env = {"TICKWIRE_TOKEN": TOKENS.get(token, token), "TICKWIRE_CONFIG": "", "COLUMNS": "200", **environment}
    return CliRunner().invoke(build(), list(arguments), env=env)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[OperatorBox]:
    made = OperatorBox(tmp_path)
    yield made
    made.close()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A file that names the box and its scopes, and has a mistake elsewhere."""
    path = tmp_path / "box.toml"
    path.write_text(
        f'[box]\nname = "box"\nsegment_path = "{tmp_path}/segment"\nstate_dir = "{tmp_path}/state"\n'
        '[[venues]]\nname = "A"\n[[venues]]\nname = "B"\n[[accounts]]\nname = "HOUSE"\nnumber = 1\n'
        '[[strategies]]\nname = "imbalance"\nnumber = 1\n[[instruments]]\nsymbol = "AAPL"\n[[instruments]]\n'
        'symbol = "MSFT"\n[rsk]\n'
    )
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


LOOKS: list[tuple[tuple[str, ...], str]] = [
    (("status",), "trading"),
    (("orders",), "AAPL"),
    (("orders", "--all", "--scope", "venue", "--name", "A"), "AAPL"),
    (("fills",), "AAPL"),
    (("positions",), "+300"),
    (("venues",), "live"),
    (("limits", "show"), "instruments.AAPL.position_max"),
    (("breaker", "show"), "cancel-all"),
    (("breaks", "show"), "no unresolved breaks"),
    (("best-execution", "7"), "187.01"),
    (("alerts",), "nothing is wrong"),
    (("alerts", "--all"), "no alerts are on record"),
    (("audit",), "the record is whole"),
]


def test_each_look_is_a_table_or_json(box: OperatorBox) -> None:
    box.blotter.orders = {7: Order(7)}
    box.blotter.executions = [Fill(7, 1)]
    box.ledger.held |= {(0, 1, 1, 0): PnL(quantity=300)}

    def story(on_box: Run) -> None:
        for arguments, expected in LOOKS:
            shown = on_box(*arguments, token="victor")
            assert shown.exit_code == 0, (arguments, shown.output)
            assert expected in shown.output, (arguments, shown.output)
            as_json = on_box(*arguments, "--json", token="victor")
            assert as_json.exit_code == 0
            json.loads(as_json.stdout)

    tell(box, story)


def test_text_of_others_is_shown_as_it_is(box: OperatorBox) -> None:
    box.blotter.orders = {7: Order(7, reason="[bold red]x[/] [link=http://x]y")}

    def story(on_box: Run) -> None:
        assert "[bold red]x[/] [link=http://x]y" in on_box("orders").output

    tell(box, story)


def test_a_kill_is_lifted_by_the_code_that_rearm_gives(box: OperatorBox) -> None:
    def story(on_box: Run) -> None:
        box.control.kill = 5
        prepared = on_box("rearm")
        assert prepared.exit_code == 0
        code = prepared.output.split("--code ")[1].split()[0]
        assert on_box("rearm", "--code", code).exit_code == 2, "no reason"
        wrong = on_box("rearm", "--code", "WRONG2", "--reason", "x")
        assert wrong.exit_code == 3
        assert box.control.kill == 5
        assert on_box("rearm", "--code", code, "--reason", "looked").exit_code == 0
        assert box.control.kill == 0
        box.control.kill = 6
        box.reconciled(False)
        refused = on_box("rearm")
        assert refused.exit_code == 3
        assert "against it: own orders and positions are not reconciled" in refused.output

    tell(box, story)


def test_commands_do_what_they_say_and_exit_as_documented(box: OperatorBox) -> None:
    box.ledger.held |= {(0, 1, 1, 0): PnL(quantity=300)}
    because = ("--reason", "x")
    path = "instruments.AAPL.position_max"
    steps: list[tuple[tuple[str, ...], str, int]] = [
        (("pause", "--scope", "venue", "--name", "A", *because), "alice", 0),
        (("pause", *because), "victor", 3),
        (("pause", *because), "no-such-token", 3),
        (("pause", "--scope", "venue", "--name", "C", *because), "alice", 2),
        (("pause",), "alice", 2),
        (("resume", "--scope", "venue", "--name", "A", *because), "alice", 0),
        (("resume", "--scope", "venue", "--name", "A", *because), "alice", 3),
        (("cancel", "--all", *because), "alice", 0),
        (("cancel", "--order", "9", *because), "alice", 2),
        (("cancel", *because), "alice", 2),
        (("flatten", "--scope", "instrument", "--name", "AAPL", *because), "alice", 0),
        (("limits", "propose", path, "100", *because), "bob", 0),
        (("limits", "propose", path, "200", *because), "bob", 0),
        (("limits", "approve", "2"), "bob", 3),
        (("limits", "reject", "2", *because), "bob", 0),
        (("limits", "override", path, "50", "--expires", "60", *because), "bob", 0),
        (("breaker", "trip", "--scope", "strategy", "--name", "imbalance", *because), "alice", 0),
        (("breaker", "reset", "--scope", "strategy", "--name", "imbalance", *because), "alice", 3),
        (("breaker", "reset", "--scope", "strategy", "--name", "imbalance", *because), "bob", 0),
        (("throttle", "reset", "imbalance", *because), "bob", 0),
        (("reconcile",), "alice", 0),
    ]

    def story(on_box: Run) -> None:
        for arguments, who, expected in steps:
            done = on_box(*arguments, token=who)
            assert done.exit_code == expected, (arguments, done.output)
        assert box.limits.value == 50

    tell(box, story)


def test_a_break_is_an_exit_code_of_its_own(box: OperatorBox) -> None:
    box.reconciliation.breaks = [Break()]

    def story(on_box: Run) -> None:
        found = on_box("reconcile")
        assert found.exit_code == 5
        assert "order 7: 100 executed here, 200 at A" in found.output
        assert json.loads(on_box("reconcile", "--json").stdout)["breaks"][0]["break_id"] == "1"
        assert on_box("breaks", "show").exit_code == 5
        assert on_box("breaks", "clear", "1", "--reason", "x").exit_code == 0
        assert on_box("breaks", "show").exit_code == 0

    tell(box, story)


def test_an_accepted_difference_is_shown_fails_the_command_and_must_be_named_to_rearm(box: OperatorBox) -> None:
    box.reconciliation.breaks, box.reconciliation.stands = [Break()], True
    words = "(accepted by bob on 1970-01-01: ticket 4711)"

    def story(on_box: Run) -> None:
        refused = on_box("breaks", "clear", "1", "--reason", "by reflex")
        assert (refused.exit_code, "break 1 still stands" in refused.output) == (3, True)
        assert on_box("breaks", "accept", "1", "--reason", "x", token="alice").exit_code == 3, "a risk officer's"
        assert on_box("breaks", "accept", "1", "--reason", "ticket 4711").exit_code == 0
        for command in (("reconcile",), ("reconcile", "--replay"), ("breaks", "show")):
            shown, known = on_box(*command), on_box(*command, "--accept-known")
            assert (shown.exit_code, known.exit_code) == (5, 0)
            assert words in shown.output
            assert words in known.output
            assert "nothing differs" not in shown.output + known.output
        assert words in on_box("status").output
        box.control.kill = 5
        blocked = on_box("rearm")
        assert (blocked.exit_code, "say --accept-differences" in blocked.output) == (3, True)
        prepared = on_box("rearm", "--accept-differences")
        code = prepared.output.split("--code ")[1].split()[0]
        assert on_box("rearm", "--code", code, "--reason", "x").exit_code == 3, "the second step names it, too"
        done = on_box("rearm", "--code", code, "--reason", "ticket 4711", "--accept-differences")
        assert (done.exit_code, words in done.output, box.control.kill) == (0, True, 0)

    tell(box, story)
    (line,) = [one for one in box.lines() if one["command"] == "rearm-confirm" and one["phase"] == "done"]
    assert (line["person"], line["arguments"]["accept_differences"]) == ("bob", True)
    assert line["arguments"]["reason"] == "ticket 4711"


def test_a_refusal_is_json_too(box: OperatorBox) -> None:
    def story(on_box: Run) -> None:
        refused = on_box("pause", "--reason", "x", "--json", token="victor")
        assert json.loads(refused.stdout)["code"] == "role"

    tell(box, story)


@pytest.mark.parametrize("arguments", [("status",), ("pause", "--reason", "x"), ("reconcile",)])
def test_when_nothing_runs_it_says_which_socket_it_tried_and_how_to_start(
    box: OperatorBox, config: Path, arguments: tuple[str, ...]
) -> None:
    done = run(*arguments, "--config", str(config))
    assert done.exit_code == 4
    assert str(box.state_dir / "operator.sock") in done.stderr
    assert f"tickwire run --config {config}" in done.stderr
    assert json.loads(run(*arguments, "--config", str(config), "--json").stdout)["code"] == "unreachable"


def test_without_a_file_it_says_how_to_name_the_box(tmp_path: Path) -> None:
    done = run("status", "--config", str(tmp_path / "none.toml"))
    assert done.exit_code == 2
    assert "--config FILE, --socket PATH, or set TICKWIRE_CONFIG" in done.stderr


def test_the_file_may_be_named_by_the_environment(box: OperatorBox, config: Path) -> None:
    assert run("status", TICKWIRE_CONFIG=str(config)).exit_code == 4


def test_without_a_token_it_says_so(box: OperatorBox) -> None:
    def story(on_box: Run) -> None:
        done = on_box("status", token="")
        assert done.exit_code == 3
        assert "no token" in done.stderr
        assert "no token has" in on_box("status", token="a\r\nX-Injected: 1").stderr
        (box.state_dir / "operator.token").write_text("x")
        (box.state_dir / "operator.token").chmod(0o644)
        assert "can be read by others" in on_box("status", token="").stderr

    tell(box, story)


def test_before_the_first_start_nothing_runs_which_is_told_before_a_missing_token(
    box: OperatorBox, config: Path
) -> None:
    assert not (box.state_dir / "operator.token").exists()
    done = run("status", "--config", str(config), token="")
    assert done.exit_code == 4
    assert f"nothing runs at {box.state_dir / 'operator.sock'}" in done.stderr


@pytest.mark.parametrize(
    ("scope", "name", "index"),
    [("venue", "B", 1), ("account", "HOUSE", 1), ("strategy", "imbalance", 1), ("instrument", "MSFT", 1)],
)
def test_a_scope_is_killed_with_the_supervisor_dead_and_the_file_broken_elsewhere(
    box: OperatorBox, config: Path, scope: str, name: str, index: int
) -> None:
    done = run("kill", "--config", str(config), "--scope", scope, "--name", name, "--reason", "odd")
    assert done.exit_code == 0, done.output
    assert box.control.stop_bits(scope, index) == lib.STOP_KILL
    assert box.parts.stops.read()[scope, name].bits == lib.STOP_KILL  # type: ignore[index]
    (line,) = box.lines()
    assert (line["command"], line["via"], line["arguments"]["name"]) == ("kill", "direct", name)
    assert AuditLog(box.state_dir / "operations.jsonl").verify() == ""


def test_a_kill_is_recorded_by_the_box_when_it_runs(box: OperatorBox, config: Path) -> None:
    async def story() -> None:
        async with serving(box, http=""):
            done = await asyncio.to_thread(run, "kill", "--config", str(config), "--reason", "x", token="alice")
            assert done.exit_code == 0, done.output
            assert "recorded by the box" in done.output

    asyncio.run(story())
    assert box.control.kill
    assert [line["person"] for line in box.lines()] == ["alice"]


def test_a_viewers_token_does_not_undo_the_kill_of_who_may_write_the_segment(box: OperatorBox, config: Path) -> None:
    async def story() -> None:
        async with serving(box, http=""):
            done = await asyncio.to_thread(run, "kill", "--config", str(config), "--reason", "x", token="victor")
            assert done.exit_code == 0
            assert "recorded in" in done.output

    asyncio.run(story())
    assert box.control.kill
    assert [(line["phase"], line["via"]) for line in box.lines()] == [("refused", "unix"), ("done", "direct")]


def test_a_kill_that_cannot_be_recorded_is_on_all_the_same(box: OperatorBox, config: Path) -> None:
    (box.state_dir / "operations.jsonl").mkdir()
    done = run("kill", "--config", str(config), "--reason", "x")
    assert done.exit_code == 0
    assert "NOT recorded, and on all the same" in done.output
    assert box.control.kill


def test_a_scope_without_the_file_is_named_by_its_number(box: OperatorBox, tmp_path: Path) -> None:
    segment = str(tmp_path / "segment")
    done = run("kill", "--segment", segment, "--scope", "venue", "--name", "1", "--reason", "x")
    assert done.exit_code == 0, done.output
    assert box.control.stop_bits("venue", 1) == lib.STOP_KILL
    for name in ("A", "99", ""):
        assert run("kill", "--segment", segment, "--scope", "venue", "--name", name, "--reason", "x").exit_code in (
            1,
            2,
        )


@pytest.mark.parametrize("scope", [("world", "A"), ("venue", "C"), ("venue", ""), ("firm", "A")])
def test_a_kill_of_a_scope_that_there_is_not_is_refused(box: OperatorBox, config: Path, scope: tuple[str, str]) -> None:
    kind, name = scope
    done = run("kill", "--config", str(config), "--scope", kind, "--name", name, "--reason", "x")
    assert done.exit_code == 2
    assert not box.control.kill


def test_a_token_is_shown_once_and_its_digest_is_what_the_file_gets(tmp_path: Path) -> None:
    made = run("operator", "token", "alice", "--role", "trader", "--out", str(tmp_path / "t"))
    assert made.exit_code == 0
    secret = (tmp_path / "t").read_text().strip()
    assert (tmp_path / "t").stat().st_mode & 0o777 == 0o600
    assert secret not in made.output
    assert f'token_sha256 = "{token_digest(secret)}"' in made.stdout
    people = People([Person("alice", Role.TRADER, token_digest(secret))])
    found = people.by_token(secret)
    assert found is not None and found.name == "alice"
    assert run("operator", "token", "a", "--role", "trader", "--out", str(tmp_path / "t")).exit_code == 1, "never over"
    assert run("operator", "token", "a", "--role", "king").exit_code == 2


def test_a_key_pairs_public_half_is_what_the_file_gets(tmp_path: Path) -> None:
    made = run("operator", "keys", "bob", "--role", "risk-officer", "--out", str(tmp_path / "k"))
    assert made.exit_code == 0
    assert 'curve_public = "' in made.stdout
    assert len((tmp_path / "k").read_text().strip()) == 40


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


def test_help_teaches_each_operator_command_by_an_example_and_its_exit_codes() -> None:
    import typer

    others = {"demo", "run", "exchange", "exchange-control", "book", "decode"}
    tree = typer.main.get_command(build())
    for path in commands(tree):
        if path[0] not in others:
            shown = run(*path, "--help")
            assert shown.exit_code == 0
            assert f"Example: tickwire {' '.join(path)}" in " ".join(shown.output.split()), path
            assert "Exit codes: 0" in " ".join(shown.output.split()), path


@pytest.mark.parametrize("module", MODULES)
def test_a_command_loads_only_its_own_module(module: str) -> None:
    """A kill must not wait for the others; so what each registers is what the table says."""
    import typer

    tree: Any = typer.main.get_command(build((module,)))
    assert set(tree.commands) == set(MODULES[module])


def test_the_shell_can_complete() -> None:
    assert "--show-completion" in run("--help").output
