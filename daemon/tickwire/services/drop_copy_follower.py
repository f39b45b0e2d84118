"""The steward of one venue's drop copy: keeps its session up and says when it is not."""

import asyncio

from tickwire.services.steward import Steward
from tickwire.venues.drop_copy import DropCopy
from tickwire.venues.soup import SoupSession, SoupSettings


class DropCopyFollower(Steward):
    """Follows the session for ever; the picture is ``copy``."""

    interval_s = 0.25

    def __init__(self, venue_name: str, settings: SoupSettings, copy: DropCopy) -> None:
        self.name = f"drop-copy {venue_name}"
        super().__init__()
        self.copy = copy
        self.session = SoupSession(settings, copy)
        self._said = "down"

    def check(self) -> str:
        """Say once what has become of the session and of the picture."""
        if not self.copy.connected:
            said = f"drop copy not connected: {self.copy.why_down}"
        elif self.copy.incomplete:
            said = f"drop copy incomplete: {self.copy.incomplete}"
        else:
            said = "drop copy connected"
        before, self._said = self._said, said
        return said if said != before else ""

    async def run(self) -> None:
        """Follow and look after it until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.session.run())
            group.create_task(super().run())
