"""The operators' way to the venues: cancels that pass every stop, and orders that only reduce."""

from collections.abc import Callable, Sequence
from typing import Any

from tickwire.config import Config
from tickwire.native import Ring, lib
from tickwire.native.trading import record
from tickwire.services.execution_engine import ExecutionEngine
from tickwire.services.ledger import Ledger
from tickwire.services.ledger_book import Scope

PARENT_NUMBER_BITS = 24
MILLISECOND = 1_000_000
SLICES_APART = 2  # duplicate windows: two slices must not look like the same order twice
ANY_VENUE = -1  # in the place of a venue: whichever is best


class OrderDesk:
    """Asks each venue's execution to cancel, and the router to close positions; False or 0: no room now."""

    def __init__(
        self,
        config: Config,
        executions: Sequence[ExecutionEngine],
        ledger: Ledger,
        parents: Ring,
        epoch: int,
        clock_ns: Callable[[], int],
    ) -> None:
        self._config = config
        self._ledger = ledger
        self._executions = {execution.venue: execution for execution in executions}
        self._traders = {item.number: config.trader(item.trader).number for item in config.strategies}
        self._parents = parents
        self._base = lib.SOURCE_OPERATOR << 56 | epoch << PARENT_NUMBER_BITS
        self._count = 0
        self._clock_ns = clock_ns
        self._listeners: list[Callable[[Any], None]] = []

    def subscribe(self, listener: Callable[[Any], None]) -> None:
        """From now on call listener with every ``struct parent_order *`` that the router is given here."""
        self._listeners.append(listener)

    def start_parent(self, **fields: int) -> int:
        """Give the router a parent order of these fields; its id, 0: no room now."""
        parent_id: int = self._base | self._count + 1
        parent = record("parent_order", **{"parent_id": parent_id, "rx_ns": self._clock_ns()} | fields)
        if self._parents.write([parent[0]]) != 1:
            return 0
        self._count += 1
        for listener in self._listeners:
            listener(parent)
        return parent_id

    def cancel_parent(self, parent_id: int) -> bool:
        """Ask the router to end it; False: no room now."""
        asked = record("parent_order", parent_id=parent_id, rx_ns=self._clock_ns(), kind=lib.INTENT_CANCEL)
        return self._parents.write([asked[0]]) == 1

    def cancel_order(self, order_id: int) -> bool:
        """Ask for the cancel where the order is."""
        execution = self._executions.get(order_id >> lib.ORDER_ID_VENUE_SHIFT)
        return execution is not None and execution.cancel(order_id)

    def cancel_scope(self, scope: str, index: int) -> bool:
        """Cancel everything open in it, at every venue it has to do with."""
        if scope == "venue":
            return index in self._executions and self._executions[index].cancel_all()
        asked = [execution.cancel_scope(scope, index) for execution in self._executions.values()]
        return all(asked)

    def close_position(self, instrument: int, strategy: int, account: int, venue: int, quantity: int) -> int:
        """Trade quantity (signed, of the position) to zero by a parent that may only reduce; its id.

        What was bought at one venue and sold at another is no position: at most what is held net of all venues is
        closed, wherever the price is best, and 0 is the answer when there is nothing.  What is too large for one
        order goes in slices.
        """
        held = self._held(instrument, strategy, account)
        if quantity * held <= 0:
            return 0
        shares = min(abs(quantity), abs(held))
        return self.start_parent(
            quantity=shares,
            slippage_ppm_max=self._config.instruments[instrument].limits.collar_ppm,
            flags=lib.ORDER_REDUCE_ONLY,
            instrument=instrument,
            strategy=strategy,
            kind=lib.INTENT_NEW,
            side=lib.SIDE_SELL if quantity > 0 else lib.SIDE_BUY,
            account=account,
            trader=self._traders.get(strategy, 0),
            **self._how(instrument, shares),
        )

    def _held(self, instrument: int, strategy: int, account: int) -> int:
        """Shares held net of all venues."""
        keys = self._ledger.keys(Scope(instrument, strategy, account))
        return sum(self._ledger.position(key) for key in keys)

    def _how(self, instrument: int, quantity: int) -> dict[str, int]:
        """At once, or in slices of half of what an order may be: what one leaves is in the next, and must fit."""
        largest = self._config.instruments[instrument].limits.order_quantity_max
        if quantity <= largest:
            return {"policy": lib.PARENT_SWEEP}
        risk, router = self._config.risk, self._config.router
        interval_ms = max(router.twap_interval_ms_min, SLICES_APART * risk.duplicate_window_ms)
        slices = -(-2 * quantity // largest)
        interval_ns = interval_ms * MILLISECOND
        return {"policy": lib.PARENT_TWAP, "interval_ns": interval_ns, "duration_ns": slices * interval_ns}


def net_positions(ledger: Ledger, scope: Scope) -> dict[tuple[int, int, int], int]:
    """(instrument, strategy, account) -> shares, net of the venues of the scope."""
    net: dict[tuple[int, int, int], int] = {}
    for key in ledger.keys(scope):
        where = (key.instrument, key.strategy, key.account)
        net[where] = net.get(where, 0) + ledger.position(key)
    return net
