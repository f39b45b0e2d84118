"""What is traded: each instrument, what the strategy wants of it, what the gate lets through."""

from typing import Annotated, Literal

from msgspec import Meta

from tickwire.config.kinds import Count, OrderShares, Positive, Ppm, Section, Shares, WindowCount
from tickwire.config.values import Fraction, Price


class SignalRule(Section, frozen=True):
    """When the strategy wants to trade an instrument; ``take`` crosses the spread, ``quote`` joins the touch."""

    order_quantity: OrderShares
    position_max: Shares
    imbalance_enter: Fraction
    imbalance_exit: Fraction
    edge_min: Price
    spread_max: Price
    mode: Literal["take", "quote"] = "take"
    enabled: bool = True
    cooldown_us: Count = 100_000
    inventory_skew: Fraction = Fraction(0)


class InstrumentLimits(Section, frozen=True):
    """What the risk gate lets through for an instrument."""

    order_quantity_max: OrderShares
    order_value_max: Price
    position_max: Shares
    exposure_max: Price
    collar_ppm: Ppm
    collar_ticks: Positive
    collar_last_ppm: Ppm
    open_orders_max: Positive
    orders_per_window_max: WindowCount
    permitted: bool = True
    restricted: bool = False
    short_sale: Literal["deny", "allow"] = "deny"
    locate_quantity: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    tick_size: Price = Price(100)


class Instrument(Section, frozen=True):
    """One instrument; locate 0 is learnt from the venue's stock directory."""

    symbol: Annotated[str, Meta(pattern=r"^[A-Z0-9.+=*#^$-]{1,8}\Z", description="a symbol of 1 to 8 capitals")]
    signal: SignalRule
    limits: InstrumentLimits
    locate: Annotated[int, Meta(ge=0, le=65535)] = 0
