"""What the numbers in an order mean: names of this life's configuration, for records that outlast it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tickwire.config import Config
from tickwire.services.blotter_records import OrderRecord


@dataclass(frozen=True, slots=True)
class VenueNames:
    """Of one venue: what we call it, its MIC, and who we are there."""

    name: str = ""
    mic: str = ""
    firm: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """By number, venues and symbols by index; what is not here has no name."""

    venues: tuple[VenueNames, ...] = ()
    symbols: tuple[str, ...] = ()
    accounts: Mapping[int, str] = field(default_factory=dict)
    strategies: Mapping[int, str] = field(default_factory=dict)
    algorithms: Mapping[int, str] = field(default_factory=dict)
    traders: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, config: Config) -> Names:
        """Those of a configuration."""
        return cls(
            tuple(VenueNames(venue.name, venue.mic, venue.execution.firm) for venue in config.venues),
            config.symbols,
            {one.number: one.name for one in config.accounts},
            {one.number: one.name for one in config.strategies},
            {one.number: one.algorithm for one in config.strategies},
            {one.number: one.name for one in config.traders},
        )

    def put_on(self, record: OrderRecord) -> None:
        """Write them beside the numbers of a record."""
        for name, value in self.words(record).items():
            setattr(record, name, value)

    def words(self, one: Any) -> dict[str, str]:
        """Those of whatever has a venue, an instrument and owners."""
        venue = self.venues[one.venue] if one.venue < len(self.venues) else VenueNames()
        return {
            "venue_name": venue.name,
            "mic": venue.mic,
            "firm": venue.firm,
            "symbol": self.symbols[one.instrument] if one.instrument < len(self.symbols) else "",
            "account_name": self.accounts.get(one.account, ""),
            "strategy_name": self.strategies.get(one.strategy, ""),
            "algorithm": self.algorithms.get(one.strategy, ""),
            "trader_name": self.traders.get(getattr(one, "trader", 0), ""),
        }
