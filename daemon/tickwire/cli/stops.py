"""``tickwire rearm``, ``pause``, ``resume``, ``cancel``, ``flatten``: stopping and letting go."""

from typing import Annotated, Any

import typer

from tickwire.api.errors import Exit
from tickwire.cli import operator_text as show
from tickwire.cli.operator_box import Box, NameOption, ReasonOption, ScopeOption, operator_command


def _say_done(box: Box, answer: Any) -> None:
    if box.as_json:
        box.print_json(answer)
        return
    for line in answer["done"]:
        show.say(line, "bold red" if "NOT" in line else "")


@operator_command
def rearm(
    box: Box,
    scope: ScopeOption = "firm",
    name: NameOption = "",
    code: Annotated[str, typer.Option("--code", help="The code of the first step.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why; needed in the second step.")] = "",
    accept_differences: Annotated[
        bool, typer.Option("--accept-differences", help="Though accepted differences stand; in both steps.")
    ] = False,
) -> None:
    """Lift a kill, in two steps: without --code it says what would be let loose and gives a code for a minute.

    Example: tickwire rearm, look, then tickwire rearm --code K7WQ2P --reason "bad fill corrected"
    """
    if code:
        if not reason.strip():
            box.fail(Exit.ARGUMENTS, "malformed", "the second step needs a --reason")
        named = {"scope": scope, "name": name, "accept_differences": accept_differences}
        _say_done(box, box.ask("rearm-confirm", code=code, reason=reason, **named))
        return
    answer = box.ask("rearm-prepare", scope=scope, name=name, accept_differences=accept_differences)
    if box.as_json:
        box.print_json(answer)
    else:
        for line in answer["state"]:
            show.say(line)
        known = "positions known" if answer["reconciled"] else "NOT reconciled"
        known += f", {len(answer['accepted'])} accepted differences" if answer["accepted"] else ""
        show.say(f"{answer['open_orders']} open orders, {known}, positions:")
        show.table(answer["positions"], show.POSITIONS, "  none")
        for one in answer["accepted"]:
            show.say(f"accepted difference {one['break_id']}: {one['text']}", "yellow")
        for line in answer["against"]:
            show.say(f"against it: {line}", "bold red")
        if answer["code"]:
            where = f" --scope {scope} --name {name}" if name else ""
            where += " --accept-differences" if accept_differences else ""
            show.say(
                f"to re-arm within {answer['valid_s']} s: tickwire rearm{where} --code {answer['code']} --reason …"
            )
    if answer["against"]:
        raise typer.Exit(int(Exit.REFUSED))


@operator_command
def pause(box: Box, reason: ReasonOption, scope: ScopeOption = "firm", name: NameOption = "") -> None:
    """Nothing new in the scope; open orders stay, and what only reduces still passes.

    Example: tickwire pause --scope strategy --name imbalance --reason "odd quotes"
    """
    _say_done(box, box.ask("pause", scope=scope, name=name, reason=reason))


@operator_command
def resume(box: Box, reason: ReasonOption, scope: ScopeOption = "firm", name: NameOption = "") -> None:
    """End a pause.  A trader ends their own, or that of a strategy of theirs; a risk officer any.

    Example: tickwire resume --scope strategy --name imbalance --reason "quotes are back"
    """
    _say_done(box, box.ask("resume", scope=scope, name=name, reason=reason))


@operator_command
def cancel(
    box: Box,
    reason: ReasonOption,
    number: Annotated[int | None, typer.Argument(help="One order.")] = None,
    order: Annotated[int | None, typer.Option("--order", help="The same.")] = None,
    scope: Annotated[str | None, typer.Option("--scope", help="Every open order of a scope.")] = None,
    name: NameOption = "",
    everything: Annotated[bool, typer.Option("--all", help="Every open order.")] = False,
) -> None:
    """Cancel one order, every open order of a scope, or all; exit code 1 when the venue has not done it in a second.

    Example: tickwire cancel --scope venue --name A --reason "venue is odd"      or: tickwire cancel 123 --reason "late"
    """
    if number is not None and order is not None:
        box.fail(Exit.ARGUMENTS, "malformed", "say the order once")
    order = order if number is None else number
    if everything and scope is None:
        scope = "firm"
    if (order is None) == (scope is None):
        box.fail(Exit.ARGUMENTS, "malformed", "say an order's number, --scope SCOPE or --all, one of them")
    answer = box.ask("cancel", order_id=order, scope=scope, name=name or None, reason=reason)
    _say_done(box, answer)
    if answer["still_open"]:
        raise typer.Exit(int(Exit.FAILED))


@operator_command
def flatten(box: Box, reason: ReasonOption, scope: ScopeOption = "firm", name: NameOption = "") -> None:
    """Pause the scope, cancel its open orders, and close every position in it by orders that only reduce.

    Example: tickwire flatten --scope instrument --name AAPL --reason "news"
    """
    answer = box.ask("flatten", scope=scope, name=name, reason=reason)
    _say_done(box, answer)
    if any(" NOT " in line for line in answer["done"]):
        raise typer.Exit(int(Exit.FAILED))


def register(app: typer.Typer) -> None:
    """Add the commands to app."""
    for command in (rearm, pause, resume, cancel, flatten):
        app.command(command.__name__)(command)
