"""The slow services of a box, each made where all it needs is at hand: records, ledger, limits, breakers."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tickwire.config import Config
from tickwire.native import Control, Segment
from tickwire.native.stages import ROUTED
from tickwire.services.bookkeeper import Bookkeeper
from tickwire.services.breaker_figures import BoxFigures
from tickwire.services.breaker_guard import BreakerGuard
from tickwire.services.fees import FeeSchedule
from tickwire.services.ledger import Ledger
from tickwire.services.limit_lease import Clocks
from tickwire.services.limits_steward import LimitSteward, open_limit_book
from tickwire.services.order_desk import OrderDesk
from tickwire.services.record_keeping import open_records
from tickwire.supervisor.stewards import Stewards
from tickwire.supervisor.supervisor import Part

MARK_AGE_NS_MAX = 5_000_000_000


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
        self.records = open_records(config, segment, control, folder, stewards.resync, clock_ns)
        fees = {index: FeeSchedule(venue.fee_taker, venue.fee_maker) for index, venue in enumerate(config.venues)}
        self.ledger = Ledger(fees, MARK_AGE_NS_MAX, clock_ns)
        self._bookkeeper = Bookkeeper(self.ledger, segment, config.symbols, config.enabled_venues, clock_ns)
        self.records.blotter.subscribe(self._bookkeeper.listen)
        self.limits = LimitSteward(config, open_limit_book(config, folder, Clocks.system()), stewards.risk)
        parents = segment.ring("parent.operator", "parent_order") if ROUTED else None
        self.desk = OrderDesk(config, stewards.executions, parents, control.epoch, clock_ns)
        figures = BoxFigures(config, segment, self.ledger)
        self.guard = BreakerGuard(
            config, figures, control, stewards.risk, self.desk, self.ledger, time.monotonic_ns, time.time_ns
        )

    def parts(self) -> Iterator[Part]:
        """Name and work of each."""
        for steward in (*self.records.stewards(), self._bookkeeper, self.limits, self.guard):
            yield steward.name, steward.run
