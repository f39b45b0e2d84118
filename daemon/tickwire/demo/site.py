"""A paper exchange and a box on one machine, wired together; leaving it ends both and removes what they needed."""

import os
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tickwire.config import housekeeping_cores, lanes_of, parse
from tickwire.demo.box_config import box_config
from tickwire.demo.children import Child, Start, workplace
from tickwire.demo.exchange import Status, read_status
from tickwire.demo.plan import (
    PASSWORD,
    DemoError,
    Settings,
    Wiring,
    between_namespaces,
    box_command,
    choose_namespaces,
    exchange_command,
    loopback,
)
from tickwire.host.network import Host, Rack, stale_racks
from tickwire.native import NativeError, Segment
from tickwire.telemetry.snapshot import SnapshotReader

START_S = 30.0  # how long the box and then the exchange may take to be ready
STOP_S = 20.0
LOOK_S = 0.02


class Site:
    """Both processes, started: the box first, so that it hears the exchange from its first message.

    ``lanes`` is a ``[lanes]`` table for the box's configuration.  ``interrupted`` ends every wait.  Raises DemoError.
    """

    def __init__(
        self,
        settings: Settings,
        symbols: tuple[str, ...],
        *,
        lanes: str = "",
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        self._interrupted = interrupted
        with ExitStack() as stack:  # half a site is taken down again
            self.folder = stack.enter_context(workplace())
            self.wiring, start_box, start_exchange = _wire(settings.backend, stack)
            self._config = self.folder / "box.toml"
            text = box_config(self.wiring, symbols, self.folder) + lanes
            self._config.write_text(text, encoding="utf-8")
            (self.folder / "password").touch(mode=0o600)
            (self.folder / "password").write_text(PASSWORD, encoding="ascii")
            self._cores = os.sched_getaffinity(0)
            self.config = parse(text, str(self._config), self._cores)
            others = housekeeping_cores(lanes_of(self.config, self._cores), self._cores)
            self._start_box = start_box
            self.box = self._new_box()
            stack.callback(lambda: self.box.stop(STOP_S))
            os.sched_setaffinity(0, others)
            stack.callback(os.sched_setaffinity, 0, self._cores)
            self.segment = self._attach()
            stack.callback(lambda: self.segment.close())
            self.reader = SnapshotReader.of(self.segment, self.config)
            command = exchange_command(settings, self.wiring, symbols, self.folder / "exchange.json")
            self.exchange = Child("exchange", command, self.folder / "exchange.log", others, start_exchange)
            stack.callback(lambda: self.exchange.stop(STOP_S))
            self._undo = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()

    def start_box_again(self) -> None:
        """Another life of a box that has ended, on the same files."""
        self.segment.close()
        self.box = self._new_box()
        self.segment = self._attach()
        self.reader = SnapshotReader.of(self.segment, self.config)

    def status(self) -> Status | None:
        """What the exchange last said of itself."""
        return read_status(self.folder / "exchange.json")

    def await_armed(self) -> None:
        """Until the box may trade."""
        self.wait(lambda: self.reader.read().armed, "the box to be armed")

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Until the condition holds; DemoError when a process ends, it takes too long, or somebody interrupts."""
        self._wait(condition, what, self.box, self.exchange)

    def _new_box(self) -> Child:
        log = self.folder / "box.log"
        return Child("box", box_command(self._config), log, self._cores, self._start_box)

    def _attach(self) -> Segment:
        """The box's segment, once its lanes run."""
        found: list[Segment] = []

        def ready() -> bool:
            try:
                segment = Segment.attach(self.folder / "segment")
            except NativeError:  # not there, or not whole yet
                return False
            try:
                lanes = list(segment.control().lanes())
            except NativeError:
                lanes = []
            if segment.creator_pid == self.box.pid and lanes and all(lane.state == "running" for lane in lanes):
                found.append(segment)
                return True
            segment.close()
            return False

        self._wait(ready, "the box's lanes to run", self.box)
        return found[0]

    def _wait(self, condition: Callable[[], bool], what: str, *children: Child) -> None:
        deadline = time.monotonic() + START_S
        while not condition():
            for child in children:
                child.require()
            if time.monotonic() > deadline:
                logs = "\n".join(f"{child.name}: {child.tail()}" for child in children)
                raise DemoError(f"waited {START_S:.0f} s for {what}\n{logs}")
            if self._interrupted():
                raise DemoError(f"interrupted while waiting for {what}")
            time.sleep(LOOK_S)


def _wire(backend: str, stack: ExitStack) -> tuple[Wiring, Start, Start]:
    """The network, and how to start a process at the box's and at the exchange's end of it."""
    namespaces, why = choose_namespaces(backend)
    if not namespaces:
        return loopback(why), subprocess.Popen, subprocess.Popen
    stale_racks()
    rack = stack.enter_context(Rack())
    wiring = between_namespaces(why, rack.exchange.address, rack.box.address, rack.box.interface)
    return wiring, _starter(rack, rack.box), _starter(rack, rack.exchange)


def _starter(rack: Rack, host: Host) -> Start:
    def start(command: list[str], **options: Any) -> "subprocess.Popen[Any]":
        return rack.run_in(host, command, **options)

    return start


def log_names(folder: Path) -> list[Path]:
    """What a person may want to read afterwards: configuration, logs, status; the password is not among them."""
    return [file for pattern in ("*.toml", "*.log", "*.json") for file in sorted(folder.glob(pattern))]
