"""A box's ear, a reconciliation over it, and its stop words, on a clock that only tests move."""

import asyncio
from pathlib import Path
from typing import Any

from blotter_rig import SYMBOLS, Ear

from tickwire.services.blotter_store import LineFile
from tickwire.services.reconciliation import DropCopyLink, Holding, Reconciliation, ReconciliationSettings, Result
from tickwire.venues.picture import positions


class Desk:
    """Everything a reconciliation sees, for tests to make differ."""

    def __init__(self, folder: Path, drop_copy: bool = True, **settings: Any) -> None:
        self.ear = Ear(folder).begin()
        self.settings = ReconciliationSettings(**settings)
        self.stops: dict[tuple[str, int], bool] = {}
        self.holdings: list[Holding] | None = None
        self.flowing = self.trading = True
        self.while_it_waits: list[Any] = []  # called one after the other, each time it sleeps
        self.folder = folder
        self.drop_copy = drop_copy
        self.start()

    def start(self) -> None:
        """As after a restart of the supervisor."""
        self.stops.clear()
        self.reconciliation = Reconciliation(
            self.settings,
            self.ear.blotter,
            {0: DropCopyLink(self.ear.copy, "TWRA")} if self.drop_copy else {},
            self._holdings,
            LineFile(self.folder / "reconciliations.jsonl"),
            SYMBOLS,
            ["A"],
            self.ear.resync,
            lambda scope, index, on: self.stops.__setitem__((scope, index), on),
            self.ear.clock,
            lambda _: self.flowing,
            lambda: self.trading,
            self._sleep,
        )

    async def _sleep(self, seconds: float) -> None:
        await self.ear.clock.sleep(seconds)
        if self.while_it_waits:
            self.while_it_waits.pop(0)()
        self.ear.idle()

    def _holdings(self) -> list[Holding]:
        if self.holdings is not None:
            return self.holdings
        held = positions(self.ear.blotter.venues[0].book.lines.values())
        return [Holding("position tracker", symbol, held.get(symbol, 0)) for symbol in SYMBOLS]

    def run(self, reason: str = "command", replay: bool = False) -> Result:
        """One run, everything the box was told understood before it."""
        self.ear.check()
        return asyncio.run(self.reconciliation.run_now(reason, replay))

    def texts(self, replay: bool = False) -> list[str]:
        """What one run finds, in its words."""
        return [found.text for found in self.run(replay=replay).breaks]
