"""The order entry port, over loopback, as any client would use it."""

import json
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
import venue_wire as wire
from exchange_client import FeedClient, Running, SoupClient, login_packet, running, write_recording

from tickwire.sim.settings import DEFAULT_ACCOUNTS, AccountSettings, StreetSettings

PRICE = 1_000_000
HISTORY = (
    wire.action("T"),
    wire.add(1, wire.SELL, 100, PRICE),
    wire.add(2, wire.BUY, 100, PRICE - 100),
)


@pytest.fixture
def street(tmp_path: Path) -> StreetSettings:
    return StreetSettings(itch=write_recording(tmp_path / "street.itch", *HISTORY))


@pytest.fixture
def exchange(street: StreetSettings) -> Iterator[Running]:
    with running(street) as started:
        started.wait(lambda: started.exchange.end_of_market)
        yield started


@pytest.fixture
def client(exchange: Running) -> Iterator[SoupClient]:
    with SoupClient(exchange.order_port) as client:
        assert client.login()[:1] == b"A"
        assert client.message()["event"] == "S"
        yield client


def test_a_client_logs_in_trades_and_sees_its_fill(client: SoupClient, exchange: Running) -> None:
    client.send(wire.enter(1, "B", 60, PRICE))
    assert [client.message()["type"] for _ in range(2)] == ["A", "E"]
    exchange.stop()
    status = exchange.exchange.status()
    assert status["accounts"]["TRADE1"]["positions"]["AAPL"].quantity == 60
    assert status["state"] == "ended"
    assert client.until("S")["event"] == "E"
    assert client.packet() == b"Z"
    assert client.closed()


def test_the_login_answer_names_the_session_and_the_next_sequence(exchange: Running) -> None:
    with SoupClient(exchange.order_port) as client:
        answer = client.login(sequence="1")
        assert (len(answer), answer[1:11].strip(), client.next_sequence) == (31, b"TEST", 1)


def test_a_reconnecting_client_gets_its_log_again_from_any_sequence(client: SoupClient, exchange: Running) -> None:
    client.send(wire.enter(1, "B", 60, PRICE), wire.enter(2, "B", 60, PRICE - 200), wire.cancel(2))
    client.until("C")
    first = client.sequenced
    assert len(first) == 5
    for sequence in (1, 3, 5):
        with SoupClient(exchange.order_port) as again:
            again.login(sequence=str(sequence))
            assert again.next_sequence == sequence
            for expected in first[sequence - 1 :]:
                again.message()
                assert again.sequenced[-1] == expected


@pytest.mark.parametrize("sequence", ["0", "6", "999"])
def test_sequence_zero_and_any_beyond_the_last_get_only_what_is_new(
    client: SoupClient, exchange: Running, sequence: str
) -> None:
    client.send(wire.enter(1, "B", 60, PRICE), wire.enter(2, "B", 60, PRICE - 200), wire.cancel(2))
    client.until("C")
    with SoupClient(exchange.order_port) as again:
        again.login(sequence=sequence)
        assert again.next_sequence == 6
        again.send(b"Q")
        assert again.message()["next"] == 3


def test_a_new_login_displaces_the_old_connection(client: SoupClient, exchange: Running) -> None:
    with SoupClient(exchange.order_port) as second:
        second.login()
        assert client.closed()
        second.send(b"Q")
        assert second.until("Q")["next"] == 1


def test_accounts_do_not_see_each_other(client: SoupClient, exchange: Running) -> None:
    with SoupClient(exchange.order_port) as other:
        other.login("TRADE2", "password2")
        client.send(wire.enter(1, "B", 10, PRICE - 100))
        client.until("A")
        other.send(wire.enter(1, "S", 105, PRICE - 100))
        assert [other.message()["type"] for _ in range(4)] == ["S", "A", "E", "E"]
        assert (client.message()["shares"], client.sequenced[-1][:1]) == (5, b"E")


@pytest.mark.parametrize(
    ("user", "password", "session", "reason"),
    [
        ("TRADE1", "wrong", "", b"A"),
        ("NOBODY", "password1", "", b"A"),
        ("TRADE1", "password2", "", b"A"),
        ("TRADE1", "password1", "OTHER", b"S"),
    ],
)
def test_a_bad_login_is_refused_with_its_reason(
    exchange: Running, user: str, password: str, session: str, reason: bytes
) -> None:
    with SoupClient(exchange.order_port) as client:
        assert client.login(user, password, session) == b"J" + reason
        assert client.closed()
    assert exchange.exchange.orders.counters["refused"] == 1


def test_a_login_in_pieces_and_orders_in_one_piece_are_read_alike(exchange: Running) -> None:
    with SoupClient(exchange.order_port) as client:
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in login_packet("TRADE1", "password1", "TEST", "1"):
            client.sock.sendall(bytes([byte]))
        assert client.packet()[:1] == b"A"
        client.send(*(wire.enter(urn, "B", 1, PRICE - 200) for urn in range(1, 201)))
        for _ in range(200):
            client.until("A")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xff" * 100,
        b"\0\0",
        wire.frame(b"?"),
        wire.frame(b"S" + bytes(10)),
        wire.frame(b"L" + b"x" * 46),
        wire.frame(b"U" + wire.enter(1, "B", 1, PRICE)),  # before the login
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_garbage_closes_its_own_connection_only(client: SoupClient, exchange: Running, garbage: bytes) -> None:
    with SoupClient(exchange.order_port) as hostile:
        hostile.sock.sendall(garbage)
        assert hostile.closed()
    assert exchange.exchange.orders.counters["malformed"] + exchange.exchange.orders.counters["refused"] == 1
    client.send(wire.enter(1, "B", 60, PRICE))
    assert client.until("E")["shares"] == 60


