"""The gate's verdict in plain words: which limit, its value in force, and how near what the box holds is to it.

The figures are read a moment after the gate has judged: where they move fast they explain, they do not prove.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tickwire.config import Config
from tickwire.config.values import PRICE_SCALE
from tickwire.native import NativeError, lib
from tickwire.native.control import STOP_BITS, stop_names
from tickwire.native.table import Table
from tickwire.native.trading import verdict_name
from tickwire.native.views import Top

PPM = 1_000_000


@dataclass(frozen=True)
class Sources:
    """What an explanation reads: limits in force, the gate's own figures, stop words, books, open shares.

    top(instrument, venue); open_shares(instrument, side); stop_bits(scope, index); killed(): the firm's kill switch.
    """

    config: Callable[[], Config]
    exposure: Table
    stop_bits: Callable[[str, int], int]
    killed: Callable[[], int]
    top: Callable[[int, int], Top]
    open_shares: Callable[[int, int], int]


class RefusalText:
    """Explains a ``struct risk_refusal``."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def __call__(self, refusal: Any) -> str:
        """A sentence; whatever is not known is left out of it."""
        case = _Case(self._sources, refusal)
        name = verdict_name(refusal.verdict) if refusal.verdict < lib.RISK_VERDICT_COUNT else str(refusal.verdict)
        if name in PLAIN:
            return PLAIN[name]
        return SPOKEN[name](case) if name in SPOKEN else f"the gate's reason is {name}"


PLAIN: Mapping[str, str] = {
    "not_armed": "the gate is not armed: `tickwire status` says why",
    "not_reconciled": "own orders and positions are unknown until the venues' records have been replayed",
    "no_limits": "no limits are published, and without a limit there is no order",
    "limits_stale": "the limits have not been refreshed in time: look at the supervisor",
    "supervisor_stale": "the supervisor has been silent for too long",
    "malformed": "the gate takes no such order: a combination of options, or a replace of less than was executed",
    "unknown_order": "the order is not open any more, or another replace of it is on its way",
    "session_down": "the order session of the venue is not live",
    "backpressure": "the venue's order ring is full: nothing was sent, try again",
}


