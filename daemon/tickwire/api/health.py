"""/health and /ready: does the box live, may it trade, and if not, what is wrong, in words."""

from tickwire.api.answers import Answer, ServiceLine
from tickwire.api.collaborators import BoxView
from tickwire.api.queries import Queries


class Health(Answer, frozen=True):
    """The box and its five services; good: HTTP 200, otherwise 503.  warnings: what must be known all the same."""

    box: str
    good: bool
    wrong: list[str]
    warnings: list[str]
    services: list[ServiceLine]


class HealthCheck:
    """Looks when asked."""

    def __init__(self, box: BoxView, queries: Queries) -> None:
        self._box = box
        self._queries = queries

    def health(self) -> Health:
        """Alive: every service's lane runs."""
        services = self._box.services()
        wrong = [f"{service.name}: {', '.join(service.wrong)}" for service in services if not service.healthy]
        return Health(
            box=self._box.name, good=not wrong, wrong=wrong, warnings=self._queries.warnings(), services=services
        )

    def ready(self) -> Health:
        """Fit for trading: every service says so and nothing stops the firm."""
        services = self._box.services()
        wrong = [f"{service.name}: {', '.join(service.wrong)}" for service in services if not service.ready]
        wrong += [
            f"the firm is stopped by {', '.join(line.stops)}" for line in self._queries.stops() if line.scope == "firm"
        ]
        return Health(
            box=self._box.name, good=not wrong, wrong=wrong, warnings=self._queries.warnings(), services=services
        )
