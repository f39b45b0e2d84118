"""Throttles that no gate has latched yet."""

import time
from collections.abc import Callable
from pathlib import Path

from tickwire.host.upkeep import Submit, at_once
from tickwire.services.throttle import Throttles


def no_throttles(folder: Path, clock_ns: Callable[[], int] = time.monotonic_ns, submit: Submit = at_once) -> Throttles:
    """Of strategy 1, imbalance, kept in folder."""
    return Throttles({1: "imbalance"}, folder, clock_ns, time.time_ns, submit)
