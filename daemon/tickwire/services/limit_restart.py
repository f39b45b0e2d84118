"""What limits are in force after a start: those that were, unless the configuration is tighter.  Never looser."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tickwire.services.limit_change import Override
from tickwire.services.limit_lease import Clocks
from tickwire.services.limit_paths import Limit, Value
from tickwire.services.limit_store import Found, Stored


@dataclass(frozen=True, slots=True)
class Finding:
    """A limit whose value now is not simply what was kept and configured alike, said for a person."""

    event: str
    path: str
    kept: str
    configured: str
    in_force: str
    text: str
    is_grave: bool = False


def command(path: str, value: str) -> str:
    """What a person types to have it."""
    return f'tickwire limits propose {path} {value} --reason "..."'


def settle(
    declared: Mapping[str, Limit], configured: Mapping[str, Value], found: Found, clocks: Clocks
) -> tuple[Stored, list[Finding], list[str]]:
    """The limits to start with, what a person should know about them, and the paths whose override must end now.

    Values of paths that the configuration no longer has are kept: taking a line out and putting it back, looser, must
    not loosen either.
    """
    kept, findings, ended = found.stored, [], []
    now = Stored(
        standing=_dormant(kept, declared),
        next_id=kept.next_id,
        seen_ns=max(kept.seen_ns, clocks.wall_ns()),
        overrides={path: override for path, override in kept.overrides.items() if path not in declared},
        pending={} if found.is_damaged else {id: one for id, one in kept.pending.items() if one.path in declared},
    )
    for path, limit in declared.items():
        before = _valid(limit, [kept.standing[path]] if path in kept.standing else [])
        override = kept.overrides.get(path)
        if found.is_damaged or path in found.doubted:
            known = [*before, *([override.value] if override else []), *found.doubted.get(path, ())]
            now.standing[path], finding = _fall_back(path, limit, configured[path], _valid(limit, known))
        else:
            now.standing[path], finding = _compare(path, limit, configured[path], before)
            if override and limit.is_valid(override.value):
                now.overrides[path] = override
                if not _goes_on(limit, override, now.standing[path], finding, kept.seen_ns, clocks):
                    ended.append(path)
        findings += [finding] if finding else []
    return now, findings, ended


def _compare(path: str, limit: Limit, configured: Value, before: Sequence[Value]) -> tuple[Value, Finding | None]:
    if not before or before[0] == configured:
        return configured, None
    kept = before[0]
    if limit.rank(configured) > limit.rank(kept):
        text = (
            f"{path}: {limit.show(kept)} stays in force; the configuration says {limit.show(configured)}, which is"
            f" looser, and a restart loosens nothing. To loosen it: {command(path, limit.show(configured))}"
        )
        return kept, _finding("limit_kept_tighter", path, limit, kept, configured, kept, text)
    text = (
        f"{path}: the configuration tightens it to {limit.show(configured)}; it was {limit.show(kept)}."
        f" To loosen it again: {command(path, limit.show(kept))}"
    )
    return configured, _finding("limit_tightened_by_configuration", path, limit, kept, configured, configured, text)


def _fall_back(path: str, limit: Limit, configured: Value, known: Sequence[Value]) -> tuple[Value, Finding | None]:
    """What was in force is in doubt: the tightest of all that may have been."""
    tightest = min([configured, *known], key=limit.rank)
    if tightest == configured:
        return configured, None
    text = (
        f"{path}: what was in force is in doubt; {limit.show(tightest)} is the tightest value known and in force now,"
        f" the configuration says {limit.show(configured)}. To loosen it: {command(path, limit.show(configured))}"
    )
    return tightest, _finding("limit_fallen_back", path, limit, tightest, configured, tightest, text, is_grave=True)


def _goes_on(
    limit: Limit, override: Override, standing: Value, finding: Finding | None, seen_ns: int, clocks: Clocks
) -> bool:
    """Whether an override goes on after the restart; one whose time is over ends with the first tick."""
    if limit.rank(override.value) <= limit.rank(standing):
        return True
    if finding and finding.event == "limit_tightened_by_configuration":
        return False
    stepped_back = clocks.boot != override.lease.boot and clocks.wall_ns() < seen_ns
    return not stepped_back  # after a reboot only the time of day tells, and it is not to be trusted


def _dormant(kept: Stored, declared: Mapping[str, Limit]) -> dict[str, Value]:
    return {path: value for path, value in kept.standing.items() if path not in declared}


def _valid(limit: Limit, values: Sequence[Value]) -> list[Value]:
    return [value for value in values if limit.is_valid(value)]


def _finding(
    event: str, path: str, limit: Limit, kept: Value, configured: Value, now: Value, text: str, is_grave: bool = False
) -> Finding:
    return Finding(event, path, limit.show(kept), limit.show(configured), limit.show(now), text, is_grave)
