"""A plane that serves while a test talks to it, and a heart that must go on beating beside it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
from operator_box import TOKENS, OperatorBox

from tickwire.api.plane import OperatorPlane

WAIT_S = 20


class Heart:
    """Beats as the supervisor does; ``beats_on`` returns once it has, again and again."""

    def __init__(self) -> None:
        self.beats = 0

    async def run(self) -> None:
        while True:
            self.beats += 1
            await asyncio.sleep(0)
            await asyncio.sleep(0.001)

    async def beats_on(self, times: int = 20) -> None:
        wanted = self.beats + times
        await until(lambda: self.beats >= wanted)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def serving(box: OperatorBox, **settings: Any) -> AsyncIterator[tuple[OperatorPlane, Heart]]:
    """The box's plane with every door open."""
    plane, heart = box.plane(**settings), Heart()
    tasks = [asyncio.create_task(plane.run()), asyncio.create_task(heart.run())]
    try:
        await until(lambda: (box.state_dir / "operator.sock").exists())
        if settings.get("http") != "":
            await until(lambda: bool(plane.http_address))
        if settings.get("zeromq"):
            await until(lambda: plane.zeromq is not None and bool(plane.zeromq.address))
        yield plane, heart
        assert not tasks[1].done(), "the heart stopped"
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def unix_client(socket: Path, person: str = "bob") -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {TOKENS[person]}"} if person else {}
    return httpx.AsyncClient(
        transport=httpx.AsyncHTTPTransport(uds=str(socket)), base_url="http://box", headers=headers, timeout=WAIT_S
    )


async def raw(address: str, data: bytes) -> bytes:
    """Send the bytes, and read until the other side closes."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    with contextlib.suppress(ConnectionError):
        writer.write(data)
        await writer.drain()
    async with asyncio.timeout(WAIT_S):
        try:
            answer = await reader.read()
        except ConnectionError:
            answer = b""
    writer.close()
    return answer
