"""Comparing two pictures of the same orders: pure, no clock, no venue, no file.

What differs comes out as Differences.  Whether one counts is for the caller to say: two streams of the same facts are
never equally far, so ``settled`` tells when the side that lacks something can no longer have it in flight.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tickwire.venues.picture import NO_SIDE, SIDE_WORDS, FillLine, OrderLine

OURS = "ours"
THEIRS = "theirs"
NEVER_EXISTED = ("rejected", "not_sent")


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact that the two sides tell differently; money in 1/10 000.

    kind is order_missing, order_unknown, order_field, fill_missing, fill_unknown, fill_field, fill_broken (the venue
    broke it, we count it), fill_not_broken, position or record.  Missing is what only we have, unknown what only they
    have.  behind is the side that may still be waiting for it ("" : either), as_of the venue's time of it.
    """

    kind: str
    symbol: str
    user_ref: int = 0
    match_number: int = 0
    field: str = ""
    ours: int | str | None = None
    theirs: int | str | None = None
    behind: str = ""
    as_of: int = 0
    shares: int = 0  # by which their position is higher than ours because of it
    what: str = ""  # the fill or order in words

    @property
    def key(self) -> tuple[str, str, int, int, str]:
        """The fact, whatever the two sides say of it now."""
        return self.kind, self.symbol, self.user_ref, self.match_number, self.field

    @property
    def difference(self) -> int | None:
        """Theirs less ours, of numbers."""
        if isinstance(self.ours, int) and isinstance(self.theirs, int):
            return self.theirs - self.ours
        return None


def money(value: int) -> str:
    """1/10 000 as a decimal: 1000000 is 100.0000."""
    sign = "-" if value < 0 else ""
    return f"{sign}{abs(value) // 10_000}.{abs(value) % 10_000:04}"


def _fill_words(order: OrderLine, fill: FillLine) -> str:
    return f"{SIDE_WORDS[order.side]} {fill.quantity} at {money(fill.price)}"


def _order_words(order: OrderLine) -> str:
    left = f" with {order.leaves} left" if order.open else ""
    return f"{SIDE_WORDS[order.side]} {order.quantity} at {money(order.price)}, {order.state}{left}"


def compare_orders(
    ours: Mapping[int, OrderLine], theirs: Mapping[int, OrderLine], only: Iterable[int] | None = None
) -> Iterator[Difference]:
    """Every difference in the orders of both sides, or in those of the given UserRefNums."""
    for user_ref in sorted(ours.keys() | theirs.keys()) if only is None else only:
        mine, other = ours.get(user_ref), theirs.get(user_ref)
        if mine is not None and other is not None:
            yield from compare_order(mine, other)
        elif mine is not None:
            yield from _only_ours(mine)
        elif other is not None:
            yield from _only_theirs(other)


def _only_ours(order: OrderLine) -> Iterator[Difference]:
    if not order.told or (order.state in NEVER_EXISTED and not order.fills):
        return  # on its way, or a venue need not remember that it refused it
    words = _order_words(order)
    yield Difference(
        "order_missing", order.symbol, order.user_ref, ours=order.state, behind=THEIRS, as_of=order.last_ns, what=words
    )
    for match, fill in order.fills.items():
        yield _fill_missing(order, match, fill)


def _only_theirs(order: OrderLine) -> Iterator[Difference]:
    if not order.told or (order.state in NEVER_EXISTED and not order.fills):
        return
    words = _order_words(order)
    yield Difference(
        "order_unknown", order.symbol, order.user_ref, theirs=order.state, behind=OURS, as_of=order.last_ns, what=words
    )
    for match, fill in order.fills.items():
        yield _fill_unknown(order, match, fill)


def _fill_missing(order: OrderLine, match: int, fill: FillLine) -> Difference:
    return Difference(
        "fill_missing",
        order.symbol,
        order.user_ref,
        match,
        "quantity",
        fill.quantity,
        0,
        THEIRS,
        fill.venue_ns,
        -order.signed(fill.quantity),
        _fill_words(order, fill),
    )


def _fill_unknown(order: OrderLine, match: int, fill: FillLine) -> Difference:
    return Difference(
        "fill_unknown",
        order.symbol,
        order.user_ref,
        match,
        "quantity",
        0,
        fill.quantity,
        OURS,
        fill.venue_ns,
        order.signed(fill.quantity),
        _fill_words(order, fill),
    )


def compare_order(mine: OrderLine, other: OrderLine) -> Iterator[Difference]:
    """Every difference in one order that both sides have."""
    fills = list(_compare_fills(mine, other))
    yield from fills
    if not mine.told and not fills:
        if not other.told or {mine.state, other.state} <= set(NEVER_EXISTED):
            return
        yield Difference(
            "order_unknown", other.symbol, other.user_ref, 0, "", mine.state, other.state, OURS, other.last_ns,
            what=_order_words(other),
        )  # fmt: skip
        return
    fields = ["symbol", "side", "quantity", "price"]
    if not fills:  # what follows from a fill is not told again
        fields += ["executed", "leaves", "state"]
    if mine.state == other.state == "rejected":
        fields = []
    as_of = max(mine.last_ns, other.last_ns)
    for name in fields:
        left, right = getattr(mine, name), getattr(other, name)
        if left != right and not _undescribed(mine, other, name):
            if name == "side":
                left, right = SIDE_WORDS[left], SIDE_WORDS[right]
            yield Difference("order_field", mine.symbol or other.symbol, mine.user_ref, 0, name, left, right, "", as_of)


