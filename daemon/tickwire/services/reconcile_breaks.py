"""Breaks: differences that count.  Each stops trading at once, is put on disk, and stays until it is resolved.

What is gone is cleared.  What stands a person may accept: it stops nothing then and is told of until it is gone.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from tickwire.services.blotter_store import LineFile
from tickwire.services.reconcile_compare import Difference, sentence

OnBreak = Literal["stop-instrument", "stop-venue", "stop-firm"]
Scope = tuple[str, int]  # of a stop word: firm, venue or instrument, and its index
Stop = Callable[[str, int, bool], None]  # scope, index, whether STOP_BREAK is set there
OWN_RECORD = "own record"  # the source of what is wrong with reconciliations.jsonl itself
NS_PER_S = 1_000_000_000
BREAK_COUNT_MAX = 1000  # unresolved at once; more are one break that says so


@dataclass(frozen=True)
class Break:
    """One difference that counts; venue None: the whole box, instrument None: not one of ours.  Money in 1/10 000."""

    break_id: int
    run: int
    found_ns: int
    kind: str
    venue: int | None
    instrument: int | None
    symbol: str
    order_id: int  # ours; 0 when only the other side has the order
    user_ref: int
    match_number: int
    field: str
    ours: int | str | None
    theirs: int | str | None
    difference: int | None
    source: str
    text: str

    @property
    def fact(self) -> tuple[str, str, int | None, str, int, int, str]:
        """What it is about, whatever the two sides say."""
        return self.source, self.kind, self.venue, self.symbol, self.user_ref, self.match_number, self.field

    @property
    def claim(self) -> tuple[Any, ...]:
        """What it is about and what is said of it; of positions, which go on moving, only the difference."""
        said = (self.difference,) if self.kind == "position" else (self.ours, self.theirs)
        return *self.fact, *said


@dataclass(frozen=True)
class Accepted:
    """A difference that stands, as it was last found, and whose word it is that trading goes on with it."""

    found: Break
    who: str
    why: str
    at_ns: int

    @property
    def words(self) -> str:
        """By whom, when (UTC) and why."""
        return f"accepted by {self.who} on {datetime.fromtimestamp(self.at_ns / NS_PER_S, UTC):%Y-%m-%d}: {self.why}"

    @property
    def text(self) -> str:
        """What differs, and who accepted it."""
        return f"{self.found.text} ({self.words})"


class BreakBook:
    """Unresolved breaks, in the file and in the stop words; and the differences that persons have accepted.

    A cleared break that is found again is a new one.  An accepted one stays accepted while the two sides say the same
    of it; another claim is a break, and a run that compares all of the source and does not find it ends the acceptance.
    self_clearing: a run that compares the same source and no longer finds a break resolves it.
    stopped: where STOP_BREAK is set already.
    """

    def __init__(
        self,
        file: LineFile,
        symbols: Sequence[str],
        venues: Sequence[str],
        stop: Stop,
        clock_ns: Callable[[], int],
        on_break: OnBreak = "stop-instrument",
        self_clearing: bool = False,
        stopped: Iterable[Scope] = (),
    ) -> None:
        self._file = file
        self._symbols = {symbol: index for index, symbol in enumerate(symbols)}
        self._venues = venues
        self._stop = stop
        self._clock_ns = clock_ns
        self._on_break = on_break
        self._self_clearing = self_clearing
        self._open: dict[int, Break] = {}
        self._accepted: dict[int, Accepted] = {}
        self._looked_into: set[tuple[Any, ...]] = set()  # of our own record, which no run compares
        self._next_id = 1
        self.runs = 0
        self.unwritten = ""  # why the record has a hole, once it has one
        self._load()
        for found in self._open.values():
            self._set(found, True)
        self._explain(stopped)

    def _load(self) -> None:
        entries = self._file.entries()
        for entry in entries:
            try:
                self._replay(entry)
            except (KeyError, TypeError, ValueError):
                self._file.damaged.append(0)
        if self._file.damaged:
            lines = ", ".join(str(number) for number in self._file.damaged if number) or "an entry"
            text = f"{self._file.path.name} cannot be read in full (line {lines}): a break may be hidden in it."
            self._doubt(Difference("record", "", field=f"line {lines}"), None, text)

    def _doubt(self, found: Difference, venue: int | None, text: str) -> None:
        """A break about our own record, unless it is there already or a person has looked into it."""
        candidate = self._make(found, venue, OWN_RECORD, self.runs, text, 0)
        if candidate.claim not in {*self._looked_into, *(one.claim for one in self._open.values())}:
            self._keep(candidate)

    def _explain(self, stopped: Iterable[Scope]) -> None:
        """Scopes stopped in an earlier life: one that no break explains gets one, so that a person can end it."""
        explained = {self._scope(found) for found in self._open.values()}
        for scope, index in stopped:
            if (scope, index) not in explained:
                symbol = next((name for name, number in self._symbols.items() if number == index), "")
                found = Difference("record", symbol if scope == "instrument" else "", field=f"stop of {scope} {index}")
                where = symbol if scope == "instrument" else self._venues[index] if scope == "venue" else "The firm"
                text = f"{where}: stopped by a break that {self._file.path.name} does not have."
                self._keep(self._make(found, index if scope == "venue" else None, OWN_RECORD, self.runs, text, 0))

    def _replay(self, entry: dict[str, Any]) -> None:
        kind = entry["type"]
        if kind == "run":
            self.runs = max(self.runs, int(entry["run"]))
        elif kind == "break":
            found = Break(**entry["break"])
            self._open[found.break_id] = found
            self._next_id = max(self._next_id, found.break_id + 1)
        elif kind == "resolution":
            resolved = self._open.pop(int(entry["break_id"]), None)
            if resolved is not None and entry["who"] and resolved.source == OWN_RECORD:
                self._looked_into.add(resolved.claim)
        elif kind == "acceptance":
            accepted = self._open.pop(int(entry["break_id"]), None)
            if accepted is not None:
                self._accepted[accepted.break_id] = Accepted(accepted, entry["who"], entry["why"], entry["at_ns"])
        elif kind == "acceptance_end":
            self._accepted.pop(int(entry["break_id"]), None)

    def unresolved(self) -> tuple[Break, ...]:
        """Breaks that neither a person nor a later run has resolved, oldest first."""
        return tuple(self._open.values())

    def accepted(self) -> tuple[Accepted, ...]:
        """Differences that stand, as far as is known, and that a person has accepted."""
        return tuple(self._accepted.values())

    def asks_of(self, venue: int | None, source: str) -> bool:
        """Whether anything on record ends when a comparison with the source no longer finds it."""
        known = itertools.chain(self._open.values(), (one.found for one in self._accepted.values()))
        return any((one.venue, one.source) == (venue, source) for one in known)

    def found(
        self,
        run: int,
        venue: int | None,
        source: str,
        differences: Iterable[Difference],
        complete: bool,
        order_id: Callable[[int], int],
    ) -> list[Break]:
        """Take what one run found against one source; returns its breaks, without what a person has accepted.

        complete: the run compared everything, so what it did not find is gone.
        """
        breaks: list[Break] = []
        standing: set[int] = set()
        for difference in differences:
            candidate = self._make(difference, venue, source, run, "", order_id(difference.user_ref))
            known = next((one for one in self._open.values() if one.fact == candidate.fact), None)
            accepted = next((one for one in self._accepted.values() if one.found.fact == candidate.fact), None)
            if accepted is not None and accepted.found.claim == candidate.claim:
                number = accepted.found.break_id
                standing.add(number)
                self._accepted[number] = replace(accepted, found=replace(candidate, break_id=number))
            elif known is not None and known.claim == candidate.claim:
                breaks.append(known)
            elif len(self._open) >= BREAK_COUNT_MAX:
                return breaks  # trading has stopped in all they name; the file must not fill the disk
            else:
                breaks.append(self._keep(candidate))
                if known is not None:
                    self._resolve(known, "", f"replaced by break {candidate.break_id}")
                if accepted is not None:
                    self._end_acceptance(accepted, f"replaced by break {candidate.break_id}")
        if complete:
            for one in [*self._accepted.values()]:
                if (one.found.venue, one.found.source) == (venue, source) and one.found.break_id not in standing:
                    self._end_acceptance(one, f"not found any more by run {run}")
        if complete and self._self_clearing:
            kept = {one.break_id for one in breaks}
            for old in [one for one in self._open.values() if (one.venue, one.source) == (venue, source)]:
                if old.break_id not in kept:
                    self._resolve(old, "", f"not found any more by run {run}")
        return breaks

    def clear(self, break_id: int, who: str, why: str) -> Break:
        """A person says that it is gone; whether it is, the caller has looked.

        KeyError: no such unresolved break; ValueError: who or why is missing; OSError: it cannot be recorded, so stays.
        """
        found = self._asked(break_id, who, why)
        self._resolve(found, who, why)
        if found.source == OWN_RECORD:
            self._looked_into.add(found.claim)
        return found

    def accept(self, break_id: int, who: str, why: str) -> Accepted:
        """A person lets trading go on though it stands; raises what clear raises."""
        found = self._asked(break_id, who, why)
        accepted = Accepted(found, who, why, self._clock_ns())
        entry = {"type": "acceptance", "break_id": break_id, "who": who, "why": why, "at_ns": accepted.at_ns}
        self._file.append(entry, durable=True)
        self._accepted[break_id] = accepted
        self._close(found)
        return accepted

    def _asked(self, break_id: int, who: str, why: str) -> Break:
        if not who.strip() or not why.strip():
            raise ValueError("this needs who and why")
        return self._open[break_id]

    def _end_acceptance(self, accepted: Accepted, why: str) -> None:
        number = accepted.found.break_id
        del self._accepted[number]
        entry = {"type": "acceptance_end", "break_id": number, "why": why, "at_ns": self._clock_ns()}
        self._write(entry, durable=True)

    def record_run(self, entry: dict[str, Any]) -> None:
        """Put a run on record."""
        self._write({"type": "run", **entry})

    def _make(self, found: Difference, venue: int | None, source: str, run: int, text: str, order_id: int) -> Break:
        name = "" if venue is None else self._venues[venue]
        return Break(
            break_id=self._next_id,
            run=run,
            found_ns=self._clock_ns(),
            kind=found.kind,
            venue=venue,
            instrument=self._symbols.get(found.symbol),
            symbol=found.symbol,
            order_id=order_id,
            user_ref=found.user_ref,
            match_number=found.match_number,
            field=found.field,
            ours=found.ours,
            theirs=found.theirs,
            difference=found.difference,
            source=source,
            text=text or sentence(found, name, source),
        )

    def _keep(self, found: Break) -> Break:
        """Stop first, then write: a full disk must not keep an instrument trading."""
        self._open[found.break_id] = found
        self._next_id = found.break_id + 1
        self._set(found, True)
        self._write({"type": "break", "break": asdict(found)}, durable=True)
        return found

    def _write(self, entry: dict[str, Any], durable: bool = False) -> None:
        try:
            self._file.append(entry, durable)
        except OSError as error:
            self.unwritten = str(error)

    def _resolve(self, found: Break, who: str, why: str) -> None:
        entry = {"type": "resolution", "break_id": found.break_id, "who": who, "why": why, "at_ns": self._clock_ns()}
        if who:
            self._file.append(entry, durable=True)
        else:
            self._write(entry, durable=True)
        self._close(found)

    def _close(self, found: Break) -> None:
        """It stops nothing any more; another of the same scope still does."""
        del self._open[found.break_id]
        scope = self._scope(found)
        if not any(self._scope(other) == scope for other in self._open.values()):
            self._set(found, False)

    def _scope(self, found: Break) -> Scope:
        """What trading stops in: the instrument; the venue when it is not one of ours; else the firm."""
        if self._on_break == "stop-instrument" and found.instrument is not None:
            return "instrument", found.instrument
        if self._on_break != "stop-firm" and found.venue is not None:
            return "venue", found.venue
        return "firm", 0

    def _set(self, found: Break, on: bool) -> None:
        self._stop(*self._scope(found), on)
