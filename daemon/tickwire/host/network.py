"""Two network namespaces joined by a veth pair: exchange and box as if they were two machines."""

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
NETWORK = "10.99.0"
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
    """The two hosts and the processes started on them; closing it leaves nothing behind."""

    def __init__(self, mtu: int = MTU) -> None:
        name = f"{PREFIX}-{os.getpid()}-{_started(os.getpid())}-{next(_serial)}"
        self.exchange = Host(f"{name}-exchange", "veth-exchange", f"{NETWORK}.1")
        self.box = Host(f"{name}-box", "veth-box", f"{NETWORK}.2")
        self._processes: list[subprocess.Popen[Any]] = []
        with ExitStack() as undo:  # half a rack is taken down again
            for host in self.hosts:
                netns.create(host.namespace)
                undo.callback(netns.remove, host.namespace)
            with NetNS(self.box.namespace, flags=0) as box:
                peer = {"ifname": self.exchange.interface, "net_ns_fd": self.exchange.namespace}
                box.link("add", ifname=self.box.interface, kind="veth", peer=peer)
            for host in self.hosts:
                _configure(host, mtu)
            self._undo = undo.pop_all()

    @property
    def hosts(self) -> tuple[Host, Host]:
        """Both ends."""
        return (self.exchange, self.box)

    def run_in(self, host: Host, argv: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
        """Start a process on the host; options are Popen's.  It is killed when the rack closes, if it still runs."""
        with host.inside():
            process = subprocess.Popen(argv, **options)
        self._processes.append(process)
        return process

    def close(self) -> None:
        """Kill what still runs, remove both namespaces and with them the link."""
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


def _configure(host: Host, mtu: int) -> None:
    with NetNS(host.namespace, flags=0) as inner:
        index = inner.link_lookup(ifname=host.interface)[0]
        inner.link("set", index=LOOPBACK_INDEX, state="up")
        inner.addr("add", index=index, address=host.address, prefixlen=NETWORK_BITS)
    with host.inside():
        _settle(host.interface)
    with NetNS(host.namespace, flags=0) as inner:
        inner.link("set", index=index, mtu=mtu, state="up")
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
