"""A seeded ITCH 5.0 stream at the scale of a venue's day: many instruments, a million orders resting, then churn."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

HEADER = [
    ("length", ">u2"),
    ("type", "S1"),
    ("locate", ">u2"),
    ("tracking", ">u2"),
    ("time_high", ">u2"),
    ("time", ">u4"),
]
ADD = np.dtype([*HEADER, ("reference", ">u8"), ("side", "S1"), ("quantity", ">u4"), ("stock", "S8"), ("price", ">u4")])
EXECUTE = np.dtype([*HEADER, ("reference", ">u8"), ("quantity", ">u4"), ("match", ">u8")])
CANCEL = np.dtype([*HEADER, ("reference", ">u8"), ("quantity", ">u4")])
DELETE = np.dtype([*HEADER, ("reference", ">u8")])
REPLACE = np.dtype([*HEADER, ("reference", ">u8"), ("new_reference", ">u8"), ("quantity", ">u4"), ("price", ">u4")])

Integers = npt.NDArray[np.int64]
CENT = 100


@dataclass(frozen=True)
class Scale:
    """How large the market is."""

    resting: int = 1_000_000  # orders that open the day
    churn: int = 1_000_000  # orders that come and go afterwards
    instruments: int = 8_000
    lifetime: int = 4_000  # median life of a churned order, in orders


@dataclass(frozen=True)
class Stream:
    """Two pieces of one ITCH file: the opening books, and the trading after them."""

    opening: bytes
    opening_count: int
    trading: bytes
    trading_count: int


@dataclass(frozen=True)
class _Orders:
    locate: Integers
    reference: Integers
    buy: npt.NDArray[np.bool_]
    price: Integers
    quantity: Integers

    def __getitem__(self, chosen: npt.NDArray[np.bool_] | Integers) -> "_Orders":
        return _Orders(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


def make_stream(scale: Scale, seed: int = 1) -> Stream:
    """The same seed and scale give the same bytes."""
    random = np.random.default_rng(seed)
    orders = _draw_orders(random, scale)
    resting = orders[np.arange(scale.resting)]
    churned = orders[np.arange(scale.resting, scale.resting + scale.churn)]
    opening = _pack([(np.arange(scale.resting), _adds(resting))])
    trading = _pack(_trade(random, scale, resting, churned))
    return Stream(opening[0], opening[1], trading[0], trading[1])


def _draw_orders(random: np.random.Generator, scale: Scale) -> _Orders:
    count = scale.resting + scale.churn
    weight = 1.0 / np.arange(1, scale.instruments + 1) ** 0.8  # a few instruments carry much of the flow
    locate = random.choice(scale.instruments, count, p=weight / weight.sum()) + 1
    buy = random.random(count) < 0.5
    # Resting orders spread away from the touch; what comes and goes does so near it.
    spread = np.where(np.arange(count) < scale.resting, 40.0, 4.0)
    distance = random.exponential(spread).astype(np.int64) + 1
    middle = 10_000 + 37 * locate
    price = np.where(buy, middle - np.minimum(distance, 5_000), middle + distance) * CENT
    quantity = random.integers(1, 10, count) * 100
    # Four of the venue's partitions hand out references, each in steps of four.
    reference = 4 * np.arange(count) + 10_000_000_000 + (locate % 4) * 1_000_000_000
    return _Orders(locate, reference, buy, price, quantity)


def _trade(
    random: np.random.Generator, scale: Scale, resting: _Orders, churned: _Orders
) -> list[tuple[Integers, npt.NDArray[np.void]]]:
    born = np.arange(scale.churn) * 8
    life = random.lognormal(np.log(scale.lifetime), 1.5, scale.churn).astype(np.int64) + 1
    died = (np.arange(scale.churn) + life) * 8 + 3
    fate = random.random(scale.churn)
    executed, cancelled, replaced = fate < 0.06, (fate >= 0.06) & (fate < 0.09), (fate >= 0.09) & (fate < 0.19)
    deleted = ~executed & ~replaced
    moved = churned.price + np.where(churned.buy, -CENT, CENT)
    replacement = _Orders(churned.locate, churned.reference + 2, churned.buy, moved, churned.quantity)
    gone = random.choice(scale.resting, scale.churn // 8, replace=False)  # old orders leave too
    return [
        (born, _adds(churned)),
        (died[executed], _executions(churned[executed])),
        ((born + died)[cancelled] // 2 | 1, _cancels(churned[cancelled])),
        (died[deleted], _deletes(churned[deleted])),
        (died[replaced], _replaces(churned[replaced], replacement[replaced])),
        (died[replaced] + life[replaced] * 8 + 2, _deletes(replacement[replaced])),
        (random.integers(0, scale.churn, gone.size) * 8 + 5, _deletes(resting[gone])),
    ]


def _rows(layout: np.dtype[np.void], kind: bytes, orders: _Orders) -> npt.NDArray[np.void]:
    rows = np.zeros(orders.locate.size, layout)
    rows["length"] = layout.itemsize - 2
    rows["type"] = kind
    rows["locate"] = orders.locate
    rows["reference"] = orders.reference
    return rows


def _adds(orders: _Orders) -> npt.NDArray[np.void]:
    rows = _rows(ADD, b"A", orders)
    rows["side"] = np.where(orders.buy, b"B", b"S")
    rows["quantity"] = orders.quantity
    rows["stock"] = b"SYNTH   "
    rows["price"] = orders.price
    return rows


def _executions(orders: _Orders) -> npt.NDArray[np.void]:
    rows = _rows(EXECUTE, b"E", orders)
    rows["quantity"] = orders.quantity
    rows["match"] = orders.reference
    return rows


def _cancels(orders: _Orders) -> npt.NDArray[np.void]:
    rows = _rows(CANCEL, b"X", orders)
    rows["quantity"] = orders.quantity // 2
    return rows


def _deletes(orders: _Orders) -> npt.NDArray[np.void]:
    return _rows(DELETE, b"D", orders)


def _replaces(old: _Orders, new: _Orders) -> npt.NDArray[np.void]:
    rows = _rows(REPLACE, b"U", old)
    rows["new_reference"] = new.reference
    rows["quantity"] = new.quantity
    rows["price"] = new.price
    return rows


def _pack(parts: list[tuple[Integers, npt.NDArray[np.void]]]) -> tuple[bytes, int]:
    """Merge rows of several layouts by time into one run of bytes; returns it and its message count."""
    times = np.concatenate([time for time, _ in parts])
    sizes = np.concatenate([np.full(rows.size, rows.itemsize) for _, rows in parts])
    order = np.argsort(times, kind="stable")
    offsets = np.empty(times.size, np.int64)
    offsets[order] = np.cumsum(sizes[order]) - sizes[order]
    packed = np.empty(int(sizes.sum()), np.uint8)
    rank = np.empty(times.size, np.int64)
    rank[order] = np.arange(times.size)
    start = 0
    for _, rows in parts:
        rows["time"] = rank[start : start + rows.size]
        raw = rows.view(np.uint8).reshape(rows.size, rows.itemsize)
        at = offsets[start : start + rows.size]
        for column in range(rows.itemsize):
            packed[at + column] = raw[:, column]
        start += rows.size
    return packed.tobytes(), times.size
