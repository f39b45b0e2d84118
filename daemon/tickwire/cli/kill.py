"""``tickwire kill``: nothing new reaches a venue, whatever else is dead."""

import time
from pathlib import Path
from typing import Annotated

import typer

from tickwire.config import ConfigError, load_box
from tickwire.host import logs
from tickwire.native import NativeError
from tickwire.supervisor.ownership import throw_kill


def kill(
    reason: Annotated[str, typer.Option("--reason", help="Why; goes to the log.")],
    config: Annotated[Path | None, typer.Option("--config", help="The box's TOML file.")] = None,
    segment: Annotated[Path | None, typer.Option("--segment", help="Its segment, when the file is gone.")] = None,
) -> None:
    """Turn the kill switch on: no new order leaves, open ones are cancelled.

    Writes the shared memory directly, so it works with the supervisor dead.  It stays on across restarts until
    `tickwire run --rearm REASON`.  Exit codes: 0 it is on; 1 it is not, or not for the next start; 2 bad arguments.
    """
    if (config is None) == (segment is None) or not reason.strip():
        typer.echo("kill: say --config FILE or --segment PATH, one of them, and a --reason", err=True)
        raise typer.Exit(2)
    path, state_dir = segment, None
    if config is not None:
        try:
            box = load_box(config)
        except ConfigError as error:
            typer.echo(f"{error}\nkill: the file was refused; --segment PATH needs no file", err=True)
            raise typer.Exit(2) from error
        path, state_dir = Path(box.segment_path), Path(box.state_dir)
    logs.setup()
    log = logs.Log("operator")
    try:
        done = throw_kill(path, state_dir, time.time_ns())
    except (NativeError, OSError) as error:
        log.error("kill_switch_failed", reason=reason, error=str(error))
        typer.echo(f"kill: NOT done: {error}", err=True)
        raise typer.Exit(1) from error
    if not done:
        typer.echo(f"kill: NOT done: no segment at {path}: no box runs there", err=True)
        raise typer.Exit(1)
    log.warning("kill_switch_on", reason=reason, done=done)
    for line in done:
        typer.echo(line)
    if path is not None and not path.exists():
        typer.echo(f"no segment at {path}: no box runs now; the next one starts killed")
    if any(line.startswith("failed") for line in done):
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the command to app."""
    app.command("kill")(kill)
