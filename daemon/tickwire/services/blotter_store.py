"""What leaves memory: an append-only file of JSON lines, each found again by its offset."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tickwire.host.upkeep import Submit, at_once

LINE_SIZE_MAX = 1 << 20  # of a line that is read back


class LineFile:
    """JSON objects, one a line, appended to and read by offset; made readable by this user alone.

    A line that a crash cut short is closed off by the next append, so it damages no other.
    """

    def __init__(self, path: Path, submit: Submit = at_once) -> None:
        """submit: where it waits for the disk."""
        self.path = path
        self._submit = submit
        self._trouble: OSError | None = None  # of a wait for the disk, until somebody is told
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._end = os.fstat(self._descriptor).st_size
        self._torn = self._end > 0 and os.pread(self._descriptor, 1, self._end - 1) != b"\n"
        self.damaged: list[int] = []  # numbers of lines that could not be read, from 1

    def append(self, entry: dict[str, Any], durable: bool = False) -> int:
        """Add a line and return its offset; durable: on its way to the disk, or there if submit waits.

        Raises OSError, also for an earlier line that the disk has not taken.
        """
        line = json.dumps(entry, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"
        if self._torn:
            self._write(b"\n")
            self._torn = False
        offset = self._end
        self._write(line)
        if durable:
            self._submit(self._sync)
        if self._trouble is not None:
            trouble, self._trouble = self._trouble, None
            raise trouble
        return offset

    def _sync(self) -> None:
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            self._trouble = error

    def _write(self, data: bytes) -> None:
        try:
            written = os.write(self._descriptor, data)
        except OSError:
            self._end = os.fstat(self._descriptor).st_size
            raise
        self._end += written
        if written != len(data):
            self._torn = True
            raise OSError(f"{self.path}: only {written} of {len(data)} bytes could be written")

    def read(self, offset: int) -> dict[str, Any] | None:
        """The object at an offset that append returned; None when it is damaged."""
        data = b""
        while b"\n" not in data and len(data) < LINE_SIZE_MAX:
            piece = os.pread(self._descriptor, 4096, offset + len(data))
            if not piece:
                break
            data += piece
        return _parse(data.partition(b"\n")[0])

    def entries(self) -> list[dict[str, Any]]:
        """Every object of the file; a last line without an end is a crash's and left out, others go to ``damaged``."""
        whole, _, _ = self.path.read_bytes().rpartition(b"\n")
        found = []
        self.damaged = []
        for number, line in enumerate(whole.split(b"\n"), 1):
            if not line:
                continue
            entry = _parse(line)
            if entry is None:
                self.damaged.append(number)
            else:
                found.append(entry)
        return found

    def close(self) -> None:
        """Let the file go."""
        os.close(self._descriptor)


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