@pytest.mark.parametrize("message", [b"?", wire.enter(1, "B", 1, PRICE)[:-1], wire.cancel(1) + b"x", b"O"])
def test_a_malformed_order_message_ends_the_session_and_is_counted(
    client: SoupClient, exchange: Running, message: bytes
) -> None:
    client.send(message)
    assert client.closed()
    assert exchange.exchange.orders.counters["malformed"] == 1
    assert exchange.exchange.venue.counters()["malformed"] == 1


def test_a_second_login_on_one_connection_is_out_of_place(client: SoupClient) -> None:
    client.sock.sendall(login_packet("TRADE1", "password1"))
    assert client.closed()


def test_logout_closes_and_orders_stay(client: SoupClient, exchange: Running) -> None:
    client.send(wire.enter(1, "B", 60, PRICE - 200))
    client.until("A")
    client.sock.sendall(wire.frame(b"O"))
    assert client.closed()
    assert exchange.exchange.venue.counters()["open_orders"] == 1


def test_orders_of_an_account_that_asks_for_it_are_canceled_when_its_connection_ends(street: StreetSettings) -> None:
    accounts = (AccountSettings("CODER", "secret", "CODX", cancel_on_disconnect=True), DEFAULT_ACCOUNTS[0])
    with running(street, accounts=accounts) as started, SoupClient(started.order_port) as client:
        started.wait(lambda: started.exchange.end_of_market)
        client.login("CODER", "secret")
        client.send(wire.enter(1, "B", 60, PRICE - 200))
        client.until("A")
        client.sock.close()
        started.wait(lambda: started.exchange.venue.counters()["open_orders"] == 0)
        with SoupClient(started.order_port) as again:
            again.login("CODER", "secret")
            assert again.until("C")["reason"] == "Z"


def test_the_server_sends_heartbeats_and_drops_the_silent(street: StreetSettings) -> None:
    with running(street, silence_ns_max=1_500_000_000) as started, SoupClient(started.order_port) as client:
        client.login()
        client.message()
        assert client.packet() == b"H"
        assert client.closed()
        assert started.exchange.orders.counters["timeouts"] == 1


def test_a_client_that_never_reads_is_dropped(street: StreetSettings) -> None:
    with running(street, stall_ns_max=200_000_000) as started:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(("127.0.0.1", started.order_port))
        sock.settimeout(20)
        sock.sendall(login_packet("TRADE1", "password1"))
        try:
            while True:
                sock.sendall(wire.frame(b"UQ") * 4096)
        except (ConnectionError, BrokenPipeError):
            pass
        finally:
            sock.close()
        started.wait(lambda: started.exchange.orders.counters["stalls"] == 1)
        with SoupClient(started.order_port) as client:  # and nobody else minds
            client.login("TRADE2", "password2")
            assert client.message()["event"] == "S"


def test_orders_that_name_their_tick_are_measured(street: StreetSettings) -> None:
    feed = FeedClient()
    with running(street, feed) as started, SoupClient(started.order_port) as client:
        feed.until(3)
        client.login()
        client.send(
            wire.enter(1, "B", 1, PRICE - 200, token=f"T{3:010}31A"),
            wire.enter(2, "B", 1, PRICE - 200, token="no tick"),
            wire.enter(3, "B", 1, PRICE - 200, token=f"T{999:010}31A"),
            wire.replace(1, 4, 2, PRICE - 200, token=f"T{2:010}31A"),
            wire.cancel(2),
        )
        client.until("C")
        summary = started.exchange.wire.summary()
        assert summary["count"] == 2
        assert 0 < summary["p50"] <= summary["max"] < 20_000_000_000


def test_account_trades_appear_on_the_public_feed(street: StreetSettings) -> None:
    feed = FeedClient()
    with running(street, feed) as started, SoupClient(started.order_port) as client:
        feed.until(3)
        client.login()
        client.send(wire.enter(1, "B", 60, PRICE), wire.enter(2, "B", 10, PRICE - 300))
        feed.until(5)
        ref, quantity, match = struct.unpack_from(">QIQ", feed.messages[4], 11)
        assert (feed.messages[4][:1], ref, quantity) == (b"E", 1, 60)
        assert match >= wire.OWN
        assert feed.messages[5][:1] == b"A"


def test_the_status_file_is_whole_json_and_ends_with_the_end(street: StreetSettings, tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    with running(street, status=path) as started:
        started.wait(path.exists)
        assert json.loads(path.read_bytes())["state"] == "running"
        started.wait(lambda: started.exchange.end_of_market)
    status = json.loads(path.read_bytes())
    assert status["state"] == "ended"
    assert status["publisher"]["next_sequence"] == 4
    assert list(tmp_path.glob(".status*")) == []
