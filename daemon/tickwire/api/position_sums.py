"""What positions are added up over."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from tickwire.api.scopes import FIRM, Target
from tickwire.services.ledger_book import Key, Scope


def whole(target: Target) -> Scope:
    """Everything of the target."""
    return Scope() if target is FIRM else Scope(**{target.scope: target.index})


def groups(keys: Iterable[Key], target: Target, by: str) -> list[Scope]:
    """The parts of the target that differ in ``by``; none without one, the firm's is the target itself."""
    if not by:
        return []
    if by == "firm":
        return [whole(target)]
    return [whole(target)._replace(**{by: index}) for index in sorted({getattr(key, by) for key in keys})]


def over_venues(keys: Sequence[Key], target: Target) -> list[Scope]:
    """Each instrument of the target that was traded on more than one venue."""
    venues = defaultdict(set)
    for key in keys:
        venues[key.instrument].add(key.venue)
    return [whole(target)._replace(instrument=index) for index in sorted(venues) if len(venues[index]) > 1]
