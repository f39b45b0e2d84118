"""What the numbers in an order mean: names of this life's configuration, for records that outlast it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
        if record.venue < len(self.venues):
            venue = self.venues[record.venue]
            record.venue_name, record.mic, record.firm = venue.name, venue.mic, venue.firm
        if record.instrument < len(self.symbols):
            record.symbol = self.symbols[record.instrument]
        record.account_name = self.accounts.get(record.account, "")
        record.strategy_name = self.strategies.get(record.strategy, "")
        record.algorithm = self.algorithms.get(record.strategy, "")
        record.trader_name = self.traders.get(record.trader, "")
