"""The report as people read it at the end of a run."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tickwire.telemetry.figures import LATENCIES, PERCENTILES, microseconds
from tickwire.telemetry.report import Report


def show(report: Report, console: Console) -> None:
    """Print the report."""
    run = report.run
    console.rule("report", align="left")
    console.print(f"{run.market}, speed {run.speed}, {run.seconds:.1f} s, {run.mode}", highlight=False)
    console.print(_figures(report))
    if len(report.venues) > 1:
        console.print(_venues(report))
    console.print(_latency(report))
    console.print(_positions(report))
    for note in run.notes:
        console.print(Text(f"note: {note}", "yellow"))
    console.print(verdict(report))


def verdict(report: Report) -> Text:
    """Whether the box's positions equal the exchange's, in one plain sentence."""
    if report.position_breaks:
        wrong = ", ".join(line.symbol for line in report.positions if not line.equal)
        return Text(f"BREAK: the box's positions differ from the exchange's in {wrong}.", "bold red")
    if not report.run.orderly:
        return Text("Positions equal the exchange's, but the box did not stop in order: see its log.", "bold red")
    return Text("The box's positions equal the exchange's own.", "bold green")


def _figures(report: Report) -> Table:
    feed = report.feed
    table = Table.grid(padding=(0, 2))
    table.add_row("feed", f"{report.messages:,} messages, {feed['gaps']:,} gaps, {feed['lost']:,} lost")
    table.add_row(
        "orders",
        f"{report.orders:,} sent, {report.fills:,} fills ({report.filled_shares:,} shares), "
        f"{report.cancels:,} cancels, {report.replaces:,} replaces",
    )
    reasons = ", ".join(
        f"{name} {count:,}" for name, count in sorted(report.rejects.items(), key=lambda item: -item[1])
    )
    table.add_row("rejects", reasons or "none")
    table.add_row("P&L", f"{report.pnl:+,.2f} before fees")
    return table


def _latency(report: Report) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("latency, µs")
    for label in (*PERCENTILES.values(), "count"):
        table.add_column(label, justify="right")
    labels = LATENCIES | {
        name: name.replace("_", " ") for name in report.latency_ns if name.startswith("wire_to_wire ")
    }
    for name, label in labels.items():
        if figures := report.latency_ns.get(name):
            table.add_row(label, *(microseconds(figures[key]) for key in PERCENTILES), f"{figures['count']:,}")
    return table


def _venues(report: Report) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for label in ("venue", "messages", "gaps", "lost", "orders", "fills", "rejected", "cancels", "disconnects"):
        table.add_column(label, justify="left" if label == "venue" else "right")
    for line in report.venues:
        figures = (line.messages, line.gaps, line.lost, line.orders, line.executed, line.rejected, line.cancels)
        table.add_row(line.name, *(f"{figure:,}" for figure in (*figures, line.disconnects)))
    return table


def _positions(report: Report) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for label in ("position", "box", "exchange", "bought", "sold", "realised", "unrealised", ""):
        table.add_column(label, justify="left" if label in ("position", "") else "right")
    for line in report.positions:
        table.add_row(
            line.symbol,
            f"{line.box:+,}",
            f"{line.exchange:+,}",
            f"{line.bought:,}",
            f"{line.sold:,}",
            f"{line.realised:+,.2f}",
            f"{line.unrealised:+,.2f}",
            "equal" if line.equal else "BREAK",
        )
    return table
