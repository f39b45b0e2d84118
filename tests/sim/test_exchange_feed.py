"""The two lines of the feed and the request server, over loopback."""

import gzip
import itertools
import os
import random
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import venue_wire as wire
from exchange_client import WAIT, FeedClient, Recorder, Running, SoupClient, request, running, write_recording

from tickwire.native.venue import Synthetic
from tickwire.sim.settings import OPEN_NS, StreetSettings

PRICE = 1_000_000


def day(count: int, first_ns: int = OPEN_NS - 10**9, step_ns: int = 0) -> list[bytes]:
    """That many adds, all before the open unless step_ns says otherwise."""
    return [wire.add(ref, wire.BUY, 100, PRICE, time_ns=first_ns + ref * step_ns) for ref in range(1, count + 1)]


def played(started: Running) -> None:
    started.wait(lambda: started.exchange.end_of_market)


def test_both_lines_carry_the_recording_byte_for_byte(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "day.itch", *day(2000))
    a, b = Recorder(), Recorder()
    a.start()
    b.start()
    with running(StreetSettings(itch=path), a.feed, b.feed) as started:
        played(started)
    for line in (a, b):
        line.join(WAIT)
        assert line.feed.stream() == path.read_bytes()
        assert line.end == 2001
    assert a.feed.session.strip() == b"TEST"
    counts = [count for _, count in a.feed.packets if 0 < count < 0xFFFF]
    assert max(counts) == (1400 - 20) // 38  # as full as they get when there is enough to send


@pytest.mark.data
@pytest.mark.parametrize("zipped", [False, True])
def test_a_real_hour_plays_at_full_speed_plain_or_gzipped(shared_data: Path, tmp_path: Path, zipped: bool) -> None:
    path = shared_data / "derived-itch50-from-lobster-aapl" / "AAPL_20120621_0930_1030.itch50"
    data = path.read_bytes()
    if zipped:
        path = tmp_path / "hour.gz"
        path.write_bytes(gzip.compress(data, 1))
    a = Recorder()
    a.start()
    with running(StreetSettings(itch=path, speed=0), a.feed) as started:
        played(started)
        assert started.exchange.street_error == ""
    a.join(WAIT)
    missing = [sequence for sequence in range(1, a.end) if sequence not in a.feed.messages]
    assert len(missing) < a.end // 2  # a loopback socket may overflow at full speed; what came is what was recorded
    expected = list(wire.frames(data))
    assert a.end == len(expected) + 1
    assert all(message == expected[sequence - 1] for sequence, message in a.feed.messages.items())


@pytest.mark.parametrize("zipped", [False, True])
def test_a_recording_that_is_cut_off_plays_to_the_cut_and_says_so(tmp_path: Path, zipped: bool) -> None:
    path = write_recording(tmp_path / "cut.itch", *day(100))
    data = path.read_bytes()
    path.write_bytes(gzip.compress(data)[:-30] if zipped else data[:-5])
    feed = Recorder()
    feed.start()
    with running(StreetSettings(itch=path), feed.feed) as started:
        played(started)
        assert started.exchange.street_error
    feed.join(WAIT)
    assert data.startswith(feed.feed.stream())


def test_the_clock_starts_with_the_first_message_after_the_start_and_paces_the_rest(tmp_path: Path) -> None:
    late = wire.add(5, wire.BUY, 100, PRICE, time_ns=OPEN_NS + 3600 * 10**9)
    path = write_recording(tmp_path / "day.itch", *day(3), wire.add(4, wire.BUY, 100, PRICE, time_ns=OPEN_NS + 5), late)
    feed = FeedClient()
    with running(StreetSettings(itch=path), feed) as started:
        feed.until(4)
        assert not started.exchange.end_of_market
        assert started.exchange.market.messages == 4
        assert OPEN_NS + 5 <= started.exchange.market.market_ns < OPEN_NS + 60 * 10**9
    with running(StreetSettings(itch=path, speed=1_000_000), feed) as started:
        played(started)  # an hour takes 3.6 ms