class _Case:
    """One refusal and everything around it."""

    def __init__(self, sources: Sources, refusal: Any) -> None:
        self.sources = sources
        self.refusal = refusal
        self.config = sources.config()
        self.instrument = self.config.instruments[refusal.instrument]
        self.limits = self.instrument.limits
        self.symbol = self.instrument.symbol
        self.strategy = next(item for item in self.config.strategies if item.number == refusal.strategy)
        self.account = next(item for item in self.config.accounts if item.number == refusal.account)
        self.venue = self.config.venues[refusal.venue].name
        self.top = sources.top(refusal.instrument, refusal.venue)
        self.buys = refusal.side == lib.SIDE_BUY

    def scope(self, kind: str, index: int = 0) -> Any | None:
        """``struct risk_scope_exposure``; None while its writer is in it."""
        try:
            return self.sources.exposure.read(getattr(lib, f"RISK_SCOPE_{kind.upper()}") + index)
        except NativeError:
            return None

    @property
    def farthest(self) -> int:
        """The price at the collar."""
        touch = self.top.ask_price if self.buys else self.top.bid_price
        limits = self.limits
        through = min(touch * limits.collar_ppm // PPM, limits.collar_ticks * limits.tick_size)
        return int(touch + through if self.buys else touch - through)

    @property
    def value(self) -> int:
        """Of the order, 1/10 000; without a price as if at the collar."""
        return int(self.refusal.quantity) * (int(self.refusal.price) or self.farthest)

    @property
    def scopes(self) -> tuple[tuple[str, int, str], ...]:
        """Everything whose stop word counts: kind, index, name."""
        refusal = self.refusal
        return (
            ("firm", 0, ""),
            ("venue", refusal.venue, self.venue),
            ("account", refusal.account, self.account.name),
            ("strategy", refusal.strategy, self.strategy.name),
            ("instrument", refusal.instrument, self.symbol),
        )


def _money(value: int) -> str:
    return f"{value / PRICE_SCALE:,.2f}"


def _price(value: int) -> str:
    return f"{value / PRICE_SCALE:.4f}".removesuffix("00")


def _stopped(case: _Case) -> str:
    found = []
    for kind, index, name in case.scopes:
        bits = case.sources.stop_bits(kind, index)
        if kind == "firm" and case.sources.killed():
            bits |= STOP_BITS["kill"]
        if names := stop_names(bits):
            found.append(f"{f'{kind} {name}'.strip()} is stopped by {', '.join(names)}")
    return "; ".join(found) or "a stop word was set"


def _value(case: _Case) -> str:
    limit = case.limits.order_value_max
    return f"the order is worth {_money(case.value)}; instruments.{case.symbol}.order_value_max = {_money(limit)}"


def _collar(case: _Case) -> str:
    limits, top = case.limits, case.top
    bounds = f"collar_ppm = {limits.collar_ppm} and collar_ticks = {limits.collar_ticks}, the tighter of the two"
    book = f"the book at {case.venue} is {_price(top.bid_price)} to {_price(top.ask_price)}"
    side = "buy above" if case.buys else "sell below"
    return (
        f"{_price(case.refusal.price or case.farthest)} is too far from the market: {book}; by {bounds}, none may "
        f"{side} {_price(case.farthest)}, nor rest over {lib.RISK_PASSIVE_COLLARS} times as far behind its own side"
    )


def _collar_last(case: _Case) -> str:
    return (
        f"{_price(case.refusal.price or case.farthest)} is more than instruments.{case.symbol}.collar_last_ppm = "
        f"{case.limits.collar_last_ppm} through the last trade at {case.venue}, {_price(case.top.last_price)}"
    )


def _position(case: _Case) -> str:
    exposure = case.scope("instrument", case.refusal.instrument)
    held = f"{exposure.position:+,} are held" if exposure is not None else "what is held is not known just now"
    working = case.sources.open_shares(case.refusal.instrument, case.refusal.side)
    verb = "buy" if case.buys else "sell"
    return (
        f"{held}, {working:,} more to {verb} are working, and this asks for {case.refusal.quantity:,}; "
        f"instruments.{case.symbol}.position_max = {case.limits.position_max:,}"
    )


def _short_sale(case: _Case) -> str:
    limits = case.limits
    located = f", locate_quantity = {limits.locate_quantity:,}" if limits.short_sale == "allow" else ""
    return (
        f"it would be a short sale: instruments.{case.symbol}.short_sale = {limits.short_sale}{located}; while the "
        "venue restricts short sales their price must also be above the best bid"
    )


def _not_reducing(case: _Case) -> str:
    return f"it is reduce-only, and strategy {case.strategy.name} holds no {case.refusal.quantity:,} shares to give"


def _exposure(kind: str, measure: str) -> Callable[[_Case], str]:
    """Gross, net or credit of a scope."""

    def say(case: _Case) -> str:
        owner, path, index = {
            "instrument": (case.limits, f"instruments.{case.symbol}", case.refusal.instrument),
            "strategy": (case.strategy, f"strategies.{case.strategy.name}", case.refusal.strategy),
            "account": (case.account, f"accounts.{case.account.name}", case.refusal.account),
            "firm": (case.config.risk, "risk", 0),
        }[kind]
        key = {"gross": "gross_exposure_max", "net": "net_exposure_max", "credit": "credit_max"}[measure]
        key = "exposure_max" if kind == "instrument" else key
        now = case.scope(kind, index)
        net = "net_long" if case.buys else "net_short"
        used = getattr(now, {"gross": "gross", "net": net, "credit": "credit_used"}[measure]) if now else 0
        limit = getattr(owner, key)
        return f"{_money(used)} is in use and the order is worth {_money(case.value)}; {path}.{key} = {_money(limit)}"

    return say


def _open_orders(case: _Case) -> str:
    counted = (
        ("instrument", case.refusal.instrument, f"instruments.{case.symbol}", case.limits),
        ("strategy", case.refusal.strategy, f"strategies.{case.strategy.name}", case.strategy),
        ("account", case.refusal.account, f"accounts.{case.account.name}", case.account),
        ("firm", 0, "risk", case.config.risk),
    )
    said = []
    for kind, index, path, owner in counted:
        now = case.scope(kind, index)
        said.append(f"{now.open_orders if now else '?'} of {path}.open_orders_max = {owner.open_orders_max}")
    return f"too many open orders: {', '.join(said)}"


def _order_rate(case: _Case) -> str:
    return (
        f"too many new orders in risk.order_window_ms = {case.config.risk.order_window_ms}: "
        f"strategies.{case.strategy.name}.orders_per_window_max = {case.strategy.orders_per_window_max}, "
        f"instruments.{case.symbol}.orders_per_window_max = {case.limits.orders_per_window_max}"
    )


SPOKEN: Mapping[str, Callable[[_Case], str]] = {
    **dict.fromkeys(("killed", "paused", "break", "breaker", "throttled"), _stopped),
    "probe": lambda case: f"a breaker is half open and its probe orders are used up: {_stopped(case)}",
    "venue": lambda case: f"venue {case.venue} is not permitted",
    "instrument": lambda case: f"instruments.{case.symbol}.permitted = false",
    "restricted": lambda case: f"instruments.{case.symbol}.restricted = true: it is on the restricted list",
    "account": lambda case: f"accounts.{case.account.name}.permitted = false",
    "strategy": lambda case: f"strategies.{case.strategy.name}.permitted = false",
    "trader": lambda case: (
        f"strategy {case.strategy.name} is {case.strategy.trader}'s: the order is another's, or they are not permitted"
    ),
    "tick_size": lambda case: (
        f"{_price(case.refusal.price)} is between two ticks of instruments.{case.symbol}.tick_size = "
        f"{_price(case.limits.tick_size)}"
    ),
    "book_stale": lambda case: f"the book of {case.symbol} at {case.venue} is stale, one-sided or crossed",
    "trading_state": lambda case: f"{case.symbol} does not trade at {case.venue}: it is {case.top.trading_state}",
    "tick_age": lambda case: (
        f"it reached the gate later than risk.tick_age_ms_max = {case.config.risk.tick_age_ms_max} ms allows: ask again"
    ),
    "order_quantity": lambda case: (
        f"{case.refusal.quantity:,} shares in one order; "
        f"instruments.{case.symbol}.order_quantity_max = {case.limits.order_quantity_max:,}"
    ),
    "order_value": _value,
    "price_collar": _collar,
    "price_collar_last": _collar_last,
    "short_sale": _short_sale,
    "position": _position,
    "not_reducing": _not_reducing,
    "exposure_instrument": _exposure("instrument", "gross"),
    **{
        f"{what}_{kind}": _exposure(kind, what) for what in ("gross", "net") for kind in ("strategy", "account", "firm")
    },
    **{f"credit_{kind}": _exposure(kind, "credit") for kind in ("account", "firm")},
    "open_orders": _open_orders,
    "message_rate": lambda case: (
        f"too many messages: risk.message_rate_max = {case.config.risk.message_rate_max} in "
        f"{case.config.risk.message_window_ms} ms"
    ),
    "message_burst": lambda case: (
        f"too many messages at once: risk.message_burst_max = {case.config.risk.message_burst_max} in "
        f"{case.config.risk.message_burst_window_ms} ms"
    ),
    "order_rate": _order_rate,
    "duplicate": lambda case: (
        f"the same order came more than {case.config.risk.duplicate_max + 1} times in risk.duplicate_window_ms = "
        f"{case.config.risk.duplicate_window_ms}"
    ),
    "self_match": lambda case: (
        f"it could trade with an order of our own in {case.symbol} at {case.venue}: cancel that first"
    ),
}
