"""What is recorded of every attempt to command the box, and how often what."""

from collections.abc import Callable
from typing import Any

from tickwire.api.audit import AuditLog
from tickwire.api.errors import Refused
from tickwire.api.people import NOBODY, Principal
from tickwire.host.logs import Log

QUERY_EVERY_NS = 60 * 1_000_000_000
REFUSED_BURST = 20
REFUSED_EVERY_NS = 1_000_000_000
SEEN_COUNT_MAX = 1024


class Attempts:
    """Writes attempts to the record and to the log.

    What changes something is written each time.  Looking is written once a minute for a person and a command, with how
    often; refusals of one person, or of nobody, 20 at once and then one a second, with how many were left out: a flood
    of wrong tokens fills no disk.
    """

    def __init__(self, audit: AuditLog, clock_ns: Callable[[], int]) -> None:
        self._audit = audit
        self._clock_ns = clock_ns
        self._log = Log("operations")
        self._queries: dict[tuple[str, str], tuple[int, int]] = {}
        self._refusals: dict[str, tuple[float, int, int]] = {}

    async def begun(self, who: Principal, command: str, arguments: dict[str, Any], key: str, digest: str) -> None:
        """About to be done; raises Refused when it cannot be recorded."""
        try:
            await self._write(who, command, "begun", arguments=arguments, key=key, digest=digest)
        except OSError as error:
            self._log.error("operation_not_recorded", command=command, person=who.name, reason=str(error))
            raise Refused("not-recorded", f"not done: it cannot be recorded: {error}") from error

    async def done(
        self, who: Principal, command: str, arguments: dict[str, Any], key: str, digest: str, answer: Any
    ) -> None:
        """It was done; that this cannot be recorded changes nothing."""
        facts = {"arguments": arguments, "key": key, "digest": digest, "answer": answer}
        await self._try(who, command, "done", **facts)

    async def repeated(self, who: Principal, command: str, key: str) -> None:
        """It was asked again under the same key, and not done again."""
        await self._try(who, command, "repeated", key=key)

    async def refused(
        self,
        who: Principal,
        command: str,
        refused: Refused,
        arguments: dict[str, Any] | None = None,
        key: str = "",
        digest: str = "",
        begun: bool = False,
    ) -> None:
        """It was not done; begun: and that it would be is on record, so this is written whatever came before."""
        left_out = 0 if begun else self._refusal_counts(who)
        if left_out is None:
            return
        facts: dict[str, Any] = {"code": refused.code, "reason": refused.text[:300]}
        facts |= {"arguments": arguments} if arguments is not None else {}
        facts |= {"key": key, "digest": digest} if key else {}
        facts |= {"left_out": left_out} if left_out else {}
        await self._try(who, command, "refused", **facts)

    async def query(self, who: Principal, command: str) -> None:
        """Somebody looked."""
        now_ns = self._clock_ns()
        written_ns, count = self._queries.get((who.name, command), (0, 0))
        count += 1
        if written_ns and now_ns - written_ns < QUERY_EVERY_NS:
            self._queries[who.name, command] = (written_ns, count)
            return
        self._queries[who.name, command] = (now_ns, 0)
        await self._try(who, command, "looked", times=count)

    def _refusal_counts(self, who: Principal) -> int | None:
        """How many were left out before this one; None: leave this one out too."""
        name = who.name if who.name != NOBODY else f"{NOBODY} {who.via}"
        now_ns = self._clock_ns()
        room, seen_ns, left_out = self._refusals.get(name, (float(REFUSED_BURST), now_ns, 0))
        room = min(float(REFUSED_BURST), room + (now_ns - seen_ns) / REFUSED_EVERY_NS)
        if len(self._refusals) > SEEN_COUNT_MAX:
            self._refusals.clear()
        if room < 1:
            self._refusals[name] = (room, now_ns, left_out + 1)
            return None
        self._refusals[name] = (room - 1, now_ns, 0)
        return left_out

    async def _try(self, who: Principal, command: str, phase: str, **facts: Any) -> None:
        try:
            await self._write(who, command, phase, **facts)
        except OSError as error:
            self._log.error("operation_not_recorded", command=command, person=who.name, phase=phase, reason=str(error))

    async def _write(self, who: Principal, command: str, phase: str, **facts: Any) -> None:
        attempt = {
            "phase": phase,
            "command": command,
            "person": who.name,
            "role": who.role,
            "via": who.via,
            "peer": who.peer,
            **facts,
        }
        say = self._log.warning if phase == "refused" else self._log.info
        say(f"operation_{phase}", **{name: value for name, value in attempt.items() if name not in ("phase", "answer")})
        await self._audit.record(**attempt)
