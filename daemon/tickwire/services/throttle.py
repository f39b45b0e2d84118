"""The slow half of the repeated-execution throttle: what the gate latched stays stopped until a person re-enables it.

Over restarts, too; and who re-enabled what, when and why stays on record.  A strategy is known by its number, which it
keeps for years.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tickwire.host.durable import DamagedFileError, Journal, read_state, write_state
from tickwire.host.logs import Log
from tickwire.host.upkeep import Submit, Upkeep, at_once
from tickwire.services.limit_change import person, reason
from tickwire.services.limit_paths import RefusedError

RELEASE_NS = 1_000_000_000  # in which the gate takes note that a strategy was re-enabled
NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Throttled:
    """A strategy that may not trade; since is the time of day."""

    number: int
    since_ns: int
    why: str


class Throttles:
    """Latches by strategy.  ``stopped`` says who must not trade, ``generations`` what the gate is to be told."""

    def __init__(
        self,
        strategies: Mapping[int, str],
        folder: Path,
        clock_ns: Callable[[], int],
        wall_ns: Callable[[], int],
        submit: Submit = at_once,
    ) -> None:
        """clock_ns never steps; wall_ns is for the record.  Raises OSError."""
        self._strategies = strategies
        self._path = folder / "throttles.json"
        self._journal = Journal(folder / "throttles.jsonl")
        self._clock_ns = clock_ns
        self._wall_ns = wall_ns
        self._log = Log("throttles")
        self._stopped: dict[int, Throttled] = {}
        self._generations: dict[int, int] = {}
        self._released_ns: dict[int, int] = {}
        self._files = Upkeep(
            submit,
            self._journal.append,
            lambda state: write_state(self._path, state),
            self._log,
            "throttles_not_recorded",
        )
        self._load()

    def observe(self, latched: Iterable[int]) -> list[int]:
        """What the gate has latched now; the strategies that are stopped by it anew.  A stop never waits for the disk.

        A latch that the gate still shows just after a person re-enabled it is the old one.
        """
        new, now_ns, shown = [], self._clock_ns(), set(latched)
        for number in sorted(shown - self._stopped.keys()):
            if now_ns - self._released_ns.get(number, now_ns - RELEASE_NS) >= RELEASE_NS:
                self._stop(number, "too many repeated executions: the gate has throttled it")
                new.append(number)
        if new:
            self._files.keep(self._state())
        self._files.look()
        return new

    def stopped(self) -> tuple[Throttled, ...]:
        """Who must not trade until a person says so."""
        return tuple(self._stopped.values())

    def generations(self) -> Mapping[int, int]:
        """For each strategy how often it was re-enabled, ever: when it grows the gate forgets its latch."""
        return dict(self._generations)

    def reenable(self, number: int, who: str, why: str) -> None:
        """A person lets it trade again, once that is on record.  Raises RefusedError."""
        who, why = person(who), reason(why)
        if number not in self._stopped:
            raise RefusedError(f"strategy {self._title(number)} is not throttled")
        stopped = self._stopped.pop(number)
        before = self._generations.get(number, 0)
        self._generations[number] = before + 1
        try:
            self._files.must(self._told("re-enabled", number, who, why), self._state())
        except OSError as error:
            self._stopped[number] = stopped
            self._generations[number] = before
            self._files.note(self._told("throttled", number, who, f"it could not be re-enabled: {error}"))
            self._files.keep(self._state())
            raise RefusedError(f"it cannot be recorded, so it stays throttled: {error}") from error
        self._released_ns[number] = self._clock_ns()

    def _stop(self, number: int, why: str) -> None:
        self._stopped[number] = Throttled(number, self._wall_ns(), why)
        self._files.note(self._told("throttled", number, "gate", why))

    def _load(self) -> None:
        lines = self._journal.load()
        try:
            state = read_state(self._path)
            if state is not None:
                self._generations = {int(number): int(count) for number, count in state["generations"].items()}
                self._stopped = {
                    int(number): Throttled(int(number), int(since_ns), str(why))
                    for number, since_ns, why in state["stopped"]
                }
                return
            trouble = f"{self._path} is gone, though strategies were throttled" if lines.entries else ""
        except (DamagedFileError, KeyError, TypeError, ValueError, AttributeError) as error:
            trouble = str(error)
            self._path.rename(self._path.with_name(f"{self._path.name}.damaged-{self._wall_ns()}"))
        if trouble:
            text = "every strategy is stopped until a person re-enables it"
            self._log.error("throttles_in_doubt", what=trouble, done=text)
            self._generations = _counted(lines.entries)
            for number in self._strategies:
                self._stop(number, f"not known whether it was throttled: {trouble}")
            self._files.keep(self._state())

    def _state(self) -> dict[str, Any]:
        stopped = [[one.number, one.since_ns, one.why] for one in self._stopped.values()]
        return {"stopped": stopped, "generations": {str(key): count for key, count in self._generations.items()}}

    def _told(self, event: str, number: int, who: str, why: str) -> dict[str, Any]:
        at_ns = self._wall_ns()
        time = datetime.fromtimestamp(at_ns / NS_PER_S, UTC).isoformat(timespec="microseconds")
        facts = {"strategy": self._title(number), "number": number, "who": who, "why": why}
        self._log.warning(f"strategy_{event.replace('-', '_')}", **facts)
        return {"at_ns": at_ns, "time": time, "event": event, **facts}

    def _title(self, number: int) -> str:
        return self._strategies.get(number, str(number))


def _counted(entries: Iterable[dict[str, Any]]) -> dict[int, int]:
    """How often each strategy was re-enabled, by the record."""
    counts: dict[int, int] = {}
    for entry in entries:
        if entry.get("event") == "re-enabled":
            counts[int(entry["number"])] = counts.get(int(entry["number"]), 0) + 1
    return counts
