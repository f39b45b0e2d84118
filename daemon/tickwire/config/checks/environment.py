"""Test and production apart (RTS 6 Article 7), and a production box that notices in time (Article 16)."""

from collections.abc import Iterator

from tickwire.config.checks.problem import Problem
from tickwire.config.model import Config

NOTICE_MS_MAX = 4_500  # an alert is due 5 s after its cause, and stewards look four times a second


def problems(config: Config) -> Iterator[Problem]:
    """Venues of the other environment, also disabled ones; silences that production would learn of too late."""
    for index, venue in enumerate(config.venues):
        here = ("venues", index)
        if venue.environment != config.box.environment:
            expected = f'expected "{config.box.environment}", as the box is: a box never has venues of both kinds'
            yield (*here, "environment"), expected
        if config.box.environment == "test":
            continue
        if venue.market_data.stale_ms > NOTICE_MS_MAX:
            yield (*here, "market_data", "stale_ms"), f"expected at most {NOTICE_MS_MAX} in production"
        if venue.execution.silence_cancel_ms > NOTICE_MS_MAX:
            yield (*here, "execution", "silence_cancel_ms"), f"expected at most {NOTICE_MS_MAX} in production"
