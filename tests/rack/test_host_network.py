"""Racks: what they connect, and that they never outlive their owner."""

import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from pyroute2 import NetNS, netns

from tickwire.host import network
from tickwire.host.network import Host, Rack, stale_racks

WAIT_S = 5
GROUP = "239.192.9.1"

pytestmark = pytest.mark.root


def listener(host: Host) -> socket.socket:
    """A UDP socket in GROUP on the host."""
    with host.inside():
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.settimeout(WAIT_S)
    made.bind(("", 0))
    member = socket.inet_aton(GROUP) + socket.inet_aton(host.address)
    made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    return made


def ones_sum(data: bytes) -> int:
    """The Internet checksum's sum; 0xffff over data that includes a right checksum."""
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def test_the_hosts_reach_each_other_and_their_groups(rack: Rack) -> None:
    for here, there in (rack.hosts, rack.hosts[::-1]):
        with listener(there) as receiver, here.inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            port = receiver.getsockname()[1]
            client.sendto(b"direct", (there.address, port))
            client.sendto(b"group", (GROUP, port))
            assert [receiver.recv(100), receiver.recv(100)] == [b"direct", b"group"]


def test_frames_carry_their_checksums_as_on_a_wire(rack: Rack) -> None:
    with rack.box.inside():
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    with raw, rack.exchange.inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        raw.bind((rack.box.interface, 0x0800))
        raw.settimeout(WAIT_S)
        client.sendto(b"checksum", (rack.box.address, 7))
        ip = raw.recv(2000)[14:]
        pseudo_header = ip[12:20] + struct.pack(">HH", 17, 16)
        assert ones_sum(pseudo_header + ip[20:36]) == 0xFFFF


def test_the_link_has_the_mtu_asked_for(root: None) -> None:
    with Rack(mtu=1400) as rack:
        for host in rack.hosts:
            with NetNS(host.namespace, flags=0) as inner:
                link = inner.get_links(inner.link_lookup(ifname=host.interface)[0])[0]
                assert link.get_attr("IFLA_MTU") == 1400


def test_two_racks_stand_side_by_side(rack: Rack) -> None:
    with Rack() as other, listener(rack.box) as ours, listener(other.box) as theirs:
        assert {host.namespace for host in rack.hosts}.isdisjoint(host.namespace for host in other.hosts)
        with other.exchange.inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"theirs", (other.box.address, theirs.getsockname()[1]))
        assert theirs.recv(100) == b"theirs"
        ours.setblocking(False)
        with pytest.raises(BlockingIOError):
            ours.recv(100)


def test_closing_kills_the_processes_and_removes_the_namespaces(root: None) -> None:
    with Rack() as rack:
        process = rack.run_in(rack.box, ["sleep", "1000"])
        assert process.poll() is None
    assert process.returncode == -signal.SIGKILL
    assert {host.namespace for host in rack.hosts}.isdisjoint(netns.listnetns())
    rack.close()


def test_half_a_rack_is_taken_down_again(root: None, monkeypatch: pytest.MonkeyPatch) -> None:
    before = netns.listnetns()
    configure = network._configure

    def fail_on_the_box(host: Host, mtu: int, routed: bool) -> None:
        if host.interface == "veth-box":
            raise OSError("no")
        configure(host, mtu, routed)

    monkeypatch.setattr(network, "_configure", fail_on_the_box)
    with pytest.raises(OSError, match="no"):
        Rack()
    assert netns.listnetns() == before


def test_a_box_with_two_links_reaches_an_exchange_at_each(root: None) -> None:
    with Rack(links=2) as rack:
        assert len({host.namespace for host in rack.hosts}) == 3
        for end, exchange in zip(rack.ends, rack.exchanges, strict=True):
            with exchange.inside():
                server = socket.create_server((exchange.address, 0))
            with rack.box.inside(), server, socket.create_connection(server.getsockname(), 5) as client:
                assert client.getsockname()[0] == end.address


@pytest.mark.parametrize("links", [0, 9])
def test_a_rack_has_no_links_or_too_many_never(links: int) -> None:
    with pytest.raises(ValueError, match="1 to 8"):
        Rack(links=links)


def test_the_caller_stays_in_its_own_namespace(rack: Rack) -> None:
    home = Path("/proc/self/ns/net").stat().st_ino
    with pytest.raises(ZeroDivisionError), rack.box.inside():
        assert Path("/proc/thread-self/ns/net").stat().st_ino != home
        raise ZeroDivisionError
    assert Path("/proc/thread-self/ns/net").stat().st_ino == home


ABANDON_A_RACK = """
import sys
from pathlib import Path
from tickwire.host.network import Rack
rack = Rack()
resident = rack.run_in(rack.box, ["sleep", "1000"])
print(rack.box.namespace, rack.exchange.namespace, resident.pid, flush=True)
sys.stdin.read()
"""


def test_what_a_killed_owner_left_is_removed_and_the_living_left_alone(rack: Rack) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", ABANDON_A_RACK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    box, exchange, resident = owner.stdout.readline().split()
    try:
        assert not {box, exchange} & set(stale_racks())
    finally:
        owner.kill()
        owner.wait()
        removed = stale_racks()
    assert {box, exchange} <= set(removed)
    assert not {box, exchange} & set(netns.listnetns())
    assert {host.namespace for host in rack.hosts} <= set(netns.listnetns())
    assert owner.stdout.read() == ""  # the resident held the other end: it is gone too
    assert not Path(f"/proc/{resident}/exe").exists()
