"""Where breakers are kept: ``breakers.json``, how they stand, and ``breakers.jsonl``, every change of state."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tickwire.host.durable import DamagedFileError, Journal, read_state, write_state
from tickwire.services.breaker import Breaker, BreakerSettings, State


@dataclass(frozen=True, slots=True)
class Kept:
    """How a breaker stood."""

    settings: BreakerSettings
    state: State
    is_held: bool
    reopened: int
    accepted: int
    who: str
    why: str


@dataclass(frozen=True)
class FoundBreakers:
    """What the files say; trouble: they cannot be believed, and every breaker is to be held open."""

    kept: dict[str, Kept] = field(default_factory=dict)
    opened: frozenset[str] = frozenset()  # recorded as opened, and the box stopped before it was kept
    trouble: str = ""


class BreakerStore:
    """Reads and writes the two files in folder."""

    def __init__(self, folder: Path) -> None:
        self._state = folder / "breakers.json"
        self._journal = Journal(folder / "breakers.jsonl")

    def load(self, at_ns: int) -> FoundBreakers:
        """What was kept; a damaged file is put aside.  Raises OSError."""
        lines = self._journal.load()
        if lines.damaged:
            self._put_aside(self._journal.path, at_ns)
            self._journal = Journal(self._journal.path)
        try:
            state = read_state(self._state)
            if state is None:
                lost = bool(lines.entries or lines.damaged)
                return FoundBreakers(trouble=f"{self._state} is gone, though breakers have tripped" if lost else "")
            kept = {key: _kept(one) for key, one in state["breakers"].items()}
            count = int(state["events"])
        except (DamagedFileError, KeyError, TypeError, ValueError, AttributeError) as error:
            self._put_aside(self._state, at_ns)
            return FoundBreakers(trouble=f"{self._state} cannot be believed: {error}")
        last = {entry.get("breaker"): entry.get("after") for entry in lines.entries[count:]}
        return FoundBreakers(kept, frozenset(str(key) for key, after in last.items() if after == State.OPEN))

    def record(self, entry: dict[str, Any]) -> None:
        """Add a change of state.  Raises OSError."""
        self._journal.append(entry)

    def save(self, kept: dict[str, Any]) -> None:
        """Replace how they stand by what ``kept_of`` said.  Raises OSError."""
        write_state(self._state, {"breakers": kept, "events": self._journal.count})

    def _put_aside(self, path: Path, at_ns: int) -> None:
        path.rename(path.with_name(f"{path.name}.damaged-{at_ns}"))


def kept_of(breakers: Iterable[Breaker]) -> dict[str, Any]:
    """How they stand, for a file."""
    return {
        breaker.settings.key: asdict(
            Kept(
                breaker.settings,
                breaker.state,
                breaker.is_held,
                breaker.reopened,
                breaker.accepted,
                breaker.who,
                breaker.why,
            )
        )
        for breaker in breakers
    }


def _kept(state: dict[str, Any]) -> Kept:
    return Kept(**{**state, "settings": BreakerSettings(**state["settings"]), "state": State(state["state"])})
