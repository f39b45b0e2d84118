"""The box's record-keepers, made from its configuration: blotter, evidence, drop copies, reconciliation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tickwire.config import Config, password
from tickwire.host.upkeep import Submit, at_once
from tickwire.native import Control, NativeError, Segment, lib
from tickwire.native.settings import MILLISECOND
from tickwire.native.views import read_positions
from tickwire.services.blotter import Blotter
from tickwire.services.blotter_names import Names
from tickwire.services.blotter_store import LineFile
from tickwire.services.collector import Collector
from tickwire.services.day_file import DayFile
from tickwire.services.drop_copy_follower import DropCopyFollower
from tickwire.services.evidence import EvidenceStore
from tickwire.services.reconciliation import DropCopyLink, Holding, Reconciliation, ReconciliationSettings
from tickwire.services.steward import Steward
from tickwire.venues.drop_copy import DropCopy
from tickwire.venues.soup import SoupSettings

FLOW_AGE_NS_MAX = 500 * MILLISECOND  # a lane whose heartbeat is older tells us nothing new
POSITION_TRACKER = "position tracker"
RISK_GATE = "risk gate"


@dataclass(frozen=True)
class RecordKeepers:
    """All of them; each stewards() has a name and a run()."""

    blotter: Blotter
    reconciliation: Reconciliation
    drop_copies: tuple[DropCopyFollower, ...]
    evidence: EvidenceStore

    def stewards(self) -> tuple[Steward, ...]:
        """In the order they are to be started."""
        return (self.blotter, self.evidence, *self.drop_copies, self.reconciliation)


def open_records(
    config: Config,
    segment: Segment,
    control: Control,
    state_dir: Path,
    resync: Callable[[int], bool],
    clock_ns: Callable[[], int],
    submit: Submit = at_once,
) -> RecordKeepers:
    """Make them on a segment with all its blocks; resync(venue) asks that venue's execution for its record.

    Files: blotter-EPOCH.jsonl and evidence-EPOCH.jsonl of this life, reconciliations.jsonl of all.  Raises ConfigError
    for a password that cannot be had, OSError for files that cannot be opened.
    """
    venues = [venue.name for venue in config.venues]
    blotter = Blotter(
        segment.ring("blotter", "execution_report"),
        config.symbols,
        DayFile(state_dir / f"blotter-{control.epoch}.jsonl", submit),
        resync,
        len(venues),
        segment.ring("verdict", "risk_refusal"),
        [segment.ring(f"sent.{venue}", "order") for venue in range(len(venues))],
        names=Names.of(config),
    )
    followers = {venue: _follower(config, venue, clock_ns) for venue in config.enabled_venues}
    followed = {venue: follower for venue, follower in followers.items() if follower is not None}
    reconciliation = Reconciliation(
        _settings(config),
        blotter,
        {venue: DropCopyLink(one.copy, config.venues[venue].execution.firm) for venue, one in followed.items()},
        lambda: box_holdings(segment, config.symbols),
        LineFile(state_dir / "reconciliations.jsonl", submit),
        config.symbols,
        venues,
        resync,
        lambda scope, index, on: _stop(control, scope, index, on),
        clock_ns,
        lambda _: _flowing(control, clock_ns()),
        lambda: control.armed,
        stopped=[(scope, index) for scope, index, bits in control.stops() if bits & lib.STOP_BREAK],
    )
    return RecordKeepers(
        blotter, reconciliation, tuple(followed.values()), _evidence(segment, blotter, state_dir, control, len(venues))
    )


def box_holdings(segment: Segment, symbols: tuple[str, ...]) -> Iterator[Holding]:
    """Positions as position tracker and gate have them."""
    for position in read_positions(segment, symbols):
        yield Holding(POSITION_TRACKER, position.symbol, position.quantity, position.known)
    exposures = segment.table("exposure", "risk_scope_exposure")
    reconciled = bool(segment.counters("risk-manager")[lib.RISK_COUNT_RECONCILED])
    for index, symbol in enumerate(symbols):
        try:
            entry = exposures.read(lib.RISK_SCOPE_INSTRUMENT + index)
        except NativeError:  # its writer died inside the entry
            yield Holding(RISK_GATE, symbol, 0, False)
            continue
        yield Holding(RISK_GATE, symbol, int(entry.position), reconciled and entry.version > 0)


def _settings(config: Config) -> ReconciliationSettings:
    settings = config.reconciliation
    return ReconciliationSettings(
        interval_s=settings.interval_s,
        replay=settings.replay,
        grace_ms=settings.grace_ms,
        settle_ms_max=max(10_000, 5 * settings.grace_ms),
        on_break=settings.on_break,
        self_clearing=settings.self_clearing,
        partial_blocks_rearm=settings.partial_blocks_rearm,
    )


def _follower(config: Config, venue: int, clock_ns: Callable[[], int]) -> DropCopyFollower | None:
    settings, session = config.venues[venue].drop_copy, config.venues[venue].execution
    if settings is None:
        return None
    soup = SoupSettings(
        host=settings.endpoint.host,
        port=settings.endpoint.port,
        username=settings.username,
        password=password(settings),
        heartbeat_s=session.heartbeat_ms / 1000,
        silence_s_max=session.silence_ms_max / 1000,
        reconnect_s_min=session.reconnect_ms_min / 1000,
        reconnect_s_max=session.reconnect_ms_max / 1000,
        jitter=session.reconnect_jitter / 1_000_000,
    )
    return DropCopyFollower(config.venues[venue].name, soup, DropCopy(clock_ns))


def _evidence(segment: Segment, blotter: Blotter, state_dir: Path, control: Control, venue_count: int) -> EvidenceStore:
    def parent_of(order_id: int) -> int:
        order = blotter.order(order_id)
        return 0 if order is None else order.parent_id

    records = Collector(segment.ring("evidence", "route_evidence"))
    return EvidenceStore(records, LineFile(state_dir / f"evidence-{control.epoch}.jsonl"), venue_count, parent_of)


def _stop(control: Control, scope: str, index: int, on: bool) -> None:
    change = control.stop_set if on else control.stop_clear
    change(scope, index, lib.STOP_BREAK)


def _flowing(control: Control, now_ns: int) -> bool:
    """Whether every lane runs: what a venue said half a second ago has reached the blotter then."""
    return all(lane.state == "running" and now_ns - lane.heartbeat_ns < FLOW_AGE_NS_MAX for lane in control.lanes())
