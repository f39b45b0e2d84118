"""``tickwire orders``, ``fills``, ``positions``, ``best-execution``: what the box did and holds."""

from typing import Annotated

import typer

from tickwire.cli import operator_text as show
from tickwire.cli.operator_box import Box, NameOption, ScopeOption, operator_command

LinesOption = Annotated[int, typer.Option("--lines", min=1, max=1000, help="How many, the newest first.")]
OrderOption = Annotated[int | None, typer.Option("--order", help="Only this order.")]


@operator_command
def orders(
    box: Box,
    number: Annotated[int | None, typer.Argument(help="Only this order.")] = None,
    scope: ScopeOption = "firm",
    name: NameOption = "",
    everything: Annotated[bool, typer.Option("--all", help="Also those that are done.")] = False,
    order: OrderOption = None,
    lines: LinesOption = 100,
) -> None:
    """Open orders; with --all every order of the day; with its number one order, open or not.

    Slippage is the average execution against the price that the order was decided at, positive when worse: of all its
    shares in 1/10 000 of the currency, and in basis points.

    Example: tickwire orders --scope instrument --name AAPL --all
    """
    state = "all" if everything else "open"
    answer = box.ask(
        "orders", scope=scope, name=name, state=state, order_id=order if number is None else number, lines=lines
    )
    if box.as_json:
        box.print_json(answer)
    else:
        show.table(answer, show.ORDERS, "no such orders" if everything or number or order else "no open orders")


@operator_command
def fills(
    box: Box, scope: ScopeOption = "firm", name: NameOption = "", order: OrderOption = None, lines: LinesOption = 100
) -> None:
    """Executions of the day.

    Example: tickwire fills --scope strategy --name imbalance --lines 20
    """
    answer = box.ask("fills", scope=scope, name=name, order_id=order, lines=lines)
    if box.as_json:
        box.print_json(answer)
    else:
        show.table(answer, show.FILLS, "no fills")


@operator_command
def positions(
    box: Box,
    scope: ScopeOption = "firm",
    name: NameOption = "",
    by: Annotated[str, typer.Option("--by", help="Summed up by instrument, strategy, account, venue or firm.")] = "",
) -> None:
    """Positions and P&L, each instrument by strategy, account and venue; net over its venues, and in total.

    Example: tickwire positions --by strategy      or: tickwire positions --scope account --name HOUSE
    """
    answer = box.ask("positions", scope=scope, name=name, by=by)
    if box.as_json:
        box.print_json(answer)
        return
    rows = answer["groups"] if by else answer["lines"]
    if rows:
        net = [] if by == "instrument" else [{**line, "venue": "net"} for line in answer["net"]]
        total = [] if by == "firm" else [answer["total"]]
        rows = [*rows, *net, *({**line, "instrument": line["instrument"] or "total"} for line in total)]
        rows = [{**line, "instrument": line["instrument"] or "firm"} for line in rows] if by == "firm" else rows
    show.table(rows, show.POSITIONS, "no positions")
    if not answer["known"]:
        show.say("positions are UNKNOWN until the venue's record has been replayed", "bold red")


@operator_command
def best_execution(
    box: Box, order: Annotated[int, typer.Argument(help="The order, or the parent it belongs to.")]
) -> None:
    """What every venue showed when an order was routed, net of fees, and what was chosen; or that it was not routed.

    Example: tickwire best-execution 4611686022722355201
    """
    answer = box.ask("best-execution", order_id=order)
    if box.as_json:
        box.print_json(answer)
        return
    if answer["order"] is not None:
        show.table([answer["order"]], show.ORDERS, "")
    if answer["note"]:
        show.say(answer["note"])
    for decision in answer["decisions"]:
        show.say(
            f"{show.moment(decision['decided_ns'])}  parent {decision['parent_id']}, decision {decision['number']}: "
            f"{decision['policy']}, {decision['side']} {show.count(decision['wanted'])} {decision['instrument']}, "
            f"limit {show.tag(decision['limit_1e4'])}",
            "bold",
        )
        show.table(decision["venues"], show.SHOWN, "  no venue showed anything")


def register(app: typer.Typer) -> None:
    """Add the commands to app."""
    commands = {"orders": orders, "fills": fills, "positions": positions, "best-execution": best_execution}
    for name, command in commands.items():
        app.command(name)(command)
