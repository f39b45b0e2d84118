"""What is answered about routing decisions and alerts; units as in ``answers``."""

from typing import Any

from tickwire.api.answers import Answer, OrderLine


class ShownLine(Answer, frozen=True):
    """A venue when the router decided; net: the price after the fee that was reckoned with; chosen: shares sent."""

    venue: str
    states: list[str]
    bid_1e4: int
    bid_quantity: int
    ask_1e4: int
    ask_quantity: int
    fee_1e6: int
    net_1e6: int | None
    chosen: int


class DecisionLine(Answer, frozen=True):
    """One decision of the router; limit: the farthest price permitted, of a post the one it rests at."""

    parent_id: int
    number: int
    decided_ns: int
    instrument: str
    side: str
    policy: str
    wanted: int
    limit_1e4: int
    venues: list[ShownLine]


class BestExecution(Answer, frozen=True):
    """The routing decisions of an order, as recorded; note: why there is none, and the order itself."""

    order_id: int
    decisions: list[DecisionLine]
    note: str
    order: OrderLine | None


class AlertLine(Answer, frozen=True):
    """Something that is wrong now."""

    alert: str
    subject: str
    text: str
    raised_ns: int
    seen_ns: int


class Alerts(Answer, frozen=True):
    """What is wrong now, oldest first, and the last entries of the history as they were written, if asked for."""

    active: list[AlertLine]
    history: list[dict[str, Any]]
