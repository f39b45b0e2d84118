"""The AF_XDP back end between two namespaces, in native and in generic mode."""

import contextlib
import os
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pyroute2 import NetNS

from tickwire.host.facts import has_af_xdp, huge_pages, huge_pages_free
from tickwire.host.network import Host, Rack
from tickwire.native import NativeError
from tickwire.native.packet import Channel, Datagram, PacketError, PacketSettings, Port, Sender

GROUP = "239.192.8.1"
LINE = Channel(GROUP, 30001)
WAIT_S = 5

pytestmark = [pytest.mark.root, pytest.mark.usefixtures("af_xdp")]


@pytest.fixture
def af_xdp(root: None) -> None:
    """Skips, saying so, where AF_XDP cannot be used."""
    if not has_af_xdp():
        pytest.skip("needs AF_XDP: a build with libxdp and clang, and a kernel that allows it")


@pytest.fixture(params=[False, True], ids=["native", "generic"])
def generic(request: pytest.FixtureRequest) -> bool:
    """Both modes."""
    chosen: bool = request.param
    return chosen


def listen(
    host: Host, *channels: Channel, generic: bool = False, frame_count: int = 256, busy_poll_us: int = 0
) -> Port:
    """A port on the host's interface."""
    with host.inside():
        return Port(
            PacketSettings(
                "af_xdp",
                channels,
                interface=host.interface,
                interface_address=host.address,
                frame_count=frame_count,
                generic=generic,
                busy_poll_us=busy_poll_us,
            )
        )


def sender(host: Host, to: Channel) -> Sender:
    """A flow that leaves from the host."""
    with host.inside():
        return Sender(*to, host.address)


def udp_socket(host: Host, port: int = 0) -> socket.socket:
    """A kernel socket on the host's address, waiting at most WAIT_S."""
    with host.inside():
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((host.address, port))
    made.settimeout(WAIT_S)
    return made


def wire(host: Host) -> socket.socket:
    """A socket that puts raw frames on the host's link."""
    with host.inside():
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    raw.bind((host.interface, 0))
    return raw


def frame_for(to: Channel, payload: bytes, tags: bytes = b"", udp_size: int | None = None) -> bytes:
    """A multicast Ethernet frame for the channel."""
    udp = struct.pack(">HHHH", 1, to.port, 8 + len(payload) if udp_size is None else udp_size, 0)
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 28 + len(payload), 0, 0, 1, 17, 0)
    ip += socket.inet_aton("10.99.0.1") + socket.inet_aton(to.address)
    return bytes.fromhex("01005e400801") + b"\x02\0\0\0\0\1" + tags + b"\x08\x00" + ip + udp + payload


def receive(port: Port, count: int) -> list[Datagram]:
    """The next count datagrams, or fewer when they do not come in WAIT_S."""
    got: list[Datagram] = []
    end = time.monotonic() + WAIT_S
    while len(got) < count and time.monotonic() < end:
        got += port.receive()
    return got


def attached(host: Host) -> bool:
    """Whether an XDP program sits on the host's interface."""
    with NetNS(host.namespace, flags=0) as inner:
        link = inner.get_links(inner.link_lookup(ifname=host.interface)[0])[0]
        return bool(link.get_attr("IFLA_XDP").get_attr("IFLA_XDP_ATTACHED"))


def echo_request(host: Host, to: Host) -> bytes:
    """Ping; the reply's payload."""
    with host.inside():
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    with raw:
        raw.settimeout(WAIT_S)
        body = struct.pack(">HH", os.getpid() & 0xFFFF, 1) + b"ping"
        words = struct.unpack(f">{(len(body) + 4) // 2}H", b"\x08\0\0\0" + body)
        total = sum(words)
        total = (total & 0xFFFF) + (total >> 16)
        raw.sendto(struct.pack(">BBH", 8, 0, ~total & 0xFFFF) + body, (to.address, 0))
        return raw.recv(1500)[20 + 8 :]


def test_an_interface_without_native_mode_is_served_in_generic_mode_and_it_says_so(root: None) -> None:
    with Rack(mtu=9000) as rack:  # veth refuses native programs for packets larger than a page
        with listen(rack.box, LINE) as port:
            assert not port.stats().native_mode
            refusals = [line for line in port.message if line.startswith("no native mode, falling back to generic: ")]
            assert len(refusals) == 1
            assert f"{rack.box.interface}: XDP in generic mode" in port.message
            with sender(rack.exchange, LINE) as line:
                line.send([b"all the same"])
            assert [datagram.data for datagram in receive(port, 1)] == [b"all the same"]
        assert not attached(rack.box)


