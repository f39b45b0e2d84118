"""Network namespaces joined by veth pairs: exchanges and box as if they were machines of their own."""

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Self

import psutil
from pyroute2 import Ethtool, NetNS, netns

PREFIX = "tickwire"
NETWORK = "10.99"
LINK_COUNT_MAX = 8
NETWORK_BITS = 24
MULTICAST = "224.0.0.0/4"
MTU = 1500
LOOPBACK_INDEX = 1
# Off, frames look as they do on a wire: checksums filled in and VLAN tags inside.  AF_XDP sees nothing but the bytes.
OFFLOADS_OFF = ("tx-checksum-ip-generic", "tx-vlan-hw-insert", "tx-vlan-stag-hw-insert")

_serial = count()


@contextmanager
def inside(namespace: str) -> Iterator[None]:
    """Run the body's sockets and child processes in the namespace (this thread only)."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        netns.setns(namespace, flags=0)
        try:
            yield
        finally:
            netns.setns(home)
    finally:
        os.close(home)


@dataclass(frozen=True)
class Host:
    """One end of the link."""

    namespace: str
    interface: str
    address: str

    def inside(self) -> Any:
        """Context manager: sockets and child processes made in the body live here."""
        return inside(self.namespace)


class Rack:
    """The box, an exchange at the far end of each link, and the processes on them; closing it leaves nothing behind.

    ``ends`` are the box's own: one namespace, an interface and an address a link.
    """

    def __init__(self, mtu: int = MTU, links: int = 1) -> None:
        if not 1 <= links <= LINK_COUNT_MAX:
            raise ValueError(f"{links} links: 1 to {LINK_COUNT_MAX}")
        name = f"{PREFIX}-{os.getpid()}-{_started(os.getpid())}-{next(_serial)}"
        numbers = range(links)
        self.exchanges = tuple(
            Host(f"{name}-exchange{_number(link)}", "veth-exchange", f"{NETWORK}.{link}.1") for link in numbers
        )
        self.ends = tuple(Host(f"{name}-box", f"veth-box{_number(link)}", f"{NETWORK}.{link}.2") for link in numbers)
        self._processes: list[subprocess.Popen[Any]] = []
        with ExitStack() as undo:  # half a rack is taken down again
            for namespace in (self.box.namespace, *(exchange.namespace for exchange in self.exchanges)):
                netns.create(namespace)
                undo.callback(netns.remove, namespace)
            with NetNS(self.box.namespace, flags=0) as box:
                for end, exchange in zip(self.ends, self.exchanges, strict=True):
                    peer = {"ifname": exchange.interface, "net_ns_fd": exchange.namespace}
                    box.link("add", ifname=end.interface, kind="veth", peer=peer)
            for host in (*self.exchanges, *self.ends):
                _configure(host, mtu, routed=host in self.exchanges or host is self.box)
            self._undo = undo.pop_all()

    @property
    def exchange(self) -> Host:
        """The first exchange."""
        return self.exchanges[0]

    @property
    def box(self) -> Host:
        """The box's end of the first link."""
        return self.ends[0]

    @property
    def hosts(self) -> tuple[Host, ...]:
        """The box and the exchanges."""
        return (*self.exchanges, self.box)

    def run_in(self, host: Host, argv: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
        """Start a process on the host; options are Popen's.  It is killed when the rack closes, if it still runs."""
        with host.inside():
            process = subprocess.Popen(argv, **options)
        self._processes.append(process)
        return process

    def close(self) -> None:
        """Kill what still runs, remove the namespaces and with them the links."""
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        self._processes.clear()
        self._undo.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def stale_racks() -> list[str]:
    """Remove the namespaces whose owner is gone, and the processes it left in them; returns their names."""
    removed = []
    for namespace in netns.listnetns():
        parts = namespace.split("-")
        if len(parts) != 5 or parts[0] != PREFIX or not parts[1].isdigit() or not parts[2].isdigit():
            continue
        if _started(int(parts[1])) == int(parts[2]):
            continue
        for pid in _residents(namespace):
            os.kill(pid, signal.SIGKILL)
        netns.remove(namespace)
        removed.append(namespace)
    return removed


def _number(link: int) -> str:
    """What a name of a link ends in; nothing for the first."""
    return str(link) if link else ""


def _configure(host: Host, mtu: int, routed: bool) -> None:
    """Address and bring up an end; routed: what a namespace multicasts leaves by it."""
    with NetNS(host.namespace, flags=0) as inner:
        index = inner.link_lookup(ifname=host.interface)[0]
        inner.link("set", index=LOOPBACK_INDEX, state="up")
        inner.addr("add", index=index, address=host.address, prefixlen=NETWORK_BITS)
    with host.inside():
        _settle(host.interface)
    with NetNS(host.namespace, flags=0) as inner:
        inner.link("set", index=index, mtu=mtu, state="up")
        if routed:
            inner.route("add", dst=MULTICAST, oif=index)


def _settle(interface: str) -> None:
    """Make the link behave like a wire, and quiet: no offloads, no IPv6 chatter."""
    ipv6 = Path(f"/proc/sys/net/ipv6/conf/{interface}/disable_ipv6")
    if ipv6.exists():
        ipv6.write_text("1")
    tool = Ethtool()
    try:
        features = tool.get_features(interface)
        for name in OFFLOADS_OFF:
            features.features[name].enable = False
        tool.set_features(interface, features)
    finally:
        tool.close()


def _started(pid: int) -> int:
    """When the process started, in clock ticks since boot, which with its pid names it for good; 0 when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[19])


def _residents(namespace: str) -> list[int]:
    """Processes that live in the namespace."""
    inode = Path("/run/netns", namespace).stat().st_ino
    residents = []
    for pid in psutil.pids():
        try:
            if Path(f"/proc/{pid}/ns/net").stat().st_ino == inode:
                residents.append(pid)
        except OSError:
            continue  # gone meanwhile
    return residents
