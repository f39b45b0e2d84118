"""Replay of capture files as a port."""

import socket
import struct
from pathlib import Path

import pytest

from tickwire.native import lib
from tickwire.native.packet import Channel, Datagram, PacketError, PacketSettings, Port

A = Channel("239.1.2.3", 26400)
B = Channel("10.1.2.3", 26400)
SECOND = 1_700_000_000


def datagram(to: Channel, payload: bytes, vlan: bool = False, padding: int = 0, **lies: int) -> bytes:
    """An Ethernet frame; lies replaces a length field."""
    udp = struct.pack(">HHHH", 1, to.port, lies.get("udp_size", 8 + len(payload)), 0)
    total = lies.get("total_size", 28 + len(payload))
    ip = struct.pack(">BBHHHBBH", 0x45, 0, total, 0, lies.get("fragment", 0), 1, 17, 0)
    ip += socket.inet_aton("10.0.0.1") + socket.inet_aton(to.address)
    tag = b"\x81\x00\x00\x07" if vlan else b""
    return bytes(12) + tag + b"\x08\x00" + ip + udp + payload + bytes(padding)


def capture(path: Path, frames: list[bytes], magic: int = 0xA1B2C3D4, order: str = "<") -> Path:
    """A pcap file whose frames are a second and one tick apart."""
    records = b"".join(
        struct.pack(f"{order}IIII", SECOND + i, i, len(frame), len(frame)) + frame for i, frame in enumerate(frames)
    )
    path.write_bytes(struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 65535, 1) + records)
    return path


def replay(path: Path, *channels: Channel) -> tuple[list[Datagram], Port]:
    """Everything in the file, and the port at its end."""
    port = Port(PacketSettings("pcap", channels, path=str(path)))
    got: list[Datagram] = []
    while batch := port.receive():
        got += batch
    return got, port


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("magic", "tick_ns"), [(0xA1B2C3D4, 1000), (0xA1B23C4D, 1)])
def test_datagrams_come_in_file_order_with_their_capture_times(
    tmp_path: Path, order: str, magic: int, tick_ns: int
) -> None:
    frames = [datagram(A, b"one"), datagram(B, b"two", vlan=True), datagram(A, b"three", padding=20)]
    got, port = replay(capture(tmp_path / "x.pcap", frames, magic, order), A, B)
    assert got == [
        Datagram(channel, (SECOND + i) * 10**9 + i * tick_ns, data)
        for i, (channel, data) in enumerate([(0, b"one"), (1, b"two"), (0, b"three")])
    ]
    assert (port.stats().received, port.stats().received_bytes, port.stats().malformed) == (3, 11, 0)


def test_other_traffic_is_passed_over(tmp_path: Path) -> None:
    tcp = bytearray(datagram(A, b"tcp" + bytes(20)))
    tcp[14 + 9] = 6
    arp = bytes(12) + b"\x08\x06" + bytes(28)
    other = datagram(Channel(A.address, A.port + 1), b"other port")
    got, port = replay(capture(tmp_path / "x.pcap", [bytes(tcp), arp, other, datagram(A, b"ours")]), A)
    assert [d.data for d in got] == [b"ours"]
    assert port.stats().received == 1


def test_frames_whose_lengths_lie_are_counted_and_the_rest_flows(tmp_path: Path) -> None:
    good = datagram(A, b"good")
    bad = [
        datagram(A, b"udp longer than ip", udp_size=200),
        datagram(A, b"udp shorter than its header", udp_size=7),
        datagram(A, b"ip longer than the frame", total_size=1500),
        datagram(A, b"cut")[:40],
        b"",
    ]
    got, port = replay(capture(tmp_path / "x.pcap", [good, *bad, good]), A)
    assert [d.data for d in got] == [b"good", b"good"]
    assert port.stats().malformed == len(bad)


def test_a_file_cut_short_ends_with_its_last_whole_record(tmp_path: Path) -> None:
    path = capture(tmp_path / "x.pcap", [datagram(A, b"whole"), datagram(A, b"cut")])
    path.write_bytes(path.read_bytes()[:-1])
    got, port = replay(path, A)
    assert [d.data for d in got] == [b"whole"]
    assert port.stats().malformed == 1
    assert port.receive() == []


@pytest.mark.parametrize("content", [b"short", bytes(24), bytes(1000)])
def test_what_is_no_capture_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(content)
    with pytest.raises(PacketError) as refused:
        Port(PacketSettings("pcap", (A,), path=str(path)))
    assert refused.value.code in (lib.ERROR_TRUNCATED, lib.ERROR_MALFORMED)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.touch()
    with pytest.raises(PacketError, match="Invalid argument"):
        Port(PacketSettings("pcap", (A,), path=str(path)))


def test_a_missing_file_is_refused_by_name() -> None:
    with pytest.raises(PacketError, match=r"/nowhere/x\.pcap: No such file"):
        Port(PacketSettings("pcap", (A,), path="/nowhere/x.pcap"))


@pytest.mark.data
def test_a_real_capture_with_vlan_tags_replays(shared_data: Path) -> None:
    path = shared_data / "nasdaq-pcaps/Nasdaq.Equities.TotalView.Itch.v5.0.20230822/AddOrderNoMPID.pcap"
    got, port = replay(path, Channel("0.0.0.0", 0))  # made anonymous
    assert got and port.stats().malformed == 0
    assert all(int.from_bytes(d.data[18:20], "big") > 0 for d in got)  # MoldUDP64 message counts
