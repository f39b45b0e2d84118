"""The drop copy of a running exchange over loopback: followed without a gap whatever happens to the connection."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import venue_wire as wire
from exchange_client import WAIT, Running, SoupClient, running, write_recording

from tickwire.services.drop_copy_follower import DropCopyFollower
from tickwire.sim.settings import StreetSettings
from tickwire.venues.drop_copy import DropCopy
from tickwire.venues.picture import positions
from tickwire.venues.soup import SoupSettings

settings_module = pytest.importorskip("tickwire.sim.settings")
if not hasattr(settings_module, "DropCopySettings"):
    pytest.skip("this exchange has no drop copy port", allow_module_level=True)
PORT = settings_module.DropCopySettings()
PRICE = 1_000_000
HISTORY = (wire.action("T"), wire.add(1, wire.SELL, 100_000, PRICE), wire.add(2, wire.BUY, 100_000, PRICE - 100))

Script = Callable[[Running, SoupClient, DropCopyFollower], Awaitable[None]]


def play(tmp_path: Path, script: Script, password: str = PORT.password, **settings: Any) -> DropCopyFollower:
    """A market, a client that trades on it, and a follower of the drop copy."""
    street = StreetSettings(itch=write_recording(tmp_path / "street.itch", *HISTORY))

    async def scene(exchange: Running, client: SoupClient) -> DropCopyFollower:
        clock = iter(range(1, 1 << 60))
        port = exchange.exchange.drop_copy.port
        told = {"host": "127.0.0.1", "port": port, "username": PORT.username, "password": password}
        soup = SoupSettings(**told, reconnect_s_min=0.01, heartbeat_s=0.2, **settings)
        follower = DropCopyFollower("A", soup, DropCopy(lambda: next(clock)))
        task = asyncio.create_task(follower.run())
        try:
            async with asyncio.timeout(WAIT):
                await script(exchange, client, follower)
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        return follower

    with running(street, drop_copy=PORT) as exchange:
        exchange.wait(lambda: exchange.exchange.end_of_market)
        with SoupClient(exchange.order_port) as client:
            client.login()
            return asyncio.run(scene(exchange, client))


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


def buy(client: SoupClient, first: int, count: int) -> None:
    client.send(*(wire.enter(urn, "B", 10, PRICE) for urn in range(first, first + count)))
    for _ in range(count):
        client.until("E")


def fills(follower: DropCopyFollower) -> int:
    return sum(len(line.fills) for line in follower.copy.orders("TWRA").values())


def test_every_fill_of_the_firm_arrives_and_the_position_is_the_exchanges(tmp_path: Path) -> None:
    async def script(exchange: Running, client: SoupClient, follower: DropCopyFollower) -> None:
        buy(client, 1, 200)
        await until(lambda: fills(follower) == 200)
        held = exchange.exchange.venue.positions(0)
        assert positions(follower.copy.orders("TWRA").values()) == {row.symbol: row.quantity for row in held}
        await until(lambda: follower.copy.idle_ns > 0)

    follower = play(tmp_path, script)
    assert (follower.copy.incomplete, follower.session.counters["restarts"]) == ("", 0)


def test_after_the_exchange_hangs_up_it_comes_back_and_lacks_nothing(tmp_path: Path) -> None:
    async def script(exchange: Running, client: SoupClient, follower: DropCopyFollower) -> None:
        for turn in range(5):
            buy(client, 1 + 50 * turn, 50)
            await until(lambda: fills(follower) > 50 * turn)  # noqa: B023
            for connection in list(exchange.exchange.drop_copy._connections):
                connection.sock.shutdown(2)
            await until(lambda: follower.session.counters["disconnects"] > turn)  # noqa: B023
        await until(lambda: fills(follower) == 250)

    follower = play(tmp_path, script)
    assert follower.copy.counters["resets"] == 1, "it went on where it was"
    assert follower.session.counters["logins"] >= 5
    assert follower.copy.firms["TWRA"].counters == {}


def test_one_who_comes_late_gets_it_all(tmp_path: Path) -> None:
    async def script(exchange: Running, client: SoupClient, follower: DropCopyFollower) -> None:
        await until(lambda: fills(follower) == 2000)

    street = tmp_path / "late"
    street.mkdir()

    async def before(exchange: Running, client: SoupClient, follower: DropCopyFollower) -> None:
        buy(client, 1, 2000)
        await script(exchange, client, follower)

    assert fills(play(street, before)) == 2000


def test_a_wrong_password_is_said_and_never_let_in(tmp_path: Path) -> None:
    async def script(exchange: Running, client: SoupClient, follower: DropCopyFollower) -> None:
        await until(lambda: follower.session.counters["refused"] >= 2)
        assert follower.check() == "drop copy not connected: login refused: not authorised"
        assert follower.check() == "", "said once"

    assert play(tmp_path, script, password="wrong").copy.firms == {}


def test_the_end_of_the_day_leaves_the_picture_and_says_that_the_copy_is_gone(tmp_path: Path) -> None:
    async def script(exchange: Running, client: SoupClient, follower: DropCopyFollower) -> None:
        buy(client, 1, 10)
        await until(lambda: fills(follower) == 10)
        exchange.exchange.stop()
        await until(lambda: follower.session.counters["ends"] == 1 and not follower.copy.connected)

    assert fills(play(tmp_path, script)) == 10
