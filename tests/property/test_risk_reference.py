"""The gate against a naive reference that takes every sum from scratch: the same verdicts and the same exposure."""

from typing import Any

from gate_desk import AAPL, ASK, BID, EPOCH, MSFT, NOW, OWNERS, intent, limits, market, moment, report, stops
from hypothesis import given, settings
from hypothesis import strategies as st
from risk_reference import Order, Reference, Sums, of_account, of_firm, of_strategy

from tickwire.native import lib
from tickwire.native.trading import RiskGate

MILLISECOND = 1_000_000
MONEY = 100_0000
INSTRUMENTS = (AAPL, MSFT)
SCOPES = [("firm", 0, of_firm)]
SCOPES += [("account", number, of_account(number)) for number in (0, 1, 2)]
SCOPES += [("strategy", number, of_strategy(number)) for number in (0, *OWNERS)]


SCOPE_LIMITS = {
    "gross": {"gross_max": 700 * MONEY},
    "net": {"net_max": 400 * MONEY},
    "credit": {"credit_max": 1200 * MONEY},
    "open orders": {"open_orders_max": 4},
}
INSTRUMENT_LIMITS: dict[str, dict[str, int]] = {
    "exposure": {"exposure_max": 480 * MONEY},
    "position": {"position_max": 450},
    "short sale": {"locate_quantity": 200},
    "order": {"order_quantity_max": 200, "order_value_max": 190 * MONEY, "collar_last_ppm": 800},
    "orders": {"order_count_max": 6, "open_orders_max": 3},
}
BOX_LIMITS: dict[str, dict[str, int]] = {
    "messages": {"message_rate_max": 16},
    "burst": {"message_burst_max": 4},
    "duplicate": {"duplicate_max": 1},
    "self-match": {"self_match": 0},
}
STRATEGY_LIMITS = {"rate": {"order_count_max": 4}, "throttle": {"execution_count_max": 5}}


def tight_limits(*tight: str) -> Any:
    """Limits that a few orders of some hundred shares reach where named ("gross firm", "position"), else plenty."""

    def of_scope(scope: str) -> dict[str, int]:
        found = [limit for name, limit in SCOPE_LIMITS.items() if f"{name} {scope}" in tight]
        return {key: value for limit in found for key, value in limit.items()}

    def chosen(table: dict[str, dict[str, int]]) -> dict[str, int]:
        return {key: value for name, limit in table.items() if name in tight for key, value in limit.items()}

    return limits(
        tick_age_ns_max=2**60,
        limits_age_ns_max=2**60,
        firm=of_scope("firm"),
        accounts={number: of_scope("account") for number in (1, 2)},
        strategies={number: {"scope": of_scope("strategy")} | chosen(STRATEGY_LIMITS) for number in OWNERS},
        instrument={"collar_distance": 500, "position_max": 10_000, "locate_quantity": 10_000}
        | chosen(INSTRUMENT_LIMITS),
        **chosen(BOX_LIMITS),
    )


TIGHT = [f"{name} {scope}" for name in SCOPE_LIMITS for scope in ("firm", "account", "strategy")]
TIGHT += [*INSTRUMENT_LIMITS, *BOX_LIMITS, *STRATEGY_LIMITS]


