"""What a box was started with, on the operations log: which file, by whom, what had changed since the last start."""

import hashlib
import os
import pwd
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tickwire
from tickwire.api.audit import AuditLog
from tickwire.config import Config
from tickwire.config.kinds import Section
from tickwire.host.durable import DamagedFileError, read_state, write_state

FILE = "configuration.json"  # in state_dir: the values of the last start
SECRETS = ("password", "token_sha256")  # keys whose values are on no record
HIDDEN = "(hidden)"
CHANGES_MAX = 64  # of one line of the log
TEXT_MAX = 256  # of one value
NO_LOGIN = 2**32 - 1

Values = dict[str, int | str | bool | None]


def effective_values(config: Config) -> Values:
    """Every value in force by its dotted path, defaults too, in the box's own units; secrets only by being there."""
    return dict(_values("", config))


def changes_between(before: Values, now: Values) -> list[dict[str, Any]]:
    """The paths whose values differ, in order, each with its old and new value; None: it was not there."""
    paths = sorted(before.keys() | now.keys())
    return [
        {"path": path, "old": _short(before.get(path)), "new": _short(now.get(path))}
        for path in paths
        if before.get(path) != now.get(path)
    ]


def record_start(config: Config, path: Path, audit: AuditLog, epoch: int) -> int:
    """Write down this start and keep its values for the next; returns how many values changed.

    Raises OSError: what cannot be recorded is not to be started.
    """
    state = Path(config.box.state_dir) / FILE
    now = effective_values(config)
    problem = ""
    try:
        kept = read_state(state)
    except DamagedFileError as error:
        kept, problem = None, str(error)
    known = isinstance(kept, dict) and isinstance(kept.get("values"), dict)
    changes = changes_between(kept["values"], now) if known else []
    facts = {
        "event": "configuration",
        "epoch": epoch,
        "file": str(path.absolute()),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "sha256_before": kept.get("sha256", "") if known else "",
        "version": tickwire.__version__,
        "version_before": kept.get("version", "") if known else "",
        **_starter(),
        "first": not known,
        **({"problem": problem} if problem else {}),
        "sections": sorted({change["path"].partition(".")[0] for change in changes}),
        "count": len(changes),
    }
    for start in range(0, max(1, len(changes)), CHANGES_MAX):
        audit.record_now(**facts, changes=changes[start : start + CHANGES_MAX])
    write_state(state, {"sha256": facts["sha256"], "version": tickwire.__version__, "values": now})
    return len(changes)


def _values(path: str, value: Any) -> Iterator[tuple[str, int | str | bool | None]]:
    if isinstance(value, Section):
        for key in value.__struct_fields__:
            inner = getattr(value, key)
            hidden = key in SECRETS and inner
            yield from _values(f"{path}.{key}" if path else key, HIDDEN if hidden else inner)
    elif isinstance(value, tuple | list):
        names = [_name(item) for item in value]
        for index, (name, item) in enumerate(zip(names, value, strict=True)):
            sole = name and names.count(name) == 1
            yield from _values(f"{path}.{name if sole else index}", item)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _values(f"{path}.{key}", inner)
    elif value is None or isinstance(value, bool):
        yield path, value
    elif isinstance(value, int):
        yield path, int(value)
    else:
        yield path, str(value)


def _name(item: Any) -> str:
    """What an entry of a list is called; empty: only its place tells it."""
    return str(getattr(item, "name", "") or getattr(item, "symbol", ""))


def _short(value: Any) -> Any:
    return value[:TEXT_MAX] if isinstance(value, str) else value


def _starter() -> dict[str, str | int]:
    """The user of this process, and who had logged in when that is another."""
    try:
        login = int(Path("/proc/self/loginuid").read_text())
    except (OSError, ValueError):
        login = NO_LOGIN
    found: dict[str, str | int] = {"user": _user(os.getuid()), "uid": os.getuid()}
    return found if login in (NO_LOGIN, os.getuid()) else found | {"login_user": _user(login)}


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
