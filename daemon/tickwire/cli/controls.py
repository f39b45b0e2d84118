"""``tickwire limits``, ``breaker``, ``throttle``, ``reconcile``, ``breaks``: how the box judges itself."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tickwire.api.errors import Exit
from tickwire.cli import operator_text as show
from tickwire.cli.operator_box import Box, NameOption, ReasonOption, ScopeOption, operator_command

PathArgument = Annotated[str, typer.Argument(help="Dotted, e.g. instruments.AAPL.position_max.")]
ValueArgument = Annotated[str, typer.Argument(help="As the configuration file writes it.")]
ChangeArgument = Annotated[int, typer.Argument(help="The number of the change.")]


def _say_change(box: Box, answer: Any) -> None:
    if box.as_json:
        box.print_json(answer)
    else:
        show.table([answer["change"]], show.CHANGES, "")


@operator_command
def limits_show(
    box: Box,
    begin: Annotated[str, typer.Argument(metavar="[PATH]", help="Only paths that begin so.")] = "",
    path: Annotated[str, typer.Option("--path", help="The same.")] = "",
) -> None:
    """Limits in force, what waits for a second person, and the latest changes.

    Example: tickwire limits show instruments.AAPL
    """
    if begin and path:
        box.fail(Exit.ARGUMENTS, "malformed", "say the path once")
    answer = box.ask("limits", path=begin or path)
    if box.as_json:
        box.print_json(answer)
        return
    show.table(answer["limits"], show.LIMITS, "no limits")
    show.table(answer["stakes"], show.STAKES, "nothing is at stake yet")
    if answer["pending"]:
        show.say("waiting for a second person:", "bold")
        show.table(answer["pending"], show.CHANGES, "")


@operator_command
def limits_propose(box: Box, path: PathArgument, value: ValueArgument, reason: ReasonOption) -> None:
    """Change a limit; a loosening may wait for a second person.

    Example: tickwire limits propose instruments.AAPL.position_max 5000 --reason "more capital"
    """
    _say_change(box, box.ask("limit-propose", path=path, value=_value(value), reason=reason))


@operator_command
def limits_override(
    box: Box,
    path: PathArgument,
    value: ValueArgument,
    reason: ReasonOption,
    expires: Annotated[int, typer.Option("--expires", min=1, help="Seconds until it goes back by itself.")],
) -> None:
    """Change a limit for a time.

    Example: tickwire limits override risk.message_rate_max 200 --expires 3600 --reason "index change"
    """
    answer = box.ask("limit-override", path=path, value=_value(value), reason=reason, expires_s=expires)
    _say_change(box, answer)


@operator_command
def limits_approve(box: Box, change: ChangeArgument) -> None:
    """Agree, as a second person, to a change that waits.

    Example: tickwire limits approve 12
    """
    _say_change(box, box.ask("limit-approve", change=change))


@operator_command
def limits_reject(box: Box, change: ChangeArgument, reason: ReasonOption) -> None:
    """Let a change fall that waits.

    Example: tickwire limits reject 12 --reason "not today"
    """
    _say_change(box, box.ask("limit-reject", change=change, reason=reason))


def _value(text: str) -> Any:
    """Whole numbers and truths as such; everything else, also decimals, as written."""
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text.lstrip("-").isdecimal() else text


@operator_command
def breaker_show(box: Box) -> None:
    """Circuit breakers and their states.

    Example: tickwire breaker show
    """
    answer = box.ask("breakers")
    if box.as_json:
        box.print_json(answer)
    else:
        show.table(answer, show.BREAKERS, "no breakers are configured")


TriggerOption = Annotated[str, typer.Option("--trigger", help="Only this one of the scope's breakers.")]


@operator_command
def breaker_trip(
    box: Box, reason: ReasonOption, scope: ScopeOption = "firm", name: NameOption = "", trigger: TriggerOption = ""
) -> None:
    """Open a breaker by hand.

    Example: tickwire breaker trip --scope venue --name A --reason "latency by eye"
    """
    _say_done(box, box.ask("breaker-trip", scope=scope, name=name, trigger=trigger, reason=reason))


@operator_command
def breaker_reset(
    box: Box,
    reason: ReasonOption,
    scope: ScopeOption = "firm",
    name: NameOption = "",
    trigger: TriggerOption = "",
    accept: Annotated[bool, typer.Option("--accept", help="Though the loss is still there; count from it.")] = False,
) -> None:
    """Close a breaker by hand.

    Example: tickwire breaker reset --scope strategy --name imbalance --reason "loss explained"
    """
    _say_done(box, box.ask("breaker-reset", scope=scope, name=name, trigger=trigger, reason=reason, accept=accept))


@operator_command
def throttle_reset(box: Box, strategy: Annotated[str, typer.Argument(help="Its name.")], reason: ReasonOption) -> None:
    """Let a strategy trade again that executed too often.

    Example: tickwire throttle reset imbalance --reason "was a real move"
    """
    _say_done(box, box.ask("throttle-reset", strategy=strategy, reason=reason))


AcceptKnownOption = Annotated[
    bool, typer.Option("--accept-known", help="Exit as if accepted differences were none; they are shown all the same.")
]


@operator_command
def reconcile(
    box: Box,
    reason: Annotated[str, typer.Option("--reason", help="Why; it goes on record.")] = "asked for",
    replay: Annotated[bool, typer.Option("--replay", help="Ask the venues for their whole record first.")] = False,
    accept_known: AcceptKnownOption = False,
) -> None:
    """Compare orders, fills and positions with the venues' records.

    5 on a break, and on a difference that was accepted and stands, unless --accept-known is given; 1 when not all could
    be compared.

    Example: tickwire reconcile --replay
    """
    answer = box.ask("reconcile", reason=reason, replay=replay)
    if box.as_json:
        box.print_json(answer)
    else:
        sources = ", ".join(answer["sources"]) or "no source"
        show.say(
            f"{answer['orders']} orders, {answer['fills']} fills, {answer['positions']} positions against {sources}"
        )
        _say_differences(answer["breaks"], answer["accepted"], "nothing differs")
        for what in answer["partial"]:
            show.say(f"not compared: {what}", "bold red")
        if answer["unsettled"]:
            show.say(f"{answer['unsettled']} differences could not be decided", "bold red")
    _fail_on_break(answer["breaks"], answer["accepted"], accept_known)
    if not answer["complete"]:
        raise typer.Exit(int(Exit.FAILED))


@operator_command
def breaks_show(box: Box, accept_known: AcceptKnownOption = False) -> None:
    """Breaks that nobody has cleared, and accepted differences that stand; 5 when there is one.

    With --accept-known accepted ones do not count.

    Example: tickwire breaks show
    """
    breaks, accepted = box.ask("breaks"), box.ask("accepted-differences")
    if box.as_json:
        box.print_json([*breaks, *accepted])
    else:
        _say_differences(breaks, accepted, "no unresolved breaks")
    _fail_on_break(breaks, accepted, accept_known)


def _say_differences(breaks: list[Any], accepted: list[Any], empty: str) -> None:
    """Breaks and accepted differences as one table; of the latter also that they stand."""
    show.table([*breaks, *accepted], show.BREAKS, empty)
    if accepted:
        show.say(f"{len(accepted)} accepted differences still stand; trading goes on with them", "bold yellow")


def _fail_on_break(breaks: list[Any], accepted: list[Any], accept_known: bool) -> None:
    if breaks or (accepted and not accept_known):
        raise typer.Exit(int(Exit.BREAK))


@operator_command
def breaks_clear(
    box: Box, number: Annotated[str, typer.Argument(help="Its number, as shown.")], reason: ReasonOption
) -> None:
    """Clear a break that is gone; refused while a fresh comparison still shows it, or cannot tell.

    Example: tickwire breaks clear 3 --reason "venue sent the missing fill, ticket 4711"
    """
    _say_done(box, box.ask("break-clear", break_id=number, reason=reason))


@operator_command
def breaks_accept(
    box: Box, number: Annotated[str, typer.Argument(help="Its number, as shown.")], reason: ReasonOption
) -> None:
    """Trade on with a difference that stands: its stop is lifted, and it is told of until it is gone.

    Example: tickwire breaks accept 3 --reason "venue owes us the fill, ticket 4711"
    """
    _say_done(box, box.ask("break-accept", break_id=number, reason=reason))


def _say_done(box: Box, answer: Any) -> None:
    if box.as_json:
        box.print_json(answer)
        return
    for line in answer["done"]:
        show.say(line)


class ShowGroup(TyperGroup):
    """A group that shows when nothing else is asked of it: ``tickwire limits --json``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put ``show`` where no sub-command is named."""
        if not args or (args[0].startswith("-") and args[0] != "--help"):
            args = ["show", *args]
        return super().parse_args(ctx, args)


def register(app: typer.Typer) -> None:
    """Add the commands to app."""
    app.command("reconcile")(reconcile)
    groups = {
        "limits": (
            "Limits: show, propose, override, approve, reject.",
            {
                "show": limits_show,
                "propose": limits_propose,
                "override": limits_override,
                "approve": limits_approve,
                "reject": limits_reject,
            },
        ),
        "breaker": (
            "Circuit breakers: show, trip, reset.",
            {"show": breaker_show, "trip": breaker_trip, "reset": breaker_reset},
        ),
        "breaks": (
            "Reconciliation breaks: show, clear, accept.",
            {"show": breaks_show, "clear": breaks_clear, "accept": breaks_accept},
        ),
        "throttle": ("The repeated-execution throttle: reset.", {"reset": throttle_reset}),
    }
    for group, (says, commands) in groups.items():
        made = (
            typer.Typer(help=says, cls=ShowGroup)
            if "show" in commands
            else typer.Typer(help=says, no_args_is_help=True)
        )
        made.callback()(lambda: None)  # so that a group of one is a group
        for name, command in commands.items():
            made.command(name)(command)
        app.add_typer(made, name=group, help=says)
