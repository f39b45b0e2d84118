"""A gate that is live at two venues and lets nearly everything pass, for tests that spoil one thing each."""

from __future__ import annotations

from typing import Any

from tickwire.native import lib
from tickwire.native.trading import Exposure, RiskGate, record

NOW = 1_000_000_000_000
SECOND = 1_000_000_000
AAPL, MSFT = 3, 4
BID, ASK = 100_0000, 100_0100
PLENTY = 2**40
EPOCH = 7
OWNERS = {1: (1, 1), 2: (1, 1), 3: (2, 2)}  # strategy: its account and trader
FLAT = Exposure(0, 0, 0, 0)


def scope(**changes: int) -> dict[str, int]:
    """``struct risk_scope_limits`` that permit plenty."""
    usual = {"permitted": 1, "open_orders_max": 50, "gross_max": PLENTY, "net_max": PLENTY, "credit_max": PLENTY}
    return usual | changes


def strategy_limits(number: int, **changes: Any) -> dict[str, Any]:
    """``struct risk_strategy_limits`` of one of OWNERS."""
    account, trader = OWNERS[number]
    usual = {
        "scope": scope(**changes.pop("scope", {})),
        "account": account,
        "trader": trader,
        "order_count_max": 200,
        "execution_count_max": 200,
        "execution_window_ns": SECOND,
    }
    return usual | changes


def instrument_limits(**changes: int) -> dict[str, int]:
    """``struct risk_instrument_limits``: at most 500 shares an order and 1000 held, 10 cents through the touch."""
    usual = {
        "permitted": 1,
        "order_quantity_max": 500,
        "open_orders_max": 50,
        "order_value_max": 100_000 * 10_000,
        "position_max": 1000,
        "exposure_max": PLENTY,
        "collar_distance": 1000,
        "collar_ppm": 1000,
        "order_count_max": 200,
        "short_sale": 1,
        "locate_quantity": 1000,
        "tick_size": 1,
    }
    return usual | changes


def limits(**changes: Any) -> Any:
    """``struct risk_limits *``; ``instrument`` changes AAPL and MSFT, ``strategies`` and ``accounts`` those named."""
    instrument = changes.pop("instrument", {})
    strategies, accounts = changes.pop("strategies", {}), changes.pop("accounts", {})
    usual: dict[str, Any] = {
        "limits_age_ns_max": 5 * SECOND,
        "supervisor_age_ns_max": 2 * SECOND,
        "tick_age_ns_max": 1_000_000,
        "message_window_ns": SECOND,
        "message_burst_window_ns": SECOND // 100,
        "order_window_ns": SECOND,
        "duplicate_window_ns": SECOND // 100,
        "message_rate_max": 1000,
        "message_burst_max": 500,
        "duplicate_max": 7,
        "self_match": 1,
        "firm": scope(**changes.pop("firm", {})),
    }
    made = record("risk_limits", **usual | changes)
    for venue in (0, 1):
        made.venues[venue].permitted = 1
    for number, (account, trader) in OWNERS.items():
        made.strategies[number] = strategy_limits(number, **strategies.get(number, {}))
        made.accounts[account] = scope(**accounts.get(account, {}))
        made.traders[trader] = 1
    for number in (AAPL, MSFT):
        made.instruments[number] = instrument_limits(**instrument)
    return made


def stops(**words: Any) -> Any:
    """``struct control_stops *``; venue, account, strategy, instrument hold {index: bits}."""
    made = record("control_stops", firm=words.pop("firm", 0))
    for name, bits_by_index in words.items():
        for index, bits in bits_by_index.items():
            getattr(made, name)[index] = bits
    return made


FREE = stops()


def moment(**changes: Any) -> Any:
    """An armed, live box with room in the order ring."""
    usual = {
        "now_ns": NOW,
        "armed": 1,
        "epoch": EPOCH,
        "supervisor_heartbeat_ns": changes.get("now_ns", NOW),
        "order_room": 1,
        "stops": FREE,
    }
    return record("risk_moment", **usual | changes)


