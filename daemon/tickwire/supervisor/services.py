"""The slow services of a box, each made where all it needs is at hand: blotter, ledger, limits, reconciliation."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tickwire.config import Config, password
from tickwire.native import Control, NativeError, Segment, lib
from tickwire.native.control import STOP_SCOPES
from tickwire.native.table import Table
from tickwire.services.blotter import Blotter
from tickwire.services.blotter_store import LineFile
from tickwire.services.bookkeeper import Bookkeeper
from tickwire.services.fees import FeeSchedule
from tickwire.services.ledger import Ledger
from tickwire.services.limit_lease import Clocks
from tickwire.services.limits_steward import LimitSteward, open_limit_book
from tickwire.services.order_desk import OrderDesk
from tickwire.services.reconciliation import DropCopyLink, Holding, Reconciliation, ReconciliationSettings
from tickwire.supervisor.layout import ROUTED
from tickwire.supervisor.stewards import Stewards
from tickwire.supervisor.supervisor import Part
from tickwire.venues.drop_copy import DropCopy
from tickwire.venues.soup import SoupSession, SoupSettings

MARK_AGE_NS_MAX = 5_000_000_000
SCOPE_NAMES = {number: name for name, (number, _) in STOP_SCOPES.items()}


class Services:
    """All of them; ``parts`` are what the supervisor runs.  Raises OSError, and ConfigError for a password."""

    def __init__(
        self,
        config: Config,
        segment: Segment,
        control: Control,
        stewards: Stewards,
        clock_ns: Callable[[], int],
    ) -> None:
        folder = Path(config.box.state_dir)
        self._config = config
        self._control = control
        self._stewards = stewards
        self._exposure = segment.table("exposure", "risk_scope_exposure")
        self.blotter = _blotter(config, segment, folder, stewards)
        fees = {index: FeeSchedule(venue.fee_taker, venue.fee_maker) for index, venue in enumerate(config.venues)}
        self.ledger = Ledger(fees, MARK_AGE_NS_MAX, clock_ns)
        self._bookkeeper = Bookkeeper(self.ledger, segment, config.symbols, config.enabled_venues, clock_ns)
        self.blotter.subscribe(self._bookkeeper.listen)
        self.limits = LimitSteward(config, open_limit_book(config, folder, Clocks.system()), stewards.risk)
        self._sessions: list[SoupSession] = []
        links = {venue: self._drop_copy(venue, clock_ns) for venue in _with_drop_copy(config)}
        self.reconciliation = Reconciliation(
            _reconciliation_settings(config),
            self.blotter,
            links,
            self._holdings,
            LineFile(folder / "reconciliation.jsonl"),
            config.symbols,
            [venue.name for venue in config.venues],
            stewards.resync,
            self._stop,
            clock_ns,
            stewards.is_live,
        )
        parents = segment.ring("parent.operator", "parent_order") if ROUTED else None
        self.desk = OrderDesk(config, stewards.executions, parents, control.epoch, clock_ns)

    def parts(self) -> Iterator[Part]:
        """Name and work of each."""
        for steward in (self.blotter, self._bookkeeper, self.limits, self.reconciliation):
            yield steward.name, steward.run
        for index, session in enumerate(self._sessions):
            yield f"drop copy {index}", session.run

    def _drop_copy(self, venue: int, clock_ns: Callable[[], int]) -> DropCopyLink:
        settings = self._config.venues[venue].drop_copy
        execution = self._config.venues[venue].execution
        assert settings is not None
        copy = DropCopy(clock_ns)
        soup = SoupSettings(
            host=settings.endpoint.host,
            port=settings.endpoint.port,
            username=settings.username,
            password=password(settings),
            reconnect_s_min=execution.reconnect_ms_min / 1000,
            reconnect_s_max=execution.reconnect_ms_max / 1000,
            heartbeat_s=execution.heartbeat_ms / 1000,
            silence_s_max=execution.silence_ms_max / 1000,
        )
        self._sessions.append(SoupSession(soup, copy))
        return DropCopyLink(copy, execution.firm)

    def _stop(self, scope: int, index: int, on: bool) -> None:
        """A break stops its scope, or no longer does."""
        change = self._control.stop_set if on else self._control.stop_clear
        change(SCOPE_NAMES[scope], index, lib.STOP_BREAK)

    def _holdings(self) -> Iterable[Holding]:
        """What each other part of the box says that it holds."""
        for position in self._stewards.positions.positions():
            yield Holding("position tracker", position.symbol, position.quantity, position.known)
        for instrument, symbol in enumerate(self._config.symbols):
            total = self.ledger.total(instrument=instrument)
            yield Holding("ledger", symbol, total.quantity, total.known)
            yield from _gate_holding(self._exposure, instrument, symbol, self._stewards.risk.reconciled)


def _gate_holding(exposure: Table, instrument: int, symbol: str, reconciled: bool) -> Iterator[Holding]:
    """What the gate counts against its limits, once it has said so."""
    try:
        entry = exposure.read(lib.RISK_SCOPE_INSTRUMENT + instrument)
    except NativeError:  # its gate died while it wrote
        yield Holding("risk gate", symbol, 0, known=False)
        return
    if entry.version:
        yield Holding("risk gate", symbol, int(entry.position), reconciled)


def _blotter(config: Config, segment: Segment, folder: Path, stewards: Stewards) -> Blotter:
    return Blotter(
        segment.ring("blotter", "execution_report"),
        config.symbols,
        LineFile(folder / "orders.jsonl"),
        stewards.resync,
        len(config.venues),
        segment.ring("verdict", "risk_refusal"),
        [segment.ring(f"sent.{venue}", "order") for venue in config.enabled_venues],
    )


def _with_drop_copy(config: Config) -> Iterator[int]:
    yield from (index for index in config.enabled_venues if config.venues[index].drop_copy is not None)


def _reconciliation_settings(config: Config) -> ReconciliationSettings:
    settings = config.reconciliation
    return ReconciliationSettings(
        interval_s=settings.interval_s,
        replay=settings.replay,
        grace_ms=settings.grace_ms,
        on_break=settings.on_break,
    )