def test_a_multicast_group_on_the_loopback_interface_gets_the_feed(tmp_path: Path) -> None:
    group, feed = f"239.77.{os.getpid() % 250}.1", FeedClient()
    feed.sock.close()
    feed.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    feed.sock.bind((group, 0))
    feed.sock.settimeout(WAIT)
    try:
        membership = socket.inet_aton(group) + socket.inet_aton("127.0.0.1")
        feed.sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    except OSError as error:
        pytest.skip(f"no multicast on the loopback interface here: {error}")
    path = write_recording(tmp_path / "day.itch", *day(3))
    with running(StreetSettings(itch=path), line_a=feed, address=group):
        feed.until(3)


def test_an_idle_line_sends_heartbeats_with_the_next_sequence(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "day.itch", *day(3))
    feed = FeedClient()
    with running(StreetSettings(itch=path), feed):
        feed.until(3)
        assert feed.receive() == (4, 0)
        assert feed.receive() == (4, 0)


def test_the_request_server_answers_any_sequence_with_as_much_as_a_packet_holds(tmp_path: Path) -> None:
    messages = day(3000)
    path = write_recording(tmp_path / "day.itch", *messages)
    with running(StreetSettings(itch=path)) as started:
        played(started)
        for sequence, count, expected in ((1, 1, 1), (1, 10, 10), (2999, 65535, 2), (1500, 1000, 36), (3000, 1, 1)):
            client = request(started.exchange.request_port, b"TEST      ", sequence, count)
            assert client.receive() == (sequence, expected)
            assert [client.messages[sequence + i] for i in range(expected)] == messages[sequence - 1 :][:expected]


def test_requests_that_make_no_sense_are_refused_and_counted(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "day.itch", *day(3))
    with running(StreetSettings(itch=path)) as started:
        played(started)
        port = started.exchange.request_port
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        bad = [
            struct.pack(">10sQH", b"OTHER     ", 1, 1),
            struct.pack(">10sQH", b"TEST      ", 0, 1),
            struct.pack(">10sQH", b"TEST      ", 4, 1),
            struct.pack(">10sQH", b"TEST      ", 2**64 - 1, 1),
            struct.pack(">10sQH", b"TEST      ", 1, 0),
            struct.pack(">10sQH", b"TEST      ", 1, 1) + b"x",
            b"",
            random.Random(1).randbytes(1400),
        ]
        for data in bad:
            sock.sendto(data, ("127.0.0.1", port))
        client = request(port, b"TEST      ", 2, 1)
        assert client.receive() == (2, 1)
        counters = started.exchange.publisher.counters()
        assert (counters["requests"], counters["requests_refused"]) == (len(bad) + 1, len(bad))
        sock.close()


def test_requests_over_the_rate_are_dropped(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "day.itch", *day(3))
    with running(StreetSettings(itch=path), request_rate_max=10) as started:
        played(started)
        for _ in range(50):
            request(started.exchange.request_port, b"TEST      ", 1, 1)
        started.wait(lambda: started.exchange.publisher.counters()["requests"] == 50)
        assert started.exchange.publisher.counters()["requests_limited"] > 30


def test_what_one_line_loses_moves_and_doubles_the_other_still_brings(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "day.itch", *day(20_000))
    a, b = Recorder(), Recorder()
    a.start()
    b.start()
    faults = {"loss": 100_000, "duplicate": 100_000, "reorder": 100_000}
    with running(StreetSettings(itch=path), a.feed, b.feed, a_faults=faults, b_faults={"delay": 5}) as started:
        played(started)
        assert started.exchange.publisher.counters()["faults"] > 100
    for line in (a, b):
        line.join(WAIT)
    assert b.feed.stream() == path.read_bytes()
    first = [sequence for sequence, count in a.feed.packets if 0 < count < 0xFFFF]
    assert any(later < earlier for earlier, later in itertools.pairwise(first))
    assert any(later == earlier for earlier, later in itertools.pairwise(first))
    assert len(a.feed.messages) < 20_000


