"""A real hour of a real stock through sockets, feed and books: the states published are those others have computed."""

import csv
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

Best = tuple[int, int, int, int]


def messages(path: Path) -> Iterator[bytes]:
    """The messages of an ITCH file, each after its length."""
    data, at = path.read_bytes(), 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 2], "big")
        yield data[at + 2 : at + 2 + size]
        at += 2 + size


@pytest.mark.parametrize("lost", [0, 7], ids=["both lines whole", "each line loses every seventh packet"])
def test_best_bids_and_offers_of_a_real_hour_are_those_of_the_reference(
    market_rig: Callable[..., Any], shared_data: Path, lost: int
) -> None:
    folder = shared_data / "derived-itch50-from-lobster-aapl"
    with (folder / "itch_book_0.2.1_bbo.csv").open() as file:
        expected = [tuple(map(int, row)) for row in list(csv.reader(file))[1:]]
    rig = market_rig("AAPL", order_count_max=1 << 17)
    published: list[tuple[int, Best]] = [(0, (0, 0, 0, 0))]
    day = list(messages(folder / "AAPL_20120621_0930_1030.itch50"))
    packets = [day[:1]] + [day[first : first + 20] for first in range(1, len(day), 20)]
    for number, batch in enumerate(packets):
        whole = [line for line in (0, 1) if not lost or number % lost != 3 * line]
        rig.venue.send(*batch, lines=tuple(whole))
        rig.poll(times=2)
        for u in rig.updates():
            best = (u.bid_price[0], u.bid_quantity[0], u.ask_price[0], u.ask_quantity[0])
            published.append((u.tick, best))
    changes = [(tick, *best) for (_, before), (tick, best) in pairwise(published) if best != before]
    assert changes == expected
    assert (rig.count("unknown_order"), rig.count("gaps"), rig.count("lost")) == (0, 0, 0)
