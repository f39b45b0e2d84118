"""A box for operator tests: a real segment, real files, small collaborators that remember what they were asked."""

from pathlib import Path
from typing import Any

from operator_fakes import Alerts, Blotter, Breaker, Desk, Evidence, Ledger, LimitBook, Reconciliation, Throttles

from tickwire.api.audit import FILE, AuditLog
from tickwire.api.box import SegmentBox, VenueFacts
from tickwire.api.build import build_plane
from tickwire.api.collaborators import Collaborators
from tickwire.api.operations import Operations
from tickwire.api.people import Person, Principal, Role, token_digest
from tickwire.api.plane import OperatorPlane, PlaneSettings
from tickwire.api.scopes import Directory
from tickwire.api.stops import StopStore
from tickwire.config.values import Fee
from tickwire.native import lib
from tickwire.native.trading import record
from tickwire.supervisor.layout import create_segment
from tickwire.supervisor.ownership import Ownership

SYMBOLS = ("AAPL", "MSFT")
VENUES = ("A", "B")
DIRECTORY = Directory(
    {
        "venue": {"A": 0, "B": 1},
        "account": {"HOUSE": 1},
        "strategy": {"imbalance": 1, "twap": 2},
        "instrument": {"AAPL": 0, "MSFT": 1},
    }
)
VIEWER = Principal("victor", Role.VIEWER, "unix")
TRADER = Principal("alice", Role.TRADER, "unix")
OFFICER = Principal("bob", Role.RISK_OFFICER, "unix")
TOKENS = {"victor": "token-of-victor", "alice": "token-of-alice", "bob": "token-of-bob"}
PEOPLE = tuple(
    Person(who.name, who.role or Role.VIEWER, token_digest(TOKENS[who.name])) for who in (VIEWER, TRADER, OFFICER)
)


class OperatorBox:
    """Segment, files and collaborators; trading is well until a test says otherwise."""

    def __init__(self, folder: Path) -> None:
        self.now_ns = 1_000_000_000_000
        self.state_dir = folder / "state"
        self.owner = Ownership(folder / "segment", self.state_dir)
        self.segment, self.control = create_segment(folder / "segment", ["hot"], len(VENUES))
        self.blotter, self.ledger = Blotter(), Ledger()
        self.desk = Desk(self.ledger.held)
        self.limits, self.reconciliation = LimitBook(), Reconciliation()
        self.breaker = Breaker()
        self.breakers = [self.breaker]
        self.throttles = Throttles()
        self.alerts = Alerts()
        self.parts = Collaborators(
            state_dir=self.state_dir,
            clock_ns=lambda: self.now_ns,
            directory=DIRECTORY,
            words=self.control,
            kill_memory=self.owner,
            stops=StopStore(self.state_dir),
            audit=AuditLog(self.state_dir / FILE),
            box=SegmentBox(
                self.segment,
                "box",
                SYMBOLS,
                [VenueFacts(name, "", Fee(3000), Fee(-2000)) for name in VENUES],
                lambda: self.now_ns,
            ),
            blotter=self.blotter,
            ledger=self.ledger,
            limits=self.limits,
            breakers=lambda: self.breakers,
            reconciliation=self.reconciliation,
            desk=self.desk,
            evidence=Evidence(),
            throttles=self.throttles,
            alerts=self.alerts,
            trader_names={1: "alice"},
            strategy_traders={"twap": "alice"},
        )
        self.make_well()

    def make_well(self) -> None:
        """Lanes up, feeds and sessions live, positions known, gate armed."""
        lane = self.control.pointer.lanes[0]
        lane.state, lane.heartbeat_ns = lib.LANE_RUNNING, self.now_ns
        self.control.supervisor_heartbeat_ns = self.now_ns
        self.control.armed = True
        for index in range(len(VENUES)):
            self.segment.counters(f"market-data.{index}").values[lib.MARKET_COUNT_SYNCHRONISED] = 1
            self.session(index, lib.SESSION_LIVE)
        self.reconciled(True)
        self.segment.parameters("risk", "risk_limits").write(record("risk_limits"), self.now_ns)
        self.segment.parameters("signal", "signal_parameters").write(record("signal_parameters"), self.now_ns)
        table = self.segment.table("position", "position_entry")
        for index in range(len(SYMBOLS)):
            table._entries[index].known = 1

    def session(self, venue: int, state: int) -> None:
        """What the session with a venue is."""
        self.segment.counters(f"execution-engine.{venue}").values[lib.EXECUTION_COUNT_SESSION_STATE] = state

    def reconciled(self, known: bool) -> None:
        """Whether the gate knows what the box holds."""
        self.segment.counters("risk-manager").values[lib.RISK_COUNT_RECONCILED] = known

    def operations(self) -> Operations:
        """Operations as after a start."""
        return Operations(self.parts)

    def lines(self) -> list[dict[str, Any]]:
        """What is on record."""
        return AuditLog(self.state_dir / FILE).last(1000)

    def plane(self, **settings: Any) -> OperatorPlane:
        """Its servers."""
        wanted = {"socket": self.state_dir / "operator.sock", "people": PEOPLE} | settings
        return build_plane(PlaneSettings(state_dir=self.state_dir, **wanted), self.parts, self.segment, SYMBOLS, VENUES)

    def close(self) -> None:
        self.parts.audit.close()
        self.segment.close()
        self.owner.close()
