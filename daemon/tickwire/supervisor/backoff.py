"""How long to wait before starting something again."""

from dataclasses import dataclass


@dataclass
class BackOff:
    """Doubles from first_s to last_s; starts over after a life of at least healthy_s.  ``count`` is restarts in all."""

    first_s: float
    last_s: float
    healthy_s: float
    count: int = 0
    _failures: int = 0

    def next_s(self, lived_s: float) -> float:
        """Wait after a life of lived_s."""
        self._failures = 0 if lived_s >= self.healthy_s else self._failures
        wait = min(self.last_s, self.first_s * 2.0 ** min(self._failures, 62))
        self._failures += 1
        self.count += 1
        return wait
