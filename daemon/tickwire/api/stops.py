"""Stops that outlive the segment: ``state_dir/stops.json``, by name, written before anything forgets them."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tickwire.api.commands import SCOPES
from tickwire.api.scopes import KEPT, Key, Stop

FILE = "stops.json"


@dataclass(frozen=True)
class Kept:
    """The stops of one scope; who: the person who paused it."""

    bits: int
    who: str = ""


class StopStore:
    """Stops by scope and name.  The supervisor and the command line may both write; a lock keeps them apart.

    Every method raises OSError, also when the file is damaged: stops that cannot be read must not be taken for none.
    """

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / FILE

    def read(self) -> dict[Key, Kept]:
        """All of them."""
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            return {
                _key(name): Kept(Stop(entry["bits"]) & KEPT, str(entry.get("who", ""))) for name, entry in data.items()
            }
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise OSError(f"{self._path} is damaged: {error}") from error

    def add(self, key: Key, bits: int, who: str = "") -> None:
        """Keep these bits too."""
        with self._locked():
            kept = self.read()
            before = kept.get(key, Kept(0))
            after = Kept(before.bits | (bits & KEPT), who or before.who)
            if after != before:
                self._write({**kept, key: after})

    def remove(self, key: Key, bits: int) -> None:
        """Forget these bits: a person has said so."""
        with self._locked():
            kept = self.read()
            before = kept.pop(key, Kept(0))
            left = Kept(before.bits & ~bits, "" if bits & Stop.PAUSE else before.who)
            self._write({**kept, key: left} if left.bits else kept)

    def _write(self, kept: dict[Key, Kept]) -> None:
        data = {" ".join(key).strip(): {"bits": int(entry.bits), "who": entry.who} for key, entry in kept.items()}
        scratch = self._path.with_suffix(f".{os.getpid()}")
        with scratch.open("w", encoding="utf-8") as file:
            json.dump(data, file)
            file.flush()
            os.fsync(file.fileno())
        scratch.rename(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        lock = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _key(text: str) -> Key:
    scope, _, name = text.partition(" ")
    for known in SCOPES:
        if scope == known:
            return known, name
    raise ValueError(f"no scope {scope!r}")
