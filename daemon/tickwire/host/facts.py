"""What this host can do: privileges, cores, huge pages, AF_XDP."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tickwire.native import lib

CAP_NET_ADMIN = 12
CAP_NET_RAW = 13
CAP_IPC_LOCK = 14
CAP_SYS_NICE = 23
AF_XDP = 44  # the socket module has no name for it

PROC_STATUS = Path("/proc/self/status")
HUGE_PAGES = Path("/sys/kernel/mm/hugepages/hugepages-2048kB")


@dataclass(frozen=True)
class Privileges:
    """What the kernel lets this process do, from its effective capabilities."""

    root: bool
    net_admin: bool  # namespaces' links, routes, XDP programs
    net_raw: bool  # AF_XDP sockets
    ipc_lock: bool  # lock memory beyond the limit
    sys_nice: bool  # real-time priorities


def privileges(status: Path = PROC_STATUS) -> Privileges:
    """Privileges of this process."""
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    effective = int(lines["CapEff"], 16)

    def has(capability: int) -> bool:
        return bool(effective >> capability & 1)

    effective_uid = int(lines["Uid"].split()[1])
    return Privileges(effective_uid == 0, has(CAP_NET_ADMIN), has(CAP_NET_RAW), has(CAP_IPC_LOCK), has(CAP_SYS_NICE))


def cores() -> tuple[int, ...]:
    """Cores that this process may run on, ascending."""
    return tuple(sorted(os.sched_getaffinity(0)))


def huge_pages_free(pool: Path = HUGE_PAGES) -> int:
    """Free 2 MiB pages; 0 where the kernel has no such pool."""
    try:
        return int((pool / "free_hugepages").read_text())
    except FileNotFoundError:
        return 0


@contextmanager
def huge_pages(count: int, pool: Path = HUGE_PAGES) -> Iterator[int]:
    """Hold a pool with count free 2 MiB pages (or as many as the kernel could find: the value), then put it back."""
    size = pool / "nr_hugepages"
    before = int(size.read_text())
    missing = max(0, count - huge_pages_free(pool))
    try:
        if missing:
            size.write_text(str(before + missing))
        yield huge_pages_free(pool)
    finally:
        if missing:
            size.write_text(str(before))


def has_af_xdp() -> bool:
    """Whether this build has the back end, the kernel the sockets, and this process the right to use them."""
    allowed = privileges()
    if not (lib.packet_have_af_xdp() and allowed.root and allowed.net_admin):
        return False
    try:
        socket.socket(AF_XDP, socket.SOCK_RAW).close()
    except OSError:
        return False
    return True
