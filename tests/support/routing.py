"""A router on a desk: venues to show books on, a clock to move, and reports to tell it what became of its children."""

from __future__ import annotations

from typing import Any

from tickwire.native import lib
from tickwire.native.route import Router
from tickwire.native.trading import record

AAPL = 3
MID = 100_0000
BUY, SELL = lib.SIDE_BUY, lib.SIDE_SELL
OFFERS = lib.OFFER_POST_ONLY | lib.OFFER_RESERVE
SECOND = 1_000_000_000
Levels = list[tuple[int, int]]


class Desk:
    """Venues that are live, open and show nothing yet; time stands at one second."""

    def __init__(self, venue_count: int = 2, **parameters: Any) -> None:
        self.router = Router(venue_count)
        self.venue_count = venue_count
        self.now_ns = SECOND
        self.tick = 0
        self.evidence: list[Any] = []
        self.numbers = [0] * venue_count
        self.venues = [{"enabled": 1, "offers": OFFERS} for _ in range(venue_count)]
        self.own: dict[str, Any] = {
            "instrument_count": 10,
            "slippage_ppm": 1000,
            "parent_count_max": 64,
            "round_count_max": 8,
            "post_cooldown_ns": 1000,
            "twap_interval_ns_min": 1000,
            "twap_duration_ns_max": 3600 * SECOND,
            "answer_ns_max": 10 * SECOND,
        }
        self.publish(**parameters)
        self.router.advance(self.now_ns)
        for venue in range(venue_count):
            self.replay(venue)

    def intents(self) -> list[Any]:
        """Everything that is decided now; what it was based on is kept in ``evidence``."""
        intents = []
        while more := self.router.intents():
            intents += more
            self.evidence += self.router.evidence()
        self.evidence += self.router.evidence()
        return intents

    def publish(self, **changes: Any) -> None:
        self.own |= changes
        self.router.parameters(record("route_parameters", venues=self.venues, **self.own))

    def fees(self, venue: int, **changes: int) -> None:
        self.venues[venue] |= changes
        self.publish()

    def session(self, kind: str, venue: int) -> None:
        self.router.report(record("execution_report", kind=getattr(lib, f"REPORT_{kind}"), venue=venue))

    def replay(self, venue: int) -> None:
        self.session("RESET", venue)
        self.session("LIVE", venue)

    def show(self, venue: int, bids: Levels = (), asks: Levels = (), **changes: Any) -> list[Any]:  # type: ignore[assignment]
        """Publish a book: (price, quantity), best first; the intents it led to."""
        self.tick += 1
        made = {
            "tick": self.tick,
            "rx_ns": self.now_ns,
            "instrument": AAPL,
            "venue": venue,
            "trading_state": lib.TRADING_OPEN,
            "bid_price": [price for price, _ in bids],
            "bid_quantity": [quantity for _, quantity in bids],
            "ask_price": [price for price, _ in asks],
            "ask_quantity": [quantity for _, quantity in asks],
        }
        self.router.market(record("market_update", **made | changes))
        return self.intents()

    def order(self, parent_id: int = 1, **fields: Any) -> list[Any]:
        """Hand a parent over; the intents it led to."""
        usual = {
            "parent_id": parent_id,
            "kind": lib.INTENT_NEW,
            "instrument": AAPL,
            "quantity": 100,
            "decision_price": MID,
            "policy": lib.PARENT_SWEEP,
            "strategy": 9,
            "account": 2,
            "trader": 4,
        }
        assert self.router.parent(record("parent_order", **usual | fields))
        return self.intents()

    def cancel(self, parent_id: int = 1) -> list[Any]:
        return self.order(parent_id, kind=lib.INTENT_CANCEL)

    def wait(self, ns: int) -> list[Any]:
        self.now_ns += ns
        self.router.advance(self.now_ns)
        return self.intents()

    def sent(self, intent: Any) -> int:
        """The gate let it pass and execution sent it; its order id."""
        self.numbers[intent.venue] += 1
        order_id = intent.venue << lib.ORDER_ID_VENUE_SHIFT | 1 << lib.ORDER_ID_EPOCH_SHIFT | self.numbers[intent.venue]
        self.tell("SENT", intent, order_id, match_number=intent.parent_id, leaves=intent.quantity)
        return order_id

    def tell(self, kind: str, intent: Any, order_id: int, **fields: Any) -> None:
        made = {
            "kind": getattr(lib, f"REPORT_{kind}"),
            "venue": intent.venue,
            "order_id": order_id,
            "target_order_id": intent.target_order_id if kind in ("SENT", "NOT_SENT", "REPLACED") else 0,
            "instrument": intent.instrument,
            "side": intent.side,
            "price": intent.price,
            "quantity": intent.quantity,
            "time_in_force": intent.time_in_force,
        }
        self.router.report(record("execution_report", **made | fields))

    def fill(self, intent: Any, quantity: int | None = None, price: int | None = None) -> list[Any]:
        """Send it, execute quantity (default: all) and cancel the rest; the intents that follow."""
        executed = intent.quantity if quantity is None else quantity
        order_id = self.sent(intent)
        left = intent.quantity - executed
        if executed:
            self.tell("EXECUTED", intent, order_id, quantity=executed, leaves=left, price=price or intent.price)
        if left:
            self.tell("CANCELED", intent, order_id, quantity=left, leaves=0)
        return self.intents()

    def rest(self, intent: Any) -> int:
        order_id = self.sent(intent)
        self.tell("ACCEPTED", intent, order_id, leaves=intent.quantity)
        assert self.intents() == []
        return order_id

    def refuse(self, intent: Any, verdict: int = 1) -> list[Any]:
        named = ("kind", "venue", "price", "quantity", "instrument", "parent_id", "target_order_id")
        fields = {name: getattr(intent, name) for name in named}
        self.router.refusal(record("risk_refusal", source=lib.SOURCE_ROUTER, verdict=verdict, **fields))
        return self.intents()

    def sent_to(self, venue: int) -> bool:
        """Whether any decision chose that venue."""
        return any(evidence.venues[venue].chosen for evidence in self.evidence)

    def last(self, parent_id: int = 1) -> Any:
        """The latest report of a parent."""
        self.last_report = [report for report in self.router.reports() if report.parent_id == parent_id][-1]
        return self.last_report


def brief(intents: list[Any]) -> list[tuple[int, int, int]]:
    """(venue, price, quantity) of each."""
    return [(intent.venue, intent.price, intent.quantity) for intent in intents]
