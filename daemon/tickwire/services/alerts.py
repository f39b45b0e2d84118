"""Alerts: what a person must know now (RTS 6 Article 16: at most 5 s after the event).

An alert is raised when its cause is first seen and cleared when it has been gone for a while; both go to the log and to
alerts.jsonl.  Nobody can dismiss one: it goes when its cause goes.  Carrying it to a telephone is not this box's work.
"""

import itertools
import json
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tickwire.host.upkeep import Submit, at_once
from tickwire.services.blotter_store import LineFile
from tickwire.services.steward import Steward

FILE = "alerts.jsonl"
INTERVAL_S = 0.25
CLEAR_NS = 2_000_000_000  # a cause that comes and goes faster is one alert
ALERTS_MAX = 1024  # at once
UNWRITTEN_MAX = 4096
TAIL_SIZE = 1 << 20
NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that is wrong now: what, with whom, and in words."""

    name: str
    subject: str
    text: str


@dataclass(slots=True)
class Alert:
    """A cause that was seen and has not been gone for long; times by the box's clock."""

    name: str
    subject: str
    text: str
    raised_ns: int
    seen_ns: int


class Alerts(Steward):
    """Looks at everything that may be wrong, four times a second."""

    name = "alerts"
    interval_s = INTERVAL_S

    def __init__(
        self,
        causes: Callable[[], Iterable[Cause]],
        folder: Path,
        clock_ns: Callable[[], int],
        submit: Submit = at_once,
    ) -> None:
        """Raises OSError when the file cannot be opened."""
        super().__init__()
        self._causes = causes
        self._clock_ns = clock_ns
        self._file = LineFile(folder / FILE, submit)
        self._active: dict[tuple[str, str], Alert] = {}
        self._unwritten: deque[dict[str, Any]] = deque(maxlen=UNWRITTEN_MAX)
        self._is_written = True
        self._note("watch_began", self._clock_ns())

    def active(self) -> tuple[Alert, ...]:
        """What is wrong now, oldest first."""
        return tuple(self._active.values())

    def check(self) -> str:
        """Raise what is new, clear what has gone, write both down; a disk that does not take it holds nothing up."""
        now_ns = self._clock_ns()
        for cause in itertools.islice(self._causes(), ALERTS_MAX):
            self._see(cause, now_ns)
        for key, alert in list(self._active.items()):
            if now_ns - alert.seen_ns >= CLEAR_NS:
                del self._active[key]
                self.log.info("alert_cleared", alert=alert.name, subject=alert.subject)
                self._note("cleared", now_ns, **_facts(alert))
        self._write()
        return ""  # each alert says for itself what happened

    def _see(self, cause: Cause, now_ns: int) -> None:
        alert = self._active.get((cause.name, cause.subject))
        if alert is not None:
            alert.text, alert.seen_ns = cause.text, now_ns
            return
        alert = Alert(cause.name, cause.subject, cause.text, now_ns, now_ns)
        self._active[cause.name, cause.subject] = alert
        self.log.warning("alert_raised", alert=cause.name, subject=cause.subject, text=cause.text)
        self._note("raised", now_ns, **_facts(alert))

    def _note(self, event: str, at_ns: int, **facts: Any) -> None:
        time = datetime.fromtimestamp(at_ns / NS_PER_S, UTC).isoformat(timespec="microseconds")
        self._unwritten.append({"event": event, "at_ns": at_ns, "time": time, **facts})

    def _write(self) -> None:
        try:
            while self._unwritten:
                last = len(self._unwritten) == 1  # many at once wait for the disk once
                self._file.append(self._unwritten[0], durable=last)
                self._unwritten.popleft()
        except OSError as error:
            if self._is_written:
                self.log.error("alerts_not_written", error=str(error), done="raised all the same; tried again")
            self._is_written = False
        else:
            self._is_written = True


def read_alerts(folder: Path, count: int = 100) -> tuple[dict[str, Any], ...]:
    """The last entries of the file, oldest first, also when no box runs.  Raises OSError."""
    try:
        with (folder / FILE).open("rb") as file:
            size = file.seek(0, 2)
            start = file.seek(max(0, size - TAIL_SIZE))
            data = file.read(TAIL_SIZE)
    except FileNotFoundError:
        return ()
    whole = data.split(b"\n")[bool(start) : -1]
    return tuple(found for line in whole if (found := _entry(line)) is not None)[-count:] if count > 0 else ()


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:  # a crash cut it short
        return None
    return found if isinstance(found, dict) else None


def _facts(alert: Alert) -> dict[str, Any]:
    facts = asdict(alert)
    facts["alert"] = facts.pop("name")
    del facts["seen_ns"]
    return facts
