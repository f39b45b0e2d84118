"""The file of one life's record: lines are given out without waiting and written by a thread, at offsets known before.

What the disk does not take is written again to the same place, so that no line is there twice or in part.
"""

from __future__ import annotations

import json
import os
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from tickwire.host.upkeep import Submit, at_once

PENDING_SIZE_MAX = 1 << 26  # bytes that wait for the disk; then whoever adds must keep what he has
LINE_SIZE_MAX = 1 << 24  # of a line that is read back
READ_SIZE = 4096
SYNC_S = 1.0  # at most so much is lost when the machine loses its power
FINISH_S_MAX = 5.0


class DayFile:
    """JSON objects, one a line, only ever added to; for this user alone.  All calls from one thread.

    ``written``: every line that begins before this offset is in the file.  ``problem``: why the rest is not; empty
    when nothing is wrong.
    """

    def __init__(self, path: Path, submit: Submit = at_once) -> None:
        """submit: where it waits for the disk.  Raises OSError."""
        self.path = path
        self._submit = submit
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        os.fchmod(self._descriptor, 0o600)
        self.written = self._end = os.fstat(self._descriptor).st_size
        self._pending: list[bytes] = []
        self._flying: tuple[Future[Any], int, int] | None = None  # what is being written: lines, bytes
        self._synced_s = 0.0
        self.problem = ""
        if self._end and os.pread(self._descriptor, 1, self._end - 1) != b"\n":
            self._take(b"\n")  # behind what a crash cut short

    def add(self, entry: dict[str, Any]) -> int:
        """Add a line, to be written with the next flush; returns its offset.  Raises OSError when too much waits."""
        if self._end - self.written > PENDING_SIZE_MAX:
            raise OSError(f"{self.path}: too much waits for the disk{self.problem and ': '}{self.problem}")
        return self._take(json.dumps(entry, separators=(",", ":"), ensure_ascii=True).encode() + b"\n")

    def _take(self, line: bytes) -> int:
        offset = self._end
        self._pending.append(line)
        self._end += len(line)
        return offset

    def flush(self) -> None:
        """Settle what was written, hand over what is new; never waits."""
        self._settle()
        if self._flying is None and self._pending:
            data, start = b"".join(self._pending), self.written
            self._flying = self._submit(lambda: self._write(data, start)), len(self._pending), len(data)
            self._settle()

    def finish(self, wait_s: float = FINISH_S_MAX) -> None:
        """Have everything on the disk when this returns.  Raises OSError."""
        until = time.monotonic() + wait_s
        self.flush()
        while self._flying is not None or self._pending:
            if self._flying is not None:
                self._flying[0].result(max(0.0, until - time.monotonic()))
            self._settle()
            if self.problem:
                raise OSError(self.problem)
            self.flush()
        self._submit(lambda: os.fdatasync(self._descriptor)).result(max(0.0, until - time.monotonic()))

    def read(self, offset: int) -> dict[str, Any] | None:
        """The object at an offset that add returned; None when it is damaged.  Raises OSError."""
        if offset >= self.written:
            line = b"".join(self._pending)[offset - self.written :].partition(b"\n")[0]
        else:
            line = self._read_line(offset)
        try:
            entry = json.loads(line)
        except ValueError:
            return None
        return entry if isinstance(entry, dict) else None

    def _read_line(self, offset: int) -> bytes:
        data = b""
        while b"\n" not in data and len(data) < LINE_SIZE_MAX:
            piece = os.pread(self._descriptor, READ_SIZE, offset + len(data))
            if not piece:
                break
            data += piece
        return data.partition(b"\n")[0]

    def _write(self, data: bytes, start: int) -> str:
        """What went wrong; in the writer's thread."""
        view = memoryview(data)
        try:
            while view:
                count = os.pwrite(self._descriptor, view, start)
                view, start = view[count:], start + count
            if time.monotonic() - self._synced_s >= SYNC_S:
                os.fdatasync(self._descriptor)
                self._synced_s = time.monotonic()
        except OSError as error:
            return f"{self.path}: {error}"
        return ""

    def _settle(self) -> None:
        if self._flying is None or not self._flying[0].done():
            return
        (future, count, size), self._flying = self._flying, None
        self.problem = future.result()
        if not self.problem:
            del self._pending[:count]
            self.written += size
