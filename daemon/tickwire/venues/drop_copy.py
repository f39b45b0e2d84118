"""The drop copy: the venue's own account of a firm's orders and fills, over a session that is not the order session.

A sequenced message is the firm in four characters, then the OUCH 5.0 message that the firm's order session was sent.
Nothing here knows what this box sent: that is what makes the picture independent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from tickwire.native import ffi, lib
from tickwire.venues.picture import BUY, NO_SIDE, SELL, FillLine, OrderLine

FIRM_SIZE = 4
FIRM_COUNT_MAX = 64
ORDER_COUNT_MAX = 262_144  # of one firm and session
SIDES = {"B": BUY, "S": SELL, "T": SELL, "E": SELL}


def _limit(price: Any) -> int:
    """The order's limit; a market order has none, which is 0 in the box and a price of its own in OUCH."""
    return 0 if price == lib.OUCH_PRICE_MARKET else int(price)


def _text(field: Any) -> str:
    return bytes(ffi.buffer(field)).decode("latin-1").strip(" \0")


class FirmPicture:
    """One firm's orders by UserRefNum, built from OUCH messages alone."""

    def __init__(self) -> None:
        self.orders: dict[int, OrderLine] = {}
        self.counters: Counter[str] = Counter()

    def apply(self, message: Any, sequence: int) -> int:
        """Take a decoded ``struct ouch_outbound *``; the venue's time of it, 0 for one that is about no order."""
        kind = message.type
        if kind in (lib.OUCH_ACCEPTED, lib.OUCH_REPLACED):
            return self._accepted(message.replaced if kind == lib.OUCH_REPLACED else message.accepted, kind, sequence)
        rule = _RULES.get(kind)
        if rule is None:
            return 0
        body = getattr(message, rule[0])
        order = self._order(body.user_ref)
        if order is None:
            return 0
        order.heard(sequence, body.timestamp_ns)
        rule[1](self, order, body, sequence)
        return int(body.timestamp_ns)

    def _order(self, user_ref: int) -> OrderLine | None:
        order = self.orders.get(user_ref)
        if order is None:
            if len(self.orders) >= ORDER_COUNT_MAX:
                self.counters["full"] += 1
                return None
            order = self.orders[user_ref] = OrderLine(user_ref)
        return order

    def _accepted(self, body: Any, kind: int, sequence: int) -> int:
        order = self._order(body.user_ref)
        if order is None:
            return 0
        if order.symbol:
            self.counters["illegal"] += 1
            return 0
        if kind == lib.OUCH_REPLACED and (target := self.orders.get(body.original_user_ref)) and target.open:
            target.heard(sequence, body.timestamp_ns)
            target.state, target.leaves = "replaced", 0
        early = order.executed
        order.heard(sequence, body.timestamp_ns)
        order.symbol = _text(body.symbol)
        order.side = SIDES.get(body.side.decode("latin-1"), NO_SIDE)
        order.quantity, order.price = int(body.quantity), _limit(body.price)
        order.client_order_id = _text(body.client_order_id)
        order.leaves = max(0, order.quantity - early)
        order.state = "live" if order.leaves else "filled"
        if body.order_state == b"D" and order.leaves:
            order.state, order.leaves = "canceled", 0
        return int(body.timestamp_ns)

    def _take(self, order: OrderLine, quantity: int, final: str) -> None:
        order.leaves -= min(order.leaves, quantity)
        if order.open and order.symbol and order.leaves == 0:
            order.state = final

    def _executed(self, order: OrderLine, body: Any, sequence: int) -> None:
        fill = FillLine(int(body.quantity), int(body.price), int(body.timestamp_ns), sequence)
        if fill.quantity == 0 or not order.fill(int(body.match_number), fill):
            self.counters["illegal"] += 1
            return
        self._take(order, fill.quantity, "filled")

    def _canceled(self, order: OrderLine, body: Any, _: int) -> None:
        if order.open:
            self._take(order, int(body.quantity), "canceled")
        else:
            self.counters["illegal"] += 1

    def _broken(self, order: OrderLine, body: Any, _: int) -> None:
        if order.bust(int(body.match_number)) is None:
            self.counters["illegal"] += 1

    def _rejected(self, order: OrderLine, _body: Any, _sequence: int) -> None:
        if order.symbol:
            self.counters["illegal"] += 1
        else:
            order.state, order.leaves = "rejected", 0

    def _priority(self, order: OrderLine, body: Any, _: int) -> None:
        if order.open:
            order.price = _limit(body.price)

    def _modified(self, order: OrderLine, body: Any, _: int) -> None:
        if not order.open or body.quantity > order.leaves:
            self.counters["illegal"] += 1
            return
        order.leaves = int(body.quantity)
        if order.leaves == 0:
            order.state = "canceled"

    def _notice(self, order: OrderLine, body: Any, sequence: int) -> None:
        """Cancel pending, cancel rejected, restated: nothing changes that is compared."""


