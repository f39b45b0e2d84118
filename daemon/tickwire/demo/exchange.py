"""What the paper exchange says of itself: the status file, as the demo needs it."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from tickwire.telemetry.report import ExchangePosition


class Account(msgspec.Struct, frozen=True):
    """One account's own truth."""

    online: bool
    fills: int
    positions: dict[str, ExchangePosition]


class Status(msgspec.Struct, frozen=True):
    """The exchange at one moment; keys the demo has no use for are passed over."""

    state: str
    market_ns: int
    end_of_market: bool
    street_error: str
    publisher: Mapping[str, int]
    wire_to_wire_ns: Mapping[str, int]
    accounts: dict[str, Account]


def read_status(path: Path) -> Status | None:
    """The status; None while there is none yet."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Status)
    except FileNotFoundError:
        return None
