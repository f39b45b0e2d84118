"""Changes of limits: who wants what and why, who agreed, and for how long."""

import unicodedata
from dataclasses import dataclass
from typing import Any, Literal

from tickwire.services.limit_lease import Lease
from tickwire.services.limit_paths import RefusedError, Value

NAME_SIZE_MAX = 64
REASON_SIZE_MAX = 500

Role = Literal["viewer", "trader", "risk-officer"]
Approval = Literal["none", "loosening", "all"]
State = Literal["in force", "waiting", "unconfirmed"]


@dataclass(frozen=True, slots=True)
class Governance:
    """How limits may be changed."""

    approval: Approval = "loosening"
    override_s_max: int = 28_800
    proposal_s_max: int = 3_600  # a proposal that nobody approved by then is void


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a limit, made or proposed; values in the box's own units."""

    id: int
    path: str
    old: Value  # in force before it
    new: Value
    who: str
    role: str
    why: str
    at_ns: int
    loosens: bool
    state: State  # unconfirmed: in force, but a second person has yet to see it
    approver: str = ""
    expires_s: int = 0  # an override, for so long; 0: for good
    lease: Lease | None = None  # of an override in force, or of the wait for approval


@dataclass(frozen=True, slots=True)
class Override:
    """A value for a while; the limit returns to its standing value by itself."""

    value: Value
    lease: Lease
    change: int


def override_state(override: Override) -> dict[str, Any]:
    """For a file."""
    return {"value": override.value, "change": override.change, "lease": lease_state(override.lease)}


def override_from(state: dict[str, Any]) -> Override:
    """From a file.  Raises KeyError, TypeError."""
    return Override(state["value"], lease_from(state["lease"]), int(state["change"]))


def lease_state(lease: Lease | None) -> list[Any] | None:
    """For a file."""
    return None if lease is None else [lease.started_ns, lease.duration_ns, lease.elapsed_ns, lease.boot]


def lease_from(state: list[Any]) -> Lease:
    """From a file.  Raises ValueError, TypeError."""
    started_ns, duration_ns, elapsed_ns, boot = state
    return Lease(int(started_ns), int(duration_ns), int(elapsed_ns), str(boot))


def change_state(change: Change) -> dict[str, Any]:
    """For a file."""
    state: dict[str, Any] = {name: getattr(change, name) for name in Change.__slots__}
    return {**state, "lease": lease_state(change.lease)}


def change_from(state: dict[str, Any]) -> Change:
    """From a file.  Raises KeyError, TypeError, ValueError."""
    return Change(**{**state, "lease": None if state["lease"] is None else lease_from(state["lease"])})


def person(name: object) -> str:
    """A name that can be recorded.  Raises RefusedError."""
    text = _text(name, NAME_SIZE_MAX, "a name")
    if not text:
        raise RefusedError("somebody must answer for it: the name is empty")
    return text


def reason(why: object) -> str:
    """A reason that can be recorded.  Raises RefusedError."""
    text = _text(why, REASON_SIZE_MAX, "a reason")
    if not text:
        raise RefusedError("say why: the reason is empty")
    return text


def is_same_person(one: str, other: str) -> bool:
    """Whether two names are one person's, however they are spelt."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()


def _text(value: object, size_max: int, what: str) -> str:
    if not isinstance(value, str):
        raise RefusedError(f"{what} is text, not {type(value).__name__}")
    text = value.strip()
    if len(text) > size_max:
        raise RefusedError(f"{what} has at most {size_max} characters, not {len(text)}")
    if any(unicodedata.category(character).startswith("C") for character in text):
        raise RefusedError(f"{what} may not hold control characters")
    return text
