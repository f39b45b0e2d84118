"""The rule on single markets: what it sends, keeps, moves and takes back."""

from typing import Any

import pytest

from tickwire.native import lib
from tickwire.native.trading import SignalRule, record

AAPL = 3
BID, ASK = 100_0000, 100_0200


def report(kind: str, order_id: int = 0, **fields: Any) -> Any:
    usual = {"instrument": AAPL, "side": lib.SIDE_BUY, "order_id": order_id}
    return record("execution_report", kind=getattr(lib, f"REPORT_{kind}"), **usual | fields)


class Bench:
    """A live rule and a clock of ticks, one microsecond apart."""

    def __init__(self, mode: int, **changes: int) -> None:
        self.rule = SignalRule()
        self.tick = 0
        self.own = {
            "enabled": 1,
            "mode": mode,
            "order_quantity": 100,
            "position_max": 250,
            "imbalance_enter": 500_000,
            "imbalance_exit": 100_000,
            "edge_min": 20,
            "spread_max": 1000,
            "cooldown_ns": 1000,
            "inventory_skew": 400_000,
        }
        self.publish(**changes)
        self.tell("RESET")
        self.tell("LIVE", next_user_ref=1)

    def publish(self, everywhere: int = 1, **changes: int) -> None:
        self.own |= changes
        made = record("signal_parameters", enabled=everywhere, strategy=9)
        made.instruments[AAPL] = self.own
        self.rule.parameters(made)

    def tell(self, kind: str, order_id: int = 0, **fields: Any) -> None:
        self.rule.report(report(kind, order_id, **fields))

    def see(self, bids: int, asks: int, bid: int = BID, ask: int = ASK, **changes: Any) -> list[Any]:
        """An update with all quantity at the touch; the intents it led to."""
        self.tick += 1
        usual = {
            "tick": self.tick,
            "rx_ns": self.tick * 1000,
            "instrument": AAPL,
            "trading_state": lib.TRADING_OPEN,
            "bid_price": [bid],
            "bid_quantity": [bids],
            "ask_price": [ask],
            "ask_quantity": [asks],
        }
        self.rule.update(record("market_update", **usual | changes))
        return self.rule.decide()

    def quote(self) -> None:
        """Get order 1, a buy at the bid, working."""
        (intent,) = self.see(900, 100)
        assert (intent.kind, intent.side, intent.price) == (lib.INTENT_NEW, lib.SIDE_BUY, BID)
        self.tell("SENT", 1, quantity=100, leaves=100, price=BID)
        self.tell("ACCEPTED", 1, quantity=100, leaves=100, price=BID)
        assert self.rule.decide() == []


@pytest.fixture
def taker() -> Bench:
    return Bench(lib.SIGNAL_TAKE)


@pytest.fixture
def quoter() -> Bench:
    return Bench(lib.SIGNAL_QUOTE)


def test_taking_hits_the_opposite_touch_at_once_or_not_at_all(taker: Bench) -> None:
    (buy,) = taker.see(900, 100)
    assert (buy.kind, buy.side, buy.price, buy.quantity) == (lib.INTENT_NEW, lib.SIDE_BUY, ASK, 100)
    assert (buy.time_in_force, buy.score, buy.strategy, buy.tick) == (lib.TIF_IOC, 800_000, 9, 1)
    other = Bench(lib.SIGNAL_TAKE)
    (sell,) = other.see(100, 900)
    assert (sell.side, sell.price, sell.score) == (lib.SIDE_SELL, BID, -800_000)


def test_every_order_says_what_its_slippage_is_measured_from(taker: Bench) -> None:
    (intent,) = taker.see(900, 100)
    assert intent.decision_price == (BID + ASK) // 2


@pytest.mark.parametrize(
    "market",
    [
        {"bids": 700, "asks": 300},
        {"bids": 900, "asks": 100, "ask": BID + 40},
        {"bids": 900, "asks": 100, "ask": BID + 1001},
        {"bids": 900, "asks": 100, "ask": BID},
        {"bids": 900, "asks": 100, "ask": BID - 100},
        {"bids": 900, "asks": 0},
        {"bids": 900, "asks": 100, "flags": lib.MARKET_STALE},
        {"bids": 900, "asks": 100, "trading_state": lib.TRADING_HALTED},
    ],
    ids=["imbalance", "edge", "wide", "locked", "crossed", "one-sided", "stale", "halted"],
)
def test_nothing_is_sent_into_a_market_that_does_not_deserve_it(taker: Bench, market: dict[str, Any]) -> None:
    assert taker.see(**market) == []


