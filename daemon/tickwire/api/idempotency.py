"""Idempotency keys: what a person has asked before under the same key is answered again, not done again."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tickwire.api.errors import Refused

KEY_COUNT_MAX = 4096
UNSURE = ("slow", "failed")  # ways to end after which nobody can say that nothing was done


def digest_of(command: str, request: msgspec.Struct) -> str:
    """What tells one asking from another."""
    return hashlib.sha256(command.encode() + b"\0" + msgspec.json.encode(request, order="deterministic")).hexdigest()


@dataclass
class Asked:
    """A command that was asked under a key: its answer, or that it is being done, or that nobody knows."""

    digest: str
    answer: Any = None
    done: asyncio.Event | None = field(default=None)
    known: bool = False


class Remembered:
    """The latest keys of every person."""

    def __init__(self) -> None:
        self._asked: OrderedDict[tuple[str, str], Asked] = OrderedDict()

    def load(self, lines: Iterable[dict[str, Any]]) -> None:
        """Remember what the record of operations says was asked before this start."""
        for line in lines:
            key, person, phase = line.get("key"), line.get("person"), line.get("phase")
            if not key or not person or phase not in ("begun", "done", "refused"):
                continue
            if phase == "refused":
                if line.get("code") not in UNSURE:
                    self._asked.pop((person, key), None)
                continue
            asked = Asked(str(line.get("digest")), line.get("answer"), None, phase == "done")
            self._put((person, key), asked)

    async def begin(self, person: str, key: str, digest: str) -> Asked | None:
        """None when it must be done now; otherwise what was asked before, once its outcome is known."""
        asked = self._asked.get((person, key))
        if asked is None:
            self._put((person, key), Asked(digest, None, asyncio.Event()))
            return None
        if asked.digest != digest:
            raise Refused("repeated", "this idempotency key was used for another command: choose a new one")
        if asked.done is not None:
            await asked.done.wait()
            asked = self._asked.get((person, key))
            if asked is None:
                raise Refused("repeated", "the first asking under this key was not done: ask again")
        if not asked.known:
            raise Refused("repeated", "a command under this key was begun and nobody knows how it ended: look first")
        return asked

    def end(self, person: str, key: str, answer: Any) -> None:
        """It was done; this is the answer."""
        asked = self._asked.get((person, key))
        if asked is not None:
            asked.answer, asked.known = answer, True
            self._release(asked)

    def forget(self, person: str, key: str, acted: bool) -> None:
        """It was not done; acted: and yet nobody can be sure, so the key stays used."""
        asked = self._asked.get((person, key))
        if asked is not None:
            if not acted:
                del self._asked[(person, key)]
            self._release(asked)

    @staticmethod
    def _release(asked: Asked) -> None:
        if asked.done is not None:
            asked.done.set()
            asked.done = None

    def _put(self, key: tuple[str, str], asked: Asked) -> None:
        self._asked[key] = asked
        self._asked.move_to_end(key)
        while len(self._asked) > KEY_COUNT_MAX:
            self._asked.popitem(last=False)
