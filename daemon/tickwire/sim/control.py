"""The control socket of a running exchange: one JSON request a line, one JSON answer a line.

``{"do": "swallow_execution", "account": "TRADE1"}`` is answered with ``{"ok": true}`` or
``{"ok": false, "error": "..."}``.  What can be asked for is in ``tickwire.sim.faults``.
"""

import contextlib
import os
import selectors
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from tickwire.sim.faults import Request

LINE_MAX = 65536
ANSWER_S = 10.0

Answer = dict[str, Any]


def decode_request(line: bytes) -> Request:
    """A line as a request.  ValueError: it is none."""
    return msgspec.json.decode(line, type=Request)


def _clear(path: Path) -> None:
    """Remove a socket that a killed exchange left behind; OSError when somebody still listens or it is no socket."""
    if not path.exists():
        return
    if not path.is_socket():
        raise FileExistsError(f"control socket {path}: something else is there")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, contextlib.suppress(ConnectionRefusedError):
        probe.connect(str(path))
        raise FileExistsError(f"control socket {path}: an exchange listens there")
    path.unlink()


class ControlSocket:
    """Listens at a path of the file system, served by the exchange's loop."""

    def __init__(self, path: Path, selector: selectors.BaseSelector, perform: Callable[[Request], Answer]) -> None:
        self._path = path
        self._selector = selector
        self._perform = perform
        self._clients: dict[socket.socket, bytearray] = {}
        _clear(path)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        mask = os.umask(0o177)
        try:
            self._listener.bind(str(path))
        finally:
            os.umask(mask)
        self._listener.listen()
        self._listener.setblocking(False)
        selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def _accept(self, _now_ns: int) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:
            return
        self._clients[client] = bytearray()
        self._selector.register(client, selectors.EVENT_READ, lambda _: self._ready(client))

    def _ready(self, client: socket.socket) -> None:
        try:
            data = client.recv(LINE_MAX)
            received = self._clients[client]
            received += data
            if not data or len(received) > LINE_MAX:
                raise ConnectionError
            while (end := received.find(b"\n")) >= 0:
                line = bytes(received[:end])
                del received[: end + 1]
                client.settimeout(1.0)  # an answer fits the socket's buffer; whoever never reads is dropped
                client.sendall(msgspec.json.encode(self._answer(line)) + b"\n")
        except OSError:
            self._drop(client)

    def _answer(self, line: bytes) -> Answer:
        try:
            return {"ok": True, **self._perform(decode_request(line))}
        except ValueError as error:
            return {"ok": False, "error": str(error)}

    def _drop(self, client: socket.socket) -> None:
        del self._clients[client]
        self._selector.unregister(client)
        client.close()

    def close(self) -> None:
        """Hang up, and leave nothing behind."""
        for client in list(self._clients):
            self._drop(client)
        self._selector.unregister(self._listener)
        self._listener.close()
        self._path.unlink(missing_ok=True)


def ask(path: Path, do: str, **parameters: object) -> Answer:
    """Have a running exchange do something.  ValueError: it refused; OSError: nobody is there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(ANSWER_S)
        client.connect(str(path))
        client.sendall(msgspec.json.encode({"do": do, **parameters}) + b"\n")
        received = b""
        while not received.endswith(b"\n"):
            if not (data := client.recv(LINE_MAX)):
                raise ConnectionError(f"the exchange at {path} hung up")
            received += data
    answer: Answer = msgspec.json.decode(received)
    if not answer.pop("ok"):
        raise ValueError(answer["error"])
    return answer


def parse_parameters(words: list[str]) -> dict[str, object]:
    """``name=value`` each; numbers and true or false are taken as such where a request wants them."""
    pairs = dict(word.split("=", 1) for word in words if "=" in word)
    if len(pairs) != len(words):
        raise ValueError("parameters are written name=value")
    request = msgspec.convert({"do": "", **pairs}, Request, strict=False)
    return {name: getattr(request, name) for name in pairs}
