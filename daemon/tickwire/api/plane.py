"""The command plane of one box: a Unix socket, a loopback port, ZeroMQ, all inside the supervisor's loop."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from tickwire.api.http import LOOPBACK_HOSTS, Api, Door
from tickwire.api.operations import Operations
from tickwire.api.people import People, Person, local_person
from tickwire.api.server import serve, tcp_listener, unix_listener
from tickwire.api.zeromq import ZeroMQ, server_keys
from tickwire.host.logs import Log

AGAIN_S = 5.0
SOCKET_FILE, HTTP_FILE, KEYS_FOLDER = "operator.sock", "operator.http", "keys"


@dataclass(frozen=True)
class PlaneSettings:
    """Where people reach the box; empty: not there.  Other machines only with allow_remote, and then never unasked."""

    state_dir: Path
    socket: Path
    http: str = "127.0.0.1:0"
    zeromq: str = ""
    keys_dir: Path | None = None
    people: tuple[Person, ...] = ()
    open_health: bool = True
    open_metrics: bool = True
    allow_remote: bool = False


def people_of(settings: PlaneSettings) -> People:
    """The people of the configuration, or the local one.  Raises OSError."""
    return People(settings.people or (local_person(settings.state_dir),))


class OperatorPlane:
    """``run`` serves every door until cancelled; a door that cannot be opened is tried again and keeps none shut."""

    def __init__(self, settings: PlaneSettings, operations: Operations, people: People, api: Api) -> None:
        self._settings = settings
        self._operations = operations
        self._people = people
        self._api = api
        self._log = Log("operations")
        self.http_address = ""  # where HTTP listens, once it does
        self.zeromq: ZeroMQ | None = None

    async def run(self) -> None:
        """Serve."""
        doors: list[tuple[str, Callable[[], Coroutine[Any, Any, None]]]] = [("unix", self._unix)]
        if self._settings.http:
            doors.append(("http", self._http))
        if self._settings.zeromq:
            doors.append(("zeromq", self._zeromq))
        async with asyncio.TaskGroup() as group:
            for via, door in doors:
                group.create_task(self._keep_open(via, door))

    async def _keep_open(self, via: str, door: Callable[[], Coroutine[Any, Any, None]]) -> None:
        said = ""
        while True:
            try:
                await door()
            except Exception as error:
                if said != repr(error):
                    said = repr(error)
                    self._log.error("operator_door_shut", via=via, reason=said)
            await asyncio.sleep(AGAIN_S)

    async def _unix(self) -> None:
        listener = unix_listener(self._settings.socket)
        self._log.info("operator_listening", via="unix", address=str(self._settings.socket))
        settings = self._settings
        door = Door("unix", (), settings.open_health, settings.open_metrics)
        try:
            await serve(self._api.app(door), listener)
        finally:
            self._settings.socket.unlink(missing_ok=True)

    async def _http(self) -> None:
        settings = self._settings
        listener = tcp_listener(settings.http, settings.allow_remote)
        host, port = listener.getsockname()[:2]
        self.http_address = f"{host}:{port}"
        local = ip_address(host).is_loopback
        hosts = tuple(dict.fromkeys((host, *LOOPBACK_HOSTS))) if local or host != "0.0.0.0" else ()
        note = settings.state_dir / HTTP_FILE
        note.write_text(self.http_address + "\n", encoding="ascii")
        self._log.info("operator_listening", via="http", address=self.http_address)
        try:
            await serve(
                self._api.app(Door("http", hosts, settings.open_health and local, settings.open_metrics and local)),
                listener,
            )
        finally:
            note.unlink(missing_ok=True)

    async def _zeromq(self) -> None:
        folder = self._settings.keys_dir or self._settings.state_dir / KEYS_FOLDER
        endpoint = self._settings.zeromq
        host = endpoint.removeprefix("tcp://").rpartition(":")[0]
        if not ip_address(host).is_loopback and not self._settings.allow_remote:
            raise ValueError(f"{host} is not loopback: commands would be open to the network")
        self.zeromq = ZeroMQ(endpoint, server_keys(folder), self._operations, self._people)
        await self.zeromq.run()
