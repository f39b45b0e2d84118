"""What a well-typed configuration may still get wrong: keys that contradict each other, names of nothing."""

from collections.abc import Collection, Iterator

from tickwire.config.checks import ages, breakers, environment, identities, instruments, operators, placement, venues
from tickwire.config.checks.problem import Problem
from tickwire.config.model import Config


def problems(config: Config, cores: Collection[int]) -> Iterator[Problem]:
    """Each contradiction, with the key it is about."""
    yield from instruments.problems(config)
    yield from venues.problems(config)
    yield from identities.problems(config)
    yield from breakers.problems(config)
    yield from operators.problems(config)
    yield from ages.problems(config)
    yield from environment.problems(config)
    yield from placement.problems(config, cores)
