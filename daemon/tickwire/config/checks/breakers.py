"""Circuit breakers: that each watches something there is, in its trigger's unit."""

from collections.abc import Iterator

from tickwire.config.breakers import MONEY_TRIGGERS, Breaker
from tickwire.config.checks.problem import Problem, known, once
from tickwire.config.lines import Path
from tickwire.config.model import Config
from tickwire.config.values import PRICE_SCALE

OF_VENUES = ("latency", "disconnects")  # nobody can say which strategy's these are


def problems(config: Config) -> Iterator[Problem]:
    """What breakers contradict."""
    numbered: list[tuple[Path, Breaker]] = [(("breakers", i), breaker) for i, breaker in enumerate(config.breakers)]
    for here, breaker in numbered:
        yield from _breaker(here, breaker, config)
    keys = (((*here, "trigger"), f"{item.trigger} {item.action} of {_scope(item)}") for here, item in numbered)
    yield from once("breaker", keys)


def _scope(breaker: Breaker) -> str:
    return f"{breaker.scope} {breaker.name or '(each)'}" if breaker.scope != "firm" else "the firm"


def _breaker(here: Path, breaker: Breaker, config: Config) -> Iterator[Problem]:
    if breaker.scope == "firm" and breaker.name:
        yield (*here, "name"), 'expected only with scope "venue" or "strategy"'
    elif breaker.scope == "venue" and breaker.name:
        yield from known((*here, "name"), "a venue", breaker.name, [venue.name for venue in config.venues])
    elif breaker.scope == "strategy" and breaker.name:
        yield from known((*here, "name"), "a strategy", breaker.name, [item.name for item in config.strategies])
    if breaker.scope == "strategy" and breaker.trigger in OF_VENUES:
        yield (*here, "trigger"), f'expected scope "firm" or "venue" with {breaker.trigger}'
    if breaker.threshold <= 0:
        yield (*here, "threshold"), "expected more than 0"
    elif breaker.trigger not in MONEY_TRIGGERS and breaker.threshold % PRICE_SCALE:
        yield (*here, "threshold"), f"expected a whole number with {breaker.trigger}"
