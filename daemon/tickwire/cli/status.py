"""``tickwire status``, ``venues``, ``alerts``, ``audit``: the box at a glance."""

import json
from pathlib import Path
from typing import Annotated

import typer

from tickwire.api.audit import AuditLog
from tickwire.api.errors import Exit
from tickwire.cli import operator_text as show
from tickwire.cli.operator_box import Box, Unreachable, operator_command
from tickwire.services.alerts import read_alerts


@operator_command
def status(box: Box) -> None:
    """Is it trading, and if not, why not.

    Example: tickwire status --config /etc/tickwire/box.toml
    """
    answer = box.ask("status")
    if box.as_json:
        box.print_json(answer)
        return
    state = "trading" if answer["trading"] else "NOT trading"
    show.say(f"{answer['box']}: {state}, epoch {answer['epoch']}", "bold green" if answer["trading"] else "bold red")
    for what in answer["wrong"]:
        show.say(f"  {what}", "red")
    for what in answer["warnings"]:
        show.say(f"  {what}", "yellow")
    if answer["killed_ns"]:
        show.say(f"  killed at {show.moment(answer['killed_ns'])}", "red")
    if answer["recording"]:
        show.say(f"  operations cannot be recorded, so only kill is done: {answer['recording']}", "red")
    show.say(
        f"{answer['open_orders']} open orders, realised {show.cash(answer['realised_1e4'])}, "
        f"unrealised {show.cash(answer['unrealised_1e4'])}, fees {show.fees(answer['fees_1e6'])}, "
        f"{answer['unresolved_breaks']} unresolved breaks, {answer['accepted_differences']} accepted differences"
    )
    show.table(answer["services"], show.SERVICES, "")
    show.table(answer["stakes"], show.STAKES, "nothing is at stake yet")


@operator_command
def venues(box: Box) -> None:
    """Sessions, feeds, fees and stops of each venue.

    Example: tickwire venues --json
    """
    answer = box.ask("venues")
    if box.as_json:
        box.print_json(answer)
    else:
        show.table(answer, show.VENUES, "no venues")


@operator_command
def alerts(
    box: Box,
    everything: Annotated[bool, typer.Option("--all", help="The history, too; no running box needed.")] = False,
    lines: Annotated[int, typer.Option("--lines", min=1, max=1000, help="How much of the history.")] = 100,
) -> None:
    """What is wrong now; with --all also what was, from alerts.jsonl of the state directory.

    Example: tickwire alerts --all
    """
    try:
        answer = box.inquire("alerts", history=everything, lines=lines)
    except Unreachable as error:
        if not everything or box.place.state_dir is None:
            box.fail(Exit.UNREACHABLE, "unreachable", str(error))
        try:
            answer = {"active": None, "history": read_alerts(box.place.state_dir, lines)}
        except OSError as failure:
            box.fail(Exit.FAILED, "failed", str(failure))
        typer.echo(f"{error}\nso what is wrong now is not known; the history:", err=True)
    if box.as_json:
        box.print_json(answer)
        return
    if answer["active"] is not None:
        show.table(answer["active"], show.ALERTS, "nothing is wrong")
    if everything:
        show.table(answer["history"], show.ALERT_HISTORY, "no alerts are on record")


@operator_command
def audit(
    box: Box,
    lines: Annotated[int, typer.Option("--lines", min=1, max=1000, help="How many.")] = 20,
    file: Annotated[Path | None, typer.Option("--file", help="Check this file; no box needed.")] = None,
) -> None:
    """The last operations, and whether the record's chain of hashes is whole; 1 when it is not.

    Example: tickwire audit --lines 5
    """
    if file is None:
        answer = box.ask("audit", lines=lines)
    else:
        log = AuditLog(file)
        try:
            problem = log.verify() if file.exists() else f"there is no {file}"
            answer = {"whole": not problem, "problem": problem, "lines": log.last(lines)}
        except OSError as error:
            box.fail(Exit.FAILED, "failed", str(error))
    if box.as_json:
        typer.echo(json.dumps(answer, indent=2))
    else:
        show.table(answer["lines"], show.AUDIT, "nothing is on record")
        show.say(answer["problem"] or "the record is whole", "bold red" if answer["problem"] else "green")
    if not answer["whole"]:
        raise typer.Exit(int(Exit.FAILED))


def register(app: typer.Typer) -> None:
    """Add the commands to app."""
    for name, command in (("status", status), ("venues", venues), ("alerts", alerts), ("audit", audit)):
        app.command(name)(command)
