"""The operators' plane of a box: every command over what this process has."""

from collections.abc import Callable
from pathlib import Path

from tickwire.api.audit import AuditLog
from tickwire.api.box import Ages, SegmentBox, VenueFacts
from tickwire.api.build import build_plane
from tickwire.api.collaborators import Collaborators
from tickwire.api.errors import Refused
from tickwire.api.people import Person, Role
from tickwire.api.plane import OperatorPlane, PlaneSettings
from tickwire.api.scopes import Directory
from tickwire.config import Config, Lane
from tickwire.native import Control, Segment
from tickwire.services.breaker_guard import BreakerGuard
from tickwire.services.breakers import BreakerView
from tickwire.services.limit_paths import RefusedError
from tickwire.services.risk_manager import RiskManager
from tickwire.supervisor.ownership import Ownership
from tickwire.supervisor.services import Services
from tickwire.supervisor.stewards import Stewards

MILLISECOND = 1_000_000


class Throttles:
    """The gate's repeated-execution throttles, by a strategy's number."""

    def __init__(self, risk: RiskManager) -> None:
        self._risk = risk

    def reset(self, strategy: int, who: str, why: str) -> None:
        """Let it trade again.  Raises Refused."""
        names = {item.number: item.name for item in self._risk.effective.strategies}
        try:
            self._risk.reenable(names[strategy], who, why)
        except RefusedError as error:
            raise Refused("state", str(error)) from error


class BreakerHandle:
    """One breaker as operators see and command it."""

    def __init__(self, view: BreakerView, guard: BreakerGuard) -> None:
        self.scope, self.name, self.trigger, self.action = view.scope, view.name, view.trigger, view.action
        self._key = view.key
        self._guard = guard

    @property
    def state(self) -> str:
        """closed, open or half-open, as it is now."""
        views = self._guard.breakers.views()
        return next((str(view.state) for view in views if view.key == self._key), "gone")

    def trip(self, who: str, why: str) -> None:
        """Open it.  Raises Refused."""
        self._do(lambda: self._guard.breakers.trip(self._key, who, why))

    def reset(self, who: str, why: str) -> None:
        """Close it.  Raises Refused."""
        self._do(lambda: self._guard.breakers.reset(self._key, who, why))

    def _do(self, change: Callable[[], object]) -> None:
        try:
            change()
        except RefusedError as error:
            raise Refused("state", str(error)) from error
        self._guard.check()


def _order_quantity_max(config: Config, instrument: int, mark: int) -> int:
    """Most shares of one order by the limits in force; an order at the collar is worth more than at the mark."""
    limits = config.instruments[instrument].limits
    farthest = mark + mark * limits.collar_ppm // 1_000_000
    return min(limits.order_quantity_max, limits.order_value_max // farthest if farthest else limits.order_quantity_max)


def make_plane(
    config: Config,
    lanes: tuple[Lane, ...],
    segment: Segment,
    control: Control,
    directory: Directory,
    owner: Ownership,
    stewards: Stewards,
    services: Services,
    clock_ns: Callable[[], int],
) -> OperatorPlane:
    """The plane; ``run`` serves it.  Raises OSError."""
    folder = Path(config.box.state_dir)
    venues = [VenueFacts(item.name, item.mic, item.fee_taker, item.fee_maker, item.enabled) for item in config.venues]
    ages = Ages(config.risk.limits_age_ms_max * MILLISECOND, config.risk.supervisor_age_ms_max * MILLISECOND)
    parts = Collaborators(
        state_dir=folder,
        clock_ns=clock_ns,
        directory=directory,
        words=control,
        kill_memory=owner,
        stops=owner.stops,
        audit=AuditLog(folder / "operations.jsonl"),
        box=SegmentBox(
            segment,
            config.box.name,
            config.symbols,
            venues,
            clock_ns,
            {lane.name: lane.stages for lane in lanes},
            ages,
        ),
        blotter=services.records.blotter,
        ledger=services.ledger,
        limits=services.limits,
        reconciliation=services.records.reconciliation,
        evidence=services.records.evidence,
        breakers=lambda: [BreakerHandle(view, services.guard) for view in services.guard.breakers.views()],
        desk=services.desk,
        throttles=Throttles(stewards.risk),
        order_quantity_max=lambda instrument, mark: _order_quantity_max(stewards.risk.effective, instrument, mark),
        strategy_traders={item.name: item.trader for item in config.strategies},
    )
    settings = PlaneSettings(
        state_dir=folder,
        socket=config.operator_socket,
        http=config.operators.http,
        zeromq=config.operators.zeromq,
        keys_dir=config.operator_keys_dir,
        people=tuple(
            Person(item.name, Role(item.role), item.token_sha256, item.curve_public) for item in config.operators.people
        ),
    )
    return build_plane(settings, parts, segment, config.symbols, [venue.name for venue in config.venues])
