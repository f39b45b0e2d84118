"""On whose behalf orders are sent: accounts, the persons who answer for them, strategies.

Numbers go into every order and stay with it for years: give them out once.  0 is nobody, and never permitted.
"""

from typing import Annotated, Literal

from msgspec import Meta

from tickwire.config.kinds import (
    ACCOUNT_NUMBER_MAX,
    STRATEGY_NUMBER_MAX,
    TRADER_NUMBER_MAX,
    Label,
    Positive,
    Section,
    WindowCount,
)
from tickwire.config.values import Price


class Account(Section, frozen=True):
    """Whose money it is, and how much of it; credit is what was executed today, both ways, and what is working."""

    name: Label
    number: Annotated[int, Meta(ge=1, le=ACCOUNT_NUMBER_MAX)]
    gross_exposure_max: Price
    net_exposure_max: Price
    credit_max: Price
    open_orders_max: Positive
    permitted: bool = True


class Trader(Section, frozen=True):
    """A natural person, or who owns an algorithm."""

    name: Label
    number: Annotated[int, Meta(ge=1, le=TRADER_NUMBER_MAX)]
    permitted: bool = True


class Strategy(Section, frozen=True):
    """One strategy: who answers for it, what it may do, how its orders travel.

    ``direct`` orders go to ``venue``.  ``smart`` ones take where the net price is best; ``venue``, or else the first
    that is enabled, is then whose book the strategy watches and where it rests.
    """

    name: Label
    number: Annotated[int, Meta(ge=1, le=STRATEGY_NUMBER_MAX)]
    account: str
    trader: str
    algorithm: Annotated[str, Meta(pattern=r"^[!-~]{1,20}\Z", description="1 to 20 visible ASCII characters")]
    gross_exposure_max: Price
    net_exposure_max: Price
    open_orders_max: Positive
    orders_per_window_max: WindowCount
    repeated_executions_max: WindowCount
    repeated_window_ms: Positive
    permitted: bool = True
    route: Literal["direct", "smart"] = "direct"
    venue: str = ""
    slippage_max_bps: Annotated[int, Meta(ge=1, le=10_000)] = 10
