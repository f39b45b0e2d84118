"""How often the box compares itself with its venues, and what a difference does."""

from typing import Literal

from tickwire.config.kinds import Count, Positive, Section


class Reconciliation(Section, frozen=True):
    """``replay``: also against the venue's session, from its first message, and not the drop copy alone.

    ``self_clearing``: a later run that no longer finds a break resolves it; otherwise only a person does.
    ``partial_blocks_rearm``: a run that could not look at everything is not good enough to trade again.
    """

    interval_s: Positive = 300
    replay: bool = True
    grace_ms: Count = 1_000
    on_break: Literal["stop-instrument", "stop-venue", "stop-firm"] = "stop-instrument"
    self_clearing: bool = False
    partial_blocks_rearm: bool = True
