"""What a command can be about, and what can stop it: names of the configuration to the segment's numbers and back."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntFlag
from typing import Any

from tickwire.api.commands import SCOPES, ScopeKind
from tickwire.api.errors import Refused
from tickwire.native import lib


class Stop(IntFlag):
    """Bits of a stop word."""

    KILL = lib.STOP_KILL
    PAUSE = lib.STOP_PAUSE
    BREAK = lib.STOP_BREAK
    BREAKER = lib.STOP_BREAKER
    PROBE = lib.STOP_PROBE
    THROTTLE = lib.STOP_THROTTLE


# What outlives the segment: a restart lifts none of them; PROBE is the breaker's own.
KEPT = Stop.KILL | Stop.PAUSE | Stop.BREAK | Stop.BREAKER | Stop.THROTTLE

Key = tuple[ScopeKind, str]


def stop_names(bits: int) -> list[str]:
    """The bits as words."""
    return [(flag.name or "").lower() for flag in Stop if bits & flag]


@dataclass(frozen=True)
class Target:
    """A scope of this box."""

    scope: ScopeKind
    index: int
    name: str

    def __str__(self) -> str:
        return f"{self.scope} {self.name}" if self.name else "the whole firm"

    @property
    def key(self) -> Key:
        """As it is kept on disk: by name, since numbers may change with the configuration."""
        return self.scope, self.name


FIRM = Target("firm", 0, "")


class Directory:
    """Names and numbers of a configuration."""

    def __init__(self, names: Mapping[ScopeKind, Mapping[str, int]]) -> None:
        self._names = {scope: dict(names.get(scope, {})) for scope in SCOPES}
        self._indexes = {scope: {index: name for name, index in found.items()} for scope, found in self._names.items()}

    def find(self, scope: ScopeKind, name: str) -> Target:
        """The scope of that name; raises Refused, with the nearest name there is."""
        if scope == "firm":
            if name:
                raise Refused("malformed", f"the firm has no name: leave out {name!r}, or say which scope it is")
            return FIRM
        known = self._names[scope]
        if name in known:
            return Target(scope, known[name], name)
        if not name:
            raise Refused("malformed", f"which {scope}? one of: {', '.join(known) or 'none configured'}")
        near = difflib.get_close_matches(name, known, n=1, cutoff=0)
        raise Refused("unknown", f"no {scope} named {name}" + (f" (nearest: {near[0]})" if near else ""))

    def name(self, scope: ScopeKind, index: int) -> str:
        """The name; the number itself when the configuration has none for it, empty for an unattributed 0."""
        return self._indexes[scope].get(index) or (str(index) if index else "")

    def targets(self) -> list[Target]:
        """Every scope there is, the firm first."""
        return [FIRM] + [Target(scope, index, name) for scope in SCOPES for name, index in self._names[scope].items()]

    @classmethod
    def of_file(cls, data: Mapping[str, Any]) -> "Directory":
        """Names in a parsed file, whatever else is wrong with it."""
        names: dict[ScopeKind, dict[str, int]] = {
            "venue": _numbered(data, "venues", "name", ""),
            "account": _numbered(data, "accounts", "name", "number"),
            "strategy": _numbered(data, "strategies", "name", "number"),
            "instrument": _numbered(data, "instruments", "symbol", ""),
        }
        return cls(names)


def _numbered(data: Mapping[str, Any], table: str, name: str, number: str) -> dict[str, int]:
    """name -> its number, or its place in the table."""
    entries = data.get(table)
    found: dict[str, int] = {}
    for index, entry in enumerate(entries if isinstance(entries, list | tuple) else ()):
        if isinstance(entry, dict) and isinstance(entry.get(name), str):
            value = entry.get(number) if number else index
            if isinstance(value, int) and not isinstance(value, bool):
                found[entry[name]] = value
    return found
