"""The limits of a configuration as ``struct risk_limits``: what the gate judges by."""

from collections.abc import Collection, Mapping
from typing import Any

from tickwire.config import Config
from tickwire.config.breakers import Breaker
from tickwire.config.identities import Account, Strategy
from tickwire.config.instruments import InstrumentLimits
from tickwire.config.kinds import DUPLICATE_MAX, WINDOW_COUNT_MAX
from tickwire.native._native import ffi

MILLISECOND = 1_000_000


def risk_limits(config: Config, *, probe_generation: int = 0, throttle_generations: Mapping[int, int] = {}) -> Any:
    """``struct risk_limits *``.

    probe_generation: another one gives every half-open scope its probe orders anew; throttle_generations: by strategy
    number, another one lets a throttled strategy trade again.
    """
    limits = ffi.new("struct risk_limits *")
    _firm(limits, config)
    limits.probe_generation = probe_generation
    for index, venue in enumerate(config.venues):
        limits.venues[index].permitted = venue.enabled
        limits.venues[index].probe_orders_max = _probes(config.breakers, "venue", venue.name)
    for account in config.accounts:
        _scope(limits.accounts[account.number], account)
        limits.accounts[account.number].credit_max = account.credit_max
    for strategy in config.strategies:
        entry = limits.strategies[strategy.number]
        _strategy(entry, strategy, config)
        entry.throttle_generation = throttle_generations.get(strategy.number, 0)
    for trader in config.traders:
        limits.traders[trader.number] = trader.permitted
    for entry, instrument in zip(limits.instruments, config.instruments, strict=False):
        _instrument(entry, instrument.limits)
    return limits


def _firm(limits: Any, config: Config) -> None:
    risk = config.risk
    limits.limits_age_ns_max = risk.limits_age_ms_max * MILLISECOND
    limits.supervisor_age_ns_max = risk.supervisor_age_ms_max * MILLISECOND
    limits.tick_age_ns_max = risk.tick_age_ms_max * MILLISECOND
    limits.message_rate_max = risk.message_rate_max
    limits.message_window_ns = risk.message_window_ms * MILLISECOND
    limits.message_burst_max = risk.message_burst_max
    limits.message_burst_window_ns = risk.message_burst_window_ms * MILLISECOND
    limits.order_window_ns = risk.order_window_ms * MILLISECOND
    limits.duplicate_window_ns = risk.duplicate_window_ms * MILLISECOND
    limits.duplicate_max = min(risk.duplicate_max, DUPLICATE_MAX)
    limits.self_match = risk.self_match != "refuse"
    limits.kill_allows_reducing = risk.kill_allows_reducing
    limits.probe_orders_max = _probes(config.breakers, "firm", "")
    limits.firm.permitted = 1
    limits.firm.open_orders_max = risk.open_orders_max
    limits.firm.gross_max = risk.gross_exposure_max
    limits.firm.net_max = risk.net_exposure_max
    limits.firm.credit_max = risk.credit_max


def _scope(entry: Any, limits: Account | Strategy) -> None:
    entry.permitted = limits.permitted
    entry.open_orders_max = limits.open_orders_max
    entry.gross_max = limits.gross_exposure_max
    entry.net_max = limits.net_exposure_max


def _strategy(entry: Any, strategy: Strategy, config: Config) -> None:
    _scope(entry.scope, strategy)
    entry.account = config.account(strategy.account).number
    entry.trader = config.trader(strategy.trader).number
    entry.order_count_max = min(strategy.orders_per_window_max, WINDOW_COUNT_MAX)
    entry.execution_count_max = min(strategy.repeated_executions_max, WINDOW_COUNT_MAX)
    entry.execution_window_ns = strategy.repeated_window_ms * MILLISECOND
    entry.probe_orders_max = _probes(config.breakers, "strategy", strategy.name)


def _instrument(entry: Any, limits: InstrumentLimits) -> None:
    entry.permitted = limits.permitted
    entry.restricted = limits.restricted
    entry.order_quantity_max = limits.order_quantity_max
    entry.open_orders_max = limits.open_orders_max
    entry.order_value_max = limits.order_value_max
    entry.position_max = limits.position_max
    entry.exposure_max = limits.exposure_max
    entry.collar_distance = limits.collar_ticks * limits.tick_size
    entry.collar_ppm = limits.collar_ppm
    entry.collar_last_ppm = limits.collar_last_ppm
    entry.order_count_max = min(limits.orders_per_window_max, WINDOW_COUNT_MAX)
    entry.short_sale = limits.short_sale == "allow"
    entry.locate_quantity = limits.locate_quantity
    entry.tick_size = limits.tick_size


def _probes(breakers: Collection[Breaker], scope: str, name: str) -> int:
    """Orders let through while a breaker of the scope is half open: the fewest that one of them allows."""
    allowed = [item.probe_orders_max for item in breakers if item.scope == scope and item.name in ("", name)]
    return min(allowed, default=0)