def test_depth_counts_over_three_levels(taker: Bench) -> None:
    assert taker.see(900, 100, ask_quantity=[100, 300, 500]) == []


@pytest.mark.parametrize("switch", [{"everywhere": 0}, {"enabled": 0}])
def test_a_rule_switched_off_sends_nothing_new(taker: Bench, switch: dict[str, int]) -> None:
    taker.publish(**switch)
    assert taker.see(900, 100) == []


def test_nothing_is_sent_while_own_state_is_unknown(taker: Bench) -> None:
    for kind in ("DOWN", "RESET"):
        taker.tell(kind)
        assert taker.see(900, 100) == []
    taker.tell("LIVE", next_user_ref=1)
    assert len(taker.see(900, 100)) == 1


def test_one_intent_at_a_time_awaits_its_answer(taker: Bench) -> None:
    (intent,) = taker.see(900, 100)
    assert taker.see(900, 100) == []
    taker.rule.refusal(record("risk_refusal", kind=intent.kind, instrument=AAPL, tick=intent.tick, verdict=1))
    assert len(taker.see(900, 100)) == 1


def test_the_cooldown_runs_by_tick_time(taker: Bench) -> None:
    taker.publish(cooldown_ns=3000)
    (intent,) = taker.see(900, 100)
    taker.rule.refusal(record("risk_refusal", kind=intent.kind, instrument=AAPL, tick=intent.tick, verdict=1))
    assert [len(taker.see(900, 100)) for _ in range(3)] == [0, 0, 1]


def test_a_position_raises_the_threshold_and_caps_the_quantity(taker: Bench) -> None:
    taker.tell("EXECUTED", 7, quantity=200, match_number=1)
    assert taker.see(900, 100) == []  # 0.8 against 0.5 + 0.4 * 200 / 250
    (buy,) = taker.see(950, 50)
    assert buy.quantity == 50


def test_a_position_is_closed_once_the_imbalance_has_faded(taker: Bench) -> None:
    taker.tell("EXECUTED", 7, quantity=30, match_number=1)
    assert taker.see(560, 440) == []
    (close,) = taker.see(540, 460)
    assert (close.side, close.price, close.quantity, close.time_in_force) == (lib.SIDE_SELL, BID, 30, lib.TIF_IOC)


def test_quoting_joins_the_favoured_touch_and_stays(quoter: Bench) -> None:
    quoter.quote()
    assert quoter.see(900, 100) == []
    assert quoter.see(600, 400) == []  # no longer enters, not yet faded


def test_a_quote_follows_its_touch(quoter: Bench) -> None:
    quoter.quote()
    (move,) = quoter.see(900, 100, bid=BID + 100)
    assert (move.kind, move.target_order_id, move.price, move.quantity) == (lib.INTENT_REPLACE, 1, BID + 100, 100)
    quoter.tell("SENT", 2, target_order_id=1, leaves=100)
    assert quoter.see(900, 100, bid=BID) == []
    quoter.tell("REPLACED", 2, target_order_id=1, quantity=100, leaves=100, price=BID + 100)
    (back,) = quoter.see(900, 100, bid=BID)
    assert back.target_order_id == 2


@pytest.mark.parametrize(("kind", "target"), [("REJECTED", 0), ("NOT_SENT", 1)])
def test_a_refused_move_leaves_the_quote_to_be_moved_again(quoter: Bench, kind: str, target: int) -> None:
    quoter.quote()
    assert len(quoter.see(900, 100, bid=BID + 100)) == 1
    quoter.tell(kind, 2, target_order_id=target)
    (again,) = quoter.see(900, 100, bid=BID + 100)
    assert (again.kind, again.target_order_id) == (lib.INTENT_REPLACE, 1)


def test_the_late_settlement_of_a_move_does_not_answer_for_the_next_order(quoter: Bench) -> None:
    quoter.quote()
    assert len(quoter.see(900, 100, bid=BID + 100)) == 1
    quoter.tell("EXECUTED", 1, quantity=100, leaves=0, match_number=1)
    (after,) = quoter.see(990, 10, bid=BID + 100)
    assert after.kind == lib.INTENT_NEW
    quoter.tell("NOT_SENT", 2, target_order_id=1)
    assert quoter.see(990, 10, bid=BID + 100) == []