def test_a_gap_on_both_lines_is_filled_by_the_request_server(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "day.itch", *day(20_000))
    a, b = Recorder(), Recorder()
    a.start()
    b.start()
    with running(StreetSettings(itch=path), a.feed, b.feed, gap=50_000) as started:
        played(started)
        started.wait(lambda: a.feed.packets and a.feed.packets[-1][0] == 20_001)
        have = a.feed.messages | b.feed.messages
        missing = [sequence for sequence in range(1, 20_001) if sequence not in have]
        assert missing
        for sequence in missing:
            if sequence not in have:
                client = request(started.exchange.request_port, b"TEST      ", sequence, 100)
                client.receive()
                have |= client.messages
        assert b"".join(wire.frame(have[sequence]) for sequence in range(1, 20_001)) == path.read_bytes()


def test_at_full_speed_orders_are_still_served() -> None:
    with (
        running(StreetSettings(speed=0), FeedClient(), FeedClient()) as started,
        SoupClient(started.order_port) as client,
    ):
        started.wait(lambda: started.exchange.market.messages > 10_000)
        client.login()
        for urn in range(1, 21):
            client.send(wire.enter(urn, "B", 100, wire.MARKET, symbol="SYNA"))
            assert client.until("E")["liquidity"] == "R"
        before = started.exchange.market.messages
        started.wait(lambda: started.exchange.market.messages > before + 100_000)
        status = started.exchange.status()
        held = status["accounts"]["TRADE1"]["positions"]["SYNA"]
        assert held.quantity + status["street_position"].quantity == 0


def command(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-m", "tickwire.sim", *arguments], stdout=subprocess.PIPE, text=True)


def test_the_command_writes_the_synthetic_market_to_a_file(tmp_path: Path) -> None:
    for name in ("day.itch", "day.itch.gz"):
        assert command("--write", str(tmp_path / name), "--messages", "5000", "--seed", "9").wait(WAIT) == 0
    data = (tmp_path / "day.itch").read_bytes()
    assert gzip.decompress((tmp_path / "day.itch.gz").read_bytes()) == data
    assert data == Synthetic(("SYNA", "SYNB", "SYNC", "SYND"), seed=9).read(1 << 20, 5000)


def test_the_command_says_where_it_listens_and_ends_in_order_on_sigterm(tmp_path: Path) -> None:
    status = tmp_path / "status.json"
    a = Recorder()
    a.start()
    process = command("--line-a", f"127.0.0.1:{a.feed.port}", "--line-b", "off", "--status", str(status))
    assert process.stdout is not None
    words = next(line for line in process.stdout if line.startswith("ready ")).split()
    ports = dict(word.split("=") for word in words[1:])
    with SoupClient(int(ports["order_port"])) as client:
        assert client.login(session=ports["session"])[:1] == b"A"
        process.send_signal(signal.SIGTERM)
        assert client.until("S")["event"] in "SE"
        assert client.closed()
    assert process.wait(WAIT) == 0
    a.join(WAIT)
    assert a.feed.packets[-1][1] == 0xFFFF
    assert b'"state":"ended"' in status.read_bytes()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--itch", "no such file"),
        ("--speed", "fast"),
        ("--line-a", "nowhere"),
        ("--accounts", "a:b"),
        ("--accounts", "TOOLONGNAME:b:C"),
        ("--start", "9:30"),
        ("--symbols", "TOOLONGSYMBOL"),
        ("--symbols", ","),
    ],
)
def test_the_command_refuses_what_it_does_not_understand(arguments: tuple[str, ...]) -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "tickwire.sim", *arguments, "--seconds", "1"],
        capture_output=True,
        text=True,
        timeout=WAIT,
    )
    assert finished.returncode == 1
    assert finished.stderr.startswith("exchange: ")


def test_nothing_is_left_behind_in_the_temporary_directory(tmp_path: Path) -> None:
    environment = dict(os.environ, TMPDIR=str(tmp_path))
    arguments = [sys.executable, "-m", "tickwire.sim", "--seconds", "0.3", "--line-a", "off", "--line-b", "off"]
    assert subprocess.run(arguments, env=environment, stdout=subprocess.DEVNULL, timeout=WAIT).returncode == 0
    assert list(tmp_path.iterdir()) == []
