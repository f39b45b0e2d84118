"""Files that must survive a crash: replaced whole, or only ever added to."""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LINE_SIZE_MAX = 1 << 16
STATE_SIZE_MAX = 1 << 26


class DamagedFileError(Exception):
    """A file is there but does not say what was written; the text says where."""


def replace_file(path: Path, data: bytes) -> None:
    """Replace the file so that a crash leaves the old or the new content, never a part.  Raises OSError."""
    scratch = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        scratch.rename(path)
    except OSError:
        scratch.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renamings and new files of the folder last."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def canonical(value: object) -> bytes:
    """The one JSON spelling of a value, for digests."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def digest(value: object) -> str:
    """SHA-256 of the canonical spelling."""
    return hashlib.sha256(canonical(value)).hexdigest()


def write_state(path: Path, state: object) -> None:
    """Replace a JSON file with state and its digest, so that a changed digit is noticed.  Raises OSError."""
    text = json.dumps({"digest": digest(state), "state": state}, indent=1, sort_keys=True)
    replace_file(path, text.encode() + b"\n")


def read_state(path: Path) -> Any:
    """What write_state wrote; None without a file.  Raises OSError, or DamagedFileError."""
    try:
        with path.open("rb") as file:
            data = file.read(STATE_SIZE_MAX + 1)
    except FileNotFoundError:
        return None
    try:
        found = json.loads(data)
        state = found["state"]
        sound = found["digest"] == digest(state)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DamagedFileError(f"{path} is damaged: {error or type(error).__name__}") from error
    if not sound:
        raise DamagedFileError(f"{path} is damaged: its content does not have the digest it states")
    return state


@dataclass(frozen=True, slots=True)
class Lines:
    """What a journal holds: its readable entries in order, and whether all of it could be read."""

    entries: tuple[dict[str, Any], ...]
    digests: tuple[str, ...]  # of each entry
    torn: bool  # the last line is unfinished: a crash while it was written
    damaged: str  # what is wrong with the rest; empty: nothing


class Journal:
    """JSON lines that are only ever added to, each on disk before ``append`` returns.

    A line states the digest of the one before it, so that a line changed or taken out is noticed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self.last = ""  # digest of the last line

    def load(self) -> Lines:
        """Read what is there and go on behind it.  Raises OSError."""
        entries: list[dict[str, Any]] = []
        digests: list[str] = []
        torn, damaged, unreadable, last = False, "", "", ""
        for number, line in enumerate(_lines(self.path), 1):
            torn = not line.endswith(b"\n")
            entry = _entry(line)
            if entry is None:
                unreadable = "" if torn else f"{self.path} line {number} is not an entry"
                continue
            if entry["previous"] != last and not damaged:
                damaged = unreadable or f"{self.path} line {number} does not follow the line before it"
            unreadable = ""  # the chain holds: it was a line that a crash left unfinished, no entry
            last = digest(entry)
            digests.append(last)
            entries.append({key: value for key, value in entry.items() if key != "previous"})
        damaged = damaged or unreadable
        self.count, self.last = len(entries), last
        return Lines(tuple(entries), tuple(digests), torn, damaged)

    def append(self, entry: dict[str, Any]) -> None:
        """Add an entry, and have it on disk.  Raises OSError; the entry may then be there in part."""
        whole = {**entry, "previous": self.last}
        line = canonical(whole) + b"\n"
        if len(line) > LINE_SIZE_MAX:
            raise OSError(f"{self.path}: an entry of {len(line)} bytes is too long")
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self.path, flags, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                line = b"\n" + line  # behind what a crash left unfinished
            view = memoryview(line)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, size)  # what is not known to be on disk must not be found there later
            raise
        finally:
            os.close(descriptor)
        if not size:
            sync_folder(self.path.parent)
        self.count += 1
        self.last = digest(whole)


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while line := file.readline(LINE_SIZE_MAX + 1):
                yield line
    except FileNotFoundError:
        return


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("previous"), str) else None
