"""``tickwire kill``: nothing new reaches a venue, whatever else is dead."""

import getpass
import json
import time
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from tickwire.api.audit import FILE, AuditLog
from tickwire.api.errors import Exit, Refused
from tickwire.api.scopes import FIRM, Directory, Stop, Target
from tickwire.api.stops import StopStore
from tickwire.cli.operator_box import (
    Box,
    ConfigOption,
    JsonOption,
    NameOption,
    Place,
    ScopeOption,
    TokenOption,
    Unreachable,
    find_place,
)
from tickwire.config import ConfigError
from tickwire.host import logs
from tickwire.native import NativeError, Segment
from tickwire.supervisor.ownership import throw_kill

RECORD_S_MAX = 3.0


def kill(
    reason: Annotated[str, typer.Option("--reason", help="Why; it goes on record.")],
    scope: ScopeOption = "firm",
    name: NameOption = "",
    config: ConfigOption = None,
    segment: Annotated[Path | None, typer.Option("--segment", help="Its segment, when the file is gone.")] = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Turn a kill switch on: no new order leaves the scope, open ones are cancelled.

    Writes the shared memory first and directly, so it works with the supervisor dead, and records it after.  It stays
    on across restarts until a risk officer re-arms (tickwire rearm).  With --segment a scope's --name is its number.
    Exit codes: 0 it is on; 1 it is not, or not for the next start; 2 bad arguments.

    Example: tickwire kill --reason "runaway"      or: tickwire kill --scope venue --name A --reason "venue is odd"
    """
    if (segment is not None and config is not None) or not reason.strip():
        typer.echo("kill: say --config FILE or --segment PATH, one of them, and a --reason", err=True)
        raise typer.Exit(int(Exit.ARGUMENTS))
    try:
        place = find_place(config, None) if segment is None else Place(Path(), None, None, segment)
        target = _target(place, scope, name)
    except (ConfigError, Refused) as error:
        typer.echo(f"{error}\nkill: refused; --segment PATH needs no file, and the whole firm no name", err=True)
        raise typer.Exit(int(Exit.ARGUMENTS)) from error
    logs.setup()
    log = logs.Log("operator")
    facts = {"reason": reason, "scope": target.scope, "name": target.name}
    try:
        done = _throw(place, target)
    except (NativeError, OSError) as error:
        log.error("kill_switch_failed", **facts, error=str(error))
        typer.echo(f"kill: NOT done: {error}", err=True)
        raise typer.Exit(int(Exit.FAILED)) from error
    if not done:
        typer.echo(f"kill: NOT done: no segment at {place.segment}: no box runs there", err=True)
        raise typer.Exit(int(Exit.FAILED))
    log.warning("kill_switch_on", **facts, done=done)
    if place.segment is not None and not place.segment.exists():
        done.append(f"no segment at {place.segment}: no box runs now; the next one starts killed")
    if place.state_dir is not None:
        done.append(_record(place, token_file, facts, done))
    typer.echo(json.dumps({"done": done}, indent=2) if as_json else "\n".join(done))
    if any(line.startswith("failed") for line in done):
        raise typer.Exit(int(Exit.FAILED))


def _target(place: Place, scope: str, name: str) -> Target:
    """What is meant, found in the file whatever else is wrong with it.  Raises Refused."""
    known = {"venue": "venue", "account": "account", "strategy": "strategy", "instrument": "instrument"}
    if scope == "firm" and not name:
        return FIRM
    if scope not in known:
        raise Refused("malformed", f"expected a scope: firm, {', '.join(known)}; the firm has no name")
    if place.config is None:
        if not name.isdecimal():
            raise Refused("malformed", "without the file a scope's name is its number")
        return Target(scope, int(name), name)  # type: ignore[arg-type]
    data = tomllib.loads(place.config.read_text(encoding="utf-8"))
    return Directory.of_file(data).find(scope, name)  # type: ignore[arg-type]


def _throw(place: Place, target: Target) -> list[str]:
    """Segment and disk, whichever of the two there is.  Raises NativeError or OSError when nothing could be done."""
    if target is FIRM:
        return throw_kill(place.segment, place.state_dir, time.time_ns())
    done: list[str] = []
    errors: list[Exception] = []
    if place.segment is not None and place.segment.exists():
        try:
            with Segment.attach(place.segment) as box:
                box.control().stop_set(target.scope, target.index, Stop.KILL)
            done.append(f"{target}: nothing new leaves, open orders are being cancelled")
        except (NativeError, OSError) as error:
            errors.append(error)
    if place.state_dir is not None:
        try:
            place.state_dir.mkdir(parents=True, exist_ok=True)
            StopStore(place.state_dir).add(target.key, Stop.KILL)
            done.append(f"{target}: stays killed across restarts until it is re-armed")
        except OSError as error:
            errors.append(error)
    if not done and errors:
        raise errors[0]
    return done + [f"failed: {error}" for error in errors]


def _record(place: Place, token_file: Path | None, facts: dict[str, Any], done: list[str]) -> str:
    """Tell the box, which records it and voids codes for re-arming; without it, write the record ourselves."""
    assert place.state_dir is not None
    request = {**facts, "thrown": True}
    try:
        status, _ = Box(place, token_file, as_json=False).exchange("kill", request, RECORD_S_MAX)
        if status == 200:
            return "recorded by the box"
    except (Unreachable, OSError):
        pass  # it may well be dead: that is what this command is for
    try:
        AuditLog(place.state_dir / FILE).record_now(
            phase="done", command="kill", person=_user(), role=None, via="direct", arguments=request, answer=done
        )
    except OSError as error:
        return f"NOT recorded, and on all the same: {error}"
    return f"recorded in {place.state_dir / FILE}"


def _user() -> str:
    try:
        return f"user {getpass.getuser()}"
    except (KeyError, OSError):
        return "unknown user"


def register(app: typer.Typer) -> None:
    """Add the command to app."""
    app.command("kill")(kill)
