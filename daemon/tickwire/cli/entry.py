"""``tickwire order``, ``replace``, ``work``, ``parents``: orders by hand."""

import re
from typing import Annotated, Any

import typer

from tickwire.api.errors import Exit
from tickwire.cli import operator_text as show
from tickwire.cli.operator_box import Box, ReasonOption, operator_command

UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
GONE_WRONG = ("refused", "not-sent", "rejected", "lost")

StrategyOption = Annotated[str, typer.Option("--strategy", help="On whose account and behalf.")]
InstrumentOption = Annotated[str, typer.Option("--instrument", help="What, by its symbol.")]
SideOption = Annotated[str, typer.Option("--side", help="buy or sell.")]
QuantityOption = Annotated[int, typer.Option("--quantity", help="Shares.")]
ReduceOption = Annotated[
    bool, typer.Option("--reduce-only", help="Only if it brings the strategy's position nearer to 0; passes a pause.")
]


@operator_command
def order(
    box: Box,
    strategy: StrategyOption,
    instrument: InstrumentOption,
    side: SideOption,
    quantity: QuantityOption,
    reason: ReasonOption,
    price: Annotated[str | None, typer.Option("--price", help="The limit; of a peg the farthest it goes.")] = None,
    kind: Annotated[
        str, typer.Option("--type", help="limit, market, peg-primary, peg-market or peg-midpoint.")
    ] = "limit",
    venue: Annotated[str, typer.Option("--venue", help="Where; the strategy's own venue if left out.")] = "",
    time_in_force: Annotated[
        str | None, typer.Option("--time-in-force", help="day, ioc or extended (before and after the session too).")
    ] = None,
    post_only: Annotated[bool, typer.Option("--post-only", help="Refused by the venue if it would take.")] = False,
    hidden: Annotated[bool, typer.Option("--hidden", help="Not shown in the book.")] = False,
    display: Annotated[int, typer.Option("--display", help="Show only so many of it: a reserve order.")] = 0,
    minimum: Annotated[int, typer.Option("--minimum", help="Execute at least so many at once.")] = 0,
    peg_offset: Annotated[
        str | None, typer.Option("--peg-offset", help="From the peg; positive towards the other side.")
    ] = None,
    reduce_only: ReduceOption = False,
) -> None:
    """Send an order to one venue, through the gate, and say what became of it; 3 when it was refused by anybody.

    Example: tickwire order --strategy hand --instrument AAPL --side buy --quantity 100 --price 100.05 --reason hedge
    """
    _say_outcome(
        box,
        box.ask(
            "order-enter",
            strategy=strategy,
            instrument=instrument,
            side=side,
            quantity=quantity,
            reason=reason,
            price=price,
            order_type=kind,
            venue=venue,
            time_in_force=time_in_force,
            post_only=post_only,
            hidden=hidden,
            display=display,
            minimum=minimum,
            peg_offset=peg_offset,
            reduce_only=reduce_only,
        ),
    )


@operator_command
def replace(
    box: Box,
    order: Annotated[int, typer.Argument(help="The order.")],
    reason: ReasonOption,
    quantity: Annotated[
        int | None, typer.Option("--quantity", help="Shares of the whole order, what was executed included.")
    ] = None,
    price: Annotated[str | None, typer.Option("--price", help="The new limit.")] = None,
) -> None:
    """Change quantity or price of an open order; what is left out stays.  It gets a new number.

    Example: tickwire replace 4611686022722355201 --price 100.06 --reason "market moved"
    """
    _say_outcome(box, box.ask("order-replace", order_id=order, reason=reason, quantity=quantity, price=price))