_Rule = Callable[[FirmPicture, OrderLine, Any, int], None]
_RULES: dict[int, tuple[str, _Rule]] = {
    lib.OUCH_EXECUTED: ("executed", FirmPicture._executed),
    lib.OUCH_CANCELED: ("canceled", FirmPicture._canceled),
    lib.OUCH_AIQ_CANCELED: ("aiq_canceled", FirmPicture._canceled),
    lib.OUCH_BROKEN_TRADE: ("broken_trade", FirmPicture._broken),
    lib.OUCH_REJECTED: ("rejected", FirmPicture._rejected),
    lib.OUCH_PRIORITY_UPDATE: ("priority_update", FirmPicture._priority),
    lib.OUCH_MODIFIED: ("modified", FirmPicture._modified),
    lib.OUCH_CANCEL_PENDING: ("cancel_pending", FirmPicture._notice),
    lib.OUCH_CANCEL_REJECTED: ("cancel_rejected", FirmPicture._notice),
    lib.OUCH_RESTATED: ("restated", FirmPicture._notice),
}


class DropCopy:
    """What a drop-copy session has told so far; the handler of a SoupSession.

    ``incomplete`` says why the picture cannot be whole, or nothing.  ``last_ns`` is the venue's time of the last
    message, ``idle_ns`` ours of the last heartbeat, which the venue sends only when it has nothing else to say;
    ``heard_out`` whether there was one since it came up.
    """

    def __init__(self, clock_ns: Callable[[], int]) -> None:
        self._clock_ns = clock_ns
        self._message = ffi.new("struct ouch_outbound *")
        self.counters: Counter[str] = Counter()
        self.firms: dict[str, FirmPicture] = {}
        self.incomplete = ""
        self.connected = False
        self.session = ""
        self.why_down = "not connected yet"
        self.last_ns = 0
        self.idle_ns = 0
        self.heard_out = False
        self.on_up: Callable[[], None] = lambda: None  # whoever waited for it

    def orders(self, firm: str) -> dict[int, OrderLine]:
        """Orders of one firm by UserRefNum."""
        picture = self.firms.get(firm)
        return {} if picture is None else picture.orders

    def session_reset(self, session: str, complete: bool) -> None:
        """The record begins anew; complete: from its first message."""
        self.firms.clear()
        self.session = session
        self.last_ns = 0
        self.incomplete = "" if complete else "the venue no longer has the first messages of the session"
        self.counters["resets"] += 1

    def session_up(self) -> None:
        """Logged in."""
        self.connected, self.why_down, self.heard_out = True, "", False
        self.on_up()

    def session_down(self, why: str) -> None:
        """The session is gone; the picture stays as old as it is."""
        self.connected, self.why_down = False, why

    def session_heartbeat(self) -> None:
        """The venue has nothing more to say."""
        self.idle_ns = self._clock_ns()
        self.heard_out = True

    def session_message(self, sequence: int, payload: bytes) -> None:
        """One sequenced message; what cannot be read is counted and makes the picture incomplete."""
        firm = payload[:FIRM_SIZE].decode("latin-1").strip(" \0")
        body = payload[FIRM_SIZE:]
        if not body or lib.ouch_decode_outbound(body, len(body), self._message) < 0:
            self.counters["malformed"] += 1
            self.incomplete = self.incomplete or f"message {sequence} of the drop copy cannot be read"
            return
        picture = self.firms.get(firm)
        if picture is None:
            if len(self.firms) >= FIRM_COUNT_MAX:
                self.counters["firms_full"] += 1
                self.incomplete = self.incomplete or f"more than {FIRM_COUNT_MAX} firms"
                return
            picture = self.firms[firm] = FirmPicture()
        self.last_ns = max(self.last_ns, picture.apply(self._message, sequence))
        self.counters["messages"] += 1
        if picture.counters["full"]:
            self.incomplete = self.incomplete or f"more than {ORDER_COUNT_MAX} orders of firm {firm}"
