"""What a person wants of an order, in words, and the fields of the intent or parent order that say the same.

Everything is looked at before anything is written; ``TermsError`` says in a sentence what does not fit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from tickwire.config import Config
from tickwire.config.values import PRICE_SCALE, scaled
from tickwire.native import lib

SIDES = {"buy": lib.SIDE_BUY, "sell": lib.SIDE_SELL}
TIMES = {"day": lib.TIF_DAY, "ioc": lib.TIF_IOC, "extended": lib.TIF_EXTENDED}
TYPES = {
    "limit": lib.ORDER_TYPE_LIMIT,
    "market": lib.ORDER_TYPE_MARKET,
    "peg-primary": lib.ORDER_TYPE_PEG_PRIMARY,
    "peg-market": lib.ORDER_TYPE_PEG_MARKET,
    "peg-midpoint": lib.ORDER_TYPE_PEG_MIDPOINT,
}
POLICIES = {"sweep": lib.PARENT_SWEEP, "post": lib.PARENT_POST, "twap": lib.PARENT_TWAP}
PPM_PER_BPS = 100
SECOND = 1_000_000_000
MILLISECOND = 1_000_000

Fields = dict[str, int]


class TermsError(ValueError):
    """What was asked for cannot be; the text tells a person why."""


@dataclass(frozen=True, kw_only=True)
class OrderTerms:
    """One order for one venue; prices are decimals of the currency.  venue "": the strategy's own."""

    strategy: str
    instrument: str
    side: str
    quantity: int
    order_type: str = "limit"
    price: str | None = None
    venue: str = ""
    time_in_force: str | None = None
    post_only: bool = False
    hidden: bool = False
    display: int = 0
    minimum: int = 0
    peg_offset: str | None = None
    reduce_only: bool = False


@dataclass(frozen=True, kw_only=True)
class ParentTerms:
    """One order for the router; duration and interval are a TWAP's.  No venues: all of them."""

    strategy: str
    instrument: str
    side: str
    quantity: int
    policy: str
    limit: str | None = None
    duration_s: float | None = None
    interval_s: float | None = None
    slippage_bps: int | None = None
    venues: Sequence[str] = ()
    display: int = 0
    reduce_only: bool = False


def order_fields(terms: OrderTerms, config: Config) -> Fields:
    """The fields of the ``struct order_intent`` that the terms decide.  Raises TermsError."""
    fields = _owner(terms.strategy, terms.instrument, terms.side, terms.quantity, config)
    tick_size = config.instruments[fields["instrument"]].limits.tick_size
    for conflict, said in ORDER_CONFLICTS:
        if conflict(terms):
            raise TermsError(said)
    for what, quantity in (("display", terms.display), ("minimum", terms.minimum)):
        if quantity > terms.quantity:
            raise TermsError(f"{what} {quantity} is more than the quantity {terms.quantity}")
    fields["venue"] = _order_venue(terms, config)
    usual = "ioc" if terms.order_type == "market" else "day"
    return fields | {
        "order_type": TYPES[terms.order_type],
        "time_in_force": TIMES[terms.time_in_force or usual],
        "price": on_tick("price", terms.price, tick_size) if terms.price is not None else 0,
        "peg_offset": on_tick("peg offset", terms.peg_offset, tick_size, signed=True) if terms.peg_offset else 0,
        "display": lib.DISPLAY_HIDDEN if terms.hidden else lib.DISPLAY_VISIBLE,
        "display_quantity": terms.display,
        "minimum_quantity": terms.minimum,
        "flags": (lib.ORDER_POST_ONLY if terms.post_only else 0) | (lib.ORDER_REDUCE_ONLY if terms.reduce_only else 0),
    }


def _is_peg(terms: OrderTerms) -> bool:
    return terms.order_type.startswith("peg-")


def _is_ioc(terms: OrderTerms) -> bool:
    return terms.time_in_force == "ioc" or terms.order_type == "market"


ORDER_CONFLICTS: tuple[tuple[Callable[[OrderTerms], bool], str], ...] = (
    (lambda terms: terms.order_type == "limit" and terms.price is None, "a limit order needs a price"),
    (lambda terms: terms.order_type == "market" and terms.price is not None, "a market order has no price"),
    (
        lambda terms: terms.order_type == "market" and terms.time_in_force not in (None, "ioc"),
        "a market order never rests: its time in force is ioc",
    ),
    (lambda terms: terms.peg_offset is not None and not _is_peg(terms), "only a pegged order has a peg offset"),
    (lambda terms: terms.post_only and _is_ioc(terms), "post-only would rest, and ioc does not: say one of them"),
    (
        lambda terms: bool(terms.display) and _is_ioc(terms),
        "what never rests shows nothing: leave out display",
    ),
    (lambda terms: bool(terms.display) and terms.hidden, "hidden shows nothing: leave out display, or hidden"),
    (
        lambda terms: bool(terms.display) and terms.order_type == "peg-midpoint",
        "an order pegged to the midpoint is never shown: leave out display",
    ),
    (
        lambda terms: bool(terms.display and terms.minimum),
        "a reserve has no minimum quantity: say display or minimum",
    ),
    (
        lambda terms: bool(terms.minimum) and terms.post_only and not terms.hidden,
        "a minimum quantity that is shown trades at once or not at all, and post-only would rest: say one of them",
    ),
)


