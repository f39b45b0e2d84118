"""With nobody trading, the public stream is the recording, byte for byte."""

import hashlib
from pathlib import Path

import pytest
import venue_wire as wire

from tickwire.native.venue import Synthetic, Venue

RECORDINGS = (
    "derived-itch50-from-lobster-aapl/AAPL_20120621_0930_1030.itch50",
    "itch50-nasdaq-20191230-snippet/12302019_SNIPPET.NASDAQ_ITCH50",
    "itch50-nasdaq-first1000/sample.itch",
)
SYMBOLS = ("SYNA", "SYNB")
GOLDEN_SHA256 = "ed0374f8844e076e6f58e9f3e537bf300d3a57e338d1cba04e0000b5a6859c53"


@pytest.mark.data
@pytest.mark.parametrize("recording", RECORDINGS)
def test_a_recording_comes_out_as_it_went_in(shared_data: Path, recording: str) -> None:
    data = (shared_data / recording).read_bytes()
    venue = Venue(["TWRA"])
    for message in wire.frames(data):
        venue.street(message)
    assert venue.take_stream() == data
    assert venue.counters()["street_clamped"] == 0


@pytest.mark.data
def test_the_mid_day_snippet_has_its_399_unknown_references(shared_data: Path) -> None:
    venue = Venue(["TWRA"])
    for message in wire.frames((shared_data / RECORDINGS[1]).read_bytes()):
        venue.street(message)
    assert venue.counters()["street_unknown"] == 399


@pytest.mark.data
def test_an_account_trades_in_a_real_hour_and_every_share_has_two_sides(shared_data: Path) -> None:
    venue = Venue(["TWRA", "TWRB"])
    book = wire.SimpleBook(strict=False)
    urn = 0
    for count, message in enumerate(wire.frames((shared_data / RECORDINGS[0]).read_bytes())):
        venue.street(message)
        if count % 500 == 499 and (bids := venue.depth(1, wire.BUY, 1)) and (asks := venue.depth(1, wire.SELL, 1)):
            urn += 1
            venue.order(0, wire.enter(urn, "B", 100, asks[0].price, tif="3"), 0)
            venue.order(1, wire.enter(urn, "S", 70, asks[0].price), 0)
            venue.order(1, wire.enter(urn, "B", 50, bids[0].price), 0)
        for out in wire.frames(venue.take_stream()):
            book.apply(out)
    held = [position for account in (0, 1) for position in venue.positions(account)]
    street = venue.street_position()
    assert venue.counters()["fills"] > 200
    assert sum(row.quantity for row in held) + street.quantity == 0
    assert sum(row.bought for row in held) + street.bought == sum(row.sold for row in held) + street.sold
    for side in (wire.BUY, wire.SELL):
        rebuilt = [(level[0], level[1]) for level in book.levels(1, side)]
        assert [(level.price, level.quantity) for level in venue.depth(1, side, 100_000)] == rebuilt


def test_the_same_seed_gives_the_same_bytes_on_every_machine() -> None:
    data = Synthetic(SYMBOLS, seed=7).read(1 << 24, 100_000)
    assert hashlib.sha256(data).hexdigest() == GOLDEN_SHA256
    assert Synthetic(SYMBOLS, seed=8).read(1 << 20, 10_000) != data[: 1 << 20]


def test_the_pieces_a_synthetic_street_is_read_in_do_not_matter() -> None:
    pieces = Synthetic(SYMBOLS, seed=7)
    data = b"".join(pieces.read(1000) for _ in range(100))
    assert Synthetic(SYMBOLS, seed=7).read(1 << 20)[: len(data)] == data


def test_a_synthetic_street_is_a_valid_market_of_a_realistic_shape() -> None:
    street = Synthetic(SYMBOLS, seed=3, rate=20_000)
    book = wire.SimpleBook()
    spreads = []
    depths = []
    kinds: dict[str, int] = {}
    times = []
    for count, message in enumerate(wire.frames(street.read(1 << 24, 200_000))):
        book.apply(message)
        kinds[chr(message[0])] = kinds.get(chr(message[0]), 0) + 1
        times.append(int.from_bytes(message[5:11], "big"))
        if count > 1000 and count % 997 == 0:
            for locate in (1, 2):
                bids, asks = book.levels(locate, wire.BUY), book.levels(locate, wire.SELL)
                spreads.append((asks[0][0] - bids[0][0]) // 100)
                depths.append(min(len(bids), len(asks)))
    assert times == sorted(times)
    assert 19_000 < 200_000 * 1e9 / (times[-1] - times[0]) < 21_000
    assert min(spreads) >= 1
    assert sorted(spreads)[len(spreads) * 9 // 10] <= 3
    assert sorted(depths)[len(depths) // 10] >= 10
    assert set("SRHAFEXDU") <= set(kinds)
    assert kinds["E"] > 10_000


def test_imbalance_foretells_the_next_move_mildly() -> None:
    book = wire.SimpleBook()
    right = wrong = 0
    pending: list[tuple[int, int]] = []  # mid price then, side the imbalance pointed to
    for count, message in enumerate(wire.frames(Synthetic(("SYNA",), seed=5).read(1 << 24, 120_000))):
        book.apply(message)
        if count < 1000 or count % 200:
            continue
        bids, asks = book.levels(1, wire.BUY), book.levels(1, wire.SELL)
        mid = bids[0][0] + asks[0][0]
        if pending:
            before, pointed = pending.pop()
            right += (mid - before) * pointed > 0
            wrong += (mid - before) * pointed < 0
        if abs(bids[0][1] - asks[0][1]) * 2 > bids[0][1] + asks[0][1]:
            pending.append((mid, 1 if bids[0][1] > asks[0][1] else -1))
    assert right + wrong > 100
    assert 0.52 < right / (right + wrong) < 0.95
