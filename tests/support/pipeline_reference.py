"""A desk's book kept as plainly as can be, from the reports alone: what is open, held, and was allowed."""

from dataclasses import dataclass, field
from typing import Any

from tickwire.native import lib

FINAL = {lib.ORDER_FILLED, lib.ORDER_CANCELED, lib.ORDER_REJECTED, lib.ORDER_REPLACED}


@dataclass
class Order:
    """One order of ours as far as its venue has told."""

    venue: int
    instrument: int
    side: int
    price: int
    leaves: int
    executed: int = 0
    replaces: int = 0  # the order it is to take the place of, until it has


@dataclass
class Reference:
    """Replays the blotter; ``broken_rules`` are the sentences that must never be said."""

    orders: dict[int, Order] = field(default_factory=dict)
    held: dict[tuple[int, int], int] = field(default_factory=dict)  # venue, instrument -> shares
    fills: dict[tuple[int, int], tuple[int, int, int]] = field(
        default_factory=dict
    )  # order, match -> venue, instrument, change
    sent: dict[int, Any] = field(default_factory=dict)  # struct order by id
    replaying: set[int] = field(default_factory=set)

    def position(self, instrument: int) -> int:
        """Shares over all venues."""
        return sum(shares for (_, of), shares in self.held.items() if of == instrument)

    def worst(self, instrument: int, side: int) -> int:
        """What would be held that way if everything open on it were executed; a replace holds the larger of both."""
        open_shares = 0
        replaced = {order.replaces: order for order in self.orders.values() if order.replaces}
        for order_id, order in self.orders.items():
            if order.instrument != instrument or order.side != side or order.replaces in self.orders:
                continue
            other = replaced.get(order_id)
            open_shares += max(order.leaves, other.leaves if other else 0)
        position = self.position(instrument)
        return (position if side == lib.SIDE_BUY else -position) + open_shares

    def apply(self, report: Any) -> None:
        """One report of the blotter."""
        venue = report.venue
        if report.kind == lib.REPORT_RESET:
            self.replaying.add(venue)
            self.orders = {key: order for key, order in self.orders.items() if order.venue != venue}
            self.held = {key: shares for key, shares in self.held.items() if key[0] != venue}
            self.fills = {key: fill for key, fill in self.fills.items() if fill[0] != venue}
        elif report.kind == lib.REPORT_LIVE:
            self.replaying.discard(venue)
        elif report.kind == lib.REPORT_SENT:
            self.note_sent(report)
        elif report.kind in (lib.REPORT_REJECTED, lib.REPORT_NOT_SENT):
            if report.order_id != report.target_order_id:
                self.orders.pop(report.order_id, None)
        elif report.kind == lib.REPORT_BROKEN:
            self.undo(report)
        elif report.kind in (
            lib.REPORT_ACCEPTED,
            lib.REPORT_REPLACED,
            lib.REPORT_CANCELED,
            lib.REPORT_EXECUTED,
            lib.REPORT_RESTATED,
        ):
            self.venue_said(report)

    def note_sent(self, report: Any) -> None:
        """A new order counts from here; a cancel's SENT names its target as itself and changes nothing."""
        if report.order_id == report.target_order_id:
            return
        executed = 0
        if report.target_order_id and report.target_order_id in self.orders:
            executed = self.orders[report.target_order_id].executed
        self.orders[report.order_id] = Order(
            report.venue,
            report.instrument,
            report.side,
            report.price,
            report.quantity - executed,
            executed,
            report.target_order_id,
        )

    def venue_said(self, report: Any) -> None:
        """The venue's word on an order, applied by what it says is left."""
        if report.kind == lib.REPORT_EXECUTED:
            key = (report.order_id, report.match_number)
            assert key not in self.fills, f"execution {key} counted twice"
            change = report.quantity if report.side == lib.SIDE_BUY else -report.quantity
            self.fills[key] = (report.venue, report.instrument, change)
            self.held[report.venue, report.instrument] = self.held.get((report.venue, report.instrument), 0) + change
        executed = 0
        if report.kind == lib.REPORT_REPLACED and (old := self.orders.pop(report.target_order_id, None)):
            executed = old.executed
        if report.order_state in FINAL or report.leaves == 0:
            self.orders.pop(report.order_id, None)
            return
        order = self.orders.setdefault(
            report.order_id, Order(report.venue, report.instrument, report.side, report.price, 0, executed)
        )
        order.replaces = 0 if report.kind == lib.REPORT_REPLACED else order.replaces
        order.leaves = report.leaves
        order.executed += report.quantity if report.kind == lib.REPORT_EXECUTED else 0

    def undo(self, report: Any) -> None:
        """A broken trade never was."""
        venue, instrument, change = self.fills.pop((report.order_id, report.match_number))
        self.held[venue, instrument] -= change
