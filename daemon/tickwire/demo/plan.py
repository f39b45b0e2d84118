"""What a demo is asked for, and what follows from it on this machine: addresses, commands, the box's configuration."""

import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tickwire.demo.symbols import most_active
from tickwire.host import facts
from tickwire.sim.settings import parse_speed, parse_time

ACCOUNT = "TRADE1"
PASSWORD = "password1"
SYNTHETIC_SYMBOLS = tuple(f"SYN{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
LOOPBACK = "127.0.0.1"
DROP_COPY_USER = "DROPCO"
DROP_COPY_PASSWORD = "dropcopy"
SYNTHETIC_RATE = 20_000  # messages a second, of all venues together
FAIR_SEED = 1000  # away from the streets' own seeds


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
    venues: int = 1

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
        if not 1 <= self.venues <= len(VENUES):
            raise DemoError(f"--venues {self.venues}: expected 1 to {len(VENUES)}")
        if self.itch is not None and self.venues > 1:
            raise DemoError("--venues: a recording is of one venue; leave out --itch, or --venues")
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
class VenueWiring:
    """How the packets of one venue travel."""

    exchange_address: str
    box_address: str
    interface: str
    line_a: str
    line_b: str
    order_port: int
    request_port: int
    drop_copy_port: int


@dataclass(frozen=True)
class Wiring:
    """How the packets travel, venue by venue."""

    namespaces: bool
    backend: str
    why: str
    venues: tuple[VenueWiring, ...]


@dataclass(frozen=True)
class VenueProfile:
    """What makes a paper exchange different from another: fees in 1/1 000 000 a share, its way in ns, its sizes."""

    name: str
    mic: str
    fee_taker: int
    fee_maker: int
    latency_ns: int
    depth: int  # percent


VENUES = (
    VenueProfile("A", "XPA1", fee_taker=3000, fee_maker=-2000, latency_ns=0, depth=100),
    VenueProfile("B", "XPB1", fee_taker=-500, fee_maker=1200, latency_ns=40_000, depth=60),  # an inverted venue
)


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


def loopback(why: str, venues: int = 1) -> Wiring:
    """Exchanges and box on the loopback interface, on ports that are free now."""
    ports = _free_ports(venues)
    return Wiring(
        namespaces=False,
        backend="socket",
        why=why,
        venues=tuple(
            VenueWiring(
                exchange_address=LOOPBACK,
                box_address=LOOPBACK,
                interface="lo",
                line_a=f"{LOOPBACK}:{line_a}",
                line_b=f"{LOOPBACK}:{line_b}",
                order_port=order,
                request_port=request,
                drop_copy_port=drop_copy,
            )
            for order, drop_copy, request, line_a, line_b in ports
        ),
    )


def between_namespaces(why: str, ends: Sequence[tuple[str, str, str]]) -> Wiring:
    """A veth pair from the box to each exchange, two multicast groups on it.

    ends: the exchange's address, the box's, and the box's interface.
    """
    return Wiring(
        namespaces=True,
        backend="af_xdp",
        why=why,
        venues=tuple(
            VenueWiring(
                exchange_address=exchange,
                box_address=box,
                interface=interface,
                line_a=f"239.1.{number}.1:26400",
                line_b=f"239.1.{number}.2:26400",
                order_port=26410,
                request_port=26402,
                drop_copy_port=26420,
            )
            for number, (exchange, box, interface) in enumerate(ends, 1)
        ),
    )


def exchange_command(
    settings: Settings, wiring: Wiring, symbols: tuple[str, ...], folder: Path, venue: int = 0
) -> list[str]:
    """Arguments that start a paper exchange; several share the fair value that their synthetic markets quote around."""
    own, profile = wiring.venues[venue], VENUES[venue]
    street = ["--seed", str(settings.seed + venue), "--symbols", ",".join(symbols), "--depth", str(profile.depth)]
    if settings.venues > 1:
        rate = SYNTHETIC_RATE // settings.venues
        street += ["--fair-seed", str(settings.seed + FAIR_SEED), "--rate", str(rate)]
    if settings.itch is not None:
        street = ["--itch", str(settings.itch), "--start", settings.start, "--announce-trading"]
    return [
        *(sys.executable, "-m", "tickwire.sim"),
        *street,
        *("--speed", settings.speed),
        *("--line-a", own.line_a),
        *("--line-b", own.line_b),
        *("--interface-address", own.exchange_address),
        *("--order-port", str(own.order_port)),
        *("--request-port", str(own.request_port)),
        *("--taker-fee", str(profile.fee_taker)),
        *("--maker-fee", str(profile.fee_maker)),
        *("--latency", str(profile.latency_ns)),
        *("--drop-copy-port", str(own.drop_copy_port)),
        *("--drop-copy-login", f"{DROP_COPY_USER}:{DROP_COPY_PASSWORD}"),
        *("--control", str(folder / f"{exchange_name(wiring, venue)}.control")),
        *("--wait-for", ACCOUNT),
        *("--status", str(folder / f"{exchange_name(wiring, venue)}.json")),
    ]


def exchange_name(wiring: Wiring, venue: int) -> str:
    """What the exchange is called in files and messages."""
    return "exchange" if len(wiring.venues) == 1 else f"exchange-{VENUES[venue].name.lower()}"


def box_command(config: Path) -> list[str]:
    """Arguments that start the box."""
    return [sys.executable, "-m", "tickwire", "run", "--config", str(config)]


def _free_ports(venues: int) -> list[tuple[int, int, int, int, int]]:
    """For each venue two TCP and three UDP ports that nobody holds at the moment."""
    kinds = (*[socket.SOCK_STREAM] * 2, *[socket.SOCK_DGRAM] * 3)
    sockets = [[socket.socket(socket.AF_INET, kind) for kind in kinds] for _ in range(venues)]
    try:
        for made in (one for venue in sockets for one in venue):
            made.bind((LOOPBACK, 0))
        found = [[one.getsockname()[1] for one in venue] for venue in sockets]
    finally:
        for made in (one for venue in sockets for one in venue):
            made.close()
    return [(first, second, third, fourth, fifth) for first, second, third, fourth, fifth in found]
