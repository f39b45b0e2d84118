"""The exchange's own account of itself, as JSON in a file that is always whole."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from tickwire.sim.exchange import Exchange


class StatusFile:
    """A file that readers never see half written; no path, no file."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def write(self, status: dict[str, Any]) -> None:
        """Put a new status in place of the last."""
        if self._path is None:
            return
        fresh = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        fresh.write_bytes(msgspec.json.encode(status) + b"\n")
        fresh.replace(self._path)


def _account(exchange: Exchange, index: int) -> dict[str, Any]:
    positions = exchange.venue.positions(index)
    return {
        "firm": exchange.settings.accounts[index].firm,
        "online": exchange.orders.online(index),
        "next_sequence": exchange.venue.log_count(index) + 1,
        "fills": sum(holding.fills for holding in positions),
        "positions": {holding.symbol: holding for holding in positions},
    }


def snapshot(exchange: Exchange) -> dict[str, Any]:
    """Everything a status file says; prices and values in 1/10 000, times in ns."""
    return {
        "state": "ended" if exchange.ended else "running",
        "session": exchange.session,
        "order_port": exchange.order_port if not exchange.ended else None,
        "request_port": exchange.request_port,
        "market_ns": exchange.market.market_ns,
        "end_of_market": exchange.end_of_market,
        "street_error": exchange.street_error,
        "street_messages": exchange.market.messages,
        "publisher": exchange.publisher.counters(),
        "venue": exchange.venue.counters(),
        "sessions": dict(exchange.orders.counters),
        "wire_to_wire_ns": exchange.wire.summary(),
        "street_position": exchange.venue.street_position(),
        "accounts": {
            account.username: _account(exchange, index) for index, account in enumerate(exchange.settings.accounts)
        },
    }