def _undescribed(mine: OrderLine, other: OrderLine, name: str) -> bool:
    """Neither side knows the order's terms where one has only seen it trade."""
    return name != "symbol" and NO_SIDE in (mine.side, other.side) and not (mine.symbol and other.symbol)


def _compare_fills(mine: OrderLine, other: OrderLine) -> Iterator[Difference]:
    order = mine if mine.side != NO_SIDE else other
    for match in sorted(mine.fills.keys() | other.fills.keys()):
        left, right = mine.fills.get(match), other.fills.get(match)
        if left is not None and right is not None:
            yield from _compare_fill(order, match, left, right)
        elif left is not None:
            missing = _fill_missing(order, match, left)
            yield _broken(missing, "fill_broken", other.last_ns) if match in other.busted else missing
        elif right is not None:
            unknown = _fill_unknown(order, match, right)
            yield _broken(unknown, "fill_not_broken", mine.last_ns) if match in mine.busted else unknown


def _broken(found: Difference, kind: str, as_of: int) -> Difference:
    behind = OURS if kind == "fill_broken" else THEIRS
    return Difference(
        kind, found.symbol, found.user_ref, found.match_number, found.field, found.ours, found.theirs, behind, as_of,
        found.shares, found.what,
    )  # fmt: skip


def _compare_fill(order: OrderLine, match: int, left: FillLine, right: FillLine) -> Iterator[Difference]:
    as_of = max(left.venue_ns, right.venue_ns)
    for name in ("quantity", "price"):
        one, two = getattr(left, name), getattr(right, name)
        if one != two:
            shares = order.signed(two - one) if name == "quantity" else 0
            words = _fill_words(order, left)
            yield Difference(
                "fill_field", order.symbol, order.user_ref, match, name, one, two, "", as_of, shares, words
            )


def compare_replay(
    before: Mapping[int, OrderLine], high: int, record: Mapping[int, OrderLine], only: Iterable[int] | None = None
) -> Iterator[Difference]:
    """Our picture before a replay against the venue's record, or its orders of the given UserRefNums.

    high is the last message of the venue that we had.  What the record says of messages after it is news, not a
    difference; what it says of those before must be what it said then.
    """
    for difference in compare_orders(before, record, only):
        theirs = record.get(difference.user_ref)
        if theirs is None or not _is_news(difference, theirs, high):
            yield difference


def _is_news(difference: Difference, theirs: OrderLine, high: int) -> bool:
    if difference.kind == "fill_unknown":
        return theirs.fills[difference.match_number].sequence > high
    if difference.kind == "order_unknown":
        return theirs.first_sequence > high
    if difference.kind == "order_field" and difference.field in ("symbol", "side", "quantity"):
        return theirs.first_sequence > high
    if difference.kind in ("order_field", "fill_broken"):
        return theirs.last_sequence > high
    return False


def position_differences(ours: Mapping[str, int], found: Iterable[Difference]) -> list[Difference]:
    """What fills that differ do to positions: one difference for each instrument that they do not cancel out in."""
    moved: dict[str, int] = {}
    for difference in found:
        if difference.shares:
            moved[difference.symbol] = moved.get(difference.symbol, 0) + difference.shares
    return [
        Difference("position", symbol, 0, 0, "position", ours.get(symbol, 0), ours.get(symbol, 0) + shares)
        for symbol, shares in sorted(moved.items())
        if shares
    ]


def compare_positions(ours: Mapping[str, int], theirs: Mapping[str, int]) -> list[Difference]:
    """Positions by symbol that are not equal."""
    return [
        Difference("position", symbol, 0, 0, "position", ours.get(symbol, 0), theirs.get(symbol, 0))
        for symbol in sorted(ours.keys() | theirs.keys())
        if ours.get(symbol, 0) != theirs.get(symbol, 0)
    ]


def sentence(found: Difference, venue: str, source: str) -> str:
    """The difference in one plain sentence; venue "" where it is about the whole box."""
    where = " on ".join(part for part in (found.symbol, venue) if part)
    fill = f"fill {found.match_number} of order {found.user_ref}"
    order = f"order {found.user_ref}"
    if found.kind == "fill_unknown":
        return f"{where}: the {source} shows {fill}, {found.what}, that we do not have."
    if found.kind == "fill_missing":
        return f"{where}: we have {fill}, {found.what}, that the {source} does not show."
    if found.kind == "fill_broken":
        return f"{where}: {fill}, {found.what}, was broken by the venue according to the {source}, and we count it."
    if found.kind == "fill_not_broken":
        return f"{where}: {fill}, {found.what}, was broken for us, and the {source} counts it."
    if found.kind == "order_unknown":
        return f"{where}: the {source} shows {order}, {found.what}, that we do not have."
    if found.kind == "order_missing":
        return f"{where}: we have {order}, {found.what}, that the {source} does not show."
    if found.kind == "record":
        return f"{where}: the {source} ends at message {found.theirs} and we had seen message {found.ours}."
    if found.kind == "position":
        return (
            f"{where}: our position is {found.ours} and the {source} makes it {found.theirs}: "
            f"a difference of {found.difference}."
        )
    subject = fill if found.kind == "fill_field" else order
    return f"{where}: {subject} has {found.field} {_value(found, found.ours)} with us and " + (
        f"{_value(found, found.theirs)} in the {source}{_by(found)}."
    )


def _value(found: Difference, value: int | str | None) -> str:
    if found.field == "price" and isinstance(value, int):
        return money(value)
    return str(value) if value != "" else "none"


def _by(found: Difference) -> str:
    return "" if found.difference is None else f": a difference of {_value(found, found.difference)}"
