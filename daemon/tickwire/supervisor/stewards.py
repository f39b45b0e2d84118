"""The stewards of a box: the slow half of every stage there is, venue by venue."""

from collections.abc import Callable

from tickwire.config import Config
from tickwire.native import Control, Segment
from tickwire.services.disabled_venue import DisabledVenue
from tickwire.services.execution_engine import ExecutionEngine
from tickwire.services.market_data import FeedWatch
from tickwire.services.order_log import OrderLog
from tickwire.services.position_tracker import PositionTracker
from tickwire.services.risk_manager import RiskManager
from tickwire.services.router import RouterSteward
from tickwire.services.signal_bridge import SignalBridge
from tickwire.services.steward import Steward
from tickwire.services.throttle import Throttles


class Stewards:
    """All of them, and what they say together."""

    def __init__(
        self, config: Config, segment: Segment, control: Control, throttles: Throttles, clock_ns: Callable[[], int]
    ) -> None:
        self.feeds = tuple(
            FeedWatch(config.venues[venue].name, segment.counters(f"market-data.{venue}"))
            for venue in config.enabled_venues
        )
        self.signal = SignalBridge(config, segment.parameters("signal", "signal_parameters"), clock_ns)
        self.risk = RiskManager(
            config,
            segment.parameters("risk", "risk_limits"),
            segment.counters("risk-manager"),
            control,
            segment.table("exposure", "risk_scope_exposure"),
            throttles,
            clock_ns,
        )
        self.executions = tuple(
            ExecutionEngine(
                venue,
                config.venues[venue].name,
                segment.counters(f"execution-engine.{venue}"),
                segment.ring(f"command.execution.{venue}", "command"),
                clock_ns,
            )
            for venue in config.enabled_venues
        )
        self.positions = PositionTracker(segment, config.symbols)
        self._router = RouterSteward(config, segment.parameters("route", "route_parameters"), clock_ns)
        self._orders = OrderLog(
            config, segment.ring("verdict", "risk_refusal"), segment.ring("blotter", "execution_report"), clock_ns
        )
        self._disabled = tuple(
            DisabledVenue(index, venue.name, segment.ring(f"report.{index}", "execution_report"), control, clock_ns)
            for index, venue in enumerate(config.venues)
            if not venue.enabled
        )
        self._rings = (
            segment.ring("intent.signal", "order_intent"),
            segment.ring("intent.router", "order_intent"),
            segment.ring("intent.operator", "order_intent"),
            *(segment.ring(f"order.{venue}", "order") for venue in config.enabled_venues),
        )

    def all(self) -> tuple[Steward, ...]:
        """Each of them."""
        return (
            *self.feeds,
            self.signal,
            self._router,
            self.risk,
            *self.executions,
            self.positions,
            self._orders,
            *self._disabled,
        )

    @property
    def ready(self) -> bool:
        """Whether every session is live and the gate knows what the box holds."""
        return all(execution.live for execution in self.executions) and self.risk.reconciled

    def resync(self, venue: int) -> bool:
        """Ask for that venue's record anew; False when the command did not fit."""
        return all([execution.resync() for execution in self.executions if execution.venue == venue])  # noqa: C419

    @property
    def sessions(self) -> dict[str, str]:
        """What each venue's session does."""
        return {execution.venue_name: execution.state_name for execution in self.executions}

    @property
    def out(self) -> bool:
        """Whether there is no session any more."""
        return all(execution.out for execution in self.executions)

    @property
    def open_orders(self) -> int:
        """Orders that may still trade, anywhere."""
        return sum(execution.open_orders for execution in self.executions)

    @property
    def nothing_open(self) -> bool:
        """Whether no order is open and none is on its way."""
        return self.open_orders == 0 and all(ring.lag(0) == 0 for ring in self._rings)

    def cancel_all(self) -> bool:
        """Cancel every open order everywhere; False when a command did not fit."""
        return all([execution.cancel_all() for execution in self.executions])  # noqa: C419 - all are asked

    def logout(self) -> bool:
        """End every session and stay out."""
        return all([execution.logout() for execution in self.executions])  # noqa: C419
