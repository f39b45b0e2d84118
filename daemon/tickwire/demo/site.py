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
    ACCOUNT,
    DROP_COPY_PASSWORD,
    PASSWORD,
    DemoError,
    Settings,
    Wiring,
    between_namespaces,
    box_command,
    choose_namespaces,
    exchange_command,
    exchange_name,
    loopback,
)
from tickwire.host.network import Host, Rack, stale_racks
from tickwire.native import NativeError, Segment
from tickwire.telemetry.report import ExchangePosition, added
from tickwire.telemetry.snapshot import SnapshotReader

START_S = 30.0  # how long the box and then the exchange may take to be ready
STOP_S = 20.0
LOOK_S = 0.02


class Site:
    """All processes, started: the box first, so that it hears every exchange from its first message.

    ``extra`` is more of the box's configuration; ``change`` changes what there is of it.  ``interrupted`` ends every
    wait.  Raises DemoError.
    """

    def __init__(
        self,
        settings: Settings,
        symbols: tuple[str, ...],
        *,
        extra: str = "",
        change: Callable[[str], str] = lambda text: text,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        self._interrupted = interrupted
        with ExitStack() as stack:  # half a site is taken down again
            self.folder = stack.enter_context(workplace())
            self.wiring, start_box, start_exchanges = _wire(settings, stack)
            self._config = self.folder / "box.toml"
            text = change(box_config(self.wiring, symbols, self.folder)) + extra
            self._config.write_text(text, encoding="utf-8")
            _write_secret(self.folder / "password", PASSWORD)
            _write_secret(self.folder / "drop-copy.password", DROP_COPY_PASSWORD)
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
            self.exchanges: tuple[Child, ...] = ()
            for venue, start in enumerate(start_exchanges):
                command = exchange_command(settings, self.wiring, symbols, self.folder, venue)
                name = exchange_name(self.wiring, venue)
                child = Child(name, command, self.folder / f"{name}.log", others, start)
                stack.callback(child.stop, STOP_S)
                self.exchanges += (child,)
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

    @property
    def exchange(self) -> Child:
        """The first exchange."""
        return self.exchanges[0]

    def status(self, venue: int = 0) -> Status | None:
        """What an exchange last said of itself."""
        return read_status(self.folder / f"{exchange_name(self.wiring, venue)}.json")

    def statuses(self) -> tuple[Status | None, ...]:
        """What each of them did."""
        return tuple(self.status(venue) for venue in range(len(self.exchanges)))

    def control(self, venue: int = 0) -> Path:
        """The socket that has an exchange misbehave."""
        return self.folder / f"{exchange_name(self.wiring, venue)}.control"

    def require(self) -> None:
        """Raise DemoError when a process has ended."""
        for child in (self.box, *self.exchanges):
            child.require()

    def exchange_positions(self) -> tuple[ExchangePosition, ...]:
        """The account's positions as the exchanges know them, added up.  Raises DemoError when one knows no account."""
        total: dict[str, ExchangePosition] = {}
        for status in self.statuses():
            if status is None or ACCOUNT not in status.accounts:
                raise DemoError("an exchange left no account to compare with")
            for symbol, one in status.accounts[ACCOUNT].positions.items():
                total[symbol] = added(total[symbol], one) if symbol in total else one
        return tuple(total.values())

    def await_armed(self) -> None:
        """Until the box may trade."""
        self.wait(lambda: self.reader.read().armed, "the box to be armed")

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Until the condition holds; DemoError when a process ends, it takes too long, or somebody interrupts."""
        self._wait(condition, what, self.box, *self.exchanges)

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


def _wire(settings: Settings, stack: ExitStack) -> tuple[Wiring, Start, tuple[Start, ...]]:
    """The network, and how to start a process at the box's and at each exchange's end of it."""
    namespaces, why = choose_namespaces(settings.backend)
    if not namespaces:
        return loopback(why, settings.venues), subprocess.Popen, (subprocess.Popen,) * settings.venues
    stale_racks()
    rack = stack.enter_context(Rack(links=settings.venues))
    ends = [
        (exchange.address, end.address, end.interface) for exchange, end in zip(rack.exchanges, rack.ends, strict=True)
    ]
    starts = tuple(_starter(rack, exchange) for exchange in rack.exchanges)
    return between_namespaces(why, ends), _starter(rack, rack.box), starts


def _write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="ascii")


def _starter(rack: Rack, host: Host) -> Start:
    def start(command: list[str], **options: Any) -> "subprocess.Popen[Any]":
        return rack.run_in(host, command, **options)

    return start


def log_names(folder: Path) -> list[Path]:
    """What a person may want to read afterwards: configuration, logs, status; the password is not among them."""
    return [file for pattern in ("*.toml", "*.log", "*.json") for file in sorted(folder.glob(pattern))]
