"""What a fresh comparison says to a person who wants to end a break: cleared is what is gone, accepted what stands."""

from __future__ import annotations

from collections.abc import Sequence

from tickwire.services.reconcile_breaks import OWN_RECORD, Break
from tickwire.services.reconcile_run import SESSION_REPLAY, Result


def must_be_gone(found: Break, result: Result, unresolved: Sequence[Break]) -> bool:
    """Whether the person's word is still needed; ValueError: it stands, or nobody can tell now."""
    if _is_over(found, unresolved):
        return False
    number = found.break_id
    if any(one.break_id == number for one in result.breaks):
        raise ValueError(f"break {number} still stands: {found.text}  To trade on with it: breaks accept {number}")
    if doubt := _doubt(found, result):
        raise ValueError(f"whether break {number} is gone cannot be told now: {doubt}")
    return True


def must_stand(found: Break, result: Result, unresolved: Sequence[Break]) -> None:
    """ValueError: it is gone, or was never a difference that stands; what cannot be told may be accepted."""
    number = found.break_id
    stands = any(one.break_id == number for one in result.breaks)
    if _is_over(found, unresolved) or not (stands or _doubt(found, result)):
        raise ValueError(f"break {number} does not stand any more: there is nothing to accept, clear it")


def _is_over(found: Break, unresolved: Sequence[Break]) -> bool:
    """Whether the run has ended it; ValueError: only to make another one of it."""
    if any(one.break_id == found.break_id for one in unresolved):
        return False
    for other in unresolved:
        if other.fact == found.fact:
            raise ValueError(f"break {found.break_id} is break {other.break_id} now: {other.text}")
    return True


def _doubt(found: Break, result: Result) -> str:
    """Why a break that the run did not find may stand all the same; nothing when it does not.

    A replay replaces our picture with the record that it differed from, and of our own record no run says anything.
    """
    if found.source in (SESSION_REPLAY, OWN_RECORD) or (found.venue, found.source) in result.compared:
        return ""
    return "; ".join(result.partial) or f"the {found.source} was not compared"
