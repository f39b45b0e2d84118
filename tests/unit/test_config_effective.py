"""Limits by path: what the limit book reads and what the gate is then given."""

import pytest
from config_text import CORES, EXAMPLE

from tickwire.config import parse
from tickwire.config.effective import limit_values, with_limits
from tickwire.native.risk_settings import risk_limits

CONFIG = parse(EXAMPLE, "box.toml", CORES)


def test_every_limit_has_a_path_and_is_in_the_units_of_the_box() -> None:
    values = limit_values(CONFIG)
    assert values["instruments.AAPL.order_value_max"] == 10_000_000_000
    assert values["accounts.HOUSE.credit_max"] == 200_000_000_000
    assert values["strategies.imbalance.repeated_executions_max"] == 200
    assert values["traders.alice.permitted"] is True
    assert values["risk.self_match"] == "refuse"
    assert not any(type(value) not in (int, str, bool) for value in values.values())


def test_what_was_read_and_put_back_unchanged_is_the_same_configuration() -> None:
    assert with_limits(CONFIG, limit_values(CONFIG)) == CONFIG


def test_a_limit_that_was_changed_reaches_the_gate_and_no_other_changes() -> None:
    changed = with_limits(
        CONFIG, {"instruments.AAPL.position_max": 7, "risk.credit_max": 9, "accounts.HOUSE.permitted": False}
    )
    limits = risk_limits(changed)
    assert (limits.instruments[0].position_max, limits.firm.credit_max, limits.accounts[1].permitted) == (7, 9, 0)
    before = limit_values(CONFIG)
    assert {path for path, value in limit_values(changed).items() if value != before[path]} == {
        "instruments.AAPL.position_max",
        "risk.credit_max",
        "accounts.HOUSE.permitted",
    }


@pytest.mark.parametrize("path", ["instruments.AAPL.tick_size", "instruments.MSFT.position_max", "risk", "x.y", ""])
def test_a_path_that_is_no_limit_is_refused(path: str) -> None:
    with pytest.raises(KeyError):
        with_limits(CONFIG, {path: 1})


def test_a_window_never_remembers_more_than_the_gate_can() -> None:
    changed = with_limits(CONFIG, {"strategies.imbalance.orders_per_window_max": 10_000, "risk.duplicate_max": 100})
    limits = risk_limits(changed)
    assert (limits.strategies[1].order_count_max, limits.duplicate_max) == (256, 7)