def intent(**changes: Any) -> Any:
    """Strategy 1 buys 100 AAPL at venue 0 at the offer."""
    account, trader = OWNERS.get(changes.get("strategy", 1), (1, 1))
    usual = {
        "kind": lib.INTENT_NEW,
        "instrument": AAPL,
        "side": lib.SIDE_BUY,
        "price": ASK,
        "quantity": 100,
        "strategy": 1,
        "account": account,
        "trader": trader,
        "tick": 42,
        "rx_ns": NOW - 1000,
    }
    return record("order_intent", **usual | changes)


def market(**changes: Any) -> Any:
    """100.00 to 100.01 at venue 0, open; never a trade."""
    usual = {
        "instrument": AAPL,
        "kind": lib.MARKET_BOOK,
        "bid_price": [BID],
        "bid_quantity": [300],
        "ask_price": [ASK],
        "ask_quantity": [200],
        "trading_state": lib.TRADING_OPEN,
    }
    return record("market_update", **usual | changes)


def report(kind: str, order_id: int = 0, **fields: Any) -> Any:
    """An execution report about AAPL, to buy, at venue 0, unless told otherwise."""
    usual = {"instrument": AAPL, "side": lib.SIDE_BUY, "order_id": order_id}
    return record("execution_report", kind=getattr(lib, f"REPORT_{kind}"), **usual | fields)


def named(user_ref: int, venue: int = 0, epoch: int = EPOCH) -> int:
    """The order id of a user reference."""
    return venue << lib.ORDER_ID_VENUE_SHIFT | epoch << lib.ORDER_ID_EPOCH_SHIFT | user_ref


class Desk:
    """A live gate; its orders are named by their user references 1, 2, 3... of each venue."""

    def __init__(self, order_count_max: int = 256, **changes: Any) -> None:
        self.gate = RiskGate(order_count_max)
        self.at = NOW
        self.limit(**changes)
        for venue in (0, 1):
            for instrument in (AAPL, MSFT):
                self.gate.market(market(instrument=instrument, venue=venue))
            self.tell("RESET", venue=venue)
            self.tell("LIVE", venue=venue, next_user_ref=1)

    def limit(self, **changes: Any) -> None:
        """Publish limits."""
        self.gate.limits(limits(**changes), self.at)

    def tell(self, kind: str, user_ref: int = 0, **fields: Any) -> int:
        """Report about an order by its user reference; ``target`` is a user reference, too."""
        venue = fields.get("venue", 0)
        if "target" in fields:
            fields["target_order_id"] = named(fields.pop("target"), venue)
        order_id = named(user_ref, venue) if user_ref else 0
        return self.gate.report(report(kind, order_id, **fields))

    def ask(self, **changes: Any) -> str:
        """The verdict of an intent that is reserved if it passes; ``moment`` holds changes of that."""
        about = {"now_ns": self.at} | changes.pop("moment", {})
        if "target" in changes:
            changes["target_order_id"] = named(changes.pop("target"), changes.get("venue", 0))
        return self.gate.reserve(intent(**{"rx_ns": self.at} | changes), moment(**about))[0]

    def sell(self, quantity: int, **changes: Any) -> str:
        """Offer at the bid."""
        return self.ask(**{"side": lib.SIDE_SELL, "price": BID, "quantity": quantity} | changes)

    def hold(self, quantity: int, match_number: int = 1, **fields: Any) -> None:
        """Let a position come about by a fill of an order unknown to the gate; quantity below 0: short."""
        side = lib.SIDE_BUY if quantity > 0 else lib.SIDE_SELL
        owner = {"strategy": 1, "account": 1, "price": BID}
        made = {"quantity": abs(quantity), "side": side, "match_number": match_number} | owner | fields
        self.tell("EXECUTED", 9_000_000 + match_number, **made)

    @property
    def exposure(self) -> Exposure:
        """The firm's, in AAPL."""
        return self.gate.exposure(AAPL)
