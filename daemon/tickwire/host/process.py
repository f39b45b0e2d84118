"""What a Linux process may ask of the kernel about itself."""

import ctypes
import os
import signal
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15

_libc = ctypes.CDLL(None, use_errno=True)


def set_name(name: str) -> None:
    """Show as name in top and ps -c; the kernel keeps 15 bytes."""
    _prctl(PR_SET_NAME, ctypes.c_char_p(name.encode()))


def die_with_parent(parent: int, number: signal.Signals = signal.SIGTERM) -> None:
    """Get the signal when the parent ends, however it ends; for Popen's preexec_fn.  parent: its pid."""
    _prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(number))
    if os.getppid() != parent:  # it ended before we asked
        os.kill(os.getpid(), number)


def is_running(pid: int, word: str) -> bool:
    """Whether the process lives and word is one of its arguments, so that a reused pid is not taken for it."""
    try:
        return word.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def _prctl(option: int, argument: object) -> None:
    if _libc.prctl(option, argument, 0, 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
