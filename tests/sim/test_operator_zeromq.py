"""ZeroMQ: listed keys command, others do not get in, and nothing that anybody sends disturbs the rest."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq
import zmq.asyncio
from operator_box import OperatorBox
from operator_doors import WAIT_S, Heart, raw, serving, unix_client, until

from tickwire.api import zeromq as doors
from tickwire.api.people import Person, Role
from tickwire.api.plane import OperatorPlane

ALICE, VICTOR, MALLORY = (zmq.curve_keypair() for _ in range(3))
PEOPLE = (
    Person("alice", Role.TRADER, curve_public=ALICE[0].decode()),
    Person("victor", Role.VIEWER, curve_public=VICTOR[0].decode()),
)
Story = Callable[["Clients", Heart], Coroutine[Any, Any, None]]


class Clients:
    """People who connect with their keys."""

    def __init__(self, plane: OperatorPlane, server_public: bytes) -> None:
        assert plane.zeromq is not None
        self.address = plane.zeromq.address
        self.context = zmq.asyncio.Context()
        self._server_public = server_public

    def connect(self, keys: tuple[bytes, bytes] | None, kind: int = zmq.DEALER) -> zmq.asyncio.Socket:
        client = self.context.socket(kind)
        if keys is not None:
            client.curve_publickey, client.curve_secretkey = keys
            client.curve_serverkey = self._server_public
        client.linger = 0
        client.connect(self.address)
        return client

    async def ask(self, keys: tuple[bytes, bytes], command: str, **message: Any) -> Any:
        client = self.connect(keys)
        await client.send(json.dumps({"command": command, **message}).encode())
        async with asyncio.timeout(WAIT_S):
            answer = json.loads((await client.recv_multipart())[-1])
        client.close()
        return answer


@pytest.fixture
def box(tmp_path: Path) -> Iterator[OperatorBox]:
    made = OperatorBox(tmp_path)
    yield made
    made.close()


def tell(box: OperatorBox, story: Story) -> None:
    async def run() -> None:
        settings = {"zeromq": "tcp://127.0.0.1:*", "http": "", "people": PEOPLE}
        async with serving(box, **settings) as (plane, heart):
            clients = Clients(plane, doors.server_keys(box.state_dir / "keys")[0])
            try:
                await story(clients, heart)
                await heart.beats_on()
            finally:
                clients.context.destroy(linger=0)

    asyncio.run(run())


def test_a_listed_key_is_a_person_with_a_role(box: OperatorBox) -> None:
    async def story(clients: Clients, heart: Heart) -> None:
        answer = await clients.ask(VICTOR, "kill", arguments={"reason": "x"}, id=3)
        assert (answer["id"], answer["status"], answer["error"]["code"]) == (3, 403, "role")
        assert not box.control.kill
        assert (await clients.ask(VICTOR, "status"))["answer"]["trading"] is True
        answer = await clients.ask(ALICE, "kill", arguments={"reason": "x"}, id="a")
        assert (answer["id"], answer["status"]) == ("a", 200)
        assert box.control.kill

    tell(box, story)
    done = box.lines()[-1]
    assert (done["person"], done["via"], done["peer"]) == ("alice", "zeromq", "127.0.0.1")


def test_a_request_socket_may_ask_too(box: OperatorBox) -> None:
    async def story(clients: Clients, heart: Heart) -> None:
        client = clients.connect(ALICE, zmq.REQ)
        await client.send(b'{"command": "status"}')
        async with asyncio.timeout(WAIT_S):
            assert json.loads(await client.recv())["status"] == 200

    tell(box, story)


def test_a_replayed_key_does_not_act_twice(box: OperatorBox) -> None:
    async def story(clients: Clients, heart: Heart) -> None:
        request = {"arguments": {"scope": "firm", "reason": "x"}, "key": "k"}
        first, again = [await clients.ask(ALICE, "cancel", **request) for _ in range(2)]
        assert first["answer"] == again["answer"]

    tell(box, story)
    assert len(box.desk.asked) == 1


def test_who_is_not_listed_or_shows_no_key_never_gets_a_message_in(box: OperatorBox) -> None:
    async def story(clients: Clients, heart: Heart) -> None:
        strangers = [clients.connect(keys) for keys in (MALLORY, None)]
        for client in strangers:
            await client.send(json.dumps({"command": "kill", "arguments": {"reason": "x"}}).encode())
        await until(lambda: any(line["phase"] == "refused" for line in box.lines()))
        assert (await clients.ask(VICTOR, "status"))["status"] == 200
        assert not box.control.kill

    tell(box, story)
    refused = next(line for line in box.lines() if line["phase"] == "refused")
    assert (refused["code"], refused["via"], refused["peer"]) == ("unauthenticated", "zeromq", "127.0.0.1")


GARBAGE: list[list[bytes]] = [
    [b""],
    [b"{"],
    [b"\xff" * 100],
    [b"[]"],
    [b"null"],
    [b'{"command": 7}'],
    [b'{"command": "kill", "arguments": 7}'],
    [b'{"command": "kill", "arguments": {"reason": "x", "more": 1}}'],
    [b'{"command": "../kill", "arguments": {"reason": "x"}}'],
    [b'{"command": "kill", "extra": 1}'],
    [b"[" * 60_000],
    [b"", b"", b'{"command": "status"}'],
    [b"a", b'{"command": "kill", "arguments": {"reason": "x"}}'],
    [b"x"] * 500,
]


@pytest.mark.parametrize("frames", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_answered_or_dropped_and_disturbs_nobody(box: OperatorBox, frames: list[bytes]) -> None:
    async def story(clients: Clients, heart: Heart) -> None:
        client = clients.connect(ALICE)
        await client.send_multipart(frames)
        async with asyncio.timeout(WAIT_S):
            answer = json.loads((await client.recv_multipart())[-1])
        assert answer["error"]["code"] in ("malformed", "unknown")
        assert (await clients.ask(VICTOR, "status"))["status"] == 200

    tell(box, story)
    assert not box.control.kill


def test_a_message_that_is_too_large_ends_only_its_own_connection(box: OperatorBox) -> None:
    async def story(clients: Clients, heart: Heart) -> None:
        client = clients.connect(ALICE)
        watch = client.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        await client.send(b" " * 1_000_000)
        async with asyncio.timeout(WAIT_S):
            await watch.recv_multipart()
        client.disable_monitor()
        assert (await clients.ask(VICTOR, "status"))["status"] == 200

    tell(box, story)


def test_bytes_that_are_no_zeromq_disturb_nobody(box: OperatorBox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "HANDSHAKE_MS_MAX", 200)

    async def story(clients: Clients, heart: Heart) -> None:
        address = clients.address.removeprefix("tcp://")
        junk = (b"\x00" * 500, b"GET / HTTP/1.1\r\n\r\n", b"\xff" + b"\x00" * 8 + b"\x7f\x03" + b"\x01" * 600, b"\xff")
        await asyncio.gather(*(raw(address, data) for data in junk * 10))
        assert (await clients.ask(VICTOR, "status"))["status"] == 200

    tell(box, story)


def test_a_client_that_never_reads_its_answers_holds_nobody_up(box: OperatorBox) -> None:
    async def story(clients: Clients, heart: Heart) -> None:
        deaf = clients.connect(VICTOR)
        for _ in range(1000):
            await deaf.send(b'{"command": "status"}')
        answer = await clients.ask(ALICE, "kill", arguments={"reason": "x"})
        assert answer["status"] == 200

    tell(box, story)
    assert box.control.kill


def test_the_boxs_own_key_is_made_once_and_nobody_else_reads_it(box: OperatorBox, tmp_path: Path) -> None:
    first, again = doors.server_keys(tmp_path / "k"), doors.server_keys(tmp_path / "k")
    assert first == again
    assert (tmp_path / "k" / doors.SECRET_FILE).stat().st_mode & 0o777 == 0o600
    (tmp_path / "k" / doors.SECRET_FILE).write_text("short\n")
    with pytest.raises(OSError, match="no CURVE key"):
        doors.server_keys(tmp_path / "k")


def test_the_socket_goes_on_when_zeromq_cannot_have_its_port(box: OperatorBox) -> None:
    taken = zmq.Context.instance().socket(zmq.REP)
    port = taken.bind_to_random_port("tcp://127.0.0.1")

    async def run() -> None:
        plane = box.plane(zeromq=f"tcp://127.0.0.1:{port}", http="")
        serving_it = asyncio.create_task(plane.run())
        socket = box.state_dir / "operator.sock"
        await until(socket.exists)
        async with unix_client(socket, "bob") as client:
            assert (await client.get("/v1/status")).status_code == 200
        serving_it.cancel()
        await asyncio.gather(serving_it, return_exceptions=True)

    try:
        asyncio.run(run())
    finally:
        taken.close(linger=0)
