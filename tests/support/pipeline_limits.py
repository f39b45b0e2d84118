"""What the pipeline's stages are told: limits under which most things pass, and a router that may use every venue."""

from typing import Any

from tickwire.native.trading import record

INSTRUMENTS = 3
VENUES = 2


def new_limits(**fields: Any) -> Any:
    """Limits under which most things pass; ``instrument``, ``firm``, ``account`` and ``strategy`` override parts."""
    instrument = {
        "permitted": 1,
        "order_quantity_max": 1_000,
        "open_orders_max": 64,
        "order_value_max": 2 * 10**9,
        "position_max": 2_000,
        "exposure_max": 4 * 10**9,
        "collar_distance": 50_000,
        "collar_ppm": 50_000,
        "order_count_max": 200,
        "short_sale": 1,
        "locate_quantity": 100_000,
        "tick_size": 1,
    }
    scope = {
        "permitted": 1,
        "open_orders_max": 128,
        "gross_max": 8 * 10**9,
        "net_max": 6 * 10**9,
        "credit_max": 10**15,
    }
    limits = record(
        "risk_limits",
        limits_age_ns_max=10**15,
        supervisor_age_ns_max=10**9,
        tick_age_ns_max=10**9,
        message_window_ns=10**8,
        message_burst_window_ns=10**6,
        order_window_ns=10**8,
        duplicate_window_ns=10**6,
        message_rate_max=2_000,
        message_burst_max=64,
        duplicate_max=1,
        firm=scope | fields.pop("firm", {}),
    )
    limits.accounts[1] = scope | fields.pop("account", {})
    limits.strategies[1] = {
        "scope": scope | fields.pop("strategy", {}),
        "account": 1,
        "trader": 1,
        "order_count_max": 250,
        "execution_count_max": 250,
        "execution_window_ns": 10**7,
        "probe_orders_max": 3,
    }
    limits.traders[1] = 1
    for venue in range(VENUES):
        limits.venues[venue] = {"permitted": 1, "probe_orders_max": 3}
    wanted = instrument | fields.pop("instrument", {})
    for index in range(INSTRUMENTS):
        limits.instruments[index] = wanted
    for name, value in fields.items():
        setattr(limits, name, value)
    return limits


def route_parameters(venues: int, instruments: int) -> Any:
    """Venues of different fees."""
    parameters = record(
        "route_parameters",
        answer_ns_max=10**9,
        post_cooldown_ns=5_000_000,
        twap_interval_ns_min=1_000_000,
        twap_duration_ns_max=10**10,
        instrument_count=instruments,
        slippage_ppm=5_000,
        parent_count_max=16,
        round_count_max=4,
    )
    for venue in range(venues):
        parameters.venues[venue] = {"enabled": 1, "fee_taker": 3_000 - 1_000 * venue, "fee_maker": -2_000}
    return parameters