def test_only_the_channels_arrive_and_in_order(rack: Rack, generic: bool) -> None:
    other_group = Channel("239.192.8.2", LINE.port)
    unicast = Channel(rack.box.address, 30002)
    with listen(rack.box, LINE, unicast, generic=generic) as port:
        assert port.stats().native_mode is not generic
        with sender(rack.exchange, other_group) as other:
            other.send([b"another group"])
        with sender(rack.exchange, Channel(GROUP, LINE.port + 5)) as other:
            other.send([b"another port"])
        before = time.time_ns()
        with sender(rack.exchange, LINE) as line, sender(rack.exchange, unicast) as direct:
            line.send([i.to_bytes(4, "big") for i in range(100)])
            direct.send([b"direct"])
        got = receive(port, 101)
        assert [d.data for d in got if d.channel == 0] == [i.to_bytes(4, "big") for i in range(100)]
        assert [d.data for d in got if d.channel == 1] == [b"direct"]
        assert all(before - 10**6 < d.rx_ns for d in got)
        stats = port.stats()
        assert (stats.received, stats.received_bytes, stats.malformed, stats.dropped) == (101, 406, 0, 0)


def test_all_other_traffic_still_reaches_the_kernel(rack: Rack, generic: bool) -> None:
    unicast = Channel(rack.box.address, 30002)
    with listen(rack.box, LINE, unicast, generic=generic) as port:
        assert echo_request(rack.exchange, rack.box) == b"ping"
        with udp_socket(rack.box) as kernel, udp_socket(rack.exchange) as client:
            client.sendto(b"another port", kernel.getsockname())
            assert kernel.recv(100) == b"another port"
            kernel.sendto(b"answer", client.getsockname())
            assert client.recv(100) == b"answer"
        with udp_socket(rack.box, unicast.port) as kernel, udp_socket(rack.exchange) as client:
            client.sendto(b"fragmented" * 400, unicast)
            assert kernel.recv(9000) == b"fragmented" * 400
        with rack.box.inside():
            server = socket.create_server((rack.box.address, 0))
        with server, rack.exchange.inside(), socket.create_connection(server.getsockname(), WAIT_S) as client:
            accepted, _ = server.accept()
            with accepted:
                big = os.urandom(1_000_000)
                client.settimeout(WAIT_S)
                accepted.settimeout(WAIT_S)
                client.setblocking(False)
                sent = received = b""
                while len(received) < len(big):
                    with contextlib.suppress(BlockingIOError):
                        sent += big[len(sent) : len(sent) + client.send(big[len(sent) :])]
                    received += accepted.recv(1 << 20)
                assert received == big
        assert port.receive() == []
        assert port.stats().received == 0


def test_frames_with_a_vlan_tag_arrive(rack: Rack, generic: bool) -> None:
    with listen(rack.box, LINE, generic=generic) as port, wire(rack.exchange) as raw:
        raw.send(frame_for(LINE, b"untagged"))
        raw.send(frame_for(LINE, b"tagged", tags=b"\x81\x00\x00\x8d"))
        raw.send(frame_for(LINE, b"twice", tags=b"\x81\x00\x00\x8d\x81\x00\x00\x07"))
        raw.send(frame_for(LINE, b"last"))
        assert [d.data for d in receive(port, 3)] == [b"untagged", b"tagged", b"last"]


def test_garbage_is_counted_or_left_to_the_kernel_and_the_rest_flows(rack: Rack, generic: bool) -> None:
    with (
        listen(rack.box, LINE, generic=generic) as port,
        sender(rack.exchange, LINE) as line,
        wire(rack.exchange) as raw,
    ):
        for _ in range(200):  # more than there are frames: each must come back to the kernel
            raw.send(frame_for(LINE, b"lies", udp_size=1400))
            raw.send(frame_for(LINE, b"lies", udp_size=3))
            raw.send(os.urandom(14 + 60))
            raw.send(frame_for(LINE, b"cut")[:38])
            line.send([b"good"])
            assert [d.data for d in receive(port, 1)] == [b"good"]
        stats = port.stats()
        assert (stats.received, stats.malformed, stats.dropped) == (200, 400, 0)


def test_a_flood_loses_only_what_it_counts_and_the_port_recovers(rack: Rack, generic: bool) -> None:
    with listen(rack.box, LINE, generic=generic, frame_count=64) as port, sender(rack.exchange, LINE) as line:
        for round_ in range(1, 4):
            assert line.send([bytes(100)] * 500) == 500
            while port.receive():
                pass
            stats = port.stats()
            assert stats.received + stats.dropped == 500 * round_
            assert stats.received >= 64 * round_
        assert stats.dropped > 0
        line.send([b"after the flood"])
        assert [d.data for d in receive(port, 1)] == [b"after the flood"]


