"""``tickwire run``: the box of a configuration file, until it is told to stop."""

import json
from pathlib import Path
from typing import Annotated

import typer

from tickwire.config import ConfigError, check_passwords, load
from tickwire.supervisor.main import run as run_box


def run(
    config: Annotated[Path, typer.Option("--config", help="The box's TOML file.")],
    check: Annotated[bool, typer.Option("--check", help="Only judge the file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --check: the judgement as JSON.")] = False,
) -> None:
    """Run the box until SIGTERM or Ctrl-C.

    Exit codes: 0 stopped in order; 1 stopped, but orders may be open or a lane had to be killed; 2 the file was
    refused; 3 the box is run by somebody else; 4 the segment could not be made.
    """
    if as_json and not check:
        typer.echo("run: --json goes with --check", err=True)
        raise typer.Exit(2)
    if not check:
        raise typer.Exit(run_box(config))
    try:
        check_passwords(load(config))
    except ConfigError as error:
        if as_json:
            typer.echo(json.dumps({"file": str(config), "good": False, "error": str(error)}))
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    typer.echo(json.dumps({"file": str(config), "good": True, "error": ""}) if as_json else f"{config}: good")


def register(app: typer.Typer) -> None:
    """Add the command to app."""
    app.command("run")(run)