@operator_command
def work(
    box: Box,
    policy: Annotated[
        str, typer.Option("--policy", help="sweep: take at once; post: rest and follow; twap: slices over time.")
    ],
    strategy: StrategyOption,
    instrument: InstrumentOption,
    side: SideOption,
    quantity: QuantityOption,
    reason: ReasonOption,
    limit: Annotated[str | None, typer.Option("--limit", help="The farthest price.")] = None,
    duration: Annotated[str | None, typer.Option("--duration", help="Of a twap: 90s, 15m, 2h.")] = None,
    interval: Annotated[str | None, typer.Option("--interval", help="Of a twap, from slice to slice.")] = None,
    slippage_bps: Annotated[
        int | None, typer.Option("--slippage-bps", help="Give up past this, from the market's middle now.")
    ] = None,
    venues: Annotated[str, typer.Option("--venues", help="Only these, with commas between: A,B.")] = "",
    display: Annotated[int, typer.Option("--display", help="Of a post: show only so many.")] = 0,
    reduce_only: ReduceOption = False,
) -> None:
    """Have the router work an order over the venues; a sweep is over when this answers, others go on.

    Example: tickwire work --policy twap --strategy hand --instrument AAPL --side sell --quantity 1000 --duration 10m
    --interval 30s --limit 99.50 --reason "end of day"
    """
    answer = box.ask(
        "parent-start",
        policy=policy,
        strategy=strategy,
        instrument=instrument,
        side=side,
        quantity=quantity,
        reason=reason,
        limit=limit,
        duration_s=_seconds(box, "--duration", duration),
        interval_s=_seconds(box, "--interval", interval),
        slippage_bps=slippage_bps,
        venues=[name.strip() for name in venues.split(",") if name.strip()] or None,
        display=display,
        reduce_only=reduce_only,
    )
    state = answer["parent"]["state"]
    if box.as_json:
        box.print_json(answer)
    else:
        show.say(f"parent {answer['parent']['parent_id']} {answer['text']}", "bold red" if state in GONE_WRONG else "")
        show.table([answer["parent"]], show.PARENTS, "")
    if state in GONE_WRONG:
        raise typer.Exit(int(Exit.REFUSED))


@operator_command
def parents(
    box: Box,
    what: Annotated[list[str] | None, typer.Argument(help="A parent's ID; or: cancel ID.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Of a cancel: why; it goes on record.")] = "",
    is_open: Annotated[bool, typer.Option("--open", help="Only those that still work.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Also those of strategies.")] = False,
    lines: Annotated[int, typer.Option("--lines", min=1, max=1000, help="How many, the newest first.")] = 100,
) -> None:
    """Parent orders of the day, working and over; with ID one of them; with cancel ID, end it.

    Example: tickwire parents cancel 144115188092633089 --reason "enough"
    """
    words = list(what or [])
    is_cancel = words[:1] == ["cancel"]
    numbers = words[1:] if is_cancel else words
    if len(numbers) > 1 or any(not (one.isascii() and one.isdigit()) for one in numbers) or (is_cancel and not numbers):
        box.fail(Exit.ARGUMENTS, "malformed", "say: tickwire parents, parents ID, or parents cancel ID")
    if is_cancel:
        if not reason.strip():
            box.fail(Exit.ARGUMENTS, "malformed", "a cancel needs a --reason")
        answer = box.ask("parent-cancel", parent_id=int(numbers[0]), reason=reason)
        if box.as_json:
            box.print_json(answer)
        else:
            show.say(answer["done"][0])
        return
    answer = box.ask(
        "parents",
        parent_id=int(numbers[0]) if numbers else None,
        state="open" if is_open else "all",
        source="all" if everything else "operator",
        lines=lines,
    )
    if box.as_json:
        box.print_json(answer)
    else:
        show.table(answer, show.PARENTS, "no parent orders")


def _say_outcome(box: Box, answer: Any) -> None:
    is_wrong = answer["state"] in GONE_WRONG
    if box.as_json:
        box.print_json(answer)
    else:
        name = f"order {answer['order_id']} " if answer["order_id"] else ""
        average = answer["average_price_1e4"]
        at = f"; average {show.tag(average)}" if average else ""
        show.say(f"{name}{answer['text']}{at}", "bold red" if is_wrong else "")
    if is_wrong:
        raise typer.Exit(int(Exit.REFUSED))


def _seconds(box: Box, name: str, text: str | None) -> float | None:
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(ms|s|m|h|)", text)
    if found is None:
        box.fail(Exit.ARGUMENTS, "malformed", f"{name} {text}: expected a number and ms, s, m or h")
    return float(found[1]) * UNITS[found[2]]


def register(app: typer.Typer) -> None:
    """Add the commands to app."""
    for command in (order, replace, work, parents):
        app.command(command.__name__)(command)
