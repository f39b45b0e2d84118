"""Where limits are kept: ``limits.json``, what is in force, and ``limits.jsonl``, all that ever happened to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tickwire.host.durable import DamagedFileError, Journal, Lines, read_state, sync_folder, write_state
from tickwire.services.limit_change import (
    Change,
    Override,
    change_from,
    change_state,
    override_from,
    override_state,
)
from tickwire.services.limit_paths import Value

VERSION = 1


@dataclass
class Stored:
    """The limits as they were kept."""

    standing: dict[str, Value] = field(default_factory=dict)
    overrides: dict[str, Override] = field(default_factory=dict)
    pending: dict[int, Change] = field(default_factory=dict)
    next_id: int = 1
    seen_ns: int = 0  # the latest time of day that was seen


@dataclass(frozen=True)
class Found:
    """What the files say: for the paths in doubt, every value that may have been in force."""

    stored: Stored
    doubted: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    troubles: tuple[str, ...] = ()  # sentences; empty: nothing was wrong
    is_damaged: bool = False  # what is there is not all that was: no proposal and no override is to be believed


class LimitStore:
    """Reads and writes the two files in folder; the history always first, so that it never knows less."""

    def __init__(self, folder: Path) -> None:
        self._state = folder / "limits.json"
        self._journal = Journal(folder / "limits.jsonl")

    def load(self, at_ns: int) -> Found:
        """What was kept.  Files that are damaged are put aside, for a person to look at.  Raises OSError."""
        lines = self._journal.load()
        try:
            state = read_state(self._state)
            stored = None if state is None else _stored(state)
        except (DamagedFileError, KeyError, TypeError, ValueError, AttributeError) as error:
            state, stored = None, None
            found = _judge_damaged(lines, f"{self._state} cannot be believed: {error}")
            self._put_aside(self._state, at_ns)
        else:
            found = _judge(lines, state, stored, self._state)
        if lines.damaged:
            self._put_aside(self._journal.path, at_ns)
            self._journal = Journal(self._journal.path)
        return found

    def record(self, entry: dict[str, Any]) -> None:
        """Add to the history.  Raises OSError."""
        self._journal.append(entry)

    def save(self, state: dict[str, Any]) -> None:
        """Replace what is in force by what ``state_of`` said.  Raises OSError."""
        write_state(self._state, {**state, "history_count": self._journal.count, "history_last": self._journal.last})

    def history(self) -> tuple[dict[str, Any], ...]:
        """Every entry, oldest first.  Raises OSError."""
        return Journal(self._journal.path).load().entries

    def _put_aside(self, path: Path, at_ns: int) -> None:
        path.rename(path.with_name(f"{path.name}.damaged-{at_ns}"))
        sync_folder(path.parent)


def state_of(stored: Stored) -> dict[str, Any]:
    """What is in force, for a file."""
    return {
        "version": VERSION,
        "standing": dict(stored.standing),
        "overrides": {path: override_state(override) for path, override in stored.overrides.items()},
        "pending": [change_state(change) for change in stored.pending.values()],
        "next_id": stored.next_id,
        "seen_ns": stored.seen_ns,
    }


def _stored(state: dict[str, Any]) -> Stored:
    if state["version"] != VERSION:
        raise ValueError(f"it is of version {state['version']}, this is {VERSION}")
    pending = [change_from(one) for one in state["pending"]]
    return Stored(
        standing=dict(state["standing"]),
        overrides={path: override_from(one) for path, one in state["overrides"].items()},
        pending={change.id: change for change in pending},
        next_id=int(state["next_id"]),
        seen_ns=int(state["seen_ns"]),
    )


def _judge(lines: Lines, state: dict[str, Any] | None, stored: Stored | None, path: Path) -> Found:
    """The state's file is sound, or not there."""
    if state is None or stored is None:
        if not lines.entries and not lines.damaged:
            return Found(Stored())
        return _judge_damaged(lines, f"{path} is gone, though there is a history of limits")
    count, last = int(state["history_count"]), state["history_last"]
    stored.next_id = max(stored.next_id, _next_id(lines))
    follows = count <= len(lines.entries) and (count == 0 or lines.digests[count - 1] == last)
    if lines.damaged or not follows:
        what = lines.damaged or f"the history of limits has lost entries that {path} was written after"
        return Found(stored, _mentioned(lines.entries), (what,), is_damaged=True)
    unknown = lines.entries[count:]
    if not unknown:
        return Found(stored)
    what = f"{len(unknown)} change(s) were recorded and not finished: the box stopped in between"
    return Found(stored, _mentioned(unknown), (what,))


def _judge_damaged(lines: Lines, what: str) -> Found:
    """There is no state to be believed: the history is all."""
    known = lines.entries if lines.damaged else _last(lines.entries)
    troubles = (what, lines.damaged) if lines.damaged else (what,)
    return Found(Stored(next_id=_next_id(lines)), _mentioned(known), troubles, is_damaged=True)


def _next_id(lines: Lines) -> int:
    return 1 + max((int(entry.get("id") or 0) for entry in lines.entries), default=0)


def _last(entries: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
    """The last entry about each path."""
    return tuple({entry["path"]: entry for entry in entries if "path" in entry}.values())


def _mentioned(entries: tuple[dict[str, Any], ...]) -> dict[str, tuple[Value, ...]]:
    """Every value that the entries say was in force, by path."""
    found: dict[str, tuple[Value, ...]] = {}
    for entry in entries:
        if "path" in entry:
            values = tuple(entry[name] for name in ("standing", "effective") if name in entry)
            found[entry["path"]] = found.get(entry["path"], ()) + values
    return found
