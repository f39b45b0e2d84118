"""``tickwire demo``: a paper exchange and a box, trading with each other for a while, and what came of it."""

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console

from tickwire.config import housekeeping_cores, lanes_of, parse
from tickwire.demo.children import Child, Start, workplace
from tickwire.demo.exchange import Status, read_status
from tickwire.demo.origin import host_facts, version
from tickwire.demo.plan import (
    ACCOUNT,
    DemoError,
    Settings,
    Wiring,
    between_namespaces,
    box_command,
    box_config,
    choose_namespaces,
    exchange_command,
    loopback,
)
from tickwire.host.network import Rack, stale_racks
from tickwire.native import NativeError, Segment
from tickwire.telemetry import report_text
from tickwire.telemetry.report import Report, Run, build, save
from tickwire.telemetry.snapshot import Snapshot, SnapshotReader
from tickwire.telemetry.view import View

LOOK_S = 0.25
START_S = 30.0  # how long the box and then the exchange may take to be ready
STOP_S = 20.0
SETTLED_LOOKS = 4  # after the end of a recording: the box has seen all of it and nothing moves any more


class Demo:
    """One demo, from nothing to its report: ``run`` ends after its seconds, with the recording, or on Ctrl-C."""

    def __init__(self, settings: Settings, console: Console) -> None:
        self._settings = settings
        self._console = console
        self._stop = threading.Event()
        self._symbols = settings.symbols()

    def run(self) -> Report:
        """Raises DemoError, leaving nothing behind."""
        with ExitStack() as stack:
            stack.enter_context(_stop_on_signals(self._stop))
            folder = stack.enter_context(workplace())
            if self._settings.keep_logs is not None:
                stack.callback(_keep, folder, self._settings.keep_logs)
            wiring, start_box, start_exchange = self._wire(stack)
            where = "two namespaces, AF_XDP" if wiring.namespaces else "loopback, sockets"
            self._console.print(f"{self._settings.market}: {', '.join(self._symbols)}", highlight=False)
            self._console.print(f"{where} ({wiring.why})", highlight=False)
            config = folder / "box.toml"
            text = box_config(wiring, self._symbols, folder)
            config.write_text(text, encoding="utf-8")
            cores = os.sched_getaffinity(0)
            others = housekeeping_cores(lanes_of(parse(text, str(config), cores), cores), cores)
            box = Child("box", box_command(config), folder / "box.log", cores, start_box)
            stack.callback(box.stop, STOP_S)
            os.sched_setaffinity(0, others)
            stack.callback(os.sched_setaffinity, 0, cores)
            segment = stack.enter_context(self._attach(folder / "segment", box))
            status = folder / "exchange.json"
            command = exchange_command(self._settings, wiring, self._symbols, status)
            exchange = Child("exchange", command, folder / "exchange.log", others, start_exchange)
            stack.callback(exchange.stop, STOP_S)
            return self._trade(SnapshotReader(segment, self._symbols), box, exchange, status, wiring)

    def _wire(self, stack: ExitStack) -> tuple[Wiring, Start, Start]:
        """The network, and how to start a process at each end of it."""
        namespaces, why = choose_namespaces(self._settings.backend)
        if not namespaces:
            return loopback(why), subprocess.Popen, subprocess.Popen
        stale_racks()
        rack = stack.enter_context(Rack())
        wiring = between_namespaces(why, rack.exchange.address, rack.box.address, rack.box.interface)

        def start_box(command: list[str], **options: object) -> "subprocess.Popen[bytes]":
            return rack.run_in(rack.box, command, **options)

        def start_exchange(command: list[str], **options: object) -> "subprocess.Popen[bytes]":
            return rack.run_in(rack.exchange, command, **options)

        return wiring, start_box, start_exchange

    def _attach(self, path: Path, box: Child) -> Segment:
        """The box's segment, once its lanes run."""
        found: list[Segment] = []

        def ready() -> bool:
            try:
                found.append(Segment.attach(path))
            except NativeError:
                return False
            if all(lane.state == "running" for lane in found[-1].control().lanes()):
                return True
            found.pop().close()
            return False

        self._wait(ready, "the box's lanes to run", box)
        return found[0]

    def _trade(self, reader: SnapshotReader, box: Child, exchange: Child, status: Path, wiring: Wiring) -> Report:
        self._wait(lambda: reader.read().armed, "the box to be armed", box, exchange)
        started = time.monotonic()
        settled = Settled()
        with View("tickwire demo", self._settings.seconds, self._view_console()) as view:
            while not self._stop.is_set() and (elapsed := time.monotonic() - started) < self._settings.seconds:
                box.require()
                exchange.require()
                snapshot = reader.read()
                view.show(snapshot, elapsed)
                if settled.look(read_status(status), snapshot):
                    break
                self._stop.wait(min(LOOK_S, self._settings.seconds - elapsed))
        seconds = time.monotonic() - started
        orderly = box.stop(STOP_S) == 0
        if exchange.stop(STOP_S) != 0:
            raise DemoError(f"the exchange did not stop in order:\n{exchange.tail()}")
        return self._report(reader.read(), read_status(status), seconds, orderly, box, wiring)

    def _view_console(self) -> Console:
        return self._console if self._settings.view else Console(file=self._console.file, force_terminal=False)

    def _report(
        self, snapshot: Snapshot, status: Status | None, seconds: float, orderly: bool, box: Child, wiring: Wiring
    ) -> Report:
        if status is None or ACCOUNT not in status.accounts:
            raise DemoError("the exchange left no account to compare with")
        opened = [entry["said"] for entry in box.events("stage_opened") if entry.get("stage") == "market-data"]
        mode = "; ".join(opened[-1]) if opened else wiring.backend
        run = Run(
            mode=f"{'two namespaces' if wiring.namespaces else 'loopback'}, {wiring.backend}: {mode}",
            market=self._settings.market,
            speed=self._settings.speed,
            seconds=round(seconds, 3),
            version=version(),
            host=host_facts(),
            orderly=orderly,
            notes=self._notes(snapshot, status, box, wiring),
        )
        account = status.accounts[ACCOUNT]
        report = build(snapshot, tuple(account.positions.values()), status.wire_to_wire_ns, run)
        report_text.show(report, self._console)
        if self._settings.report is not None:
            save(report, self._settings.report)
        return report

    def _notes(self, snapshot: Snapshot, status: Status, box: Child, wiring: Wiring) -> list[str]:
        """What a person should know beside the figures."""
        notes = [] if wiring.namespaces else [f"sockets on loopback: {wiring.why}"]
        notes += [entry["reason"] for entry in box.events("wish_not_granted")]
        notes += [f"lane {lane.name} was started {lane.starts} times" for lane in snapshot.lanes if lane.starts > 1]
        stalls = {name: ring.stalls for name, ring in snapshot.rings.items() if ring.stalls}
        if stalls:
            notes.append(
                "back-pressure: " + ", ".join(f"ring {name} was full {n:,} times" for name, n in stalls.items())
            )
        if status.street_error:
            notes.append(f"the recording is damaged: {status.street_error}")
        return notes

    def _wait(self, condition: Callable[[], bool], what: str, *children: Child) -> None:
        """Until the condition holds; DemoError when a child ends, it takes too long, or a person interrupts."""
        deadline = time.monotonic() + START_S
        while not condition():
            for child in children:
                child.require()
            if time.monotonic() > deadline:
                logs = "\n".join(f"{child.name}: {child.tail()}" for child in children)
                raise DemoError(f"waited {START_S:.0f} s for {what}\n{logs}")
            if self._stop.wait(0.02):
                raise DemoError("interrupted before trading began")


class Settled:
    """Notices that a recording is over and the box has seen all of it."""

    def __init__(self) -> None:
        self._looks = 0

    def look(self, status: Status | None, snapshot: Snapshot) -> bool:
        """One look; True after enough of them in a row."""
        over = status is not None and status.end_of_market
        self._looks = self._looks + 1 if over and snapshot.feed["synchronised"] else 0
        return self._looks > SETTLED_LOOKS


@contextmanager
def _stop_on_signals(stop: threading.Event) -> Iterator[None]:
    """SIGINT and SIGTERM end the demo early, with its report."""
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _keep(folder: Path, target: Path) -> None:
    """Copy configuration, logs and status out of the workplace."""
    target.mkdir(parents=True, exist_ok=True)
    for pattern in ("*.toml", "*.log", "*.json"):
        for file in folder.glob(pattern):
            shutil.copy(file, target)
