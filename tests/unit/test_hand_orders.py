"""What a person asks for by hand becomes the fields of an intent or a parent order, or a sentence that says why not."""

from dataclasses import replace
from typing import Any

import pytest
from config_text import CORES, TWO_VENUES

from tickwire.config import parse
from tickwire.native import lib
from tickwire.native.trading import record
from tickwire.services.hand_orders import (
    OrderTerms,
    ParentTerms,
    TermsError,
    order_fields,
    parent_fields,
    trader_of,
)

CONFIG = parse(TWO_VENUES, "box.toml", CORES)
ORDER = OrderTerms(strategy="imbalance", instrument="AAPL", side="buy", quantity=100, price="100.05")
PARENT = ParentTerms(strategy="imbalance", instrument="AAPL", side="sell", quantity=100, policy="sweep")
PLAIN = {
    "instrument": 0,
    "strategy": 1,
    "account": 1,
    "trader": 1,
    "side": lib.SIDE_BUY,
    "quantity": 100,
    "venue": 0,
    "order_type": lib.ORDER_TYPE_LIMIT,
    "time_in_force": lib.TIF_DAY,
    "price": 1_000_500,
    "peg_offset": 0,
    "display": lib.DISPLAY_VISIBLE,
    "display_quantity": 0,
    "minimum_quantity": 0,
    "flags": 0,
}
OPTIONS: list[tuple[dict[str, Any], dict[str, int]]] = [
    ({}, {}),
    ({"side": "sell"}, {"side": lib.SIDE_SELL}),
    ({"quantity": 7}, {"quantity": 7}),
    ({"price": "99"}, {"price": 990_000}),
    ({"venue": "B"}, {"venue": 1}),
    ({"time_in_force": "ioc"}, {"time_in_force": lib.TIF_IOC}),
    ({"time_in_force": "extended"}, {"time_in_force": lib.TIF_EXTENDED}),
    ({"post_only": True}, {"flags": lib.ORDER_POST_ONLY}),
    ({"reduce_only": True}, {"flags": lib.ORDER_REDUCE_ONLY}),
    ({"hidden": True}, {"display": lib.DISPLAY_HIDDEN}),
    ({"display": 50}, {"display_quantity": 50}),
    ({"minimum": 50}, {"minimum_quantity": 50}),
    (
        {"order_type": "market", "price": None},
        {"order_type": lib.ORDER_TYPE_MARKET, "price": 0, "time_in_force": lib.TIF_IOC},
    ),
    ({"order_type": "peg-primary", "price": None}, {"order_type": lib.ORDER_TYPE_PEG_PRIMARY, "price": 0}),
    (
        {"order_type": "peg-market", "peg_offset": "-0.02"},
        {"order_type": lib.ORDER_TYPE_PEG_MARKET, "peg_offset": -200},
    ),
    ({"order_type": "peg-midpoint"}, {"order_type": lib.ORDER_TYPE_PEG_MIDPOINT}),
]


@pytest.mark.parametrize(("asked", "expected"), OPTIONS, ids=lambda value: "-".join(map(str, value)))
def test_each_option_goes_to_its_field_and_no_other(asked: dict[str, Any], expected: dict[str, int]) -> None:
    fields = order_fields(replace(ORDER, **asked), CONFIG)
    assert fields == PLAIN | expected
    record("order_intent", **fields)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"instrument": "APPL"}, "no instrument named APPL (nearest: AAPL)"),
    ({"strategy": "x"}, "no strategy named x"),
    ({"venue": "C"}, "no venue named C"),
    ({"quantity": 0}, "not from 1 to"),
    ({"quantity": 1_000_000}, "not from 1 to"),
    ({"price": None}, "needs a price"),
    ({"price": "100.005"}, "between two ticks of 0.01"),
    ({"price": "0"}, "out of bounds"),
    ({"price": "999999999"}, "out of bounds"),
    ({"price": "1.00001"}, "at most four decimals"),
    ({"price": "NaN"}, "at most four decimals"),
    ({"price": "1e99999999"}, "at most four decimals"),
    ({"order_type": "market"}, "a market order has no price"),
    ({"order_type": "market", "price": None, "time_in_force": "day"}, "never rests"),
    ({"peg_offset": "0.01"}, "only a pegged order"),
    ({"order_type": "peg-market", "peg_offset": "0.005"}, "between two ticks"),
    ({"post_only": True, "time_in_force": "ioc"}, "post-only would rest"),
    ({"display": 50, "time_in_force": "ioc"}, "never rests shows nothing"),
    ({"display": 50, "hidden": True}, "hidden shows nothing"),
    ({"display": 50, "order_type": "peg-midpoint"}, "never shown"),
    ({"display": 50, "minimum": 50}, "a reserve has no minimum"),
    ({"minimum": 50, "post_only": True}, "say one of them"),
    ({"display": 101}, "display 101 is more than the quantity 100"),
    ({"minimum": 101}, "minimum 101 is more than the quantity 100"),
]


