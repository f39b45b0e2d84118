"""The socket back end and the sender, on loopback and without privileges."""

import random
import socket
import time

import pytest

from tickwire.native import NativeError, ffi, lib
from tickwire.native.packet import Channel, Datagram, PacketError, PacketSettings, Port, Sender

LOOPBACK = "127.0.0.1"
GROUP = "239.192.7.1"
WAIT_S = 5


def free_port() -> int:
    """A UDP port that nobody has at the moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def listen(*channels: Channel, receive_buffer: int = 0) -> Port:
    """A port on loopback."""
    return Port(
        PacketSettings("socket", channels, interface="lo", interface_address=LOOPBACK, receive_buffer=receive_buffer)
    )


def receive(port: Port, count: int) -> list[Datagram]:
    """The next count datagrams, or fewer when they do not come in WAIT_S."""
    got: list[Datagram] = []
    end = time.monotonic() + WAIT_S
    while len(got) < count and time.monotonic() < end:
        got += port.receive()
    return got


def test_unicast_and_multicast_arrive_on_their_channels() -> None:
    unicast, multicast = Channel(LOOPBACK, free_port()), Channel(GROUP, free_port())
    with listen(unicast, multicast) as port, Sender(*unicast) as one, Sender(*multicast, LOOPBACK) as other:
        before = time.time_ns()
        assert one.send([b"to the host", b""]) == 2
        assert other.send([b"to the group"]) == 1
        got = receive(port, 3)
        assert sorted((d.channel, d.data) for d in got) == [(0, b""), (0, b"to the host"), (1, b"to the group")]
        assert before <= one.sent_ns <= other.sent_ns <= time.time_ns()
        stats = port.stats()
        assert (stats.received, stats.received_bytes, stats.dropped, stats.malformed) == (3, 23, 0, 0)


def test_every_listener_of_a_group_gets_every_datagram() -> None:
    line = Channel(GROUP, free_port())
    with listen(line) as first, listen(line) as second, Sender(*line, LOOPBACK) as sender:
        sender.send([b"a", b"b"])
        assert [d.data for d in receive(first, 2)] == [b"a", b"b"]
        assert [d.data for d in receive(second, 2)] == [b"a", b"b"]


def test_another_group_on_the_same_port_stays_out() -> None:
    line = Channel(GROUP, free_port())
    with listen(line) as port, listen(Channel("239.192.7.2", line.port)) as other:
        with Sender("239.192.7.2", line.port, LOOPBACK) as sender:
            sender.send([b"not ours"])
        assert [d.data for d in receive(other, 1)] == [b"not ours"]
        assert port.receive() == []


def test_oversized_datagrams_are_counted_and_those_around_them_arrive_intact() -> None:
    line = Channel(LOOPBACK, free_port())
    choose = random.Random(7)
    sent = [choose.randbytes(choose.choice((0, 1, 60, 1400, 2048, 2049, 9000))) for _ in range(3000)]
    with listen(line) as port, Sender(*line) as sender:
        got: list[Datagram] = []
        for start in range(0, len(sent), 50):  # many times round the buffers
            batch = sent[start : start + 50]
            assert sender.send(batch) == 50
            got += receive(port, sum(len(data) <= 2048 for data in batch))
        assert [d.data for d in got] == [data for data in sent if len(data) <= 2048]
        assert port.receive() == []
        assert port.stats().malformed == sum(len(data) > 2048 for data in sent)


def test_what_the_kernel_drops_is_counted() -> None:
    line = Channel(LOOPBACK, free_port())
    with listen(line, receive_buffer=4096) as port, Sender(*line) as sender:
        assert sender.send([bytes(1000)] * 200) == 200
        while port.receive():
            pass
        stats = port.stats()
        assert stats.dropped > 0
        assert stats.received + stats.dropped == 200
        sender.send([b"after the flood"])
        assert [d.data for d in receive(port, 1)] == [b"after the flood"]


def test_a_flooded_channel_does_not_starve_the_other() -> None:
    flooded, quiet = Channel(LOOPBACK, free_port()), Channel(LOOPBACK, free_port())
    with listen(flooded, quiet) as port, Sender(*flooded) as flood, Sender(*quiet) as sender:
        flood.send([b"x"] * 300)
        sender.send([b"heard"])
        assert b"heard" in [d.data for _ in range(2) for d in port.receive()]


def test_datagrams_not_yet_released_keep_their_bytes() -> None:
    line = Channel(LOOPBACK, free_port())
    views = ffi.new("struct packet_view[]", 1000)
    with listen(line) as port, Sender(*line) as sender:
        for _ in range(3):  # fill every buffer, then give all back
            assert sender.send([i.to_bytes(4, "big") for i in range(1000)]) == 1000
            held = 0
            while count := lib.packet_receive(port.pointer, views + held, 1000 - held):
                held += count
            assert 0 < held < 1000
            assert [bytes(ffi.buffer(v.data, v.size)) for v in views[0:held]] == [
                i.to_bytes(4, "big") for i in range(held)
            ]
            lib.packet_release(port.pointer, held)
            assert [d.data for d in receive(port, 1000 - held)] == [i.to_bytes(4, "big") for i in range(held, 1000)]


def test_a_unicast_port_in_use_is_refused() -> None:
    line = Channel(LOOPBACK, free_port())
    with listen(line), pytest.raises(PacketError, match="Address already in use"):
        listen(line)


@pytest.mark.parametrize(
    ("settings", "code", "reason"),
    [
        (PacketSettings("socket", ()), lib.ERROR_ARGUMENT, "channel_count is 0, expected 1 to 8"),
        (PacketSettings("socket", (Channel(LOOPBACK, 0),)), lib.ERROR_ARGUMENT, "channel 0 has no port"),
        (PacketSettings("socket", (Channel("", 5),)), lib.ERROR_ARGUMENT, "channel 0 has no address"),
        (PacketSettings("socket", (Channel(GROUP, 5),) * 2), lib.ERROR_DUPLICATE, "channels 0 and 1 are the same"),
        (PacketSettings("socket", (Channel(GROUP, 5),), interface="none0"), lib.ERROR_SYSTEM, "none0: No such device"),
    ],
)
def test_an_impossible_configuration_is_refused_with_its_reason(
    settings: PacketSettings, code: int, reason: str
) -> None:
    with pytest.raises(PacketError) as refused:
        Port(settings)
    assert (refused.value.code, str(refused.value)) == (code, reason)


def test_a_name_that_does_not_fit_is_refused_not_cut() -> None:
    with pytest.raises(IndexError):
        Port(PacketSettings("socket", (Channel(GROUP, 5),), interface="an-interface-name"))


def test_the_socket_port_cannot_echo() -> None:
    with listen(Channel(LOOPBACK, free_port())) as port, pytest.raises(NativeError, match="not supported here"):
        port.echo(1, 1)


def test_a_sender_takes_what_comes_before_a_datagram_that_no_packet_can_carry() -> None:
    line = Channel(LOOPBACK, free_port())
    with listen(line) as port, Sender(*line) as sender:
        payloads = [b"fits"] * 100 + [bytes(70_000)]
        assert sender.send(payloads) == 100
        with pytest.raises(NativeError, match="Message too long"):
            sender.send(payloads[100:])
        assert len(receive(port, 100)) == 100


def test_a_sender_to_nobody_is_not_disturbed_by_the_refusals() -> None:
    with Sender(LOOPBACK, free_port()) as sender:
        assert [sender.send([b"anybody?"]) for _ in range(10)] == [1] * 10


def test_a_sender_without_a_destination_is_refused() -> None:
    with pytest.raises(PacketError, match="a sender needs an address and a port"):
        Sender(LOOPBACK, 0)
