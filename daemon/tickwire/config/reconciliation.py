"""How often the box compares itself with its venues, and what a difference does."""

from typing import Literal

from tickwire.config.kinds import Count, Positive, Section


class Reconciliation(Section, frozen=True):
    """``replay``: also against the venue's session, from its first message, and not the drop copy alone."""

    interval_s: Positive = 300
    replay: bool = True
    grace_ms: Count = 1_000
    on_break: Literal["stop-instrument", "stop-venue", "stop-firm"] = "stop-instrument"
