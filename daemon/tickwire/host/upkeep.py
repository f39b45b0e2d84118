"""Records that are written behind their owner's back, so that a slow disk holds up nobody: in order, entries first."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlowError
from typing import Any

from tickwire.host.logs import Log

ENTRIES_MAX = 4096  # that wait for the disk; older ones are in the log only
WAIT_S_MAX = 0.5  # for what may not be done before it is on record: a heartbeat may be late by so much

Entry = dict[str, Any]
Submit = Callable[[Callable[[], Any]], "Future[Any]"]


def at_once(write: Callable[[], Any]) -> "Future[Any]":
    """Do it now: for tools and tests."""
    done: Future[Any] = Future()
    done.set_result(write())
    return done


def scribe(name: str) -> Submit:
    """One thread that does every write handed to it, in their order."""
    return ThreadPoolExecutor(1, name).submit


class Upkeep:
    """Adds entries by record and replaces the state by save; what fails is tried again with every look.

    Both run where submit runs them, one at a time; everything else belongs to one thread.  event: what the log says
    when the disk does not take it.
    """

    def __init__(
        self, submit: Submit, record: Callable[[Entry], None], save: Callable[[Any], None], log: Log, event: str
    ) -> None:
        self._submit = submit
        self._record = record
        self._save = save
        self._log = log
        self._event = event
        self._entries: list[Entry] = []
        self._state: Any = None
        self._wanted = self._saved = 0  # versions of the state
        self._flying: tuple[Future[Any], int, int] | None = None  # what is being written: entries, version
        self._problem = ""

    @property
    def is_behind(self) -> bool:
        """Whether something is not known to be on disk."""
        return bool(self._entries) or self._saved != self._wanted

    def note(self, entry: Entry) -> None:
        """Add an entry, with the next look or state."""
        if len(self._entries) >= ENTRIES_MAX:
            del self._entries[self._flying[1] if self._flying else 0]
        self._entries.append(entry)

    def keep(self, state: Any) -> None:
        """From now on this is the state; it must not change any more."""
        self._state = state
        self._wanted += 1
        self.look()

    def look(self) -> None:
        """Settle what was written, write what is new; never waits."""
        self._settle()
        if self._flying is None and self.is_behind:
            self._fly(self._wanted)
            self._settle()

    def must(self, entry: Entry, state: Any = None) -> None:
        """Have an entry, and then a state, on disk when this returns, after all entries before it.

        Raises OSError, after half a second at the latest; the entry may then be recorded all the same.
        """
        given_up, until = threading.Event(), time.monotonic() + WAIT_S_MAX
        try:
            self._wait(until)
            if self._entries:
                self._fly(self._saved)
                self._wait(until)
            if self._entries:
                raise OSError(self._problem)
            write = self._submit(lambda: "" if given_up.is_set() else self._write((entry,), state)[1])
            if problem := write.result(max(0.0, until - time.monotonic())):
                raise OSError(problem)
        except TooSlowError as error:
            given_up.set()
            raise TimeoutError(f"the disk did not answer within {WAIT_S_MAX} s") from error

    def _fly(self, version: int) -> None:
        entries, state = tuple(self._entries), self._state if version != self._saved else None
        self._flying = (self._submit(lambda: self._write(entries, state)), len(entries), version)

    def _wait(self, until: float) -> None:
        if self._flying is not None:
            self._flying[0].result(max(0.0, until - time.monotonic()))
            self._settle()

    def _write(self, entries: tuple[Entry, ...], state: Any) -> tuple[int, str]:
        """How many entries were added, and what went wrong then."""
        count = 0
        try:
            for entry in entries:
                self._record(entry)
                count += 1
            if state is not None:
                self._save(state)
        except OSError as error:
            return count, str(error) or type(error).__name__
        return count, ""

    def _settle(self) -> None:
        if self._flying is None or not self._flying[0].done():
            return
        (future, _, version), self._flying = self._flying, None
        count, problem = future.result()
        del self._entries[:count]
        if not problem:
            self._saved = version
        elif not self._problem:
            self._log.error(self._event, error=problem, done="in force in memory; tried again")
        self._problem = problem
