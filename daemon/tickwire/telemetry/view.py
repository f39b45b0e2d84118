"""The terminal view: the box while it runs, within 80 x 24; plain lines where there is no terminal."""

from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from tickwire.native.control import stop_names
from tickwire.telemetry.figures import LATENCIES, PERCENTILES, clock, microseconds, money, price
from tickwire.telemetry.snapshot import Snapshot

OTHER_LINES = 18  # of a screen: frame, feed, orders, latencies, headers
PLAIN_INTERVAL_S = 5.0


class View:
    """Shows snapshots; ``with View(...) as view: view.show(snapshot, elapsed_s)``."""

    def __init__(self, title: str, seconds: float, console: Console) -> None:
        self._title = title
        self._seconds = seconds
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        self._before: Snapshot | None = None
        self._plain_at = 0.0

    def show(self, snapshot: Snapshot, elapsed_s: float) -> None:
        """Show the box as it is; rates are since the snapshot before."""
        rate = message_rate(self._before, snapshot)
        if self._live is not None:
            title = f"{self._title}   {clock(elapsed_s)} / {clock(self._seconds)}"
            self._live.update(render(snapshot, rate, title, self._console.height), refresh=True)
            self._before = snapshot
        elif elapsed_s >= self._plain_at:
            self._console.print(
                f"{clock(elapsed_s)} {plain(snapshot, rate)}", markup=False, highlight=False, soft_wrap=True
            )
            self._plain_at = elapsed_s + PLAIN_INTERVAL_S
            self._before = snapshot

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()


def message_rate(before: Snapshot | None, now: Snapshot) -> float:
    """Feed messages a second between two snapshots."""
    if before is None or now.taken_ns <= before.taken_ns:
        return 0.0
    return (now.feed["messages"] - before.feed["messages"]) * 1e9 / (now.taken_ns - before.taken_ns)


def plain(snapshot: Snapshot, rate: float) -> str:
    """The box in one line."""
    feed, orders = snapshot.feed, snapshot.orders
    quantity = sum(position.quantity for position in snapshot.positions)
    p50, p99 = (microseconds(snapshot.latency["tick_to_order"][name]) for name in ("p50", "p99"))
    return (
        f"{rate:,.0f} msg/s, {feed['gaps']} gaps, {feed['lost']} lost | {condition(snapshot)} | "
        f"{orders['orders']} orders, {snapshot.fills} fills, {sum(snapshot.refusals.values())} refused | "
        f"position {quantity:+,}, P&L {money(snapshot.pnl)} | tick to order p50 {p50} p99 {p99} µs"
    )


def condition(snapshot: Snapshot) -> str:
    """Whether the box trades, or why it does not."""
    if snapshot.kill:
        return "KILLED"
    if not snapshot.armed:
        return f"not armed, session {snapshot.session}"
    if not snapshot.feed["synchronised"]:
        return "feed not synchronised"
    for venue in snapshot.venues:
        if venue.session != "live":
            return f"session {venue.session}" + (f" at {venue.name}" if len(snapshot.venues) > 1 else "")
    return f"stopped: {', '.join(stopped(snapshot))}" if snapshot.stops else "trading"


def stopped(snapshot: Snapshot) -> list[str]:
    """What is stopped, and by what; for example "venue 1 (pause)"."""
    return [
        f"{scope if scope == 'firm' else f'{scope} {index}'} ({', '.join(stop_names(bits))})"
        for scope, index, bits in snapshot.stops
    ]


def render(snapshot: Snapshot, rate: float, title: str, height: int) -> RenderableType:
    """The box as a panel of 80 columns or more, with as many instruments as fit the height (24 lines or more)."""
    venues = len(snapshot.venues) + 1 if len(snapshot.venues) > 1 else 0
    rows = max(1, height - OTHER_LINES - len(snapshot.lanes) - venues)
    body = Group(
        _feed(snapshot, rate),
        _orders(snapshot),
        *([_venues(snapshot)] if venues else []),
        _instruments(snapshot, rows),
        _latency(snapshot),
        _lanes(snapshot),
    )
    return Panel(body, title=title, title_align="left", padding=(0, 1))


def _feed(snapshot: Snapshot, rate: float) -> Text:
    feed = snapshot.feed
    state = condition(snapshot)
    text = Text.assemble(
        ("Feed   ", "bold"),
        f"{rate:>9,.0f} msg/s  {feed['messages']:,} in all  gaps {feed['gaps']}  lost {feed['lost']}  ",
        (state, "bold green" if state == "trading" else "bold red"),
    )
    stalls = sum(ring.stalls for ring in snapshot.rings.values())
    if stalls or feed["dropped"]:
        text.append(f"\n       back-pressure {stalls:,}  dropped by the kernel {feed['dropped']:,}", "yellow")
    return text


def _orders(snapshot: Snapshot) -> Text:
    orders = snapshot.orders
    text = Text.assemble(
        ("Orders ", "bold"),
        f"{orders['orders']:>9,} sent  {snapshot.fills:,} fills ({snapshot.filled_shares:,} sh)  ",
        f"{orders['canceled']:,} canceled  {orders['rejected']:,} rejected  {orders['open_orders']:,} open",
    )
    if snapshot.refusals:
        worst = sorted(snapshot.refusals.items(), key=lambda item: -item[1])[:3]
        text.append(
            "\n       refused by the gate: " + ", ".join(f"{name} {count:,}" for name, count in worst), "yellow"
        )
    return text


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), expand=True, header_style="bold")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right", no_wrap=True)
    return table


def _venues(snapshot: Snapshot) -> Table:
    table = _table("Venue", "state", "messages", "gaps", "sent", "filled", "rejected", "open")
    for venue in snapshot.venues:
        feed, orders = venue.feed, venue.orders
        figures = (feed["messages"], feed["gaps"], orders["orders"], orders["executed"], orders["rejected"])
        open_orders = f"{orders['open_orders']:,}"
        table.add_row(venue.name, venue.condition, *(f"{figure:,}" for figure in figures), open_orders)
    return table


def _instruments(snapshot: Snapshot, rows: int) -> Table:
    table = _table("Symbol", "bid", "", "ask", "", "state", "position", "P&L")
    for top, position in list(zip(snapshot.tops, snapshot.positions, strict=True))[:rows]:
        table.add_row(
            top.symbol,
            price(top.bid_price),
            f"{top.bid_quantity:,}",
            price(top.ask_price),
            f"{top.ask_quantity:,}",
            "stale" if top.stale else top.trading_state,
            f"{position.quantity:+,}" if position.known else "unknown",
            money(position.realised + position.unrealised),
        )
    return table


def _latency(snapshot: Snapshot) -> Table:
    table = _table("Latency, µs", *PERCENTILES.values(), "count")
    for name, label in LATENCIES.items():
        if name in snapshot.latency and name != "gate":
            figures = snapshot.latency[name]
            table.add_row(label, *(microseconds(figures[key]) for key in PERCENTILES), f"{figures['count']:,}")
    return table


def _lanes(snapshot: Snapshot) -> Table:
    table = _table("Lane", "state", "core", "busy", "longest cycle, µs", "starts")
    for lane in snapshot.lanes:
        busy = 100 * lane.cycles_busy / lane.cycles if lane.cycles else 0.0
        core = "-" if lane.core is None else str(lane.core)
        table.add_row(lane.name, lane.state, core, f"{busy:.1f} %", microseconds(lane.cycle_ns_max), str(lane.starts))
    return table
