"""Limits by path, such as ``instruments.AAPL.position_max``: read out of a configuration and put back into one."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from tickwire.config.breakers import Breaker
from tickwire.config.kinds import Section
from tickwire.config.model import Config

Value = int | str | bool

# What of a table is a limit; all of [risk] is.
_INSTRUMENT = (
    *("permitted", "restricted", "order_quantity_max", "order_value_max", "position_max", "exposure_max"),
    *("collar_ppm", "collar_ticks", "collar_last_ppm", "open_orders_max", "orders_per_window_max"),
    *("short_sale", "locate_quantity"),
)
_SCOPE = ("permitted", "gross_exposure_max", "net_exposure_max", "open_orders_max")
_ACCOUNT = (*_SCOPE, "credit_max")
_STRATEGY = (*_SCOPE, "orders_per_window_max", "repeated_executions_max", "repeated_window_ms")
_TRADER = ("permitted",)
_BREAKER = ("threshold",)


def limit_values(config: Config) -> dict[str, Value]:
    """Every limit by its path, in the box's own units."""
    values: dict[str, Value] = {}
    for prefix, section, keys in _sections(config):
        values |= {f"{prefix}.{key}": _plain(getattr(section, key)) for key in keys}
    return values


def with_limits(config: Config, values: Mapping[str, Value]) -> Config:
    """The configuration with these limits in the place of its own; KeyError for a path that it does not have."""
    changes: dict[str, dict[str, Any]] = {}
    known = {prefix: (section, keys) for prefix, section, keys in _sections(config)}
    for path, value in values.items():
        prefix, _, key = path.rpartition(".")
        section, keys = known[prefix]
        if key not in keys:
            raise KeyError(path)
        before = getattr(section, key)
        changes.setdefault(prefix, {})[key] = value if isinstance(value, bool | str) else type(before)(value)
    return _replaced(config, changes)


def _sections(config: Config) -> Iterator[tuple[str, Section, tuple[str, ...]]]:
    for instrument in config.instruments:
        yield f"instruments.{instrument.symbol}", instrument.limits, _INSTRUMENT
    for account in config.accounts:
        yield f"accounts.{account.name}", account, _ACCOUNT
    for strategy in config.strategies:
        yield f"strategies.{strategy.name}", strategy, _STRATEGY
    for trader in config.traders:
        yield f"traders.{trader.name}", trader, _TRADER
    for breaker in config.breakers:
        yield _of_breaker(breaker), breaker, _BREAKER
    yield "risk", config.risk, config.risk.__struct_fields__


def _of_breaker(breaker: Breaker) -> str:
    """For example ``breakers.firm.loss.flatten``, ``breakers.venue.A.disconnects.stop-new``.

    With the action, as two breakers may look at the same, the nearer one stopping and the farther one flattening.
    """
    parts = ("breakers", breaker.scope, breaker.name, breaker.trigger, breaker.action)
    return ".".join(part for part in parts if part)


def _plain(value: Any) -> Value:
    """An int of no special kind, so that it compares and prints as one."""
    return value if isinstance(value, bool | str) else int(value)


def _replaced(config: Config, changes: Mapping[str, Mapping[str, Any]]) -> Config:
    replace = msgspec.structs.replace
    return replace(
        config,
        instruments=tuple(
            replace(item, limits=replace(item.limits, **changes.get(f"instruments.{item.symbol}", {})))
            for item in config.instruments
        ),
        accounts=tuple(replace(item, **changes.get(f"accounts.{item.name}", {})) for item in config.accounts),
        strategies=tuple(replace(item, **changes.get(f"strategies.{item.name}", {})) for item in config.strategies),
        traders=tuple(replace(item, **changes.get(f"traders.{item.name}", {})) for item in config.traders),
        breakers=tuple(replace(item, **changes.get(_of_breaker(item), {})) for item in config.breakers),
        risk=replace(config.risk, **changes.get("risk", {})),
    )
