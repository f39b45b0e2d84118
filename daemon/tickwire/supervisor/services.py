"""The slow services of a box, each made where all it needs is at hand: records, ledger, limits, breakers."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tickwire.config import Config
from tickwire.host.logs import Log
from tickwire.host.upkeep import Submit, at_once
from tickwire.native import Control, Segment, lib
from tickwire.services.account_state import PeakStore
from tickwire.services.account_watch import AccountWatch
from tickwire.services.alert_causes import BoxCauses
from tickwire.services.alerts import Alerts
from tickwire.services.blotter import Blotter
from tickwire.services.blotter_records import OrderRecord
from tickwire.services.bookkeeper import Bookkeeper
from tickwire.services.breaker_guard import BreakerGuard
from tickwire.services.breaker_sources import BoxMetrics, OrderTally
from tickwire.services.disconnect_promise import DisconnectPromise
from tickwire.services.fees import FeeSchedule
from tickwire.services.latency_window import LatencyWindows
from tickwire.services.ledger import Ledger
from tickwire.services.limit_lease import Clocks
from tickwire.services.limits_steward import LimitSteward, open_limit_book
from tickwire.services.order_desk import OrderDesk
from tickwire.services.reconcile_run import Holding
from tickwire.services.record_keeping import open_records
from tickwire.supervisor.hands import Hands
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
        submit: Submit = at_once,
    ) -> None:
        """submit: where records are written, so that a slow disk holds up nobody."""
        folder = Path(config.box.state_dir)
        self.records = open_records(config, segment, control, folder, stewards.resync, clock_ns, submit)
        fees = {index: FeeSchedule(venue.fee_taker, venue.fee_maker) for index, venue in enumerate(config.venues)}
        self.ledger = Ledger(fees, MARK_AGE_NS_MAX, clock_ns)
        self._bookkeeper = Bookkeeper(
            self.ledger, segment, config.symbols, config.enabled_venues, PeakStore(folder, submit), clock_ns
        )
        self.records.blotter.subscribe(self._bookkeeper.listen)
        self.records.blotter.subscribe(_promise(config, self.records.blotter).listen)
        self.records.reconciliation.compare_with(lambda: ledger_holdings(self.ledger, config.symbols))
        parents = segment.ring("parent.operator", "parent_order")
        self.desk = OrderDesk(config, stewards.executions, self.ledger, parents, control.epoch, clock_ns)
        self.accounts = AccountWatch(config, self.ledger, self.records.blotter, clock_ns)
        tally = OrderTally()
        self.records.blotter.subscribe(tally.listen)
        metrics = _metrics(config, segment, self.ledger, tally)
        self.guard = BreakerGuard(
            config,
            metrics,
            control,
            stewards.risk,
            self.desk,
            self.ledger,
            time.monotonic_ns,
            time.time_ns,
            submit,
            self,
        )
        causes = BoxCauses(config, segment, control, self.records, clock_ns, [self.guard.flatten.causes])
        self.alerts = Alerts(causes, folder, clock_ns, submit)
        book = open_limit_book(config, folder, Clocks.system(), submit)
        self.hands = Hands(config, segment, control, stewards, self.records.blotter, self.desk, clock_ns)
        self.limits = LimitSteward(config, book, (stewards.risk.enforce, self.guard.enforce))

    def orders(self) -> Iterator[OrderRecord]:
        """Those that may still trade."""
        return (order for order in self.records.blotter.in_memory() if order.open)

    def parent(self, parent_id: int) -> bool:
        """Whether a parent may still trade, as far as its reports were all seen."""
        found = self.hands.book.get(parent_id)
        return found is not None and found.open and not found.doubtful

    def close(self, log: Log) -> None:
        """Have the record of the day whole on disk: when nothing runs any more."""
        try:
            self.records.blotter.finish()
        except OSError as error:
            log.error("blotter_not_whole", reason=str(error) or type(error).__name__)

    def parts(self) -> Iterator[Part]:
        """Name and work of each."""
        for steward in (
            *self.records.stewards(),
            self._bookkeeper,
            self.accounts,
            self.limits,
            self.guard,
            self.alerts,
            self.hands.book,
        ):
            yield steward.name, steward.run


def ledger_holdings(ledger: Ledger, symbols: Sequence[str]) -> Iterator[Holding]:
    """Positions as the ledger has them."""
    for instrument, symbol in enumerate(symbols):
        total = ledger.total(instrument=instrument)
        yield Holding("ledger", symbol, total.quantity, total.known)


def _promise(config: Config, blotter: Blotter) -> DisconnectPromise:
    venues = {index: config.venues[index] for index in config.enabled_venues}
    promised = {index: venue.name for index, venue in venues.items() if venue.execution.cancel_on_disconnect}
    return DisconnectPromise(promised, lambda: blotter.orders)


def _metrics(config: Config, segment: Segment, ledger: Ledger, tally: OrderTally) -> BoxMetrics:
    venues = {config.venues[index].name: index for index in config.enabled_venues}
    sessions = {index: segment.counters(f"execution-engine.{index}") for index in venues.values()}
    histograms = [segment.histogram(f"latency.tick_to_order.{index}") for index in venues.values()]
    return BoxMetrics(
        ledger,
        tally,
        venues,
        {strategy.name: strategy.number for strategy in config.strategies},
        lambda venue: sessions[venue][lib.EXECUTION_COUNT_LOSSES],
        LatencyWindows(histograms, time.monotonic_ns).percentile_us,
    )
