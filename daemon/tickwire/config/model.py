"""The configuration of one box as frozen structs: every key, its type, its bounds and its default.

Times carry their unit in the key (``_ms``, ``_us``); prices are decimals of the currency, kept in 1/10 000; ratios and
fees are decimals, kept in 1/1 000 000.  What has no default must be stated: above all the limits, because no limit, no
order.
"""

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from tickwire.config.breakers import Breaker
from tickwire.config.identities import Account, Strategy, Trader
from tickwire.config.instruments import Instrument
from tickwire.config.kinds import (
    ACCOUNT_NUMBER_MAX,
    INSTRUMENT_COUNT_MAX,
    STRATEGY_NUMBER_MAX,
    TRADER_NUMBER_MAX,
    VENUE_COUNT_MAX,
    Environment,
    FilePath,
    Name,
    Section,
)
from tickwire.config.lanes import Lanes, Supervisor
from tickwire.config.limits import Governance, Risk
from tickwire.config.operators import Operators
from tickwire.config.reconciliation import Reconciliation
from tickwire.config.router import Router
from tickwire.config.venues import Venue


class Box(Section, frozen=True):
    """This appliance: its name, its shared-memory segment, where it keeps what must survive a restart.

    environment: a test box trades on test venues only, a production box on production venues only.
    """

    name: Name
    segment_path: FilePath
    state_dir: FilePath
    environment: Environment = "test"


class Signal(Section, frozen=True):
    """The strategy that the signal stage runs, by its name."""

    strategy: str
    enabled: bool = True


class Config(Section, frozen=True):
    """One box, as its file says."""

    box: Box
    venues: Annotated[tuple[Venue, ...], Meta(min_length=1, max_length=VENUE_COUNT_MAX)]
    accounts: Annotated[tuple[Account, ...], Meta(min_length=1, max_length=ACCOUNT_NUMBER_MAX)]
    traders: Annotated[tuple[Trader, ...], Meta(min_length=1, max_length=TRADER_NUMBER_MAX)]
    strategies: Annotated[tuple[Strategy, ...], Meta(min_length=1, max_length=STRATEGY_NUMBER_MAX)]
    instruments: Annotated[tuple[Instrument, ...], Meta(min_length=1, max_length=INSTRUMENT_COUNT_MAX)]
    risk: Risk
    signal: Signal
    limits: Governance = Governance()
    breakers: tuple[Breaker, ...] = ()
    router: Router = Router()
    reconciliation: Reconciliation = Reconciliation()
    operators: Operators = Operators()
    lanes: Lanes = Lanes()
    supervisor: Supervisor = Supervisor()

    @property
    def symbols(self) -> tuple[str, ...]:
        """Of the instruments, in the order of their numbers."""
        return tuple(instrument.symbol for instrument in self.instruments)

    @property
    def enabled_venues(self) -> tuple[int, ...]:
        """Indices of the venues that are traded on."""
        return tuple(index for index, venue in enumerate(self.venues) if venue.enabled)

    def venue_index(self, name: str) -> int:
        """Index of the venue called name; KeyError."""
        return {venue.name: index for index, venue in enumerate(self.venues)}[name]

    def account(self, name: str) -> Account:
        """The account called name; KeyError."""
        return {account.name: account for account in self.accounts}[name]

    def trader(self, name: str) -> Trader:
        """The trader called name; KeyError."""
        return {trader.name: trader for trader in self.traders}[name]

    def strategy(self, name: str) -> Strategy:
        """The strategy called name; KeyError."""
        return {strategy.name: strategy for strategy in self.strategies}[name]

    def home_venue(self, strategy: Strategy) -> int:
        """Index of the venue a strategy names, or of the first that is enabled."""
        return self.venue_index(strategy.venue) if strategy.venue else self.enabled_venues[0]

    @property
    def operator_socket(self) -> Path:
        """Where operators on this machine connect."""
        return Path(self.operators.socket or f"{self.box.state_dir}/operator.sock")

    @property
    def operator_keys_dir(self) -> Path:
        """Where the box keeps its own CURVE keys."""
        return Path(self.operators.keys_dir or f"{self.box.state_dir}/keys")
