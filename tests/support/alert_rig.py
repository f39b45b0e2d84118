"""A box's segment as it is when all is well, its alerts, and a clock that only the test moves."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from config_text import CORES, TWO_VENUES

from tickwire.config import parse
from tickwire.native import lib
from tickwire.native.risk_settings import risk_limits
from tickwire.services.alert_causes import BoxCauses
from tickwire.services.alerts import Alert, Alerts
from tickwire.supervisor.layout import create_segment

SECOND = 1_000_000_000
START_NS = 1_790_000_000 * SECOND
CONFIG = parse(TWO_VENUES, "box.toml", CORES)


@dataclass
class Records:
    """What record-keepers say, as a test wants it."""

    blotter: Any = field(default_factory=lambda: SimpleNamespace(incomplete=False, in_memory=list))
    drop_copies: list[Any] = field(default_factory=list)
    breaks: list[Any] = field(default_factory=list)
    accepted: list[Any] = field(default_factory=list)

    @property
    def reconciliation(self) -> Any:
        return SimpleNamespace(unresolved=lambda: tuple(self.breaks), accepted=lambda: tuple(self.accepted))


class AlertRig:
    """Everything well until a test spoils it; a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now_ns = START_NS
        self.segment, self.control = create_segment(folder / "segment", ["hot"], 2)
        self.records = Records()
        self.control.armed = True
        self.feeds = [self.segment.counters(f"market-data.{venue}").values for venue in (0, 1)]
        self.sessions = [self.segment.counters(f"execution-engine.{venue}").values for venue in (0, 1)]
        for feed, session in zip(self.feeds, self.sessions, strict=True):
            feed[lib.MARKET_COUNT_SYNCHRONISED] = 1
            session[lib.EXECUTION_COUNT_SESSION_STATE] = lib.SESSION_LIVE
        self.segment.counters("risk-manager").values[lib.RISK_COUNT_RECONCILED] = 1
        self.segment.parameters("risk", "risk_limits").write(risk_limits(CONFIG), self.now_ns)
        self.lane = self.control.pointer.lanes[0]
        self.lane.state, self.lane_lives = lib.LANE_RUNNING, True
        self.beat()
        self.alerts = self.start()

    def start(self) -> Alerts:
        """As after a restart of the supervisor."""
        causes = BoxCauses(CONFIG, self.segment, self.control, self.records, lambda: self.now_ns)  # type: ignore[arg-type]
        self.alerts = Alerts(causes, self.folder, lambda: self.now_ns)
        return self.alerts

    def beat(self) -> None:
        if self.lane_lives:
            self.lane.heartbeat_ns = self.now_ns

    def wait(self, seconds: float = Alerts.interval_s) -> list[str]:
        """Let time pass, the steward looking as often as it does; what is wrong then."""
        for _ in range(max(1, round(seconds / Alerts.interval_s))):
            self.now_ns += round(Alerts.interval_s * SECOND)
            self.beat()
            self.alerts.check()
        return self.names()

    def names(self) -> list[str]:
        return [f"{alert.name} {alert.subject}" for alert in self.alerts.active()]

    def raised(self, name: str) -> Alert:
        return next(alert for alert in self.alerts.active() if alert.name == name)

    def use(self, scope: int, **figures: int) -> None:
        """What the gate counts against the limits of a scope."""
        entry = self.segment.table("exposure", "risk_scope_exposure")._entries[scope]
        for name, value in figures.items():
            setattr(entry, name, value)

    def __enter__(self) -> "AlertRig":
        return self

    def __exit__(self, *_: object) -> None:
        self.segment.close()
