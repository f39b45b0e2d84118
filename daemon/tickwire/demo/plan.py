"""What a demo is asked for, and what follows from it on this machine: addresses, commands, the box's configuration."""

import os
import socket
import sys
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from tickwire.demo.symbols import most_active
from tickwire.host import facts
from tickwire.sim.settings import parse_speed, parse_time

ACCOUNT = "TRADE1"
PASSWORD = "password1"
FIRM = "TWRA"
SYNTHETIC_SYMBOLS = tuple(f"SYN{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
LOOPBACK = "127.0.0.1"
MODES = ("quote", "take")  # turn by turn, so that orders are cancelled and replaced too


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


def box_config(wiring: Wiring, symbols: tuple[str, ...], folder: Path) -> str:
    """The box's configuration file: limits and thresholds under which a demo trades often."""
    instruments = "".join(
        INSTRUMENT.format(symbol=symbol, mode=mode) for symbol, mode in zip(symbols, cycle(MODES), strict=False)
    )
    return CONFIG.format(
        folder=folder,
        instruments=instruments,
        backend=wiring.backend,
        line_a=wiring.line_a,
        line_b=wiring.line_b,
        request_server=f"{wiring.exchange_address}:{wiring.request_port}",
        interface=wiring.interface,
        interface_address=wiring.box_address,
        venue=f"{wiring.exchange_address}:{wiring.order_port}",
        username=ACCOUNT,
        firm=FIRM,
    )


CONFIG = """\
# Written by tickwire demo.
[box]
name = "demo"
segment_path = "{folder}/segment"
state_dir = "{folder}/state"
{instruments}
[market_data]
backend = "{backend}"
line_a = "{line_a}"
line_b = "{line_b}"
request_server = "{request_server}"
interface = "{interface}"
interface_address = "{interface_address}"
stale_ms = 3000

[execution]
venue = "{venue}"
username = "{username}"
password_file = "{folder}/password"
firm = "{firm}"
reconnect_ms_min = 10
reconnect_ms_max = 100
order_count_max = 262144

[risk]
open_orders_max = 50
message_rate_max = 2000
message_window_ms = 1000
"""
INSTRUMENT = """
[[instruments]]
symbol = "{symbol}"

[instruments.signal]
order_quantity = 100
position_max = 500
imbalance_enter = 0.10
imbalance_exit = 0.02
mode = "{mode}"
edge_min = "0"
spread_max = "1.00"
cooldown_us = 500

[instruments.limits]
order_quantity_max = 200
order_value_max = 500000
position_max = 1000
collar_ppm = 20000
open_orders_max = 10
"""


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
