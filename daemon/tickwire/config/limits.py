"""Limits of the whole box, and who may change a limit."""

from typing import Annotated, Literal

from msgspec import Meta

from tickwire.config.kinds import DUPLICATE_MAX, MESSAGE_RATE_MAX, Positive, Section
from tickwire.config.values import Price


class Risk(Section, frozen=True):
    """Limits of the whole box, and how old the gate's own inputs may be."""

    open_orders_max: Positive
    gross_exposure_max: Price
    net_exposure_max: Price
    credit_max: Price
    message_rate_max: Annotated[int, Meta(ge=1, le=MESSAGE_RATE_MAX)]
    message_window_ms: Positive
    message_burst_max: Annotated[int, Meta(ge=1, le=MESSAGE_RATE_MAX)]
    message_burst_window_ms: Positive
    order_window_ms: Positive
    duplicate_window_ms: Positive
    duplicate_max: Annotated[int, Meta(ge=0, le=DUPLICATE_MAX)]
    self_match: Literal["refuse"] = "refuse"
    kill_allows_reducing: bool = False
    limits_age_ms_max: Positive = 5_000
    supervisor_age_ms_max: Positive = 2_000
    tick_age_ms_max: Positive = 100


class Governance(Section, frozen=True):
    """Which changes of a limit need a second person, and for how long one may be overridden."""

    approval: Literal["none", "loosening", "all"] = "loosening"
    override_s_max: Annotated[int, Meta(ge=1, le=86_400)] = 28_800
