"""From collaborators to a command plane that runs."""

from collections.abc import Sequence

from tickwire.api.collaborators import Collaborators
from tickwire.api.health import HealthCheck
from tickwire.api.http import Api
from tickwire.api.metrics import Exposition, OperationsCollector, SegmentCollector
from tickwire.api.operations import Operations
from tickwire.api.plane import OperatorPlane, PlaneSettings, people_of
from tickwire.api.queries import Queries
from tickwire.native import Segment


def build_operations(parts: Collaborators) -> Operations:
    """Every command over these collaborators; reads what the record of operations remembers."""
    return Operations(parts)


def build_plane(
    settings: PlaneSettings, parts: Collaborators, segment: Segment, symbols: Sequence[str], venues: Sequence[str]
) -> OperatorPlane:
    """The servers over those operations; symbols and venues by name, in the order of the configuration.

    Raises OSError when the local person's token can be neither read nor made.
    """
    people = people_of(settings)
    operations = build_operations(parts)
    exposition = Exposition(
        (SegmentCollector(segment, symbols, venues, parts.clock_ns), OperationsCollector(parts, segment))
    )
    api = Api(operations, people, HealthCheck(parts.box, Queries(parts)), exposition)
    return OperatorPlane(settings, operations, people, api)
