"""What a demo is asked for, and what follows from it on this machine: addresses, commands, the box's configuration."""

import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from tickwire.demo.symbols import most_active
from tickwire.host import facts
from tickwire.sim.settings import parse_speed, parse_time

ACCOUNT = "TRADE1"
PASSWORD = "password1"
SYNTHETIC_SYMBOLS = tuple(f"SYN{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
LOOPBACK = "127.0.0.1"


class DemoError(Exception):
    """The demo cannot do what it was asked for, or one of its processes failed; the text says which and why."""


@dataclass(frozen=True)
class Settings:
    """What was asked for."""

    itch: Path | None = None
    speed: str = "1"
    start: str = "09:30:00"
    seconds: float = 30.0
    seed: int = 1
    report: Path | None = None
    backend: str = "auto"
    instruments: int = 4
    symbol: tuple[str, ...] = ()
    view: bool = True
    keep_logs: Path | None = None

    @property
    def market(self) -> str:
        """The street in words."""
        return f"synthetic market, seed {self.seed}" if self.itch is None else f"recording {self.itch.name}"

    def check(self) -> None:
        """Refuse before anything is started what could only fail later.  Raises DemoError."""
        try:
            parse_speed(self.speed)
        except ValueError as error:
            raise DemoError(f"--speed: {error}") from error
        if self.report is not None:
            if self.report.is_dir():
                raise DemoError(f"--report {self.report}: a folder; expected a file")
            if not os.access(self.report.absolute().parent, os.W_OK | os.X_OK):
                raise DemoError(f"--report {self.report}: its folder is not there or not writable")

    @property
    def start_ns(self) -> int:
        """When the street's clock starts, ns since midnight.  Raises DemoError."""
        try:
            return parse_time(self.start)
        except ValueError as error:
            raise DemoError(f"--start: {error}") from error

    def symbols(self) -> tuple[str, ...]:
        """Instruments to trade.  Raises NoInstrumentError or OSError for a recording that has none."""
        if self.symbol:
            return self.symbol
        if self.itch is None:
            return SYNTHETIC_SYMBOLS[: self.instruments]
        return most_active(self.itch, self.instruments)


@dataclass(frozen=True)
class Wiring:
    """How the packets travel."""

    namespaces: bool
    backend: str
    why: str
    exchange_address: str
    box_address: str
    interface: str
    line_a: str
    line_b: str
    order_port: int
    request_port: int


def choose_namespaces(backend: str) -> tuple[bool, str]:
    """Whether exchange and box get a network namespace each and AF_XDP between them, and why.  Raises DemoError."""
    possible = facts.has_af_xdp()
    if backend == "af_xdp" and not possible:
        raise DemoError("--backend af_xdp: this needs root, CAP_NET_ADMIN, and a kernel and build with AF_XDP")
    if backend == "socket":
        return False, "asked for with --backend socket"
    if possible:
        return True, "root, and the kernel has AF_XDP"
    return False, "no AF_XDP for this user, kernel or build: that needs root, clang and libxdp"


def loopback(why: str) -> Wiring:
    """Exchange and box on the loopback interface, on ports that are free now."""
    order, request, line_a, line_b = _free_ports()
    return Wiring(
        namespaces=False,
        backend="socket",
        why=why,
        exchange_address=LOOPBACK,
        box_address=LOOPBACK,
        interface="lo",
        line_a=f"{LOOPBACK}:{line_a}",
        line_b=f"{LOOPBACK}:{line_b}",
        order_port=order,
        request_port=request,
    )


def between_namespaces(why: str, exchange_address: str, box_address: str, interface: str) -> Wiring:
    """Exchange and box at the ends of a veth pair, two multicast groups between them."""
    return Wiring(
        namespaces=True,
        backend="af_xdp",
        why=why,
        exchange_address=exchange_address,
        box_address=box_address,
        interface=interface,
        line_a="239.1.1.1:26400",
        line_b="239.1.1.2:26400",
        order_port=26410,
        request_port=26402,
    )


def exchange_command(settings: Settings, wiring: Wiring, symbols: tuple[str, ...], status: Path) -> list[str]:
    """Arguments that start the paper exchange."""
    street = ["--seed", str(settings.seed), "--symbols", ",".join(symbols)]
    if settings.itch is not None:
        street = ["--itch", str(settings.itch), "--start", settings.start, "--announce-trading"]
    return [
        *(sys.executable, "-m", "tickwire.sim"),
        *street,
        *("--speed", settings.speed),
        *("--line-a", wiring.line_a),
        *("--line-b", wiring.line_b),
        *("--interface-address", wiring.exchange_address),
        *("--order-port", str(wiring.order_port)),
        *("--request-port", str(wiring.request_port)),
        *("--wait-for", ACCOUNT),
        *("--status", str(status)),
    ]


def box_command(config: Path) -> list[str]:
    """Arguments that start the box."""
    return [sys.executable, "-m", "tickwire", "run", "--config", str(config)]


def _free_ports() -> tuple[int, int, int, int]:
    """A TCP port and three UDP ports that nobody holds at the moment."""
    kinds = (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_DGRAM, socket.SOCK_DGRAM)
    sockets = [socket.socket(socket.AF_INET, kind) for kind in kinds]
    try:
        for made in sockets:
            made.bind((LOOPBACK, 0))
        order, request, line_a, line_b = (made.getsockname()[1] for made in sockets)
    finally:
        for made in sockets:
            made.close()
    return order, request, line_a, line_b
