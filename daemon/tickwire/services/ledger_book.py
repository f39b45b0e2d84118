"""The fills of one instrument, strategy, account and venue, and what they add up to."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from tickwire.services.lots import AverageCost, FifoCost


class Key(NamedTuple):
    """Whose fill it is: indices and numbers as in the configuration."""

    instrument: int
    strategy: int
    account: int
    venue: int


class Scope(NamedTuple):
    """The keys that a sum is over; None: all of them."""

    instrument: int | None = None
    strategy: int | None = None
    account: int | None = None
    venue: int | None = None

    def covers(self, key: Key) -> bool:
        """Whether the key is among them."""
        return all(wanted is None or wanted == is_ for wanted, is_ in zip(self, key, strict=True))


FIRM = Scope()


def scopes_of(key: Key) -> tuple[Scope, ...]:
    """The scopes whose high-water mark a key moves: firm, each of its own, and the key itself."""
    return (
        FIRM,
        Scope(instrument=key.instrument),
        Scope(strategy=key.strategy),
        Scope(account=key.account),
        Scope(venue=key.venue),
        Scope(*key),
    )


@dataclass(slots=True, eq=False)
class Kept:
    """A fill that is kept, so that it can be undone; fee in 1/1 000 000."""

    number: int  # in the order of arrival
    identity: tuple[int, int]  # order_id, match_number
    key: Key
    change: int  # shares, positive for bought
    price: int
    liquidity: str
    fee: int
    sequence: int
    broken: bool = False
    realised_average: int = 0
    realised_fifo: int = 0


@dataclass(frozen=True, slots=True)
class FillPnL:
    """Profit of one fill: what it realised, what it cost in fees, what is still open of it by FIFO."""

    order_id: int
    match_number: int
    key: Key
    change: int
    price: int
    realised_average: int
    realised_fifo: int
    fee: int
    open_quantity: int
    unrealised: int


@dataclass(slots=True)
class Flow:
    """What was bought and sold, for how much; fees in 1/1 000 000."""

    bought: int = 0
    sold: int = 0
    bought_value: int = 0
    sold_value: int = 0
    fees: int = 0
    fills: int = 0

    def add(self, fill: Kept, times: int = 1) -> None:
        """Count a fill, or with -1 take it out again."""
        value = times * fill.change * fill.price
        if fill.change > 0:
            self.bought += times * fill.change
            self.bought_value += value
        else:
            self.sold -= times * fill.change
            self.sold_value -= value
        self.fees += times * fill.fee
        self.fills += times


@dataclass(slots=True)
class KeyBook:
    """Average cost and lots of one key; a change to a kept fill is reckoned with when somebody looks."""

    key: Key
    flow: Flow = field(default_factory=Flow)
    kept: deque[Kept] = field(default_factory=deque)
    scopes: tuple[Scope, ...] = ()
    _average: AverageCost = field(default_factory=AverageCost)
    _fifo: FifoCost = field(default_factory=FifoCost)
    _base_average: AverageCost = field(default_factory=AverageCost)  # before the oldest fill that is kept
    _base_fifo: FifoCost = field(default_factory=FifoCost)
    _outdated: bool = False

    def __post_init__(self) -> None:
        self.scopes = scopes_of(self.key)

    @property
    def average(self) -> AverageCost:
        """At average cost."""
        self._settle()
        return self._average

    @property
    def fifo(self) -> FifoCost:
        """By lots, first in first out."""
        self._settle()
        return self._fifo

    def add(self, fill: Kept) -> None:
        """Book a new fill."""
        self.kept.append(fill)
        if fill.broken:
            return
        self.flow.add(fill)
        if not self._outdated:
            _apply(fill, self._average, self._fifo)

    def undo(self, fill: Kept) -> None:
        """As if the fill had never been."""
        fill.broken = True
        self.flow.add(fill, -1)
        self._outdated = True

    def fold_oldest(self) -> None:
        """Keep the oldest fill's effect only: it can no longer be undone."""
        fill = self.kept.popleft()
        if not fill.broken:
            _apply(fill, self._base_average, self._base_fifo)

    def fills(self, mark: int) -> Iterator[FillPnL]:
        """Profit of each kept fill that stands, oldest first; mark 0: none yet."""
        open_of = {lot.owner: lot.quantity for lot in self.fifo.lots}
        for fill in self.kept:
            if fill.broken:
                continue
            left = open_of.get(fill.number, 0)
            yield FillPnL(
                *fill.identity,
                key=self.key,
                change=fill.change,
                price=fill.price,
                realised_average=fill.realised_average,
                realised_fifo=fill.realised_fifo,
                fee=fill.fee,
                open_quantity=left,
                unrealised=left * (mark - fill.price) if mark else 0,
            )

    def _settle(self) -> None:
        """Book the kept fills again from their base, once however many of them changed."""
        if not self._outdated:
            return
        self._outdated = False
        self._average, self._fifo = self._base_average.copy(), self._base_fifo.copy()
        for fill in self.kept:
            if not fill.broken:
                _apply(fill, self._average, self._fifo)


def _apply(fill: Kept, average: AverageCost, fifo: FifoCost) -> None:
    fill.realised_average = average.apply(fill.change, fill.price)
    fill.realised_fifo = fifo.apply(fill.change, fill.price, fill.number)
