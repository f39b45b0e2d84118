"""Instruments: what is wanted of one within what is let through."""

from collections.abc import Iterator

from tickwire.config.checks.problem import Problem, once, permitting
from tickwire.config.instruments import Instrument
from tickwire.config.lines import Path
from tickwire.config.model import Config
from tickwire.config.values import FRACTION_SCALE


def problems(config: Config) -> Iterator[Problem]:
    """What instruments contradict."""
    numbered: list[tuple[Path, Instrument]] = [(("instruments", i), item) for i, item in enumerate(config.instruments)]
    yield from once("symbol", (((*here, "symbol"), item.symbol) for here, item in numbered))
    yield from once("locate", (((*here, "locate"), item.locate) for here, item in numbered if item.locate))
    for here, instrument in numbered:
        if instrument.locate and len(config.venues) > 1:
            yield (*here, "locate"), "expected 0 with several venues: each of them numbers instruments by itself"
        yield from _signal(here, instrument)
        yield from _limits(here, instrument)


def _signal(here: Path, instrument: Instrument) -> Iterator[Problem]:
    rule, limits = instrument.signal, instrument.limits
    signal = (*here, "signal")
    for key, ratio in (("imbalance_enter", rule.imbalance_enter), ("imbalance_exit", rule.imbalance_exit)):
        if not 0 <= ratio <= FRACTION_SCALE:
            yield (*signal, key), "expected a ratio between 0 and 1"
    if rule.imbalance_exit > rule.imbalance_enter:
        yield (*signal, "imbalance_exit"), "expected at most imbalance_enter"
    if not 0 <= rule.inventory_skew < 2**32:
        yield (*signal, "inventory_skew"), "expected a ratio that is not negative"
    for key, price in (("edge_min", rule.edge_min), ("spread_max", rule.spread_max)):
        if price < 0:
            yield (*signal, key), "expected a price that is not negative"
    if limits.tick_size > 0 and rule.spread_max % limits.tick_size:
        yield (*signal, "spread_max"), "expected a multiple of limits.tick_size, as every spread is"
    if rule.order_quantity > limits.order_quantity_max:
        yield (*signal, "order_quantity"), f"expected at most limits.order_quantity_max ({limits.order_quantity_max})"
    if rule.position_max > limits.position_max:
        yield (*signal, "position_max"), f"expected at most limits.position_max ({limits.position_max})"


def _limits(here: Path, instrument: Instrument) -> Iterator[Problem]:
    limits = instrument.limits
    table = (*here, "limits")
    yield from permitting((*table, "order_value_max"), limits.order_value_max)
    yield from permitting((*table, "exposure_max"), limits.exposure_max)
    if limits.exposure_max < limits.order_value_max:
        yield (*table, "exposure_max"), "expected at least order_value_max: one order is an exposure too"
    if limits.tick_size <= 0:
        yield (*table, "tick_size"), "expected a price greater than 0"
    if limits.short_sale == "allow" and not limits.locate_quantity:
        yield (*table, "short_sale"), "expected locate_quantity with it: how many shares may be borrowed"
    if limits.short_sale == "deny" and limits.locate_quantity:
        yield (*table, "locate_quantity"), 'expected only with short_sale = "allow"'
