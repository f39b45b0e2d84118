"""The limit book: which limits are in force, who changed them and why, who agreed, and what is lent for a while.

A tightening takes effect at once.  A loosening waits for a second person, where the configuration asks for one.  An
override returns to the standing value by itself.  Nothing loosens by a restart, a clock that steps, or a full disk.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from tickwire.host.logs import Log
from tickwire.host.upkeep import Submit, Upkeep, at_once
from tickwire.services.limit_change import Change, Governance, Override, is_same_person, person, reason
from tickwire.services.limit_lease import Clocks, Lease
from tickwire.services.limit_paths import Limit, RefusedError, Value, find
from tickwire.services.limit_restart import Finding, settle
from tickwire.services.limit_store import LimitStore, state_of

PENDING_COUNT_MAX = 64
SAVE_NS = 60_000_000_000  # how often the time of day is kept while something is lent
NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class LimitView:
    """One limit for a person to read; values as they are written in the configuration."""

    path: str
    effective: str
    standing: str
    unit: str
    override_ends_ns: int = 0  # 0: none
    waiting: tuple[int, ...] = ()  # changes that wait for a second person


class LimitBook:
    """The limits of the box.  Single owner; every method looks at the clock first."""

    def __init__(
        self,
        declared: Mapping[str, Limit],
        configured: Mapping[str, Value],
        store: LimitStore,
        governance: Governance,
        clocks: Clocks,
        submit: Submit = at_once,
    ) -> None:
        """Takes what was kept over and says where it differs from the configuration.  Raises OSError."""
        self.log = Log("limit-book")
        self._declared = declared
        self._store = store
        self._governance = governance
        self._clocks = clocks
        self._files = Upkeep(submit, store.record, store.save, self.log, "limits_not_recorded")
        self._saved_ns = 0
        found = store.load(clocks.wall_ns())
        self._now, findings, ended = settle(declared, configured, found, clocks)
        for trouble in found.troubles:
            self.log.error(
                "limits_in_doubt", what=trouble, done="the tightest value known is in force for each of them"
            )
            self._files.note(self._timed({"event": "doubted", "why": trouble}))
        for finding in findings:
            self._find(finding)
        for path in ended:
            self._end(path)
        self._save()

    def effective(self) -> Mapping[str, Value]:
        """Every limit in force now, in the box's own units."""
        self.tick()
        return {path: self._effective(path) for path in self._declared}

    def propose(
        self,
        who: str,
        role: str,
        path: str,
        value: object,
        why: str,
        approver: str | None = None,
        expires_s: int | None = None,
    ) -> Change:
        """Change a limit, for good or for expires_s, or ask a second person to agree; value as in the configuration.

        approver is a second person who is there now and has agreed.  Raises RefusedError.
        """
        self.tick()
        who, why, limit = person(who), reason(why), find(self._declared, path)
        new, old = limit.parse(value), self._effective(path)
        duration_s = self._duration(expires_s)
        loosens = self._loosens(path, new, duration_s)
        _authorise(role, loosens, path)
        if approver is not None:
            approver = _second(person(approver), who)
        if new == old and not duration_s and path not in self._now.overrides:
            raise RefusedError(f"{path} is {limit.show(old)} already")
        asks = approver is None and self._governance.approval in (("loosening", "all") if loosens else ("all",))
        if asks and len(self._now.pending) >= PENDING_COUNT_MAX:
            if loosens:
                raise RefusedError(f"{PENDING_COUNT_MAX} changes wait already: approve or reject some first")
            asks = False  # a tightening is never held up
        change = Change(
            id=self._now.next_id,
            path=path,
            old=old,
            new=new,
            who=who,
            role=role,
            why=why,
            at_ns=self._clocks.wall_ns(),
            loosens=loosens,
            state="waiting" if asks and loosens else "unconfirmed" if asks else "in force",
            approver=approver or "",
            expires_s=duration_s,
        )
        self._now.next_id += 1
        return self._wait(change) if change.state == "waiting" else self._enforce(change)

    def approve(self, change_id: int, who: str, role: str) -> Change:
        """A second person agrees: what waited takes effect.  Raises RefusedError."""
        change = self._waiting(change_id, role)
        approver = _second(person(who), change.who)
        limit = find(self._declared, change.path)
        if change.state == "unconfirmed":
            self._note(self._told("confirmed", replace(change, state="in force", approver=approver)))
            del self._now.pending[change_id]
            self._save()
            return replace(change, state="in force", approver=approver)
        now = self._effective(change.path)
        if now != change.old:
            raise RefusedError(
                f"{change.path} is {limit.show(now)} now, not {limit.show(change.old)} as when change {change_id} was"
                " proposed: propose it again"
            )
        done = self._enforce(replace(change, state="in force", approver=approver, lease=None))
        self._now.pending.pop(change_id, None)
        self._save()
        return done

    def reject(self, change_id: int, who: str, role: str, why: str) -> Change:
        """A risk officer, or whoever proposed it, lets it fall; what is in force stays.  Raises RefusedError."""
        self.tick()
        who, why = person(who), reason(why)
        change = self._now.pending.get(change_id)
        own = change is not None and is_same_person(who, change.who)
        change = self._waiting(change_id, "risk-officer" if own else role)
        del self._now.pending[change_id]
        self._note(self._told("rejected", change) | {"rejected_by": who, "rejected_why": why})
        self._save()
        return change

    def pending(self) -> tuple[Change, ...]:
        """What waits for a second person, oldest first."""
        self.tick()
        return tuple(self._now.pending.values())

    def history(self, count: int = 100) -> tuple[dict[str, Any], ...]:
        """The last entries, oldest first: every change, proposal and end.  Raises OSError."""
        return self._store.history()[-max(count, 0) :] if count > 0 else ()

    def views(self) -> tuple[LimitView, ...]:
        """Every limit for people."""
        self.tick()
        return tuple(self._view(path, limit) for path, limit in self._declared.items())

    def tick(self) -> tuple[str, ...]:
        """End what has ended, record what could not be recorded; what was done, for the log."""
        said = [self._end(path) for path in self._declared if self._is_over(path)]
        for change in list(self._now.pending.values()):
            if change.lease and change.lease.is_over(self._clocks, loose=True):
                said.append(self._expire(change))
        now_ns = self._clocks.wall_ns()
        lent = bool(self._now.overrides or self._now.pending)
        if said or (lent and not 0 <= now_ns - self._saved_ns < SAVE_NS):
            self._save()
        self._files.look()
        return tuple(said)

    def _effective(self, path: str) -> Value:
        override = self._now.overrides.get(path)
        return override.value if override else self._now.standing[path]

    def _loosens(self, path: str, new: Value, duration_s: int) -> bool:
        """Looser than what stands or what is in force; or it would end a tightening earlier than was said."""
        limit, standing = self._declared[path], self._now.standing[path]
        rank = limit.rank(standing)
        if limit.rank(new) > min(rank, limit.rank(self._effective(path))):
            return True
        override = self._now.overrides.get(path)
        tightened = override is not None and limit.rank(override.value) < rank
        ends_ns = self._clocks.wall_ns() + duration_s * NS_PER_S
        return bool(tightened and override and duration_s and ends_ns < override.lease.ends_ns)

    def _duration(self, expires_s: int | None) -> int:
        if expires_s is None:
            return 0
        longest = self._governance.override_s_max
        if type(expires_s) is not int or not 0 < expires_s <= longest:
            raise RefusedError(f"an override lasts 1 to {longest} seconds (limits.override_s_max), not {expires_s!r}")
        return expires_s

    def _waiting(self, change_id: int, role: str) -> Change:
        self.tick()
        change = self._now.pending.get(change_id)
        if change is None:
            raise RefusedError(f"no change {change_id} waits: it was decided, has expired, or never was")
        if role != "risk-officer":
            raise RefusedError(f"only a risk officer decides on change {change_id}, not a {role}")
        return change

    def _wait(self, change: Change) -> Change:
        """Put a loosening before a second person."""
        change = replace(change, lease=Lease.start(self._clocks, self._governance.proposal_s_max * NS_PER_S))
        self._must_note(self._told("proposed", change))
        self._now.pending[change.id] = change
        self._save()
        return change

    def _enforce(self, change: Change) -> Change:
        """Put a change in force; a loosening only once it is recorded."""
        path, before = change.path, self._now.overrides.get(change.path)
        standing = self._now.standing[path]
        lease = Lease.start(self._clocks, change.expires_s * NS_PER_S) if change.expires_s else None
        self._now.overrides.pop(path, None)
        if lease:
            self._now.overrides[path] = Override(change.new, lease, change.id)
        else:
            self._now.standing[path] = change.new
        try:
            (self._must_note if change.loosens else self._note)(self._told("changed", change))
        except RefusedError:
            self._now.standing[path] = standing
            self._now.overrides.pop(path, None)
            if before:
                self._now.overrides[path] = before
            raise
        if change.state == "unconfirmed":
            wait = Lease.start(self._clocks, self._governance.proposal_s_max * NS_PER_S)
            self._now.pending[change.id] = replace(change, lease=wait)
        self._save()
        return replace(change, lease=lease)

    def _is_over(self, path: str) -> bool:
        override = self._now.overrides.get(path)
        if override is None:
            return False
        rank = self._declared[path].rank
        return override.lease.is_over(self._clocks, loose=rank(override.value) > rank(self._now.standing[path]))

    def _end(self, path: str) -> str:
        limit, override = self._declared[path], self._now.overrides.pop(path)
        standing = self._now.standing[path]
        text = (
            f"{path}: the override to {limit.show(override.value)} has ended; {limit.show(standing)} is in force again"
        )
        self._note(self._after(path) | {"event": "override ended", "id": override.change, "who": "clock", "why": text})
        return text

    def _expire(self, change: Change) -> str:
        del self._now.pending[change.id]
        stays = "it stays in force, unconfirmed" if change.state == "unconfirmed" else "it is void"
        text = f"change {change.id} of {change.path} found no second person in time: {stays}"
        self._note(self._told("expired", change) | {"text": text})
        return text

    def _view(self, path: str, limit: Limit) -> LimitView:
        override = self._now.overrides.get(path)
        return LimitView(
            path=path,
            effective=limit.show(self._effective(path)),
            standing=limit.show(self._now.standing[path]),
            unit=limit.unit,
            override_ends_ns=override.lease.ends_ns if override else 0,
            waiting=tuple(change.id for change in self._now.pending.values() if change.path == path),
        )

    def _find(self, finding: Finding) -> None:
        """Say what a restart found."""
        say = self.log.error if finding.is_grave else self.log.warning
        facts = {name: getattr(finding, name) for name in ("path", "kept", "configured", "in_force", "text")}
        say(finding.event, **facts)
        entry = self._after(finding.path) | {"event": finding.event, "who": "restart", "why": finding.text}
        self._files.note(self._timed(entry))

    def _after(self, path: str) -> dict[str, Any]:
        """What is in force after it, which is what a recovery goes by."""
        return {"path": path, "standing": self._now.standing[path], "effective": self._effective(path)}

    def _told(self, event: str, change: Change) -> dict[str, Any]:
        limit = self._declared[change.path]
        return self._after(change.path) | {
            "event": event,
            "id": change.id,
            "old": limit.show(change.old),
            "new": limit.show(change.new),
            "who": change.who,
            "role": change.role,
            "why": change.why,
            "approver": change.approver,
            "loosens": change.loosens,
            "state": change.state,
            "expires_s": change.expires_s,
        }

    def _note(self, entry: dict[str, Any]) -> None:
        """Record; when the disk does not take it, later."""
        self._files.note(self._timed(entry))
        self._say(entry)

    def _must_note(self, entry: dict[str, Any]) -> None:
        """Record now, or refuse."""
        try:
            self._files.must(self._timed(entry))
        except TimeoutError as error:  # it may be on record later
            self._note({"event": "void", "id": entry["id"], "who": "clock", "why": f"nothing was changed: {error}"})
            raise RefusedError(f"it cannot be recorded, so nothing was changed: {error}") from error
        except OSError as error:
            raise RefusedError(f"it cannot be recorded, so nothing was changed: {error}") from error
        self._say(entry)

    def _say(self, entry: dict[str, Any]) -> None:
        facts = {name: fact for name, fact in entry.items() if name != "event"}
        self.log.info("limit_" + entry["event"].replace(" ", "_"), **facts)

    def _timed(self, entry: dict[str, Any]) -> dict[str, Any]:
        at_ns = self._clocks.wall_ns()
        time = datetime.fromtimestamp(at_ns / NS_PER_S, UTC).isoformat(timespec="microseconds")
        return {"at_ns": at_ns, "time": time} | entry

    def _save(self) -> None:
        """History first, then what is in force; what fails is tried again with every tick."""
        self._saved_ns = self._clocks.wall_ns()
        self._now.seen_ns = max(self._now.seen_ns, self._saved_ns)
        self._files.keep(state_of(self._now))


def _authorise(role: str, loosens: bool, path: str) -> None:
    if role not in ("trader", "risk-officer"):
        raise RefusedError(f"a {role} may look at limits, not change them")
    if loosens and role != "risk-officer":
        raise RefusedError(f"that would loosen {path}: only a risk officer may; a {role} may tighten")


def _second(approver: str, who: str) -> str:
    if is_same_person(approver, who):
        raise RefusedError(f"{approver} proposed it: a second person must approve")
    return approver
