"""The two steps of lifting a kill: a code that is good once, for a minute, for one person and one scope."""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from tickwire.api.scopes import Target

VALID_S = 60
TRIES_MAX = 3
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that looks like something else
CODE_SIZE = 6


@dataclass
class _Prepared:
    code: str
    person: str
    until_ns: int
    kill: int
    tries: int = 0


class RearmCodes:
    """Codes by scope; a newer one, a kill, or three wrong tries void what was given out."""

    def __init__(self, clock_ns: Callable[[], int]) -> None:
        self._clock_ns = clock_ns
        self._prepared: dict[Target, _Prepared] = {}

    def give(self, target: Target, person: str, kill: int) -> str:
        """A new code; kill: what is to be lifted, as it is now."""
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_SIZE))
        self._prepared[target] = _Prepared(code, person, self._clock_ns() + VALID_S * 1_000_000_000, kill)
        return code

    def void(self) -> None:
        """Somebody has killed: whoever prepared must look again."""
        self._prepared.clear()

    def take(self, target: Target, person: str, kill: int, code: str) -> str:
        """Use the code up; empty when it was good, otherwise why not."""
        prepared = self._prepared.get(target)
        if prepared is None:
            return "no code is out for this scope: prepare first"
        prepared.tries += 1
        good = hmac.compare_digest(prepared.code.encode(), code.strip().upper().encode())
        if prepared.tries > TRIES_MAX or self._clock_ns() > prepared.until_ns:
            del self._prepared[target]
            return "the code is no longer good: prepare again"
        if not good or prepared.person != person:
            return "that is not the code you were given for this scope"
        del self._prepared[target]
        if prepared.kill != kill:
            return "the kill switch was thrown again since: prepare again"
        return ""
