"""Every verdict of the gate has a sentence, with the limit, its value and how near the box is to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from config_text import CORES, TWO_VENUES

from tickwire.config import parse
from tickwire.native import Segment, enum_names, lib
from tickwire.native.trading import record
from tickwire.native.views import Top
from tickwire.services.refusal_text import RefusalText, Sources
from tickwire.supervisor.layout import create_segment

CONFIG = parse(TWO_VENUES, "box.toml", CORES)
TOP = Top("AAPL", 1_000_000, 100, 1_000_400, 100, 1_000_200, 10, "halted", stale=False)
VERDICTS = {
    name: value for name, value in enum_names("risk_verdict", "RISK_").items() if name not in ("pass", "verdict_count")
}


@pytest.fixture
def segment(tmp_path: Path) -> Iterator[Segment]:
    made, _ = create_segment(tmp_path / "segment", ["hot"], 2)
    with made:
        yield made


@pytest.fixture
def explain(segment: Segment) -> RefusalText:
    table = segment.table("exposure", "risk_scope_exposure")
    for index in (
        lib.RISK_SCOPE_FIRM,
        lib.RISK_SCOPE_INSTRUMENT,
        lib.RISK_SCOPE_ACCOUNT + 1,
        lib.RISK_SCOPE_STRATEGY + 1,
    ):
        entry = table._entries[index]
        entry.gross, entry.net_long, entry.net_short, entry.credit_used = 11_0000, 12_0000, 13_0000, 14_0000
        entry.position, entry.open_orders = -300, 20
    return RefusalText(
        Sources(
            lambda: CONFIG,
            table,
            lambda scope, index: lib.STOP_PAUSE if scope == "venue" else 0,
            lambda: 1,
            lambda instrument, venue: TOP,
            lambda instrument, side: 400,
        )
    )


def say(explain: RefusalText, verdict: str, **fields: int) -> str:
    made = {"quantity": 100, "price": 1_010_000, "strategy": 1, "account": 1, "trader": 1, "side": lib.SIDE_BUY}
    return explain(record("risk_refusal", verdict=VERDICTS[verdict], **(made | fields)))


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("price", [0, 1_010_000])
@pytest.mark.parametrize("side", [lib.SIDE_BUY, lib.SIDE_SELL])
def test_each_verdict_has_a_sentence(explain: RefusalText, verdict: str, price: int, side: int) -> None:
    said = say(explain, verdict, price=price, side=side)
    assert len(said) > 20
    assert "the gate's reason is" not in said


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("killed", "firm is stopped by kill; venue A is stopped by pause"),
        ("order_quantity", "100 shares in one order; instruments.AAPL.order_quantity_max = 500"),
        ("order_value", "the order is worth 10,100.00; instruments.AAPL.order_value_max = 1,000,000.00"),
        (
            "position",
            "-300 are held, 400 more to buy are working, and this asks for 100; instruments.AAPL.position_max",
        ),
        ("price_collar", "101.00 is too far from the market: the book at A is 100.00 to 100.04"),
        ("exposure_instrument", "11.00 is in use and the order is worth 10,100.00; instruments.AAPL.exposure_max"),
        ("gross_strategy", "strategies.imbalance.gross_exposure_max = 4,000,000.00"),
        ("net_account", "12.00 is in use and the order is worth 10,100.00; accounts.HOUSE.net_exposure_max"),
        ("credit_firm", "14.00 is in use and the order is worth 10,100.00; risk.credit_max = 30,000,000.00"),
        ("open_orders", "20 of instruments.AAPL.open_orders_max = 20"),
        ("tick_size", "101.00 is between two ticks of instruments.AAPL.tick_size = 0.01"),
        ("trading_state", "AAPL does not trade at A: it is halted"),
        ("short_sale", "instruments.AAPL.short_sale = deny"),
    ],
)
def test_a_limit_is_named_with_its_value_and_what_is_used_of_it(explain: RefusalText, verdict: str, said: str) -> None:
    assert said in say(explain, verdict)


def test_an_order_without_a_price_is_valued_at_the_collar(explain: RefusalText) -> None:
    assert "worth 10,104.00" in say(explain, "order_value", price=0), "100.04 and 100 ticks"
