"""The smart order router: how patient it is, and how much it does at once."""

from typing import Annotated

from msgspec import Meta

from tickwire.config.kinds import Count, Positive, Section


class Router(Section, frozen=True):
    """Of parent orders, whoever wants them."""

    answer_ms_max: Positive = 2_000
    post_cooldown_ms: Count = 50
    twap_interval_ms_min: Positive = 100
    twap_duration_s_max: Annotated[int, Meta(ge=1, le=86_400)] = 28_800
    parents_max: Annotated[int, Meta(ge=1, le=64)] = 64
    rounds_max: Annotated[int, Meta(ge=1, le=16)] = 3
