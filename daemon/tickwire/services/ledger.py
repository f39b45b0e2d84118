"""The ledger: profit and loss from fills and marks, by instrument, strategy, account and venue.

Money is in 1/10 000, fees in 1/1 000 000, quantities in shares, times in ns.  All integers, all exact: for any scope
``realised + unrealised == sold_value - bought_value + position at its marks``, at average cost and by FIFO alike (what
has no mark counts at its cost).
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from tickwire.native import lib
from tickwire.services.fees import FEE_PER_MONEY, FeeSchedule
from tickwire.services.ledger_book import FIRM, FillPnL, Flow, Kept, Key, KeyBook, Scope
from tickwire.services.peaks import Peaks

FILL_COUNT_MAX = 1 << 18  # fills that are kept and can be undone; older ones become part of their base
UNKNOWN_COUNT_MAX = 1 << 12  # corrections of fills that were never seen, remembered until the venue is replayed
PRICE_MAX = 2**32 - 1  # what the wire can carry
QUANTITY_MAX = 999_999  # OUCH: fewer than a million shares


class Execution(Protocol):
    """A fill as the blotter tells it."""

    @property
    def order_id(self) -> int: ...
    @property
    def match_number(self) -> int: ...
    @property
    def venue(self) -> int: ...
    @property
    def instrument(self) -> int: ...
    @property
    def account(self) -> int: ...
    @property
    def strategy(self) -> int: ...
    @property
    def side(self) -> int: ...
    @property
    def quantity(self) -> int: ...
    @property
    def price(self) -> int: ...
    @property
    def liquidity(self) -> str: ...
    @property
    def sequence(self) -> int: ...


class Effect(Enum):
    """What became of what the ledger was told."""

    BOOKED = "booked"
    DUPLICATE = "duplicate"  # known already: nothing changed
    BROKEN = "broken"
    REFUSED = "refused"  # impossible: the venue's figures are not to be trusted until it is replayed
    CONFLICT = "conflict"  # the same fill again, but another one: likewise
    UNKNOWN = "unknown"  # about a fill that was never seen: likewise


class Standing(Enum):
    """What is known of a venue's fills."""

    UNKNOWN = "unknown"
    REPLAYING = "replaying"
    LIVE = "live"
    DOWN = "down"  # what was known still stands, but may have changed


@dataclass(frozen=True, slots=True)
class Mark:
    """What an instrument is worth, and when the market last said so."""

    price: int
    at_ns: int
    stale: bool = False  # the market itself is not to be trusted


@dataclass(frozen=True, slots=True)
class PnL:
    """What a scope holds and what that brought.  A stale mark is the last one: the figures stand on it, and say so."""

    quantity: int = 0
    average_cost: int = 0  # of the open quantity, signed like it
    fifo_cost: int = 0
    realised_average: int = 0
    realised_fifo: int = 0
    unrealised: int = 0  # at average cost
    unrealised_fifo: int = 0
    fees: int = 0  # 1/1 000 000
    net: int = 0  # realised and unrealised after fees, rounded down
    bought: int = 0
    sold: int = 0
    bought_value: int = 0
    sold_value: int = 0
    fills: int = 0
    high_water_mark: int | None = None  # of net, today; None: nobody watches this scope
    drawdown: int | None = None
    mark: int | None = None  # of a scope with one instrument
    mark_age_ns: int | None = None  # of the oldest mark that counts; None: none counts, or one is missing
    stale: bool = False  # a position counts whose mark is old, missing, or of a market not to be trusted
    known: bool = False  # every venue of the scope is live and everything it said could be booked
    replaying: bool = False  # the figures are of a part of the fills


