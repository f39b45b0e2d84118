"""A box between two paper exchanges (``pipeline_rig``) with two owners, and what a supervisor would ask of it."""

from pathlib import Path
from typing import Any

import venue_wire as wire
from pipeline_limits import new_limits
from pipeline_rig import ACCOUNT, PRICE, SYMBOLS, TICK, VENUES, Pipeline, verdict

from tickwire.native import lib
from tickwire.native.execution import OrderOwner, read_client_order_id

FIRST = {"strategy": 1, "account": 1, "trader": 1}
SECOND = {"strategy": 2, "account": 2, "trader": 2}
CLIENT_ORDER_ID = slice(31, 45)  # of an Enter Order


def limits_of_two(**fields: Any) -> Any:
    """``new_limits`` for strategy 1 and 2, each with an account and a trader of its own."""
    made = new_limits(**fields)
    made.accounts[2] = made.accounts[1]
    made.strategies[2] = made.strategies[1]
    made.strategies[2].account = made.strategies[2].trader = 2
    made.traders[2] = 1
    return made


class Rig(Pipeline):
    """The box, live, with limits published and a street that shows 1000 shares a tick away on both sides."""

    def __init__(self, folder: Path, **limits: Any) -> None:
        super().__init__(folder)
        self.wire: list[bytes] = []  # every order message, as the exchanges received it
        for exchange in self.exchanges:
            self._copy(exchange.venue)
        self.publish(limits_of_two(**limits))
        for venue in range(VENUES):
            for symbol in range(len(SYMBOLS)):
                self.street(venue, symbol, wire.BUY, 1000, PRICE - TICK)
                self.street(venue, symbol, wire.SELL, 1000, PRICE + TICK)
        self.settle()

    def _copy(self, venue: Any) -> None:
        deliver = venue.order

        def order(account: int, message: bytes, now_ns: int) -> bool:
            if message[:1] != b"Q":  # the login's question for the next UserRefNum
                self.wire.append(bytes(message))
            return bool(deliver(account, message, now_ns))

        venue.order = order

    def rest(self, quantity: int = 100, **fields: Any) -> None:
        """An order that waits in the book, 5 ticks behind its touch."""
        side = fields.get("side", lib.SIDE_BUY)
        price = PRICE - 5 * TICK if side == lib.SIDE_BUY else PRICE + 5 * TICK
        self.intent(**{"quantity": quantity, "price": price, **fields})
        self.step()

    def take(self, quantity: int = 100, **fields: Any) -> None:
        """An order that trades at once."""
        side = fields.get("side", lib.SIDE_BUY)
        price = PRICE + TICK if side == lib.SIDE_BUY else PRICE - TICK
        self.intent(**{"quantity": quantity, "price": price, "time_in_force": lib.TIF_IOC, **fields})
        self.step()

    def reasons(self) -> list[str]:
        """Why what was refused was refused."""
        return [verdict(refusal) for refusal in self.refusals]

    def working(self, venue: int | None = None) -> list[int]:
        """UserRefNums open at the exchanges, by their own words."""
        chosen = self.truths if venue is None else [self.truths[venue]]
        return sorted(urn for truth in chosen for urn in truth.orders)

    def owners(self) -> list[OrderOwner | None]:
        """Whose each Enter on the wire was, read from its ClOrdID."""
        return [read_client_order_id(message[CLIENT_ORDER_ID]) for message in self.wire if message[:1] == b"O"]

    def held(self, venue: int) -> dict[str, int]:
        """Positions by the exchange's own books."""
        return {holding.symbol: holding.quantity for holding in self.exchanges[venue].venue.positions(ACCOUNT)}

    def of_kind(self, kind: int) -> list[Any]:
        """Reports that observers have seen."""
        return [report for report in self.reports if report.kind == kind]