def test_frames_lie_in_huge_pages_when_there_are_any(rack: Rack) -> None:
    if huge_pages_free() == 0:
        with listen(rack.box, LINE) as port:
            assert port.stats().huge_pages is False
            assert "256 frames in ordinary pages" in port.message
    with huge_pages(2) as free:
        if free < 2:
            pytest.skip("the kernel found no 2 MiB pages")
        with (
            listen(rack.box, LINE, frame_count=2048) as port,
            sender(rack.exchange, LINE) as line,
        ):
            assert port.stats().huge_pages is True
            assert "2048 frames in huge pages" in port.message
            assert huge_pages_free() == free - 2
            for i in range(3000):  # once round all frames
                line.send([i.to_bytes(4, "big")])
                assert [d.data for d in receive(port, 1)] == [i.to_bytes(4, "big")]


def test_busy_polling_receives_and_counts_its_system_calls(rack: Rack, generic: bool) -> None:
    port = listen(rack.box, LINE, generic=generic, busy_poll_us=20)
    with port, sender(rack.exchange, LINE) as line:
        assert port.receive() == []
        line.send([b"polled"])
        assert [d.data for d in receive(port, 1)] == [b"polled"]
        assert port.stats().wakeups > 0


def test_groups_are_joined_through_the_kernel_and_left_at_the_end(rack: Rack) -> None:
    def joined() -> bool:
        with rack.box.inside():
            members = Path("/proc/thread-self/net/igmp").read_text()
        return socket.inet_aton(GROUP)[::-1].hex().upper() in members

    assert not joined()
    with listen(rack.box, LINE, Channel(GROUP, LINE.port + 1)):
        assert joined()
        assert attached(rack.box)
    assert not joined()
    assert not attached(rack.box)


def test_a_second_port_on_the_interface_is_refused_and_the_first_goes_on(rack: Rack) -> None:
    with listen(rack.box, LINE) as port, sender(rack.exchange, LINE) as line:
        with pytest.raises(PacketError, match="another XDP program is attached: Device or resource busy"):
            listen(rack.box, LINE)
        line.send([b"still here"])
        assert [d.data for d in receive(port, 1)] == [b"still here"]


def test_a_port_can_be_reopened_at_once(rack: Rack) -> None:
    for _ in range(3):
        with listen(rack.box, LINE) as port, sender(rack.exchange, LINE) as line:
            line.send([b"again"])
            assert [d.data for d in receive(port, 1)] == [b"again"]


@pytest.mark.parametrize(
    ("interface", "frame_count", "reason"),
    [
        ("", 256, "AF_XDP needs an interface"),
        ("none0", 256, "none0: No such device"),
        ("veth-box", 100, "frame_count is 100, expected a power of two from 64 to 1048576"),
    ],
)
def test_an_impossible_configuration_is_refused_and_leaves_nothing(
    rack: Rack, interface: str, frame_count: int, reason: str
) -> None:
    settings = PacketSettings("af_xdp", (LINE,), interface=interface, frame_count=frame_count)
    with rack.box.inside(), pytest.raises(PacketError) as refused:
        Port(settings)
    assert str(refused.value) == reason
    assert not attached(rack.box)


HOLD_A_PORT = f"""
import sys
from tickwire.native.packet import Channel, PacketError, PacketSettings, Port
try:
    port = Port(PacketSettings("af_xdp", (Channel{tuple(LINE)},), interface="veth-box", frame_count=256))
except PacketError as error:
    print(error, flush=True)
else:
    print("open", flush=True)
    sys.stdin.read()
"""


def test_nothing_stays_attached_when_the_process_is_killed(rack: Rack) -> None:
    for _ in range(3):
        holder = rack.run_in(
            rack.box, [sys.executable, "-c", HOLD_A_PORT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert holder.stdout.readline() == "open\n"
        assert attached(rack.box)
        holder.kill()
        with listen(rack.box, LINE) as port, sender(rack.exchange, LINE) as line:  # the successor, at once
            line.send([b"taken over"])
            assert [d.data for d in receive(port, 1)] == [b"taken over"]
        holder.communicate()
        assert not attached(rack.box)


def test_without_privileges_the_reason_is_given(rack: Rack) -> None:
    stripped = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", sys.executable, "-c", HOLD_A_PORT]
    holder = rack.run_in(rack.box, stripped, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    out, _ = holder.communicate(timeout=60)
    assert "loading the steering program (needs root)" in out
    assert not attached(rack.box)


def test_the_echo_sends_every_datagram_back_to_its_sender(rack: Rack, generic: bool) -> None:
    unicast = Channel(rack.box.address, 30002)
    with listen(rack.box, unicast, generic=generic, frame_count=64) as port, udp_socket(rack.exchange) as client:
        for i in range(1, 4):
            payloads = [os.urandom(size) for size in range(50)]
            for payload in payloads:
                client.sendto(payload, unicast)
            port.echo(50, 10**9)
            assert [client.recvfrom(100) for _ in payloads] == [(payload, tuple(unicast)) for payload in payloads]
            assert port.stats().transmitted == 50 * i
        with pytest.raises(NativeError, match="empty"):
            port.echo(1, 1000)