class Ledger:
    """Books what the blotter tells; owns its fills."""

    def __init__(self, fees: Mapping[int, FeeSchedule], mark_age_ns_max: int, clock_ns: Callable[[], int]) -> None:
        """Fees by venue index; a venue without is refused."""
        self._fees = dict(fees)
        self._mark_age_ns_max = mark_age_ns_max
        self._clock_ns = clock_ns
        self._books: dict[Key, KeyBook] = {}
        self._fills: dict[tuple[int, int], Kept] = {}
        self._order: deque[Kept] = deque()
        self._number = 0
        self._sequences = dict.fromkeys(fees, 0)
        self._standing = dict.fromkeys(fees, Standing.UNKNOWN)
        self._refused: set[int] = set()
        self._unseen: dict[tuple[int, int], int] = {}  # broken before it was seen: identity -> venue
        self._marks: dict[int, Mark] = {}
        self.peaks = Peaks()
        self.fees_assumed = 0  # fills whose flag says neither added nor removed

    def on_fill(self, fill: Execution) -> Effect:
        """Book a fill; one that is known already changes nothing."""
        identity = (fill.order_id, fill.match_number)
        key = Key(fill.instrument, fill.strategy, fill.account, fill.venue)
        schedule = self._fees.get(fill.venue)
        if schedule is None or not _is_possible(fill):
            self._refused.update([fill.venue] if schedule else self._fees)
            return Effect.REFUSED
        change = fill.quantity if fill.side == lib.SIDE_BUY else -fill.quantity
        known = self._fills.get(identity)
        if known is not None:
            same = (known.key, known.change, known.price) == (key, change, fill.price)
            if not same:
                self._refused.add(fill.venue)
            return Effect.DUPLICATE if same else Effect.CONFLICT
        self._number += 1
        self.fees_assumed += not schedule.is_known(fill.liquidity)
        kept = Kept(
            number=self._number,
            identity=identity,
            key=key,
            change=change,
            price=fill.price,
            liquidity=fill.liquidity,
            fee=schedule.fee(fill.liquidity, fill.quantity),
            sequence=fill.sequence,
            broken=self._unseen.pop(identity, None) is not None,
        )
        self._keep(kept)
        return Effect.BROKEN if kept.broken else Effect.BOOKED

    def on_bust(self, venue: int, order_id: int, match_number: int) -> Effect:
        """Undo a broken trade as if it had never been; twice is as once."""
        fill = self._fills.get((order_id, match_number))
        if fill is None:
            return self._unknown(venue, (order_id, match_number))
        if fill.broken:
            return Effect.DUPLICATE
        self._revalue(fill)
        self._books[fill.key].undo(fill)
        return Effect.BROKEN

    def reset(self, venue: int) -> None:
        """Forget the venue's fills: its record follows from the first message."""
        self._books = {key: book for key, book in self._books.items() if key.venue != venue}
        self._fills = {name: fill for name, fill in self._fills.items() if fill.key.venue != venue}
        self._order = deque(fill for fill in self._order if fill.key.venue != venue)
        self._unseen = {name: of for name, of in self._unseen.items() if of != venue}
        self._refused.discard(venue)
        self._stand(venue, Standing.REPLAYING)

    def live(self, venue: int) -> None:
        """The venue's record is complete; without a reset before it, it is not."""
        if self._standing.get(venue) in (Standing.REPLAYING, Standing.DOWN):
            self._stand(venue, Standing.LIVE)

    def down(self, venue: int) -> None:
        """The session is gone."""
        if self._standing.get(venue) is Standing.LIVE:
            self._stand(venue, Standing.DOWN)

    def mark(self, instrument: int, price: int, at_ns: int, stale: bool = False) -> None:
        """What the market says now; at_ns is when it last spoke, not when the price last moved.

        A stale mark, or none (price 0), moves nothing: the last one stays, and is said to be old.
        """
        before = self._marks.get(instrument)
        if stale or not 0 < price <= PRICE_MAX:
            if before is not None:
                self._marks[instrument] = Mark(before.price, before.at_ns, stale=True)
        elif before is None or at_ns >= before.at_ns:
            self._marks[instrument] = Mark(price, at_ns)

    def observe(self) -> None:
        """Raise high-water marks; to be called often, and after marks."""
        totals: dict[Scope, int] = {}
        for book in self._books.values():
            total = (book.average.realised + self._unrealised(book)) * FEE_PER_MONEY - book.flow.fees
            for scope in book.scopes:
                totals[scope] = totals.get(scope, 0) + total
        steady = {scope: total for scope, total in totals.items() if not self._replaying(scope)}
        marks = {instrument: mark.price for instrument, mark in self._marks.items()}
        self.peaks.raise_to(steady, marks, dict(self._sequences))

    def keys(self, scope: Scope = FIRM) -> tuple[Key, ...]:
        """The keys of the scope that had a fill."""
        return tuple(key for key in self._books if scope.covers(key))

    def position(self, key: Key) -> int:
        """Shares held."""
        book = self._books.get(key)
        return book.flow.bought - book.flow.sold if book else 0

    def marked(self, instrument: int) -> Mark | None:
        """The last mark."""
        return self._marks.get(instrument)

    def fills(self, scope: Scope = FIRM) -> Iterator[FillPnL]:
        """Profit fill by fill, of those that are kept."""
        for key, book in self._books.items():
            if scope.covers(key):
                mark = self._marks.get(key.instrument)
                yield from book.fills(mark.price if mark else 0)

    def total(
        self,
        instrument: int | None = None,
        strategy: int | None = None,
        account: int | None = None,
        venue: int | None = None,
    ) -> PnL:
        """The sum over everything that fits; without arguments, the firm's."""
        scope = Scope(instrument, strategy, account, venue)
        books = [book for key, book in self._books.items() if scope.covers(key)]
        flow = _sum_flow(books)
        average, fifo = [book.average for book in books], [book.fifo for book in books]
        realised = sum(one.realised for one in average)
        unrealised = sum(self._unrealised(book) for book in books)
        net = realised * FEE_PER_MONEY + unrealised * FEE_PER_MONEY - flow.fees
        peak = self.peaks.value(scope)
        if peak is None and sum(wanted is not None for wanted in scope) < 2:
            peak = 0  # nothing was traded there yet, but somebody watches
        mark = self._marks.get(instrument) if instrument is not None else None
        age_ns, stale = self._staleness(books)
        return PnL(
            quantity=flow.bought - flow.sold,
            average_cost=sum(one.cost for one in average),
            fifo_cost=sum(one.cost for one in fifo),
            realised_average=realised,
            realised_fifo=sum(one.realised for one in fifo),
            unrealised=unrealised,
            unrealised_fifo=sum(self._value(book) - book.fifo.cost for book in books if self._is_marked(book)),
            fees=flow.fees,
            net=net // FEE_PER_MONEY,
            bought=flow.bought,
            sold=flow.sold,
            bought_value=flow.bought_value,
            sold_value=flow.sold_value,
            fills=flow.fills,
            high_water_mark=None if peak is None else max(peak, net) // FEE_PER_MONEY,
            drawdown=None if peak is None else max(peak, net) // FEE_PER_MONEY - net // FEE_PER_MONEY,
            mark=mark.price if mark else None,
            mark_age_ns=age_ns,
            stale=stale,
            known=self._known(scope),
            replaying=self._replaying(scope),
        )

    def _keep(self, fill: Kept) -> None:
        if len(self._order) >= FILL_COUNT_MAX:
            oldest = self._order.popleft()
            self._books[oldest.key].fold_oldest()
            del self._fills[oldest.identity]
        self._fills[fill.identity] = fill
        self._order.append(fill)
        self._sequences[fill.key.venue] = max(self._sequences[fill.key.venue], fill.sequence)
        book = self._books.get(fill.key)
        if book is None:
            book = self._books[fill.key] = KeyBook(fill.key)
        book.add(fill)

    def _unknown(self, venue: int, identity: tuple[int, int]) -> Effect:
        """Broken before it was seen: should it come, it is not booked."""
        if identity in self._unseen:
            return Effect.DUPLICATE
        if venue in self._fees and len(self._unseen) < UNKNOWN_COUNT_MAX:
            self._unseen[identity] = venue
        else:
            self._refused.update([venue] if venue in self._fees else self._fees)
        return Effect.UNKNOWN

    def _revalue(self, fill: Kept) -> None:
        """Peaks too; a replay repeats what they have been corrected for."""
        if self._standing[fill.key.venue] is not Standing.REPLAYING:
            self.peaks.revalue(self._books[fill.key].scopes, fill)

    def _stand(self, venue: int, standing: Standing) -> None:
        if venue in self._standing:
            self._standing[venue] = standing

    def _venues(self, scope: Scope) -> list[int]:
        return [venue for venue in self._fees if scope.venue in (None, venue)]

    def _known(self, scope: Scope) -> bool:
        doubted = self._refused.union(self._unseen.values())
        return all(self._standing[v] is Standing.LIVE and v not in doubted for v in self._venues(scope))

    def _replaying(self, scope: Scope) -> bool:
        """Some venue's fills are not all there: not asked for yet, or on their way."""
        return any(self._standing[venue] in (Standing.UNKNOWN, Standing.REPLAYING) for venue in self._venues(scope))

    def _is_marked(self, book: KeyBook) -> bool:
        return book.key.instrument in self._marks

    def _value(self, book: KeyBook) -> int:
        return self._marks[book.key.instrument].price * (book.flow.bought - book.flow.sold)

    def _unrealised(self, book: KeyBook) -> int:
        return self._value(book) - book.average.cost if self._is_marked(book) else 0

    def _staleness(self, books: list[KeyBook]) -> tuple[int | None, bool]:
        """Age of the oldest mark that a position stands on, and whether one of them is not to be trusted."""
        held = {book.key.instrument for book in books if book.flow.bought != book.flow.sold}
        marks = [self._marks[instrument] for instrument in held if instrument in self._marks]
        if len(marks) < len(held):
            return None, True
        age_ns = max((self._clock_ns() - mark.at_ns for mark in marks), default=None)
        old = age_ns is not None and age_ns > self._mark_age_ns_max
        return age_ns, old or any(mark.stale for mark in marks)


def _is_possible(fill: Execution) -> bool:
    owner = (fill.instrument, fill.strategy, fill.account, fill.venue)
    return (
        fill.side in (lib.SIDE_BUY, lib.SIDE_SELL)
        and 0 < fill.price <= PRICE_MAX
        and 0 < fill.quantity <= QUANTITY_MAX
        and 0 <= fill.instrument < lib.INSTRUMENT_COUNT_MAX
        and min(owner) >= 0
    )


def _sum_flow(books: list[KeyBook]) -> Flow:
    return Flow(
        bought=sum(book.flow.bought for book in books),
        sold=sum(book.flow.sold for book in books),
        bought_value=sum(book.flow.bought_value for book in books),
        sold_value=sum(book.flow.sold_value for book in books),
        fees=sum(book.flow.fees for book in books),
        fills=sum(book.flow.fills for book in books),
    )
