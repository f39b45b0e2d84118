"""uvicorn inside somebody else's event loop: bounded connections, bounded time for a request to come in, no signals."""

import asyncio
import contextlib
import os
import socket
import stat
import struct
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

CONNECTION_COUNT_MAX = 64
HEADER_SIZE_MAX = 16_384
REQUEST_S_MAX = 10.0  # for a request to come in whole, from the connection or from the last answer
ANSWER_S_MAX = 120.0  # for it to be answered and the answer to be read


class GuardedProtocol(H11Protocol):
    """HTTP/1.1 from a client that may be slow, silent or one of very many."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or drop it at once when there are too many."""
        super().connection_made(transport)
        self._since = self.loop.time()
        self._guard: asyncio.TimerHandle | None = None
        if len(self.connections) > CONNECTION_COUNT_MAX:
            transport.abort()
            return
        self.client = _peer(transport) or self.client
        self._guard = self.loop.call_later(REQUEST_S_MAX, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        if self._guard is not None:
            self._guard.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """The next request has its own time."""
        self._since = self.loop.time()
        super().on_response_complete()

    def _look(self) -> None:
        waited = self.loop.time() - self._since
        answering = self.cycle is not None and not self.cycle.response_complete
        bound = ANSWER_S_MAX if answering else REQUEST_S_MAX
        if waited >= bound:
            self.transport.abort()
        else:
            self._guard = self.loop.call_later(min(bound - waited, REQUEST_S_MAX), self._look)


class Server(uvicorn.Server):
    """A uvicorn that leaves signals to the process it lives in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """They are the supervisor's."""
        yield


async def serve(app: FastAPI, listener: socket.socket) -> None:
    """Serve until cancelled; closes the listener."""
    config = uvicorn.Config(
        app,
        http=GuardedProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=CONNECTION_COUNT_MAX,
        timeout_keep_alive=int(REQUEST_S_MAX),
        timeout_graceful_shutdown=1,
        h11_max_incomplete_event_size=HEADER_SIZE_MAX,
    )
    server = Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        listener.close()


def unix_listener(path: Path) -> socket.socket:
    """A socket at path that only this user may connect to; takes the place of one that nobody serves.

    Raises OSError; FileExistsError when something else is there.
    """
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise FileExistsError(f"{path} exists and is no socket: not touched")
        path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        listener.bind(str(path))
        path.chmod(0o600)  # before anybody can connect: it does not listen yet
        listener.listen(CONNECTION_COUNT_MAX)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def tcp_listener(endpoint: str, allow_remote: bool = False) -> socket.socket:
    """A listener at ``a.b.c.d:port``; ValueError unless that is loopback or other machines are meant to reach it."""
    host, _, port = endpoint.rpartition(":")
    if not ip_address(host).is_loopback and not allow_remote:
        raise ValueError(f"{host} is not loopback: commands would be open to the network")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, int(port)))
        listener.listen(CONNECTION_COUNT_MAX)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _peer(transport: Any) -> tuple[str, int] | None:
    """User and process at the other end of a Unix socket."""
    connection = transport.get_extra_info("socket")
    if connection is None or connection.family != socket.AF_UNIX:
        return None
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, _ = struct.unpack("3i", raw)
    return f"uid-{uid}" + ("" if uid != os.getuid() else "-own"), pid
