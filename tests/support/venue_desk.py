"""A venue with two accounts in this process, and what each was told since the last look."""

import venue_wire as wire

from tickwire.native.venue import Venue


class Desk:
    """Two accounts at a venue whose one instrument, AAPL, trades; more of the venue's arguments as keywords."""

    def __init__(self, **more: int) -> None:
        self.venue = Venue(["TWRA", "TWRB"], **more)
        self.venue.street(wire.action("T"))
        self._seen = [0, 0]
        self._copied = 0
        self.told(0)
        self.told(1)
        self.copied()

    def told(self, account: int = 0) -> list[dict[str, object]]:
        """What the account was told since the last look."""
        first, self._seen[account] = self._seen[account] + 1, self.venue.log_count(account)
        return wire.reports(self.venue.log(account, first, self._seen[account] + 1))

    def copied(self) -> list[tuple[str, dict[str, object]]]:
        """What the drop copy has gained since the last look."""
        first, self._copied = self._copied + 1, self.venue.drop_copy_count()
        return wire.copies(self.venue.drop_copy(first, self._copied + 1))

    def send(self, message: bytes, account: int = 0) -> list[dict[str, object]]:
        """What the account is told about a message."""
        assert self.venue.order(account, message, 7)
        return self.told(account)

    def messages(self) -> list[bytes]:
        """The public stream since the last look."""
        return list(wire.frames(self.venue.take_stream()))

    def public(self) -> list[str]:
        """Its message types."""
        return [chr(message[0]) for message in self.messages()]


def kinds(told: list[dict[str, object]]) -> list[tuple[object, ...]]:
    """Type, shares, and reason or liquidity."""
    return [(r["type"], r.get("shares"), r.get("reason", r.get("liquidity"))) for r in told]
