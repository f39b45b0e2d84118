"""``tickwire demo``: exchange and box on this machine, trading with each other."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from tickwire.config import ConfigError
from tickwire.demo.demo import Demo
from tickwire.demo.plan import VENUES, DemoError, Settings
from tickwire.demo.story import STORIES
from tickwire.demo.symbols import NoInstrumentError


def demo(
    itch: Annotated[
        Path | None, typer.Option("--itch", help="Nasdaq ITCH 5.0 file, plain or .gz; without it a synthetic market.")
    ] = None,
    speed: Annotated[
        str,
        typer.Option("--speed", metavar="1|10|max", help="How many times as fast as the clock (any number), or max."),
    ] = "1",
    start: Annotated[
        str,
        typer.Option(
            "--start",
            metavar="HH:MM:SS",
            help="Market time of a file at which its clock and that of --seconds start; what is earlier goes at once.",
        ),
    ] = "09:30:00",
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, help="Trade for so long.")] = 30.0,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**63 - 1, help="Of the synthetic market.")] = 1,
    report: Annotated[Path | None, typer.Option("--report", help="Write the report as JSON.")] = None,
    backend: Annotated[
        Literal["auto", "af_xdp", "socket"], typer.Option("--backend", help="How the box receives.")
    ] = "auto",
    instruments: Annotated[
        int, typer.Option("--instruments", min=1, max=26, help="Trade so many: of a file, the most active.")
    ] = 4,
    symbol: Annotated[list[str] | None, typer.Option("--symbol", help="Trade this one; may be repeated.")] = None,
    venues: Annotated[
        int,
        typer.Option("--venues", min=1, max=len(VENUES), help="Paper exchanges; from 2 on takes are routed."),
    ] = 1,
    story: Annotated[
        Literal["risk"] | None, typer.Option("--story", help="Tell this story, step by step, instead of a session.")
    ] = None,
    view: Annotated[bool, typer.Option("--view/--no-view", help="Show the box while it runs.")] = True,
    keep_logs: Annotated[
        Path | None, typer.Option("--keep-logs", help="Keep configuration, logs and status in this folder.")
    ] = None,
) -> None:
    """Trade against a paper exchange on this machine, then compare the box's positions with the exchange's.

    Exit codes: 0 positions equal and everything stopped in order; 1 not so; 2 the demo could not run, or a step of its
    story did not happen.
    """
    console = Console()
    settings = Settings(
        itch=itch,
        speed=speed,
        start=start,
        seconds=seconds,
        seed=seed,
        report=report,
        backend=backend,
        instruments=instruments,
        symbol=tuple(symbol or ()),
        view=view,
        keep_logs=keep_logs,
        venues=venues,
    )
    try:
        if story is not None:
            raise typer.Exit(0 if STORIES[story](settings, console).tell() else 1)
        outcome = Demo(settings, console).run()
    except (DemoError, NoInstrumentError, ConfigError, OSError) as error:
        typer.echo(f"demo: {error}", err=True)
        raise typer.Exit(2) from error
    raise typer.Exit(0 if outcome.good else 1)


def register(app: typer.Typer) -> None:
    """Add the command to app."""
    app.command("demo")(demo)
