"""The record of operations: one JSON line an event, append-only, on disk before it counts, each line bound to the last.

A line's ``hash`` is the SHA-256 of the hash before it and of the line without its own, so that a line that was changed,
removed or put in is found.  The supervisor and the command line may both write; a lock on the file keeps them apart.
"""

import asyncio
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FILE = "operations.jsonl"  # in state_dir
FIRST = "0" * 64
LINE_SIZE_MAX = 65_536
LOCK_TRIES = 200
LOCK_PAUSE_S = 0.005


@dataclass(frozen=True)
class Tail:
    """The end of the file: where it is and what the next line is bound to."""

    size: int = 0
    sequence: int = 0
    hash: str = FIRST
    torn: bool = False


class AuditLog:
    """Appends to and reads the record at path; raises OSError when the disk will not take a line."""

    def __init__(self, path: Path, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._path = path
        self._clock_ns = clock_ns
        self._tail: Tail | None = None
        self._worker: ThreadPoolExecutor | None = None
        self.problem = ""  # why the last line could not be written; empty when it could

    async def record(self, **facts: Any) -> dict[str, Any]:
        """Append off the event loop, in order of the calls; returns the line as written."""
        if self._worker is None:
            self._worker = ThreadPoolExecutor(1, "audit")
        return await asyncio.get_running_loop().run_in_executor(self._worker, lambda: self.record_now(**facts))

    def record_now(self, **facts: Any) -> dict[str, Any]:
        """Append and wait for the disk."""
        try:
            line = self._append(facts)
        except OSError as error:
            self.problem = str(error)
            self._tail = None
            raise
        self.problem = ""
        return line

    def _append(self, facts: dict[str, Any]) -> dict[str, Any]:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        file = os.open(self._path, flags, 0o600)
        try:
            with _locked(file):
                size = os.fstat(file).st_size
                if self._tail is None or self._tail.size != size:
                    self._tail = _find_tail(file, size)
                tail = self._tail
                now_ns = self._clock_ns()
                line = {
                    "sequence": tail.sequence + 1,
                    "time": datetime.fromtimestamp(now_ns / 1e9, UTC).isoformat(timespec="microseconds"),
                    "time_ns": now_ns,
                    **facts,
                    **({"after_torn_line": True} if tail.torn else {}),
                    "previous": tail.hash,
                }
                line["hash"] = line_hash(line)
                data = (b"\n" if tail.torn else b"") + _encode(line) + b"\n"
                _write_all(file, data, size)
                os.fsync(file)
                if size == 0:
                    _sync_folder(self._path.parent)
                self._tail = Tail(size + len(data), line["sequence"], line["hash"])
                return line
        finally:
            os.close(file)

    def last(self, count: int) -> list[dict[str, Any]]:
        """The last lines, oldest first; lines that are no JSON object are left out."""
        try:
            with self._path.open("rb") as file:
                end = file.seek(0, os.SEEK_END)
                file.seek(max(0, end - (count + 1) * LINE_SIZE_MAX // 16))
                lines = file.read().split(b"\n")
        except FileNotFoundError:
            return []
        return [line for raw in lines if (line := _decode(raw)) is not None][-count:]

    def verify(self) -> str:
        """Empty when every line follows from the one before; otherwise what is wrong, and where."""
        before, sequence, torn = FIRST, 0, False
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            return ""
        with file:
            for number, raw in enumerate(file, 1):
                line = _decode(raw)
                if line is None:
                    torn = True
                    continue
                if torn and not line.get("after_torn_line"):
                    return f"line {number - 1} is no record, and the next does not say why"
                torn = False
                if line.get("previous") != before or line.get("sequence") != sequence + 1:
                    return f"line {number} does not follow from the one before"
                if line.get("hash") != line_hash(line):
                    return f"line {number} was changed after it was written"
                before, sequence = line["hash"], sequence + 1
        return ""

    def close(self) -> None:
        """Wait for what is being written."""
        if self._worker is not None:
            self._worker.shutdown(wait=True)
            self._worker = None


def line_hash(line: dict[str, Any]) -> str:
    """What the line's hash must be."""
    bare = {key: value for key, value in line.items() if key != "hash"}
    return hashlib.sha256(str(line["previous"]).encode() + _encode(bare)).hexdigest()


def _encode(line: dict[str, Any]) -> bytes:
    return json.dumps(line, default=str, separators=(",", ":")).encode()


def _decode(raw: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(raw)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None


def _find_tail(file: int, size: int) -> Tail:
    """Read back the end of the file, further and further until a whole line is found."""
    reach = LINE_SIZE_MAX
    while size:
        data = os.pread(file, min(reach, size), max(0, size - reach))
        torn = not data.endswith(b"\n")
        for raw in reversed(data.split(b"\n")):
            line = _decode(raw)
            if line is not None and isinstance(line.get("hash"), str) and isinstance(line.get("sequence"), int):
                return Tail(size, line["sequence"], line["hash"], torn)
        if reach >= size:
            return Tail(size, torn=torn)
        reach *= 16
    return Tail()


@contextmanager
def _locked(file: int) -> Iterator[None]:
    for attempt in range(LOCK_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if attempt == LOCK_TRIES - 1:
                raise
            time.sleep(LOCK_PAUSE_S)
    yield  # closing the file gives the lock back


def _write_all(file: int, data: bytes, size: int) -> None:
    """Write all of it or leave nothing behind."""
    try:
        written = os.write(file, data)
        if written != len(data):
            raise OSError(28, "the disk is full")
    except OSError:
        os.ftruncate(file, size)
        raise


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