class World:
    """The gate and the reference, told the same."""

    def __init__(self, *tight: str) -> None:
        made = tight_limits(*tight)
        self.gate = RiskGate()
        self.gate.limits(made, NOW)
        self.reference = Reference(made)
        self.now = NOW
        self.match_number = 0
        self.next_user_ref = {0: 1, 1: 1}
        self.words: dict[str, Any] = {}
        for venue in (0, 1):
            self.tell("RESET", 0, venue=venue)
            self.tell("LIVE", 0, venue=venue, next_user_ref=1)
            for instrument in INSTRUMENTS:
                self.market(instrument, venue, 0, 0)

    def tell(self, kind: str, order_id: int, **fields: Any) -> Any:
        made = report(kind, order_id, **{"report_ns": self.now} | fields)
        self.gate.report(made)
        return made

    def market(self, instrument: int, venue: int, moved: int, condition: int) -> None:
        made = market(
            instrument=instrument,
            venue=venue,
            bid_price=[BID + moved],
            ask_price=[ASK + moved],
            last_price=[0, BID, ASK + 600, BID - 600][condition % 4],
            flags=[0, 0, lib.MARKET_STALE, lib.MARKET_SHORT_SALE][condition // 4 % 4],
            trading_state=lib.TRADING_HALTED if condition == 19 else lib.TRADING_OPEN,
        )
        held = self.reference.books.get((instrument, venue))
        self.gate.market(made)
        if made.last_price == 0 and held is not None:
            made.last_price = held.last_price  # the last trade stays the last trade
        self.reference.market(made)

    def ask(self, wanted: dict[str, Any], target: int) -> None:
        known = sorted(self.reference.orders)
        if wanted["kind"] != lib.INTENT_NEW and known:
            order = self.reference.orders[known[target % len(known)]]
            wanted["target_order_id"] = order.order_id
            if target % 7:  # now and then an intent that is of another side, venue, strategy or instrument
                same = ("instrument", "side", "venue", "strategy")
                wanted |= {name: getattr(order, name) for name in same}
        wanted["strategy"] = wanted["strategy"] or 1
        made = intent(**wanted, rx_ns=self.now)
        held = stops(**self.words)
        about = moment(now_ns=self.now, stops=held)
        self.words = {}
        verdict, order = self.gate.reserve(made, about)
        assert verdict == self.reference.judge(made, about)
        if verdict == "pass":
            before = {(kind, number): self.reference.sums(scope) for kind, number, scope in SCOPES}
            self.reference.reserve(made, about, order)
            self.check_limits(before)

    def check_limits(self, before: dict[tuple[str, int], Sums]) -> None:
        """What passed leaves every scope within its limits, or raises nothing."""
        made = self.reference.limits
        for kind, number, scope in SCOPES:
            if kind != "firm" and number == 0:
                continue
            most = made.firm if kind == "firm" else made.accounts[number]
            if kind == "strategy":
                most = made.strategies[number].scope
            sums, was = self.reference.sums(scope), before[kind, number]
            assert sums.gross <= max(most.gross_max, was.gross)
            assert all(now <= max(most.net_max, then) for now, then in zip(sums.net, was.net, strict=True))
            assert kind == "strategy" or sums.credit <= max(most.credit_max, was.credit)
            assert sums.open_orders <= max(most.open_orders_max, was.open_orders)

    def settle(self, order: Order, kind: str, quantity: int) -> None:
        """One report about an order, at any moment a venue could send one."""
        about = {"venue": order.venue, "instrument": order.instrument, "side": order.side}
        about["target_order_id"] = order.replaces
        quantity = 1 + quantity % order.open
        match kind:
            case "EXECUTED":
                self.match_number += 1
                about |= {"match_number": self.match_number, "price": order.price - 1}
                made = self.tell(kind, order.order_id, quantity=quantity, leaves=order.open - quantity, **about)
                self.reference.filled(order, made)
            case "CANCELED":
                self.tell(kind, order.order_id, quantity=quantity, leaves=order.open - quantity, **about)
                self.reference.reduced(order, quantity, 0)
            case "ACCEPTED" | "REPLACED":
                kind = "REPLACED" if order.replaces else "ACCEPTED"
                leaves = order.open if quantity % 5 else 0
                self.tell(kind, order.order_id, leaves=leaves, **about)
                self.reference.confirmed(order, leaves)
            case _:
                self.tell(kind, order.order_id, **about)
                self.reference.refused(order)

    def happen(self, kind: str, choice: int, quantity: int) -> None:
        known = sorted(order_id for order_id, order in self.reference.orders.items() if order.open)
        if known:
            self.settle(self.reference.orders[known[choice % len(known)]], kind, quantity)

    def adopt(self, choice: int, quantity: int) -> None:
        """An order this gate did not pass, of anybody or of nobody."""
        venue, strategy, side = choice % 2, choice // 2 % 4, choice // 8 % 2
        account = OWNERS.get(strategy, (0, 0))[0]
        self.match_number += 1
        order_id = venue << 60 | EPOCH << 32 | 1_000_000 + self.match_number
        about = {"venue": venue, "strategy": strategy, "account": account, "side": side, "price": BID - 3000}
        self.tell("ACCEPTED", order_id, leaves=quantity, quantity=quantity, flags=lib.REPORT_UNKNOWN_ORDER, **about)
        order = Order(order_id, venue, AAPL, side, strategy, account, BID - 3000, quantity, confirmed=True)
        self.reference.orders[order_id] = order

    def bust(self, choice: int) -> None:
        if not self.reference.fills:
            return
        fill = self.reference.fills[choice % len(self.reference.fills)]
        about = {"match_number": fill.match_number, "venue": fill.venue, "instrument": fill.instrument}
        self.tell("BROKEN", fill.order_id, **about)
        self.reference.broken(fill)

    def session(self, choice: int) -> None:
        """A session goes, or is replayed, mostly at once and now and then not for long."""
        venue, kind = choice % 2, choice // 2 % 8
        state = self.reference.state[venue]
        if kind == 0 and state == "live":
            self.tell("DOWN", 0, venue=venue)
            self.reference.state[venue] = "down"
            return
        if kind < 4:
            self.tell("RESET", 0, venue=venue)
            self.reference.reset(venue)
        if kind > 1:
            self.tell("LIVE", 0, venue=venue, next_user_ref=1)
            self.reference.state[venue] = "live"

    def recover(self, choice: int) -> None:
        """Most of the time sessions are live again by the next intent."""
        for venue, state in self.reference.state.items():
            if state != "live" and choice % 4:
                self.tell("LIVE", 0, venue=venue, next_user_ref=1)
                self.reference.state[venue] = "live"

    def stop(self, choice: int) -> None:
        """Stop words that hold for the next intent."""
        bits = (lib.STOP_PAUSE, lib.STOP_KILL, lib.STOP_BREAK)[choice % 3]
        self.words = ({"firm": bits}, {"strategy": {1: bits}}, {"venue": {1: bits}})[choice // 3 % 3]

    def check(self) -> None:
        """Every scope and instrument holds what the reference says."""
        for kind, number, scope in SCOPES:
            now, sums = self.gate.scope(kind, number), self.reference.sums(scope)
            assert (now.gross, (now.net_long, now.net_short)) == (sums.gross, sums.net), (kind, number)
            assert (now.credit_used, now.open_orders) == (sums.credit, sums.open_orders), (kind, number)
        for instrument in INSTRUMENTS:
            now = self.gate.exposure(instrument)
            assert now.position == self.reference.position(of_firm, instrument)
            shares = [self.reference.open_shares(of_firm, instrument, side) for side in (0, 1)]
            assert [now.open_buy, now.open_sell] == shares
        assert self.gate.open_orders == len(self.reference.working())
        assert {s for s in OWNERS if self.gate.scope("strategy", s).throttled} == self.reference.throttled

    def end(self) -> None:
        """Everything open goes, in whatever order: nothing stays reserved."""
        while self.reference.orders:
            order = self.reference.orders[min(self.reference.orders)]
            self.settle(order, "CANCELED", order.open - 1)
        assert [self.gate.exposure(each).open_orders for each in INSTRUMENTS] == [0, 0]
        self.check()


def intents(kinds: list[int]) -> st.SearchStrategy[dict[str, Any]]:
    """Orders near the limits and near the market; of each thing mostly what passes."""
    prices = st.sampled_from(
        [BID, ASK, ASK, BID, BID - 300, ASK + 300, BID - 499, ASK + 501, BID - 4000, ASK + 4000, 0]
    )
    made = st.fixed_dictionaries(
        {
            "kind": st.sampled_from(kinds),
            "instrument": st.sampled_from([AAPL, AAPL, MSFT]),
            "side": st.sampled_from([lib.SIDE_BUY, lib.SIDE_SELL]),
            "price": prices,
            "quantity": st.sampled_from([1, 50, 100, 100, 150, 200, 200, 201]),
            "strategy": st.sampled_from(sorted(OWNERS)),
            "venue": st.sampled_from([0, 1]),
            "time_in_force": st.sampled_from([lib.TIF_DAY, lib.TIF_DAY, lib.TIF_IOC]),
            "flags": st.sampled_from([0, 0, 0, 0, 0, lib.ORDER_SHORT_EXEMPT, lib.ORDER_REDUCE_ONLY]),
        }
    )
    return made.map(as_market_order)


def as_market_order(wanted: dict[str, Any]) -> dict[str, Any]:
    """An order without a price is a market order, at once or not at all."""
    if wanted["price"]:
        return wanted
    return wanted | {"order_type": lib.ORDER_TYPE_MARKET, "time_in_force": lib.TIF_IOC}


NUMBERS = st.integers(0, 199)
KINDS = ["ACCEPTED", "ACCEPTED", "EXECUTED", "EXECUTED", "CANCELED", "REJECTED", "NOT_SENT"]
STEPS = st.one_of(
    st.tuples(st.just("ask"), intents([lib.INTENT_NEW]), NUMBERS),
    st.tuples(st.just("ask"), intents([lib.INTENT_NEW]), NUMBERS),
    st.tuples(st.just("ask"), intents([lib.INTENT_NEW, lib.INTENT_REPLACE, lib.INTENT_CANCEL]), NUMBERS),
    st.tuples(st.sampled_from(KINDS), NUMBERS, NUMBERS),
    st.tuples(st.sampled_from(["market", "wait", "adopt"]), NUMBERS, NUMBERS),
    st.tuples(st.sampled_from(["bust", "session", "session", "stop"]), NUMBERS, NUMBERS),
)


def step(world: World, action: str, first: Any, second: int) -> None:
    match action:
        case "ask":
            world.recover(second)
            world.ask(dict(first), second)
        case "market":
            world.market(
                INSTRUMENTS[first % 2], first // 2 % 2, (first // 4 - 12) * 20, second % 20 if second % 3 else 0
            )
        case "wait":
            world.now += (0, 1, 2 * MILLISECOND, 10 * MILLISECOND, 300 * MILLISECOND)[first % 5]
        case "adopt":
            world.adopt(first, 1 + second)
        case "bust":
            world.bust(first)
        case "session":
            world.session(first)
        case "stop":
            world.stop(first)
        case _:
            world.happen(action, first, second)


@settings(max_examples=200, deadline=None)
@given(st.sets(st.sampled_from(TIGHT), max_size=3), st.lists(STEPS, max_size=60))
def test_the_gate_says_and_holds_what_a_naive_reference_does(
    tight: set[str], steps: list[tuple[str, Any, int]]
) -> None:
    world = World(*tight)
    for action, first, second in steps:
        step(world, action, first, second)
        world.check()
    world.end()
