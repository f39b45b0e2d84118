"""Circuit breakers: what trips one, and what it does then."""

from typing import Literal

from tickwire.config.kinds import Count, Positive, Scope, Section
from tickwire.config.values import PRICE_SCALE, Price

MONEY_TRIGGERS = ("loss", "drawdown")


class Breaker(Section, frozen=True):
    """One trigger for the firm, or for one or (name "") each venue or strategy."""

    scope: Scope
    trigger: Literal["loss", "drawdown", "reject-rate", "latency", "disconnects"]
    threshold: Price
    action: Literal["stop-new", "cancel-all", "flatten"]
    name: str = ""
    window_s: Positive = 60
    cool_down_s: Count = 60
    probe_orders_max: Positive = 5

    @property
    def limit(self) -> int:
        """The threshold in its trigger's unit: 1/10 000 of the currency; rejects or disconnects a window; us."""
        return int(self.threshold) if self.trigger in MONEY_TRIGGERS else self.threshold // PRICE_SCALE
