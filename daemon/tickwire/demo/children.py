"""The processes of a demo and the folder they work in: started, watched and ended so that nothing is left."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from tickwire.demo.plan import DemoError
from tickwire.host.process import die_with_parent
from tickwire.supervisor.ownership import is_owned

PREFIX = "tickwire-demo-"
SHARED_MEMORY = Path("/dev/shm")
LOG_TAIL = 8

Start = Callable[..., "subprocess.Popen[Any]"]  # Popen, or a namespace's way to it


@contextlib.contextmanager
def workplace() -> Iterator[Path]:
    """A folder of this demo's own, in memory where possible; those of demos that were killed go too."""
    root = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    for left in root.glob(f"{PREFIX}*"):
        pid = left.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and not Path("/proc", pid).exists() and not is_owned(left / "segment"):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Child:
    """One process with its log file; it gets SIGTERM when the demo ends, however the demo ends."""

    def __init__(self, name: str, command: list[str], log: Path, cores: Collection[int], start: Start) -> None:
        self.name = name
        self.log = log
        parent = os.getpid()

        def prepare() -> None:
            die_with_parent(parent, signal.SIGTERM)
            os.sched_setaffinity(0, cores)

        with log.open("ab") as file:
            self._process = start(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the demo, which ends its children in order
                preexec_fn=prepare,
            )

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def kill(self) -> None:
        """SIGKILL, and wait for its end."""
        self._process.kill()
        self._process.wait()

    @property
    def code(self) -> int | None:
        """Exit code; None while it runs."""
        return self._process.poll()

    def require(self) -> None:
        """Raise DemoError with the end of its log when it has ended."""
        if self.code is not None:
            raise DemoError(f"the {self.name} ended with code {self.code}:\n{self.tail()}")

    def stop(self, wait_s: float) -> int | None:
        """SIGTERM, and SIGKILL after wait_s; its exit code, None when it had to be killed."""
        if self.code is None:
            self._process.terminate()
        try:
            return self._process.wait(wait_s)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def tail(self) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_TAIL:])

    def events(self, name: str) -> list[dict[str, Any]]:
        """Every event of that name in its log."""
        found = []
        for line in self.log.read_text(errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, dict) and entry.get("event") == name:
                    found.append(entry)
        return found
