"""What the demo asks of the exchange's street."""

import struct

import pytest

from tickwire.native.venue import Venue
from tickwire.sim.settings import ExchangeSettings

DIRECTORY = b"R" + struct.pack(">HH", 7, 0) + (5).to_bytes(6, "big") + b"AAPL    QN" + struct.pack(">I", 100)
DIRECTORY += b"NC  PN 1N" + bytes(4) + b"N"
TRADING = b"H" + DIRECTORY[1:19] + b"T" + b" " + b"    "


def framed(message: bytes) -> bytes:
    return struct.pack(">H", len(message)) + message


def test_what_is_listed_is_announced_to_trade_when_a_recording_leaves_that_out() -> None:
    venue = Venue(["TWRA"], announce_trading=True)
    venue.street(DIRECTORY)
    assert venue.take_stream() == framed(DIRECTORY) + framed(TRADING)


def test_nothing_is_announced_unless_asked_for() -> None:
    venue = Venue(["TWRA"])
    venue.street(DIRECTORY)
    assert venue.take_stream() == framed(DIRECTORY)


def test_the_street_cannot_wait_for_an_account_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="no such account"):
        ExchangeSettings(wait_for="NOBODY")