def _order_venue(terms: OrderTerms, config: Config) -> int:
    """Its index; the venue must be enabled and offer what the order asks for."""
    strategy = config.strategy(terms.strategy)
    venue = venue_index(terms.venue, config) if terms.venue else config.home_venue(strategy)
    offered = config.venues[venue].order_types
    asked = {
        "market": terms.order_type == "market",
        "peg": _is_peg(terms),
        "post-only": terms.post_only,
        "hidden": terms.hidden,
        "reserve": bool(terms.display),
        "minimum-quantity": bool(terms.minimum),
        "extended-hours": terms.time_in_force == "extended",
    }
    missing = [name for name, wanted in asked.items() if wanted and name not in offered]
    if missing:
        raise TermsError(f"venue {config.venues[venue].name} does not offer {', '.join(missing)}")
    return venue


def parent_fields(terms: ParentTerms, config: Config) -> Fields:
    """The fields of the ``struct parent_order`` that the terms decide.  Raises TermsError."""
    fields = _owner(terms.strategy, terms.instrument, terms.side, terms.quantity, config)
    limits = config.instruments[fields["instrument"]].limits
    bps = config.strategy(terms.strategy).slippage_max_bps if terms.slippage_bps is None else terms.slippage_bps
    if terms.display > terms.quantity:
        raise TermsError(f"display {terms.display} is more than the quantity {terms.quantity}")
    if terms.display and terms.policy != "post":
        raise TermsError(f"a {terms.policy} takes and shows nothing: leave out display")
    venues = [venue_index(name, config) for name in terms.venues] or list(config.enabled_venues)
    if terms.policy == "post" and not any("post-only" in config.venues[venue].order_types for venue in venues):
        raise TermsError("none of the venues offers post-only, which a post needs")
    return (
        fields
        | _times(terms, config)
        | {
            "kind": lib.INTENT_NEW,
            "policy": POLICIES[terms.policy],
            "limit_price": on_tick("limit", terms.limit, limits.tick_size) if terms.limit is not None else 0,
            "slippage_ppm_max": bps * PPM_PER_BPS,
            "display_quantity": terms.display,
            "flags": lib.ORDER_REDUCE_ONLY if terms.reduce_only else 0,
            "venue_mask": sum(1 << venue for venue in set(venues)),
        }
    )


def _times(terms: ParentTerms, config: Config) -> Fields:
    """A TWAP's duration and interval, inside what the router does."""
    if terms.policy != "twap":
        if terms.duration_s is not None or terms.interval_s is not None:
            raise TermsError(f"a {terms.policy} has neither duration nor interval: they are a twap's")
        return {}
    if terms.duration_s is None or terms.interval_s is None:
        raise TermsError("a twap needs a duration and an interval")
    duration, interval = round(terms.duration_s * SECOND), round(terms.interval_s * SECOND)
    shortest, longest = config.router.twap_interval_ms_min, config.router.twap_duration_s_max
    if interval < shortest * MILLISECOND:
        raise TermsError(f"the interval is shorter than router.twap_interval_ms_min = {shortest} ms")
    if not interval <= duration <= longest * SECOND:
        raise TermsError(f"the duration is from one interval to router.twap_duration_s_max = {longest} s")
    if duration // interval >= lib.ROUTE_SLICE_COUNT_MAX:
        raise TermsError(f"that is {duration // interval} slices; fewer than {lib.ROUTE_SLICE_COUNT_MAX} are possible")
    slices = -(-duration // interval)
    if slices > terms.quantity:
        raise TermsError(f"{terms.quantity} shares are fewer than the {slices} slices: take a longer interval")
    return {"duration_ns": duration, "interval_ns": interval}


def on_tick(what: str, text: str, tick_size: int, signed: bool = False) -> int:
    """A decimal of the currency as 1/10 000, if it is a price and on a tick.  Raises TermsError."""
    try:
        value = scaled(text, PRICE_SCALE, f"a {what} with at most four decimals")
    except ValueError as error:
        raise TermsError(f"{what} {text}: {str(error)[0].lower()}{str(error)[1:]}") from error
    if (not signed and not 0 < value <= lib.RISK_PRICE_MAX) or (signed and abs(value) > 2**31 - 1):
        raise TermsError(f"{what} {text} is out of bounds")
    if value % tick_size:
        raise TermsError(f"{what} {text} is between two ticks of {tick_size / PRICE_SCALE:g}")
    return value


def index_of(kind: str, name: str, names: Sequence[str]) -> int:
    """Where the name is.  Raises TermsError with the nearest there is."""
    if name in names:
        return names.index(name)
    near = get_close_matches(name, names, n=1, cutoff=0)
    raise TermsError(f"no {kind} named {name}" + (f" (nearest: {near[0]})" if near else ""))


def venue_index(name: str, config: Config) -> int:
    """Of an enabled venue.  Raises TermsError."""
    venue = index_of("venue", name, [venue.name for venue in config.venues])
    if not config.venues[venue].enabled:
        raise TermsError(f"venue {name} is disabled in the configuration")
    return venue


def _owner(strategy: str, instrument: str, side: str, quantity: int, config: Config) -> Fields:
    """What and for whom."""
    index = index_of("instrument", instrument, config.symbols)
    index_of("strategy", strategy, [item.name for item in config.strategies])
    owner = config.strategy(strategy)
    if not 1 <= quantity <= lib.RISK_QUANTITY_MAX:
        raise TermsError(f"quantity {quantity} is not from 1 to {lib.RISK_QUANTITY_MAX} shares")
    return {
        "instrument": index,
        "strategy": owner.number,
        "account": config.account(owner.account).number,
        "trader": config.trader(owner.trader).number,
        "side": SIDES[side],
        "quantity": quantity,
    }


def trader_of(person: str, strategy: int, config: Config) -> int:
    """In whose name: the person's own number if they are a trader of the file, else the strategy's trader's.

    So that one trader cannot trade in another's name: the gate refuses a trader who is not the strategy's.
    """
    own = {trader.name: trader.number for trader in config.traders}
    names = {item.number: item.trader for item in config.strategies}
    return own.get(person, own[names[strategy]])
