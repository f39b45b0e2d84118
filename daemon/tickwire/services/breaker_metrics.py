"""What breakers are measured by: counts in a sliding window, and probe orders since a moment."""

from collections import deque
from dataclasses import dataclass, field
from typing import Protocol

from tickwire.services.breaker import COUNTED, BreakerSettings, Reading

BUCKETS = 64  # a window is so many; what is counted leaves it one at a time
NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Probes:
    """Orders of a scope, ever: sent, answered well (accepted, executed), answered badly (rejected)."""

    sent: int = 0
    good: int = 0
    bad: int = 0


class Metrics(Protocol):
    """What the box measures of a scope; name is "" for the firm.  None: not known."""

    def loss(self, scope: str, name: str) -> int | None:
        """Of today, 1/10 000: positive when money was lost."""

    def drawdown(self, scope: str, name: str) -> int | None:
        """From the best of today, 1/10 000."""

    def rejects(self, scope: str, name: str) -> int | None:
        """Rejects, ever: a count that starts anew with its process."""

    def disconnects(self, scope: str, name: str) -> int | None:
        """Sessions that broke, ever: likewise."""

    def latency_us(self, scope: str, name: str, window_s: int) -> int | None:
        """p99 tick to order of the last window; None: no order was measured."""

    def probes(self, scope: str, name: str) -> Probes:
        """Orders, ever: counts that start anew with their process."""


@dataclass(slots=True)
class SlidingCount:
    """How much a count grew in the last window_ns.  A count that falls has started anew: all of it is new."""

    window_ns: int
    _last: int | None = None
    _grown: deque[tuple[int, int]] = field(default_factory=deque)  # when, at its bucket's end, and by how much

    def observe(self, now_ns: int, count: int | None) -> int:
        """The count now; the growth within the window."""
        if count is not None:
            grown = 0 if self._last is None else count - self._last if count >= self._last else count
            self._last = count
            if grown:
                bucket = self.window_ns // BUCKETS or 1
                at_ns = -(-now_ns // bucket) * bucket
                if self._grown and self._grown[-1][0] >= at_ns:
                    self._grown[-1] = (self._grown[-1][0], self._grown[-1][1] + grown)
                else:
                    self._grown.append((at_ns, grown))
        while self._grown and self._grown[0][0] <= now_ns - self.window_ns:
            self._grown.popleft()
        return sum(grown for _, grown in self._grown)

    def restart(self) -> None:
        """Forget what was counted; what comes counts."""
        self._grown.clear()


class Gauge:
    """Reads what one breaker wants to know."""

    def __init__(self, settings: BreakerSettings, metrics: Metrics) -> None:
        self._scope = (settings.scope, settings.name)
        self._settings = settings
        self._metrics = metrics
        self._count = SlidingCount(settings.window_s * NS_PER_S)
        self._before = metrics.probes(*self._scope)
        self._probes = Probes()

    def read(self, now_ns: int) -> Reading:
        """What is measured now."""
        now, before = self._metrics.probes(*self._scope), self._before
        self._probes = Probes(
            self._probes.sent + _growth(before.sent, now.sent),
            self._probes.good + _growth(before.good, now.good),
            self._probes.bad + _growth(before.bad, now.bad),
        )
        self._before = now
        return Reading(self._value(now_ns), self._probes.sent, self._probes.good, self._probes.bad)

    def restart_probes(self) -> None:
        """Probe orders count from now on."""
        self._probes = Probes()

    def restart_window(self) -> None:
        """What was counted before does not count."""
        self._count.restart()

    def _value(self, now_ns: int) -> int | None:
        trigger = self._settings.trigger
        if trigger == "loss":
            return self._metrics.loss(*self._scope)
        if trigger == "drawdown":
            return self._metrics.drawdown(*self._scope)
        if trigger in COUNTED:
            read = self._metrics.rejects if trigger == "reject-rate" else self._metrics.disconnects
            return self._count.observe(now_ns, read(*self._scope))
        return self._metrics.latency_us(*self._scope, self._settings.window_s) or 0  # no order, no latency


def _growth(before: int, now: int) -> int:
    return now - before if now >= before else now