@pytest.mark.parametrize(("asked", "said"), WRONG, ids=lambda value: str(value))
def test_what_does_not_fit_is_refused_with_a_sentence(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(TermsError) as refused:
        order_fields(replace(ORDER, **asked), CONFIG)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("asked", "offer"),
    [
        ({"order_type": "market", "price": None}, "market"),
        ({"order_type": "peg-primary"}, "peg"),
        ({"post_only": True}, "post-only"),
        ({"hidden": True}, "hidden"),
        ({"display": 10}, "reserve"),
        ({"minimum": 10}, "minimum-quantity"),
        ({"time_in_force": "extended"}, "extended-hours"),
    ],
)
def test_a_venue_that_does_not_offer_it_is_not_asked(asked: dict[str, Any], offer: str) -> None:
    start = TWO_VENUES.index('name = "B"')
    text = TWO_VENUES[:start] + TWO_VENUES[start:].replace("# order_types", 'order_types = ["limit"] #', 1)
    config = parse(text, "box.toml", CORES)
    order_fields(replace(ORDER, venue="A", **asked), config)
    order_fields(replace(ORDER, venue="B"), config)
    with pytest.raises(TermsError, match=f"venue B does not offer {offer}"):
        order_fields(replace(ORDER, venue="B", **asked), config)


def test_a_disabled_venue_takes_nothing() -> None:
    start = TWO_VENUES.index('name = "B"')
    text = TWO_VENUES[:start] + TWO_VENUES[start:].replace("# enabled = true", "enabled = false #", 1)
    with pytest.raises(TermsError, match="venue B is disabled"):
        order_fields(replace(ORDER, venue="B"), parse(text, "box.toml", CORES))


PLAIN_PARENT = {
    "instrument": 0,
    "strategy": 1,
    "account": 1,
    "trader": 1,
    "side": lib.SIDE_SELL,
    "quantity": 100,
    "kind": lib.INTENT_NEW,
    "policy": lib.PARENT_SWEEP,
    "limit_price": 0,
    "slippage_ppm_max": 1000,
    "display_quantity": 0,
    "flags": 0,
    "venue_mask": 3,
}
TWAP = {"policy": "twap", "duration_s": 60.0, "interval_s": 5.0}
PARENTS: list[tuple[dict[str, Any], dict[str, int]]] = [
    ({}, {}),
    ({"limit": "100.10"}, {"limit_price": 1_001_000}),
    ({"slippage_bps": 25}, {"slippage_ppm_max": 2500}),
    ({"venues": ["B"]}, {"venue_mask": 2}),
    ({"venues": ["A", "B", "A"]}, {"venue_mask": 3}),
    ({"reduce_only": True}, {"flags": lib.ORDER_REDUCE_ONLY}),
    ({"policy": "post", "display": 10}, {"policy": lib.PARENT_POST, "display_quantity": 10}),
    (TWAP, {"policy": lib.PARENT_TWAP, "duration_ns": 60_000_000_000, "interval_ns": 5_000_000_000}),
]


@pytest.mark.parametrize(("asked", "expected"), PARENTS, ids=lambda value: "-".join(map(str, value)))
def test_each_option_of_a_parent_goes_to_its_field(asked: dict[str, Any], expected: dict[str, int]) -> None:
    fields = parent_fields(replace(PARENT, **asked), CONFIG)
    assert fields == PLAIN_PARENT | expected
    record("parent_order", **fields)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"venues": ["C"]}, "no venue named C"),
        ({"limit": "0.001"}, "between two ticks"),
        ({"display": 10}, "a sweep takes and shows nothing"),
        ({"duration_s": 5.0}, "neither duration nor interval"),
        ({"policy": "twap"}, "needs a duration and an interval"),
        (TWAP | {"interval_s": 0.01}, "twap_interval_ms_min"),
        (TWAP | {"interval_s": 61.0}, "from one interval"),
        (TWAP | {"duration_s": 80_000.0}, "twap_duration_s_max"),
        (TWAP | {"quantity": 11}, "11 shares are fewer than the 12 slices"),
    ],
    ids=lambda value: str(value),
)
def test_a_parent_that_cannot_be_is_refused_with_a_sentence(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(TermsError) as refused:
        parent_fields(replace(PARENT, **asked), CONFIG)
    assert said in str(refused.value)


def test_a_trader_of_the_file_orders_in_their_own_name_and_anybody_else_in_the_strategys() -> None:
    text = TWO_VENUES.replace("[[strategies]]", '[[traders]]\nname = "bob"\nnumber = 2\n\n[[strategies]]', 1)
    config = parse(text, "box.toml", CORES)
    assert [trader_of(person, 1, config) for person in ("alice", "bob", "olivia")] == [1, 2, 1]
