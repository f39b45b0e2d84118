"""Stewards: the slow halves of the services.  Each looks at the segment and does at most one thing, and says so."""

import asyncio
from abc import ABC, abstractmethod

from tickwire.host.logs import Log


class Steward(ABC):
    """Looks after one service every interval_s; ``check`` is one observation, ``run`` repeats it until cancelled."""

    name: str
    interval_s = 0.1

    def __init__(self) -> None:
        self.log = Log(self.name)

    @abstractmethod
    def check(self) -> str:
        """One observation, at most one action; returns what was done, or nothing."""

    async def run(self) -> None:
        """Check until cancelled; whatever is done goes to the log."""
        while True:
            if said := self.check():
                self.log.info("steward_acted", said=said)
            await asyncio.sleep(self.interval_s)
