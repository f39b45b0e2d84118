"""The commands over ZeroMQ: a ROUTER under CURVE that lets only listed keys in, JSON both ways.

Request ``{"command": "kill", "arguments": {...}, "key": "...", "id": ...}``, answer ``{"id", "status", "answer"}`` or
``{"id", "status", "error": {"code", "text"}}``; arguments, answers and codes are those of HTTP.
"""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import msgspec
import zmq
import zmq.asyncio
from zmq.utils import z85

from tickwire.api.errors import Refused
from tickwire.api.operations import KEY_SIZE_MAX, Operations
from tickwire.api.people import People, Principal, nobody, read_token, write_secret
from tickwire.host.logs import Log

MESSAGE_SIZE_MAX = 65_536
AT_ONCE_MAX = 32
HANDSHAKE_MS_MAX = 3_000
QUEUE_MAX = 100
SECRET_FILE, PUBLIC_FILE = "server.secret", "server.public"


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request."""

    command: str
    arguments: msgspec.Raw = msgspec.Raw(b"{}")
    key: str = ""
    id: str | int = ""


def server_keys(folder: Path) -> tuple[bytes, bytes]:
    """(public, secret) of the box, Z85; made at the first start.  Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        secret = read_token(folder / SECRET_FILE).encode()
        return zmq.curve_public(secret), secret
    except FileNotFoundError:
        public, secret = zmq.curve_keypair()
        write_secret(folder / SECRET_FILE, secret.decode())
        (folder / PUBLIC_FILE).write_text(public.decode() + "\n", encoding="ascii")
        return public, secret
    except (zmq.ZMQError, ValueError) as error:
        raise OSError(f"{folder / SECRET_FILE} holds no CURVE key: {error}") from error


class ZeroMQ:
    """Serves one endpoint until cancelled."""

    def __init__(self, endpoint: str, keys: tuple[bytes, bytes], operations: Operations, people: People) -> None:
        self._endpoint = endpoint
        self._keys = keys
        self._operations = operations
        self._people = people
        self._log = Log("operations")
        self.address = ""  # where it listens, once it does

    async def run(self) -> None:
        """Let people in and answer them.  Raises zmq.ZMQError when the endpoint cannot be had."""
        context = zmq.asyncio.Context()
        gate, router = context.socket(zmq.REP), context.socket(zmq.ROUTER)
        try:
            gate.bind("inproc://zeromq.zap.01")  # before the router: without it everybody would be let in
            router.curve_server = True
            router.curve_publickey, router.curve_secretkey = self._keys
            router.zap_domain = b"tickwire"
            router.maxmsgsize = MESSAGE_SIZE_MAX
            router.sndhwm = router.rcvhwm = QUEUE_MAX
            router.handshake_ivl = HANDSHAKE_MS_MAX
            router.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
            router.bind(self._endpoint)
            self.address = router.getsockopt_string(zmq.LAST_ENDPOINT)
            self._log.info("operator_listening", via="zeromq", address=self.address, public_key=self._keys[0].decode())
            async with asyncio.TaskGroup() as group:
                group.create_task(self._admit(gate))
                group.create_task(self._serve(router))
        finally:
            context.destroy(linger=0)

    async def _admit(self, gate: zmq.asyncio.Socket) -> None:
        """Answer libzmq's question who may come in (RFC 27); the name we give it comes with every message."""
        while True:
            frames = await gate.recv_multipart()
            version, request, _, address, _, mechanism, *credentials = frames
            person = None
            if mechanism == b"CURVE" and len(credentials) == 1:
                with contextlib.suppress(ValueError):
                    person = self._people.by_curve(z85.encode(credentials[0]).decode())
            if person is not None:
                await gate.send_multipart([version, request, b"200", b"OK", person.name.encode(), b""])
                continue
            await gate.send_multipart([version, request, b"400", b"unknown key", b"", b""])
            who = nobody("zeromq", address.decode("ascii", "replace"))
            await self._operations.attempts.refused(who, "", Refused("unauthenticated", "a key that is not listed"))

    async def _serve(self, router: zmq.asyncio.Socket) -> None:
        tasks: set[asyncio.Task[None]] = set()
        while True:
            frames = await router.recv_multipart(copy=False)
            if len(tasks) >= 2 * AT_ONCE_MAX:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            task = asyncio.create_task(self._handle(router, frames))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    async def _handle(self, router: zmq.asyncio.Socket, frames: list[zmq.Frame]) -> None:
        try:
            answer = await self._answer(frames)
            envelope = [frame.bytes for frame in frames[:-1]]
            await router.send_multipart([*envelope, msgspec.json.encode(answer)], flags=zmq.DONTWAIT)
        except zmq.ZMQError:
            pass  # who asked is gone, or does not read what they are told
        except Exception as error:
            self._log.error("request_failed", via="zeromq", reason=repr(error))

    async def _answer(self, frames: list[zmq.Frame]) -> dict[str, Any]:
        who = self._who(frames[-1])
        given: str | int = ""
        try:
            if len(frames) not in (2, 3) or (len(frames) == 3 and frames[1].bytes):
                raise Refused("malformed", "expected one frame of JSON")
            try:
                message = msgspec.json.decode(frames[-1].bytes, type=Message)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise Refused("malformed", str(error)) from error
            given = message.id if isinstance(message.id, int) else message.id[:KEY_SIZE_MAX]
            body = bytes(message.arguments)
        except Refused as refused:
            await self._operations.attempts.refused(who, "", refused)
            return _failure(given, refused)
        try:
            answer = await self._operations.execute(who, message.command, body, message.key)
        except Refused as refused:
            return _failure(given, refused)
        return {"id": given, "status": 200, "answer": answer}

    def _who(self, frame: zmq.Frame) -> Principal:
        """The person whose key the connection proved."""
        name, peer = str(frame.get("User-Id")), str(frame.get("Peer-Address"))
        person = self._people.by_name(name)
        return Principal(person.name, person.role, "zeromq", peer) if person else nobody("zeromq", peer)


def _failure(given: str | int, refused: Refused) -> dict[str, Any]:
    return {"id": given, "status": refused.status, "error": {"code": refused.code, "text": refused.text}}
