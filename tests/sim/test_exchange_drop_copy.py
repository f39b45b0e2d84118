"""The box's own drop copy client against the exchange's drop copy port: what both leave unsaid must fit."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import venue_wire as wire
from exchange_client import WAIT, Running, SoupClient, running, write_recording

from tickwire.sim.settings import DropCopySettings, StreetSettings
from tickwire.venues.drop_copy import DropCopy
from tickwire.venues.soup import SoupSession, SoupSettings

PRICE = 1_000_000
HISTORY = (wire.action("T"), wire.add(1, wire.SELL, 100, PRICE), wire.add(2, wire.BUY, 100, PRICE - 100))


async def follow(started: Running, picture: DropCopy, done: Callable[[], bool]) -> None:
    """Follow the exchange's drop copy until done."""
    assert started.exchange.drop_copy is not None
    port = started.exchange.drop_copy.port
    settings = SoupSettings(host="127.0.0.1", port=port, username="DROPCO", password="dropcopy")
    session = asyncio.create_task(SoupSession(settings, picture).run())
    try:
        async with asyncio.timeout(WAIT):
            while not done():
                await asyncio.sleep(0)
    finally:
        session.cancel()


def test_the_boxs_client_sees_orders_fills_breaks_and_hang_ups_as_the_exchange_has_them(tmp_path: Path) -> None:
    street = StreetSettings(itch=write_recording(tmp_path / "street.itch", *HISTORY))
    picture = DropCopy(time.monotonic_ns)
    with running(street, drop_copy=DropCopySettings()) as started, SoupClient(started.order_port) as client:
        started.wait(lambda: started.exchange.end_of_market)
        client.login()
        client.send(wire.enter(1, "B", 60, PRICE), wire.enter(2, "B", 50, PRICE - 200, display="N"), wire.cancel(2, 20))
        client.until("C")
        asyncio.run(follow(started, picture, lambda: picture.counters["messages"] == 4 and picture.idle_ns > 0))
        orders = picture.orders("TWRA")
        assert (orders[1].executed, orders[1].state) == (60, "filled")
        assert (orders[2].leaves, orders[2].state) == (20, "live")
        started.exchange.ask("break_trade", account="TRADE1")
        started.exchange.ask("drop_connections")
        asyncio.run(follow(started, picture, lambda: picture.counters["messages"] == 9))  # once more from the first
        assert picture.orders("TWRA")[1].executed == 0
        assert picture.incomplete == ""
        assert picture.counters["malformed"] == 0