def test_a_quote_executed_in_part_is_cancelled_rather_than_moved(quoter: Bench) -> None:
    quoter.quote()
    quoter.tell("EXECUTED", 1, quantity=40, leaves=60, match_number=1)
    (cancel,) = quoter.see(990, 10, bid=BID + 100)
    assert (cancel.kind, cancel.target_order_id) == (lib.INTENT_CANCEL, 1)


@pytest.mark.parametrize(
    "market",
    [
        {"bids": 500, "asks": 500},
        {"bids": 900, "asks": 100, "flags": lib.MARKET_STALE},
        {"bids": 900, "asks": 100, "trading_state": lib.TRADING_HALTED},
        {"bids": 900, "asks": 0},
        {"bids": 900, "asks": 100, "ask": BID + 1001},
    ],
    ids=["faded", "stale", "halted", "one-sided", "wide"],
)
def test_a_quote_is_taken_back(quoter: Bench, market: dict[str, Any]) -> None:
    quoter.quote()
    (cancel,) = quoter.see(**market)
    assert (cancel.kind, cancel.target_order_id) == (lib.INTENT_CANCEL, 1)
    assert quoter.see(**market) == []


def test_switching_off_cancels_at_once_without_waiting_for_an_update(quoter: Bench) -> None:
    quoter.quote()
    quoter.publish(everywhere=0)
    (cancel,) = quoter.rule.decide()
    assert cancel.kind == lib.INTENT_CANCEL


def test_a_quote_larger_than_its_bound_has_become_is_taken_back(quoter: Bench) -> None:
    quoter.quote()
    quoter.publish(position_max=99)
    (cancel,) = quoter.rule.decide()
    assert cancel.kind == lib.INTENT_CANCEL


def test_a_refused_cancel_is_tried_again_only_at_the_next_review(quoter: Bench) -> None:
    quoter.quote()
    (cancel,) = quoter.see(500, 500)
    quoter.rule.refusal(
        record("risk_refusal", kind=cancel.kind, instrument=AAPL, tick=cancel.tick, target_order_id=1, verdict=17)
    )
    assert quoter.rule.decide() == []
    assert quoter.see(500, 500) == []
    quoter.rule.review()
    assert [intent.kind for intent in quoter.rule.decide()] == [lib.INTENT_CANCEL]


def test_a_cancel_wanted_while_an_answer_was_awaited_follows_the_answer(quoter: Bench) -> None:
    quoter.see(900, 100)
    assert quoter.see(900, 100, flags=lib.MARKET_STALE) == []
    quoter.tell("SENT", 1, quantity=100, leaves=100, price=BID)
    assert [intent.kind for intent in quoter.rule.decide()] == [lib.INTENT_CANCEL]


def test_orders_found_in_the_venues_record_are_reduced_to_one() -> None:
    quoter = Bench(lib.SIGNAL_QUOTE)
    quoter.tell("RESET")
    for order_id in (1, 2):
        quoter.tell("ACCEPTED", order_id, quantity=100, leaves=100, price=BID, flags=lib.REPORT_REPLAYED)
    quoter.tell("LIVE", next_user_ref=3)
    (cancel,) = quoter.see(900, 100)
    assert (cancel.kind, cancel.target_order_id) == (lib.INTENT_CANCEL, 2)
    quoter.tell("CANCELED", 2, quantity=100, leaves=0)
    assert quoter.rule.decide() == []


def test_a_broken_trade_is_taken_out_of_its_position(taker: Bench) -> None:
    taker.tell("EXECUTED", 7, quantity=30, match_number=1)
    taker.tell("BROKEN", 7, match_number=1)
    assert taker.rule.position(AAPL) == 0
    taker.tell("BROKEN", 7, match_number=2)  # never seen: nothing is certain any more
    assert taker.see(900, 100) == []


def test_only_the_latest_of_several_updates_is_acted_on(taker: Bench) -> None:
    first = record("market_update", instrument=AAPL, tick=1)
    assert not taker.rule.update(first)
    assert taker.rule.update(first)
