"""The operators' plane of a box: every command over what this process has."""

from collections.abc import Callable
from pathlib import Path

from tickwire.api.audit import AuditLog
from tickwire.api.box import Ages, SegmentBox, VenueFacts
from tickwire.api.build import build_plane
from tickwire.api.collaborators import Collaborators
from tickwire.api.people import Person, Role
from tickwire.api.plane import OperatorPlane, PlaneSettings
from tickwire.api.scopes import Directory
from tickwire.config import Config, Lane
from tickwire.native import Control, Segment
from tickwire.supervisor.ownership import Ownership
from tickwire.supervisor.services import Services
from tickwire.supervisor.stewards import Stewards

MILLISECOND = 1_000_000


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
        breakers=services.guard.breakers.handles,
        desk=services.desk,
        entry=services.hands.entry,
        parent_entry=services.hands.parents,
        parents=services.hands.book,
        throttles=stewards.risk,
        alerts=services.alerts,
        stakes=lambda: services.accounts.states.values(),
        order_quantity_max=lambda instrument, mark: _order_quantity_max(stewards.risk.effective, instrument, mark),
        trader_names={item.number: item.name for item in config.traders},
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
