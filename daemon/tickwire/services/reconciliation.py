"""Reconciliation: our orders, fills and positions against the venue's own record and against its drop copy.

A run compares, waits until what could still be in flight has arrived, and only then calls a difference a break.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace

from tickwire.services.blotter import Blotter, Event, Live
from tickwire.services.blotter_store import LineFile
from tickwire.services.reconcile_breaks import Accepted, Break, BreakBook, Scope, Stop
from tickwire.services.reconcile_compare import (
    OURS,
    THEIRS,
    Difference,
    compare_orders,
    compare_positions,
    compare_replay,
    position_differences,
)
from tickwire.services.reconcile_people import must_be_gone, must_stand
from tickwire.services.reconcile_run import (
    DROP_COPY,
    SESSION_REPLAY,
    DropCopyLink,
    Holding,
    ReconciliationSettings,
    Result,
    Run,
)
from tickwire.services.steward import Steward
from tickwire.venues.picture import OrderLine, positions

__all__ = ["DropCopyLink", "Holding", "Reconciliation", "ReconciliationSettings", "Result"]

CHUNK = 2048  # orders compared before others get their turn
MILLISECOND = 1_000_000


class Reconciliation(Steward):
    """Runs at start, on every reconnect, every interval_s and on command; one run at a time.

    resync(venue) asks for the venue's record.  flowing(venue) says whether what the venue tells us is being read: while
    it is not, a lack on our side proves nothing.  trading() says whether the box trades: while it does not, it may be
    about to end, and an interval's run asks for no replay.  stopped: where STOP_BREAK is set from an earlier life.
    """

    name = "reconciliation"

    def __init__(
        self,
        settings: ReconciliationSettings,
        blotter: Blotter,
        drop_copies: Mapping[int, DropCopyLink],
        holdings: Callable[[], Iterable[Holding]],
        file: LineFile,
        symbols: Sequence[str],
        venues: Sequence[str],
        resync: Callable[[int], bool],
        stop: Stop,
        clock_ns: Callable[[], int],
        flowing: Callable[[int], bool] = lambda _: True,
        trading: Callable[[], bool] = lambda: True,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        stopped: Iterable[Scope] = (),
    ) -> None:
        super().__init__()
        self._settings = settings
        self._blotter = blotter
        self._drop_copies = drop_copies
        self._books = [holdings]
        self._venues = tuple(venues)
        self._resync = resync
        self._clock_ns = clock_ns
        self._flowing = flowing
        self._trading = trading
        self._sleep = sleep
        self._book = BreakBook(
            file,
            symbols,
            venues,
            stop,
            clock_ns,
            settings.on_break,
            settings.self_clearing,
            stopped,
        )
        self._lock = asyncio.Lock()
        self._wanted = asyncio.Event()
        self._reason = ""
        self._lives = [0] * len(self._venues)
        self._said = ""
        self.last: Result | None = None
        self._complete_once = False
        blotter.subscribe(self._listen)
        for link in drop_copies.values():
            link.copy.on_up = lambda: self._want("drop copy back")

    def unresolved(self) -> tuple[Break, ...]:
        """Breaks that stop trading somewhere, oldest first."""
        return self._book.unresolved()

    def accepted(self) -> tuple[Accepted, ...]:
        """Differences that persons have accepted and that have not gone."""
        return self._book.accepted()

    async def clear(self, break_id: int, who: str, why: str) -> Break:
        """A break that a fresh comparison no longer shows is over.

        KeyError: no such break; ValueError: it still stands, that cannot be told now, or who or why is missing.
        """
        found = self._find(break_id)
        result = await self.run_now(f"clearing break {break_id}", False)
        if must_be_gone(found, result, self.unresolved()):
            found = self._book.clear(break_id, who, why)
        self.log.warning("break_cleared", break_id=break_id, who=who, why=why, text=found.text)
        return found

    async def accept(self, break_id: int, who: str, why: str) -> Accepted:
        """A person lets trading go on with a difference that stands; it is told of until it is gone.

        KeyError: no such break; ValueError: it does not stand any more, or who or why is missing.
        """
        found = self._find(break_id)
        must_stand(found, await self.run_now(f"accepting break {break_id}", False), self.unresolved())
        accepted = self._book.accept(break_id, who, why)
        self.log.warning("difference_accepted", break_id=break_id, who=who, why=why, text=found.text)
        return accepted

    def _find(self, break_id: int) -> Break:
        return {found.break_id: found for found in self.unresolved()}[break_id]

    def compare_with(self, holdings: Callable[[], Iterable[Holding]]) -> None:
        """From now on also compare with what this part of the box holds."""
        self._books.append(holdings)

    def _holdings(self) -> Iterable[Holding]:
        for book in self._books:
            yield from book()

    @property
    def blocks_rearm(self) -> str:
        """Why trading must not begin again; nothing when it may."""
        if open_breaks := self.unresolved():
            return f"{len(open_breaks)} unresolved breaks, the first: {open_breaks[0].text}"
        if self._book.unwritten:
            return f"the record of reconciliations cannot be written: {self._book.unwritten}"
        if self.last is None:
            return "nothing has been reconciled yet"
        if self._settings.partial_blocks_rearm and not self.last.complete:
            return "the last reconciliation was partial: " + "; ".join(
                self.last.partial or (f"{self.last.unsettled} differences could not be decided",)
            )
        return ""

    def check(self) -> str:
        """Say once when the answer to whether trading may begin has changed."""
        accepted = self.accepted()
        but = f"reconciled but for {len(accepted)} accepted, the first: {accepted[0].text}" if accepted else ""
        before, self._said = self._said, self.blocks_rearm or but
        if self._said == before:
            return ""
        return self._said or "reconciled: nothing differs"

    async def run(self) -> None:
        """Run when a venue or a drop copy has come back, and every interval_s, until cancelled."""
        while True:
            reason = "interval"
            try:
                async with asyncio.timeout(self._settings.interval_s):
                    await self._wanted.wait()
                reason = self._reason if self._complete_once else "start"
            except TimeoutError:
                pass
            await self.run_now(reason, self._settings.replay and reason == "interval" and self._trading())
            if said := self.check():
                self.log.info("steward_acted", said=said)

    async def run_now(self, reason: str, replay: bool) -> Result:
        """Reconcile; replay: ask every venue for its record first.  Waits for a run that is under way."""
        async with self._lock:
            self._wanted.clear()
            run = Run(self._book.runs + 1, reason, self._clock_ns())
            self._book.runs = run.run
            if replay:
                await self._replay(run)
            for venue, day in enumerate(self._blotter.venues):
                if day.state != "live" or day.incomplete:
                    run.partial.append(f"our orders and fills at {self._venues[venue]} are not known ({day.state})")
                await self._against_record(run, venue)
                await self._against_drop_copy(run, venue)
            await self._against_ourselves(run)
            return self._end(run)

    def _end(self, run: Run) -> Result:
        self.last = result = run.result(self.accepted())
        self._complete_once = self._complete_once or result.complete
        entry = {**asdict(replace(result, breaks=(), accepted=(), compared=frozenset())), "state": result.state}
        del entry["compared"]
        entry["breaks"] = [found.break_id for found in result.breaks]
        entry["accepted"] = [one.found.break_id for one in result.accepted]
        self._book.record_run(entry)
        for found in result.breaks:
            self.log.error("break_found", break_id=found.break_id, source=found.source, text=found.text)
        for one in result.accepted:
            self.log.warning("difference_stands", break_id=one.found.break_id, text=one.text)
        return result

    def _listen(self, event: Event) -> None:
        if isinstance(event, Live):
            self._lives[event.venue] += 1
            self._want("reconnect")

    def _want(self, reason: str) -> None:
        """A run as soon as the one under way is over."""
        self._reason = reason
        self._wanted.set()

    # ---- the venue's own record of the session ----

    async def _replay(self, run: Run) -> None:
        """Have every live venue's record replayed, and wait for it."""
        before = list(self._lives)
        asked = [venue for venue, day in enumerate(self._blotter.venues) if day.state == "live" and self._resync(venue)]
        deadline = self._clock_ns() + self._settings.replay_ms_max * MILLISECOND
        while any(self._lives[venue] == before[venue] for venue in asked) and self._clock_ns() < deadline:
            await self._pause()
        for venue in asked:
            if self._lives[venue] == before[venue]:
                run.partial.append(f"{self._venues[venue]} has not replayed its record in time")
        self._wanted.clear()

    async def _pause(self) -> None:
        await self._sleep(self._settings.sample_ms / 1000)
        self._blotter.check()
        while self._blotter.behind:
            await asyncio.sleep(0)
            self._blotter.check()

    async def _against_record(self, run: Run, venue: int) -> None:
        """Every picture that a replay has replaced since the last run, against what replaced it."""
        day = self._blotter.venues[venue]
        while day.replaced:
            before = day.replaced.popleft()
            run.sources.append(f"{SESSION_REPLAY} of {self._venues[venue]}")
            found = []
            if before.record_high < before.high:
                found.append(Difference("record", "", 0, 0, "messages", before.high, before.record_high))
            for refs in _chunks(before.lines.keys() | day.book.lines.keys()) if before.record_high else ():
                found += compare_replay(before.lines, before.high, day.book.lines, refs)
                await asyncio.sleep(0)
            found += position_differences(positions(before.lines.values()), found)
            self._count(run, venue, before.lines)
            self._take(run, venue, SESSION_REPLAY, found, True)

    # ---- the drop copy ----

    async def _against_drop_copy(self, run: Run, venue: int) -> None:
        link = self._drop_copies.get(venue)
        if link is None:
            return
        name = self._venues[venue]
        if not link.copy.connected:
            run.partial.append(f"the drop copy of {name} cannot be reached: {link.copy.why_down}")
            return
        if link.copy.incomplete:
            run.partial.append(f"the drop copy of {name} is incomplete: {link.copy.incomplete}")
        run.sources.append(f"{DROP_COPY} of {name}")
        lines = self._blotter.venues[venue].book.lines
        heard = not self._book.asks_of(venue, DROP_COPY) or await self._heard_out(venue, link)
        found, unsettled = await self._settle(venue, link)
        self._count(run, venue, lines)
        ours = positions(self._blotter.venues[venue].book.lines.values())
        found += position_differences(ours, found)
        run.unsettled += unsettled
        if unsettled:
            run.partial.append(f"{unsettled} differences with the drop copy of {name} may still be in flight")
        day = self._blotter.venues[venue]
        known = heard and not link.copy.incomplete and day.state == "live" and not day.incomplete
        self._take(run, venue, DROP_COPY, found, known and not unsettled)

    async def _heard_out(self, venue: int, link: DropCopyLink) -> bool:
        """Whether the drop copy has told all that it had to say when it came up, so that what it lacks is gone."""
        lines = self._blotter.venues[venue].book.lines
        newest_ns = max((line.last_ns for line in lines.values()), default=0)
        deadline = self._clock_ns() + self._settings.settle_ms_max * MILLISECOND
        while not (heard := link.copy.heard_out or link.copy.last_ns > newest_ns) and self._clock_ns() < deadline:
            await self._pause()
        return heard

    async def _settle(self, venue: int, link: DropCopyLink) -> tuple[list[Difference], int]:
        """Differences that stay when nothing about them can be in flight any more; and how many are undecided."""
        day = self._blotter.venues[venue]
        first: list[Difference] = []
        for refs in _chunks(day.book.lines.keys() | link.copy.orders(link.firm).keys()):
            first += compare_orders(day.book.lines, link.copy.orders(link.firm), refs)
            await asyncio.sleep(0)

        def again(pending: Iterable[Difference]) -> Iterable[Difference]:
            refs = {one.user_ref for one in pending}
            return compare_orders(day.book.lines, link.copy.orders(link.firm), refs)

        return await self._wait_out(first, again, lambda one, since: self._is_settled(one, since, venue, link))

    async def _wait_out(
        self,
        first: Iterable[Difference],
        again: Callable[[Iterable[Difference]], Iterable[Difference]],
        is_settled: Callable[[Difference, int], bool],
    ) -> tuple[list[Difference], int]:
        """Look until every difference is gone or settled, or settle_ms_max is over; one that changes waits anew."""
        begun_ns = self._clock_ns()
        pending = {one.key: (one, begun_ns) for one in first}
        settled: list[Difference] = []
        while pending and self._clock_ns() < begun_ns + self._settings.settle_ms_max * MILLISECOND:
            await self._pause()
            now = {one.key: one for one in again([one for one, _ in pending.values()])}
            for key, (one, since_ns) in list(pending.items()):
                if key not in now:
                    del pending[key]
                elif one != now[key]:
                    pending[key] = now[key], self._clock_ns()
                elif is_settled(one, since_ns):
                    settled.append(one)
                    del pending[key]
        return settled, len(pending)

    def _is_settled(self, one: Difference, since_ns: int, venue: int, link: DropCopyLink) -> bool:
        """Old enough, and the side that may be behind has been heard past it."""
        if self._clock_ns() - since_ns < self._settings.grace_ms * MILLISECOND:
            return False
        day, copy = self._blotter.venues[venue], link.copy
        if one.behind != OURS and not (copy.connected and (copy.last_ns > one.as_of or copy.idle_ns > since_ns)):
            return False
        return one.behind == THEIRS or (day.state == "live" and self._flowing(venue))

    # ---- the box's other books ----

    async def _against_ourselves(self, run: Run) -> None:
        """Positions by our fills against what position tracker and gate hold; a difference must stay for grace_ms."""
        if any(day.state != "live" or day.incomplete for day in self._blotter.venues):
            return
        held = list(self._holdings())
        unknown = [one for one in held if not one.known]
        run.partial += [f"the {one.source} does not know its position in {one.symbol}" for one in unknown]
        run.positions += len({one.symbol for one in held})
        for source in dict.fromkeys(one.source for one in held):
            run.sources.append(source)

            def again(_: Iterable[Difference], source: str = source) -> Iterable[Difference]:
                return self._own_differences(source)

            found, undecided = await self._wait_out(again(()), again, self._is_old)
            run.unsettled += undecided
            known = not any(one.source == source for one in unknown)
            self._take(run, None, source, found, known and not undecided)

    def _is_old(self, _: Difference, since_ns: int) -> bool:
        return self._clock_ns() - since_ns >= self._settings.grace_ms * MILLISECOND

    def _own_differences(self, source: str) -> Iterable[Difference]:
        held = {one.symbol: one.quantity for one in self._holdings() if one.source == source and one.known}
        ours = dict.fromkeys(held, 0)
        for day in self._blotter.venues:
            for symbol, quantity in positions(day.book.lines.values()).items():
                if symbol in ours:
                    ours[symbol] += quantity
        return compare_positions(ours, held)

    # ---- book-keeping ----

    def _count(self, run: Run, venue: int, lines: Mapping[int, OrderLine]) -> None:
        run.count(venue, len(lines), sum(len(line.fills) for line in lines.values()))

    def _take(self, run: Run, venue: int | None, source: str, found: list[Difference], complete: bool) -> None:
        lines = {} if venue is None else self._blotter.venues[venue].book.lines

        def order_id(user_ref: int) -> int:
            line = lines.get(user_ref)
            return 0 if line is None else line.order_id

        run.breaks += self._book.found(run.run, venue, source, found, complete, order_id)
        if complete:
            run.compared.add((venue, source))


def _chunks(refs: Iterable[int]) -> Iterable[list[int]]:
    ordered = sorted(refs)
    return (ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK))
