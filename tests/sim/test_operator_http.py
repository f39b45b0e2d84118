"""HTTP as people and programs use it, and as attackers do: whatever comes, the box's loop goes on beating."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from operator_box import PEOPLE, TOKENS, OperatorBox
from operator_doors import WAIT_S, Heart, raw, serving, unix_client, until
from operator_fakes import Accepted, Break

from tickwire.api import http, server
from tickwire.api.commands import COMMANDS
from tickwire.api.people import TOKEN_FILE
from tickwire.api.plane import OperatorPlane
from tickwire.native import lib

Story = Callable[[OperatorPlane, Heart], Coroutine[Any, Any, None]]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[OperatorBox]:
    made = OperatorBox(tmp_path)
    yield made
    made.close()


def tell(box: OperatorBox, story: Story, **settings: Any) -> None:
    async def run() -> None:
        async with serving(box, **settings) as (plane, heart):
            await story(plane, heart)
            await heart.beats_on()

    asyncio.run(run())


def socket_of(box: OperatorBox) -> Path:
    return box.state_dir / "operator.sock"


def test_a_kill_and_a_rearm_over_the_socket(box: OperatorBox) -> None:
    async def story(plane: OperatorPlane, heart: Heart) -> None:
        async with unix_client(socket_of(box)) as client:
            assert (await client.post("/v1/kill", json={"reason": "x"})).status_code == 200
            assert box.control.kill
            prepared = (await client.post("/v1/rearm-prepare", json={})).json()
            answer = await client.post("/v1/rearm-confirm", json={"code": prepared["code"], "reason": "looked"})
            assert answer.json() == {"done": ["the whole firm: re-armed"]}
            assert not box.control.kill
            status = (await client.get("/v1/status")).json()
            assert status["trading"] is True

    tell(box, story)


def test_only_this_user_may_connect_to_the_socket(box: OperatorBox) -> None:
    async def story(plane: OperatorPlane, heart: Heart) -> None:
        assert socket_of(box).stat().st_mode & 0o777 == 0o600

    tell(box, story)
    assert not socket_of(box).exists()


def test_no_token_a_wrong_token_and_a_viewer_kill_nothing_and_are_on_record(box: OperatorBox) -> None:
    async def story(plane: OperatorPlane, heart: Heart) -> None:
        async with unix_client(socket_of(box), "") as client:
            for headers, status in (
                ({}, 401),
                ({"authorization": "Bearer wrong"}, 401),
                ({"authorization": "Bearer"}, 401),
                ({"authorization": f"Basic {TOKENS['bob']}"}, 401),
                ({"authorization": "Bearer " + "x" * 9000}, 401),
                ({"authorization": f"Bearer {PEOPLE[2].token_sha256}"}, 401),  # the digest is no token
                ({"authorization": f"Bearer {TOKENS['victor']}"}, 403),
            ):
                answer = await client.post("/v1/kill", json={"reason": "x"}, headers=headers)
                assert answer.status_code == status, headers

    tell(box, story)
    assert not box.control.kill
    assert [line["code"] for line in box.lines()] == ["unauthenticated"] * 6 + ["role"]
    assert box.lines()[0]["peer"].startswith("uid-"), "the record says whose process it was"


def test_a_replayed_key_does_not_act_twice(box: OperatorBox) -> None:
    async def story(plane: OperatorPlane, heart: Heart) -> None:
        async with unix_client(socket_of(box)) as client:
            request = {"json": {"scope": "firm", "reason": "x"}, "headers": {"idempotency-key": "k"}}
            first, again = [await client.post("/v1/cancel", **request) for _ in range(2)]
            assert first.json() == again.json()
            other = await client.post("/v1/cancel", json={"scope": "firm", "reason": "y"}, headers=request["headers"])
            assert other.status_code == 409

    tell(box, story)
    assert len(box.desk.asked) == 1


def test_health_and_ready_and_metrics_say_what_is_wrong_without_a_token(box: OperatorBox) -> None:
    async def story(plane: OperatorPlane, heart: Heart) -> None:
        async with unix_client(socket_of(box), "") as client:
            assert (await client.get("/health")).status_code == 200
            box.reconciliation.kept = [Accepted(Break())]
            warned = await client.get("/ready")
            assert warned.status_code == 200
            assert warned.json()["warnings"] == [f"accepted difference 1: {Accepted(Break()).text}"]
            box.session(1, lib.SESSION_DOWN)
            box.control.stop_set("venue", 1, lib.STOP_KILL)
            health, ready = await client.get("/health"), await client.get("/ready")
            assert (health.status_code, ready.status_code) == (200, 503)
            assert ready.json()["wrong"] == ["execution-engine: session with venue B is down"]
            assert [one["name"] for one in ready.json()["services"]] == [
                *("market-data", "signal-bridge", "risk-manager", "execution-engine", "position-tracker")
            ]
            box.control.pointer.lanes[0].state = lib.LANE_STOPPED
            assert (await client.get("/health")).status_code == 503
            text = (await client.get("/metrics")).text
            for line in (
                "tickwire_reconciliation_accepted 1.0",
                'tickwire_stop{by="kill",name="B",scope="venue"} 1.0',
                'tickwire_lane_up{lane="hot"} 0.0',
                'tickwire_risk_verdicts_total{reason="price_collar"} 0.0',
                'tickwire_execution_engine_session_state{venue="A"} 5.0',
                'tickwire_tick_to_order_seconds_count{venue="A"} 0.0',
                'tickwire_position_known{instrument="AAPL"} 1.0',
            ):
                assert line in text, line

    tell(box, story)


def test_health_and_metrics_ask_for_a_token_where_that_is_configured(box: OperatorBox) -> None:
    async def story(plane: OperatorPlane, heart: Heart) -> None:
        async with unix_client(socket_of(box), "") as client, unix_client(socket_of(box), "victor") as victor:
            for path in ("/health", "/ready", "/metrics"):
                assert (await client.get(path)).status_code == 401
                assert (await victor.get(path)).status_code == 200

    tell(box, story, open_health=False, open_metrics=False)


def test_the_description_names_every_command(box: OperatorBox) -> None:
    async def story(plane: OperatorPlane, heart: Heart) -> None:
        async with unix_client(socket_of(box), "") as client:
            described = (await client.get("/openapi.json")).json()
            assert {f"/v1/{name}" for name in COMMANDS} <= set(described["paths"])
            kill = described["paths"]["/v1/kill"]["post"]
            reference = kill["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            assert "reason" in described["components"]["schemas"][reference.rpartition("/")[2]]["properties"]

    tell(box, story)


@pytest.mark.parametrize(
    "path",
    [
        *("/v1/../v1/kill", "/v1/kill/", "/v1//kill", "/v1/kill%00", "/v1/kill%2e", "/%2e%2e/%2e%2e/etc/passwd"),
        *("/v1/kill;x=1", "/v1/KILL", "/docs", "/redoc", "/v1/__init__", "/v1/%0d%0aX-Injected:%201"),
    ],
)
def test_no_path_but_the_tables_own_reaches_anything(box: OperatorBox, path: str) -> None:
    async def story(plane: OperatorPlane, heart: Heart) -> None:
        token = TOKENS["bob"]
        body = b'{"reason": "x"}'
        request = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode()
        answer = await raw(plane.http_address, request + body)
        assert answer.split(b" ")[1] in (b"404", b"405", b"307"), answer
        assert b"X-Injected:" not in answer.split(b"\r\n\r\n")[0]

    tell(box, story)
    assert not box.control.kill


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ("Host: evil.example\r\n", b"400"),
        ("Host: localhost\r\nHost: localhost\r\n", b"400"),
        ("", b"400"),
        ("Host: localhost\r\nAuthorization: Bearer a\r\n", b"401"),  # a second one makes both worthless
        ("Host: localhost\r\nIdempotency-Key: a\r\nIdempotency-Key: b\r\n", b"400"),
        ("Host: localhost\r\nX-Bad: a\x00b\r\n", b"400"),
        ("Host: localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"400"),
        ("Host: localhost\r\n" + "X-Long: " + "a" * 70_000 + "\r\n", b"413"),
        ("Host: localhost\r\nContent-Type: text/plain\r\n", b"400"),
    ],
)
def test_headers_that_lie_are_refused(box: OperatorBox, headers: str, status: bytes) -> None:
    async def story(plane: OperatorPlane, heart: Heart) -> None:
        body = b'{"reason": "x"}'
        kind = "" if "Content-Type" in headers else "Content-Type: application/json\r\n"
        length = "" if "Transfer" in headers else f"Content-Length: {len(body)}\r\n"
        request = f"POST /v1/kill HTTP/1.1\r\n{headers}Authorization: Bearer {TOKENS['bob']}\r\n{kind}{length}"
        answer = await raw(plane.http_address, request.encode() + b"Connection: close\r\n\r\n" + body)
        assert answer[:12].split(b" ")[1:2] == [status], answer

    tell(box, story)
    assert not box.control.kill


@pytest.mark.parametrize("stated", [True, False])
def test_a_body_of_ten_megabytes_is_refused_unread(box: OperatorBox, stated: bool) -> None:
    async def story(plane: OperatorPlane, heart: Heart) -> None:
        async def parts() -> Any:
            for _ in range(160):
                yield b" " * 65_536

        async with unix_client(socket_of(box)) as client:
            content = b" " * 10_485_760 if stated else parts()
            try:
                answer = await client.post("/v1/kill", content=content, headers={"content-type": "application/json"})
                assert answer.status_code == 413
            except httpx.TransportError:
                pass  # it hung up while we were still sending: as good
            assert (await client.get("/v1/status")).status_code == 200

    tell(box, story)
    assert not box.control.kill


def test_a_body_that_never_comes_is_given_up(box: OperatorBox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "BODY_S_MAX", 0.1)

    async def story(plane: OperatorPlane, heart: Heart) -> None:
        request = (
            f"POST /v1/kill HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKENS['bob']}\r\n"
            "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        assert b" 504 " in (await raw(plane.http_address, request.encode()))[:16]

    tell(box, story)
    assert not box.control.kill


def test_a_client_that_sends_its_request_for_ever_is_dropped(box: OperatorBox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "REQUEST_S_MAX", 0.2)

    async def drip(address: str) -> None:
        """One byte of a header now and then, until the other side has enough."""
        host, _, port = address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        gone = asyncio.create_task(reader.read())
        with contextlib.suppress(ConnectionError):
            while not gone.done():
                writer.write(b"a")
                await writer.drain()
                await asyncio.sleep(0.01)
        with contextlib.suppress(ConnectionError):
            assert await gone == b""
        writer.close()

    async def story(plane: OperatorPlane, heart: Heart) -> None:
        async with asyncio.timeout(WAIT_S):
            await asyncio.gather(*(drip(plane.http_address) for _ in range(40)))

    tell(box, story)


def test_a_thousand_connections_at_once_leave_the_socket_to_the_operator(box: OperatorBox) -> None:
    async def story(plane: OperatorPlane, heart: Heart) -> None:
        host, _, port = plane.http_address.rpartition(":")
        connections = []
        for _ in range(1000):
            connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            connection.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                connection.connect((host, int(port)))
            connections.append(connection)
        await heart.beats_on()
        async with unix_client(socket_of(box)) as client:
            assert (await client.post("/v1/kill", json={"reason": "flood"})).status_code == 200
        await heart.beats_on()
        for connection in connections:
            connection.close()
        answer = b""
        while b" 200 " not in answer[:16]:  # once they are gone, the port answers again
            answer = await raw(plane.http_address, b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n")

    tell(box, story)
    assert box.control.kill


@pytest.mark.parametrize(
    "data", [b"\x00" * 1000, b"\x16\x03\x01" + b"\xff" * 500, b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 99_999]
)
def test_bytes_that_are_no_http_are_answered_with_an_end(box: OperatorBox, data: bytes) -> None:
    async def story(plane: OperatorPlane, heart: Heart) -> None:
        await asyncio.gather(*(raw(plane.http_address, data) for _ in range(20)))

    monkey = pytest.MonkeyPatch()
    monkey.setattr(server, "REQUEST_S_MAX", 0.2)
    try:
        tell(box, story)
    finally:
        monkey.undo()


def test_it_never_listens_for_other_machines_unasked(box: OperatorBox) -> None:
    with pytest.raises(ValueError, match="not loopback"):
        server.tcp_listener("0.0.0.0:0")
    listener = server.tcp_listener("0.0.0.0:0", allow_remote=True)
    listener.close()

    async def story(plane: OperatorPlane, heart: Heart) -> None:
        async with unix_client(socket_of(box)) as client:
            assert (await client.get("/v1/status")).status_code == 200  # a door that stays shut shuts no other

    async def run() -> None:
        async with serving(box, http="") as (plane, heart):
            await story(plane, heart)

    asyncio.run(run())


def test_a_file_that_is_no_socket_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("x")
    with pytest.raises(FileExistsError):
        server.unix_listener(path)
    assert path.read_text() == "x"
    path.unlink()
    server.unix_listener(path).close()
    server.unix_listener(path).close()  # one that nobody serves is replaced


def test_a_box_whose_file_names_nobody_makes_a_token_for_its_own_user(box: OperatorBox) -> None:
    async def story(plane: OperatorPlane, heart: Heart) -> None:
        token = (box.state_dir / TOKEN_FILE).read_text().strip()
        assert (box.state_dir / TOKEN_FILE).stat().st_mode & 0o777 == 0o600
        async with unix_client(socket_of(box), "") as client:
            headers = {"authorization": f"Bearer {token}"}
            assert (await client.post("/v1/rearm-prepare", json={}, headers=headers)).status_code == 200

    tell(box, story, people=())
    before = (box.state_dir / TOKEN_FILE).read_text()
    tell(box, story, people=())
    assert (box.state_dir / TOKEN_FILE).read_text() == before, "a restart keeps it"


def test_commands_that_come_all_at_once_are_all_answered(box: OperatorBox) -> None:
    async def story(plane: OperatorPlane, heart: Heart) -> None:
        async with unix_client(socket_of(box), "alice") as client:
            requests = [client.post("/v1/pause", json={"reason": f"r{number}"}) for number in range(60)]
            answers = await asyncio.gather(*requests)
            assert {answer.status_code for answer in answers} <= {200, 503}
            await until(lambda: box.control.stop_bits("firm", 0) == lib.STOP_PAUSE)

    tell(box, story)
    assert box.parts.audit.verify() == ""
