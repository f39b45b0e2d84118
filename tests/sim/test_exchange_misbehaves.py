"""The drop copy port, fees and latency, and an exchange that does wrong when told to, over loopback."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import venue_wire as wire
from exchange_client import WAIT, Running, SoupClient, login_packet, running, write_recording

from tickwire.sim.control import ask, parse_parameters
from tickwire.sim.settings import AccountSettings, DropCopySettings, StreetSettings

PRICE = 1_000_000
HISTORY = (
    wire.action("T"),
    wire.add(1, wire.SELL, 100, PRICE),
    wire.add(2, wire.BUY, 100, PRICE - 100),
)
MILLISECOND_NS = 1_000_000


@pytest.fixture
def street(tmp_path: Path) -> StreetSettings:
    return StreetSettings(itch=write_recording(tmp_path / "street.itch", *HISTORY))


@pytest.fixture
def exchange(street: StreetSettings, tmp_path: Path) -> Iterator[Running]:
    control = tmp_path / "control"
    with running(street, drop_copy=DropCopySettings(), control=control, maker_fee=-20, taker_fee=30) as started:
        started.wait(lambda: started.exchange.end_of_market)
        yield started


@pytest.fixture
def client(exchange: Running) -> Iterator[SoupClient]:
    with SoupClient(exchange.order_port) as client:
        assert client.login()[:1] == b"A"
        assert client.message()["event"] == "S"
        yield client


def listen(exchange: Running, sequence: str = "1") -> SoupClient:
    assert exchange.exchange.drop_copy is not None
    listener = SoupClient(exchange.exchange.drop_copy.port)
    assert listener.login("DROPCO", "dropcopy", sequence=sequence)[:1] == b"A"
    return listener


# ---- the drop copy port ----


def test_several_listeners_get_every_accounts_events_from_the_sequence_they_ask_for(
    exchange: Running, client: SoupClient
) -> None:
    with listen(exchange) as first, SoupClient(exchange.order_port) as other:
        other.login("TRADE2", "password2")
        client.send(wire.enter(1, "B", 60, PRICE))
        client.until("E")
        other.send(wire.enter(1, "B", 10, PRICE - 100))
        other.until("A")
        seen = [first.copied() for _ in range(3)]
        assert [(firm, told["type"]) for firm, told in seen] == [("TWRA", "A"), ("TWRA", "E"), ("TWRB", "A")]
        assert first.sequenced[1][4:] == client.sequenced[-1]
        with listen(exchange, "2") as second:
            assert (second.next_sequence, [second.copied() for _ in range(2)]) == (2, seen[1:])
            status = exchange.exchange.status()["drop_copy"]
            assert (status["listeners"], status["next_sequence"]) == (2, 4)


@pytest.mark.parametrize("login", [("DROPCO", "wrong"), ("TRADE1", "password1")])
def test_the_drop_copy_wants_its_own_login(exchange: Running, login: tuple[str, str]) -> None:
    assert exchange.exchange.drop_copy is not None
    with SoupClient(exchange.exchange.drop_copy.port) as listener:
        assert listener.login(*login) == b"JA"
        assert listener.closed()


def test_a_listener_of_the_drop_copy_may_not_trade(exchange: Running) -> None:
    with listen(exchange) as listener:
        listener.send(wire.enter(1, "B", 60, PRICE))
        assert listener.closed()
    assert exchange.exchange.venue.counters()["orders"] == 0
    with SoupClient(exchange.order_port) as wrong:
        assert wrong.login("DROPCO", "dropcopy") == b"JA"


def test_the_drop_copy_ends_with_the_session(exchange: Running) -> None:
    with listen(exchange) as listener:
        exchange.stop()
        assert listener.packet() == b"Z"
        assert listener.closed()


# ---- fees and latency ----


def test_fees_are_in_the_status_by_account_and_position(exchange: Running, client: SoupClient) -> None:
    client.send(wire.enter(1, "B", 60, PRICE))
    client.until("E")
    account = exchange.exchange.status()["accounts"]["TRADE1"]
    assert (account["fees"], account["positions"]["AAPL"].fees) == (60 * 30, 60 * 30)


def test_latency_holds_orders_back_and_then_what_is_told_of_them(street: StreetSettings) -> None:
    with running(street, latency_ns=30 * MILLISECOND_NS) as started, SoupClient(started.order_port) as client:
        started.wait(lambda: started.exchange.end_of_market)
        client.login()
        client.message()
        before_ns = time.monotonic_ns()
        client.send(wire.enter(1, "B", 60, PRICE))
        client.until("E")
        assert time.monotonic_ns() - before_ns >= 60 * MILLISECOND_NS
        assert started.exchange.status()["latency_ns"] == 30 * MILLISECOND_NS


def test_what_was_sent_before_the_line_was_cut_still_arrives_and_is_canceled_after(street: StreetSettings) -> None:
    accounts = (AccountSettings("CODER", "secret", "CODX", cancel_on_disconnect=True),)
    with (
        running(street, latency_ns=10**9, accounts=accounts) as started,
        SoupClient(started.order_port) as client,
    ):
        started.wait(lambda: started.exchange.end_of_market)
        client.login("CODER", "secret")
        client.send(wire.enter(1, "B", 60, PRICE - 200))
        client.sock.close()
        started.wait(lambda: started.exchange.orders.counters["disconnects"] == 1)
        log = started.exchange.venue.log(0, 2, started.exchange.venue.log_count(0) + 1)
        assert [told["type"] for told in wire.reports(log)] == ["A", "C"]


# ---- doing wrong ----


def test_a_swallowed_execution_shows_in_the_drop_copy_alone(exchange: Running, client: SoupClient) -> None:
    exchange.exchange.ask("swallow_execution", account="TRADE1")
    client.send(wire.enter(1, "B", 60, PRICE), b"Q")
    assert [client.message()["type"] for _ in range(2)] == ["A", "Q"]
    with listen(exchange) as listener:
        assert [listener.copied()[1]["type"] for _ in range(2)] == ["A", "E"]


def test_a_trade_is_broken_on_command(exchange: Running, client: SoupClient) -> None:
    client.send(wire.enter(1, "B", 60, PRICE))
    fill = client.until("E")
    exchange.exchange.ask("break_trade", account="TRADE1")
    assert client.until("B")["match"] == fill["match"]
    assert exchange.exchange.venue.positions(0)[0].quantity == 0


def test_a_silent_exchange_still_trades_and_tells_it_afterwards(exchange: Running, client: SoupClient) -> None:
    before_ns = time.monotonic_ns()
    exchange.exchange.ask("silence", account="TRADE1", ms=300)
    client.send(wire.enter(1, "B", 60, PRICE))
    exchange.wait(lambda: exchange.exchange.venue.counters()["fills"] == 1)
    assert client.until("E")["shares"] == 60
    assert time.monotonic_ns() - before_ns >= 300 * MILLISECOND_NS


def test_acknowledgements_come_late_for_as_long_as_they_are_delayed(exchange: Running, client: SoupClient) -> None:
    exchange.exchange.ask("delay_acknowledgements", ms=100)
    before_ns = time.monotonic_ns()
    client.send(wire.enter(1, "B", 60, PRICE))
    client.until("E")
    assert time.monotonic_ns() - before_ns >= 100 * MILLISECOND_NS
    exchange.exchange.ask("delay_acknowledgements", ms=0)
    client.send(b"Q")
    client.until("Q")


def test_everybody_is_hung_up_on_and_may_come_back(exchange: Running, client: SoupClient) -> None:
    with listen(exchange) as listener:
        assert exchange.exchange.ask("drop_connections")["connections"] == 2
        assert client.closed()
        assert listener.closed()
    with SoupClient(exchange.order_port) as again:
        assert again.login()[:1] == b"A"


def test_a_symbol_is_halted_resumed_and_restricted_on_command(exchange: Running, client: SoupClient) -> None:
    for urn, (do, side, told) in enumerate(
        (("halt", "T", ("J", 7)), ("short_sale_restriction", "B", ("J", 7)), ("resume", "T", ("J", 15))), 1
    ):
        exchange.exchange.ask(do, symbol="AAPL")
        client.send(wire.enter(urn, side, 10, PRICE - 100))
        rejected = client.message()
        assert (rejected["type"], rejected["reason"]) == told
    exchange.exchange.ask("short_sale_restriction", symbol="AAPL", on=False)
    client.send(wire.enter(4, "T", 10, PRICE - 100))
    assert client.message()["type"] == "A"


# ---- the ways to tell it ----


def test_the_control_socket_does_what_it_is_asked_and_says_what_is_wrong(
    exchange: Running, client: SoupClient, tmp_path: Path
) -> None:
    control = tmp_path / "control"
    assert ask(control, "reject", account="TRADE1", count=1, amount=8) == {}
    client.send(wire.enter(1, "B", 60, PRICE))
    assert client.message()["reason"] == 8
    assert ask(control, "status")["status"]["accounts"]["TRADE1"]["online"] is True
    for do, parameters, complaint in (
        ("frobnicate", {}, "expected one of"),
        ("reject", {"account": "NOBODY"}, "TRADE1, TRADE2"),
        ("break_trade", {}, "needs an account"),
        ("break_trade", {"account": "TRADE1"}, "nothing to do it to"),
        ("reject", {"colour": "red"}, "unknown field"),
        ("reject", {"count": "three"}, "count"),
        ("halt", {"symbol": "NOPE"}, "nothing was said of it"),
        ("halt", {"symbol": "AAPL    AND MORE"}, "symbol"),
        ("phantom_execution", {"account": "TRADE1", "quantity": -1}, "quantity"),
        ("phantom_execution", {"account": "TRADE1", "quantity": 2**40}, "quantity"),
    ):
        with pytest.raises(ValueError, match=complaint):
            ask(control, do, **parameters)


@pytest.mark.parametrize("garbage", [b"\xff\n", b"[]\n", b"{\n", b"x" * 70_000, b"\n", b'{"do":"status"'])
def test_garbage_on_the_control_socket_harms_nobody(exchange: Running, tmp_path: Path, garbage: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as hostile:
        hostile.settimeout(WAIT)
        hostile.connect(str(tmp_path / "control"))
        hostile.sendall(garbage)
        hostile.shutdown(socket.SHUT_WR)
        answer = hostile.recv(65536)
        assert b'"ok":false' in answer or answer == b""
    assert ask(tmp_path / "control", "status")["status"]["state"] == "running"


def test_a_control_socket_in_use_is_not_taken_over_and_one_left_behind_is(
    exchange: Running, street: StreetSettings, tmp_path: Path
) -> None:
    with (
        pytest.raises(FileExistsError, match="an exchange listens there"),
        running(street, control=tmp_path / "control"),
    ):
        pass
    left = tmp_path / "left"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(left))
    with running(street, control=left):
        assert left.stat().st_mode & 0o777 == 0o600
    assert not left.exists()
    left.write_text("a file")
    with pytest.raises(FileExistsError, match="something else"), running(street, control=left):
        pass
    assert left.read_text() == "a file"


def test_parameters_are_written_name_equals_value() -> None:
    assert parse_parameters(["account=TRADE1", "count=3", "on=false"]) == {"account": "TRADE1", "count": 3, "on": False}
    for wrong in (["count"], ["count=x"], ["colour=red"]):
        with pytest.raises(ValueError):
            parse_parameters(wrong)


def test_the_command_line_tells_a_running_exchange(exchange: Running, tmp_path: Path) -> None:
    def told(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tickwire", "exchange-control", str(tmp_path / "control"), *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=WAIT)

    assert told("halt", "symbol=AAPL").returncode == 0
    refused = told("halt", "symbol=NOPE")
    assert (refused.returncode, refused.stderr[:17]) == (1, "exchange-control:")


def test_the_command_offers_all_of_it(tmp_path: Path) -> None:
    arguments = [
        "--line-a",
        "off",
        "--line-b",
        "off",
        "--drop-copy-port",
        "0",
        "--drop-copy-login",
        "EAR:secret",
        "--maker-fee",
        "-20",
        "--taker-fee",
        "30",
        "--latency",
        "1000",
        "--fair-seed",
        "7",
        "--depth",
        "50",
        "--control",
    ]
    command = [sys.executable, "-m", "tickwire.sim", *arguments, str(tmp_path / "control")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        words = next(line for line in process.stdout if line.startswith("ready ")).split()
        ports = dict(word.split("=") for word in words[1:])
        with SoupClient(int(ports["drop_copy_port"])) as listener:
            assert listener.login("EAR", "secret")[:1] == b"A"
        status = ask(tmp_path / "control", "status")["status"]
        assert (status["fees"], status["latency_ns"]) == ({"maker": -20, "taker": 30}, 1000)
        process.terminate()
        assert process.wait(WAIT) == 0
    assert not (tmp_path / "control").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--depth", "0"),
        ("--latency", "-1"),
        ("--maker-fee", "99999999"),
        ("--drop-copy-port", "0", "--drop-copy-login", "nobody"),
        ("--control", "/nowhere/at/all"),
        ("--control", "/tmp/" + "x" * 200),
    ],
)
def test_the_command_refuses_what_cannot_be(arguments: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "tickwire.sim", *arguments, "--seconds", "1"]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=WAIT)
    assert finished.returncode == 1
    assert finished.stderr.startswith("exchange: ")


def test_a_listener_that_logs_in_while_the_port_is_silent_waits(exchange: Running) -> None:
    assert exchange.exchange.drop_copy is not None
    before_ns = time.monotonic_ns()
    exchange.exchange.ask("silence", account="drop_copy", ms=200)
    with SoupClient(exchange.exchange.drop_copy.port) as listener:
        listener.sock.sendall(login_packet("DROPCO", "dropcopy"))
        assert listener.packet()[:1] == b"A"
    assert time.monotonic_ns() - before_ns >= 200 * MILLISECOND_NS
