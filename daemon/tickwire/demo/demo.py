"""``tickwire demo``: a paper exchange and a box trade with each other for a while, and what came of it."""

import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console

from tickwire.demo.exchange import Status
from tickwire.demo.origin import host_facts, version
from tickwire.demo.plan import VENUES, DemoError, Settings
from tickwire.demo.site import STOP_S, Site, log_names
from tickwire.telemetry import report_text
from tickwire.telemetry.report import Report, Run, build, save
from tickwire.telemetry.snapshot import Snapshot
from tickwire.telemetry.view import View

LOOK_S = 0.25
SETTLED_LOOKS = 4  # after the end of a recording: the box has seen all of it and nothing moves any more


class Demo:
    """One demo, from nothing to its report: ``run`` ends after its seconds, with the recording, or on Ctrl-C."""

    def __init__(self, settings: Settings, console: Console) -> None:
        self._settings = settings
        self._console = console
        self._stop = threading.Event()

    def run(self) -> Report:
        """Raises DemoError, leaving nothing behind."""
        self._settings.check()
        start_ns = self._settings.start_ns
        symbols = self._settings.symbols()
        self._console.print(f"{self._settings.market}: {', '.join(symbols)}", highlight=False)
        with ExitStack() as stack:
            stack.enter_context(_stop_on_signals(self._stop))
            site = stack.enter_context(Site(self._settings, symbols, interrupted=self._stop.is_set))
            if self._settings.keep_logs is not None:
                stack.callback(keep, site.folder, self._settings.keep_logs)
            where = f"{namespaces(site)}, AF_XDP" if site.wiring.namespaces else "loopback, sockets"
            self._console.print(f"{where} ({site.wiring.why})", highlight=False)
            site.await_armed()
            self._await_start(site, start_ns)
            seconds = self._trade(site)
            orderly = site.box.stop(STOP_S) == 0
            for exchange in site.exchanges:
                if exchange.stop(STOP_S) != 0:
                    raise DemoError(f"the {exchange.name} did not stop in order:\n{exchange.tail()}")
            report = self._report(site, seconds, orderly)
        report_text.show(report, self._console)
        if self._settings.report is not None:
            save(report, self._settings.report)
        return report

    def _await_start(self, site: Site, start_ns: int) -> None:
        """Until a recording has reached its start, however much of the day lies before it."""
        if self._settings.itch is None:
            return
        while not self._stop.is_set():
            site.require()
            status = site.status()
            if status is not None and (status.market_ns >= start_ns or status.end_of_market):
                return
            self._stop.wait(LOOK_S)

    def _trade(self, site: Site) -> float:
        """Watch until it is time to stop; returns for how long, s."""
        started = time.monotonic()
        settled = Settled()
        limit = self._settings.seconds
        console = self._console if self._settings.view else Console(file=self._console.file, force_terminal=False)
        with View("tickwire demo", limit, console) as view:
            while not self._stop.is_set() and (elapsed := time.monotonic() - started) < limit:
                site.require()
                snapshot = site.reader.read()
                view.show(snapshot, elapsed)
                if settled.look(site.status(), snapshot):
                    break
                self._stop.wait(min(LOOK_S, limit - elapsed))
        return time.monotonic() - started

    def _report(self, site: Site, seconds: float, orderly: bool) -> Report:
        snapshot, positions = site.reader.read(), site.exchange_positions()
        statuses = [status for status in site.statuses() if status is not None]
        opened = [
            entry["said"] for entry in site.box.events("stage_opened") if entry["stage"].startswith("market-data")
        ]
        where = namespaces(site) if site.wiring.namespaces else "loopback"
        run = Run(
            mode="; ".join([f"{where}, {site.wiring.backend}", *(opened[-1] if opened else [])]),
            market=self._settings.market,
            speed=self._settings.speed,
            seconds=round(seconds, 3),
            version=version(),
            host=host_facts(),
            orderly=orderly,
            notes=self._notes(site, snapshot, statuses),
        )
        wire_to_wire = {VENUES[0].name: statuses[0].wire_to_wire_ns}  # ticks are of the first venue's feed
        return build(snapshot, positions, wire_to_wire, run)

    def _notes(self, site: Site, snapshot: Snapshot, statuses: list[Status]) -> list[str]:
        """What a person should know beside the figures."""
        degraded = self._settings.backend == "auto" and not site.wiring.namespaces
        notes = [f"sockets on loopback: {site.wiring.why}"] if degraded else []
        notes += [entry["reason"] for entry in site.box.events("wish_not_granted")]
        notes += [f"lane {lane.name} was started {lane.starts} times" for lane in snapshot.lanes if lane.starts > 1]
        stalls = {name: ring.stalls for name, ring in snapshot.rings.items() if ring.stalls}
        if stalls:
            notes.append(
                "back-pressure: " + ", ".join(f"ring {name} was full {n:,} times" for name, n in stalls.items())
            )
        notes += [f"the recording is damaged: {status.street_error}" for status in statuses if status.street_error]
        return notes


def namespaces(site: Site) -> str:
    """How many there are, in words."""
    return f"{('no', 'one', 'two', 'three', 'four', 'five')[len(site.exchanges) + 1]} namespaces"


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


def keep(folder: Path, target: Path) -> None:
    """Copy what a person may want to read out of the workplace."""
    target.mkdir(parents=True, exist_ok=True)
    for file in log_names(folder):
        shutil.copy(file, target)
