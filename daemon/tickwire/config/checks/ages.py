"""How old things may be: no watch shorter than the beat it listens to."""

from collections.abc import Iterator

from tickwire.config.checks.problem import Problem
from tickwire.config.model import Config


def problems(config: Config) -> Iterator[Problem]:
    """What times contradict."""
    watch, risk, orphan = config.supervisor, config.risk, config.lanes.orphan_ms_max
    if watch.heartbeat_ms * 2 > risk.supervisor_age_ms_max:
        yield (
            ("risk", "supervisor_age_ms_max"),
            f"expected at least twice supervisor.heartbeat_ms ({watch.heartbeat_ms})",
        )
    if watch.heartbeat_ms * 4 > orphan:
        yield ("lanes", "orphan_ms_max"), f"expected at least four times supervisor.heartbeat_ms ({watch.heartbeat_ms})"
    for index, venue in enumerate(config.venues):
        if not risk.supervisor_age_ms_max <= venue.execution.supervisor_silence_ms_max < orphan:
            yield (
                ("venues", index, "execution", "supervisor_silence_ms_max"),
                f"expected at least risk.supervisor_age_ms_max ({risk.supervisor_age_ms_max}), so that nothing new "
                f"follows, and less than lanes.orphan_ms_max ({orphan})",
            )
    if watch.restart_ms_min > watch.restart_ms_max:
        yield ("supervisor", "restart_ms_min"), "expected at most restart_ms_max"
