"""Who may run this box: one supervisor at a time, and what it must remember from the one before."""

import fcntl
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tickwire.api.stops import StopStore
from tickwire.config import Config
from tickwire.host.process import is_running
from tickwire.native import NativeError, Segment, lib
from tickwire.supervisor.state import read_number, write_text
from tickwire.supervisor.stops import directory_of, take_over

LANE_MODULE = "tickwire.services.lane"
UNFINISHED_SIZE = 4096  # as much of a file as is looked at before it is taken for an unfinished segment


class BoxOwnedError(Exception):
    """Somebody else runs this box; the text says who."""


class Ownership:
    """The right to run the box whose segment is at path, held until closed or until this process ends.

    A lock beside the segment keeps a second supervisor out.  What a crashed one left is replaced once its lanes are
    gone; they end by themselves.  Epoch and kill switch live in state_dir, so that they outlast the segment.
    """

    def __init__(self, path: Path, state_dir: Path) -> None:
        self._path = path
        self._epoch_file = state_dir / "epoch"
        self._kill_file = state_dir / "kill"
        self.stops = StopStore(state_dir)
        state_dir.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(_lock_path(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._lock, 32, 0).decode() or "a process that is just starting"
            os.close(self._lock)
            raise BoxOwnedError(f"segment {path} is held by pid {holder}") from error
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, str(os.getpid()).encode(), 0)

    def clear_stale(self, config: Config, wait_s: float, pause: Callable[[float], None] = time.sleep) -> str:
        """Remove the segment of an earlier run, keeping its stops; returns what was done, for the log.

        Its stop words are read by the names that config gives their indices now, and add to those remembered by name.

        Raises BoxOwnedError when lanes of that run do not end within wait_s, or when another version of Tickwire made
        the segment: whether its lanes still trade, and whether its kill switch is on, cannot be read then.  Raises
        NativeError when it cannot be opened.
        """
        if not self._path.exists():
            return ""
        try:
            with Segment.attach(self._path) as old:
                control = old.control()
                deadline = time.monotonic() + wait_s
                while alive := [lane for lane in control.lanes() if is_running(lane.pid, LANE_MODULE)]:
                    if time.monotonic() > deadline:
                        names = ", ".join(f"{lane.name} (pid {lane.pid})" for lane in alive)
                        raise BoxOwnedError(f"lanes of an earlier run still use {self._path}: {names}")
                    pause(0.05)
                self.remember_kill(control.kill)
                take_over(control, directory_of(config), self.stops)
        except NativeError as error:
            if error.code == lib.ERROR_LAYOUT:
                raise BoxOwnedError(
                    f"{error}; stop that version's lanes, see whether its kill switch was on, then remove the file"
                ) from error
            if error.code not in (lib.ERROR_MALFORMED, lib.ERROR_NOT_FOUND):
                raise  # it may well be a segment whose lanes trade: we just could not open it
            if not _is_unfinished_segment(self._path):
                raise BoxOwnedError(
                    f"{self._path} exists and is no segment of Tickwire: not touched; is box.segment_path right?"
                ) from error
            self._path.unlink(missing_ok=True)
            return f"removed the unfinished segment of an earlier run: {error}"
        self._path.unlink()
        return "replaced the segment of an earlier run"

    def next_epoch(self) -> int:
        """One more than ever before, on disk before it is used."""
        epoch = read_number(self._epoch_file) + 1
        write_text(self._epoch_file, str(epoch))
        return epoch

    @property
    def kill(self) -> int:
        """When the kill switch was thrown, ns; 0 when a person has re-armed it since, or it never was."""
        return read_number(self._kill_file)

    def remember_kill(self, kill: int) -> None:
        """Keep the kill switch on across restarts once it is."""
        if kill and not self.kill:
            write_text(self._kill_file, str(kill))

    def rearm(self) -> None:
        """Forget the kill switch: a person has said so."""
        self._kill_file.unlink(missing_ok=True)

    def close(self) -> None:
        """Let others run the box; the lock file stays, as removing it would race with the next holder."""
        os.close(self._lock)


def is_owned(path: Path) -> bool:
    """Whether a supervisor runs the box whose segment is at path."""
    try:
        lock = os.open(_lock_path(path), os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    except PermissionError:
        return True  # somebody else's: not ours to judge or remove
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _lock_path(segment: Path) -> Path:
    return segment.with_name(segment.name + ".lock")


def throw_kill(segment: Path | None, state_dir: Path | None, kill: int) -> list[str]:
    """Turn the kill switch on, in the segment for what runs and in state_dir for what will; returns what was done.

    Needs nothing but the files: not the supervisor, not a free lock.  One that fails does not keep the other from being
    done; raises OSError or NativeError only when nothing could be done.
    """
    done: list[str] = []
    errors: list[Exception] = []
    if segment is not None and segment.exists():
        try:
            with Segment.attach(segment) as box:
                control = box.control()
                control.kill = max(kill, control.kill + 1)  # a later kill: a code given before it is void
            done.append(f"segment {segment}: nothing new leaves, open orders are being cancelled")
        except (NativeError, OSError) as error:
            errors.append(error)
    if state_dir is not None:
        try:
            state_dir.mkdir(parents=True, exist_ok=True)
            if not (state_dir / "kill").exists():
                write_text(state_dir / "kill", str(kill))
            done.append(f"{state_dir / 'kill'}: stays on across restarts until a risk officer re-arms")
        except OSError as error:
            errors.append(error)
    if not done and errors:
        raise errors[0]
    return done + [f"failed: {error}" for error in errors]


def _is_unfinished_segment(path: Path) -> bool:
    """Whether the file begins like a segment that was cut, or never finished: with its mark, or with nothing."""
    try:
        with path.open("rb") as file:
            head = file.read(UNFINISHED_SIZE)
    except FileNotFoundError:
        return True
    return head.startswith(lib.SEGMENT_MAGIC.to_bytes(8, sys.byteorder)) or not head.strip(b"\0")
