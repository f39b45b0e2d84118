"""What a run came to: figures from the box beside the exchange's own, as JSON and as text."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from tickwire.config.values import PRICE_SCALE
from tickwire.native.views import Position
from tickwire.telemetry.snapshot import Snapshot, VenueState


class ExchangePosition(msgspec.Struct, frozen=True):
    """An account's position as the exchange itself knows it; values are price x shares in 1/10 000."""

    symbol: str
    quantity: int
    bought: int
    sold: int
    bought_value: int
    sold_value: int


def added(one: ExchangePosition, other: ExchangePosition) -> ExchangePosition:
    """The positions of one symbol at two exchanges together."""
    return ExchangePosition(
        one.symbol,
        one.quantity + other.quantity,
        one.bought + other.bought,
        one.sold + other.sold,
        one.bought_value + other.bought_value,
        one.sold_value + other.sold_value,
    )


class PositionLine(msgspec.Struct, frozen=True):
    """One instrument, the box beside the exchange; equal means quantity, shares bought and shares sold agree."""

    symbol: str
    box: int
    exchange: int
    bought: int
    sold: int
    realised: float
    unrealised: float
    equal: bool


class Run(msgspec.Struct, frozen=True):
    """What was run, where, and how it went; the reader of the report needs it to believe the figures."""

    mode: str  # how packets travelled
    market: str  # the file or the seed
    speed: str
    seconds: float
    version: str
    host: Mapping[str, str | int]
    orderly: bool  # the box stopped in order
    notes: Sequence[str]  # what a person should know: degraded modes, restarts


class VenueLine(msgspec.Struct, frozen=True):
    """One venue, by the stages that serve it."""

    name: str
    messages: int
    gaps: int
    lost: int
    orders: int
    executed: int
    rejected: int
    cancels: int
    disconnects: int  # live sessions that were lost


class Report(msgspec.Struct, frozen=True):
    """The report; money in the currency, latencies in ns."""

    messages: int
    orders: int
    fills: int
    rejects: Mapping[str, int]  # by reason: the gate's verdicts, and "venue"
    position_breaks: int
    pnl: float
    latency_ns: Mapping[str, Mapping[str, int]]
    positions: Sequence[PositionLine]
    cancels: int
    replaces: int
    filled_shares: int
    feed: Mapping[str, int]
    rings: Mapping[str, Mapping[str, int]]
    lanes: Mapping[str, Mapping[str, int | str | None]]
    venues: Sequence[VenueLine]
    run: Run

    @property
    def good(self) -> bool:
        """Whether the box's positions equal the exchange's and it stopped in order."""
        return self.position_breaks == 0 and self.run.orderly


def compare(box: Sequence[Position], exchange: Sequence[ExchangePosition]) -> tuple[PositionLine, ...]:
    """Every instrument either side holds or traded; a position that the box does not know equals nothing."""
    theirs = {position.symbol: position for position in exchange}
    ours = {position.symbol: position for position in box}
    return tuple(_line(symbol, ours.get(symbol), theirs.get(symbol)) for symbol in dict.fromkeys((*ours, *theirs)))


def _line(symbol: str, ours: Position | None, theirs: ExchangePosition | None) -> PositionLine:
    box = ours or Position(symbol)
    exchange = theirs or ExchangePosition(symbol, 0, 0, 0, 0, 0)
    figures = (box.quantity, box.bought, box.sold) == (exchange.quantity, exchange.bought, exchange.sold)
    return PositionLine(
        symbol=symbol,
        box=box.quantity,
        exchange=exchange.quantity,
        bought=box.bought,
        sold=box.sold,
        realised=box.realised / PRICE_SCALE,
        unrealised=box.unrealised / PRICE_SCALE,
        equal=figures and box.known,
    )


def build(
    snapshot: Snapshot, exchange: Sequence[ExchangePosition], wire_to_wire: Mapping[str, Mapping[str, int]], run: Run
) -> Report:
    """The report of a box that has stopped; in order means that it knew its positions before it logged out.

    wire_to_wire: each exchange's own figures, by its name.
    """
    final = [replace(position, known=position.known or run.orderly) for position in snapshot.positions]
    lines = compare(final, exchange)
    rejects = dict(snapshot.refusals)
    if snapshot.orders["rejected"]:
        rejects["venue"] = snapshot.orders["rejected"]
    latency = dict(snapshot.latency)
    for name, figures in wire_to_wire.items():
        latency["wire_to_wire" if len(wire_to_wire) == 1 else f"wire_to_wire {name}"] = figures
    return Report(
        messages=snapshot.feed["messages"],
        orders=snapshot.orders["orders"],
        fills=snapshot.fills,
        rejects=rejects,
        position_breaks=sum(not line.equal for line in lines),
        pnl=snapshot.pnl / PRICE_SCALE,
        latency_ns=latency,
        positions=lines,
        cancels=snapshot.orders["cancels"],
        replaces=snapshot.orders["replaces"],
        filled_shares=snapshot.filled_shares,
        feed=snapshot.feed,
        rings={name: {"lag": ring.lag, "stalls": ring.stalls} for name, ring in snapshot.rings.items()},
        lanes={
            lane.name: {
                "state": lane.state,
                "core": lane.core,
                "starts": lane.starts,
                "cycle_ns_max": lane.cycle_ns_max,
            }
            for lane in snapshot.lanes
        },
        venues=[_venue(venue) for venue in snapshot.venues],
        run=run,
    )


def _venue(venue: VenueState) -> VenueLine:
    feed, orders = venue.feed, venue.orders
    return VenueLine(
        name=venue.name,
        **{name: feed[name] for name in ("messages", "gaps", "lost")},
        **{name: orders[name] for name in ("orders", "executed", "rejected", "cancels")},
        disconnects=orders["losses"],
    )


def save(report: Report, path: Path) -> None:
    """Write the report as JSON."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
