"""Answers of the box as tables and sentences."""

import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tickwire.telemetry.figures import money, price

Format = Callable[[Any], str]
WIDTH = 240  # where there is no terminal that says its own
console = Console(highlight=False, width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDTH)


def text(value: Any) -> str:
    """As it is; nothing for nothing."""
    return "" if value is None else str(value)


def count(value: Any) -> str:
    """A whole number."""
    return "" if value is None else f"{value:,}"


def signed(value: Any) -> str:
    """A whole number with its sign."""
    return "" if value is None else f"{value:+,}"


def cash(value: Any) -> str:
    """1/10 000 as an amount."""
    return "" if value is None else money(value)


def fees(value: Any) -> str:
    """1/1 000 000 as an amount."""
    return "" if value is None else f"{value / 1_000_000:+,.4f}"


def tag(value: Any) -> str:
    """1/10 000 as a price."""
    return "" if value is None else price(value)


def net(value: Any) -> str:
    """1/1 000 000 as a price."""
    return "" if value is None else f"{value / 1_000_000:,.6f}"


def basis_points(value: Any) -> str:
    """Of the decision price; positive is worse."""
    return "" if value is None else f"{value:+.2f}"


def moment(value: Any) -> str:
    """ns since the epoch as local time of day."""
    return datetime.fromtimestamp(value / 1e9).astimezone().strftime("%H:%M:%S.%f") if value else ""


def yes(value: Any) -> str:
    """A truth."""
    return "yes" if value else "NO"


def words(value: Any) -> str:
    """A list."""
    return ", ".join(map(str, value)) if isinstance(value, list) else text(value)


Columns = Sequence[tuple[str, str, Format]]
RIGHT = (count, signed, cash, fees, tag, net, basis_points)


def table(rows: Sequence[dict[str, Any]], columns: Columns, empty: str) -> None:
    """Print rows, each cell as plain text whatever it holds; or that there is none."""
    if not rows:
        if empty:
            console.print(Text(empty))
        return
    made = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for _, title, form in columns:
        made.add_column(
            title, justify="right" if form in RIGHT else "left", overflow="fold", no_wrap=form in (*RIGHT, moment)
        )
    for row in rows:
        made.add_row(*(Text(form(row.get(key))) for key, _, form in columns))
    console.print(made)


def say(line: str, style: str = "") -> None:
    """Print a line as it is."""
    console.print(Text(line, style), soft_wrap=True)


ORDERS: Columns = (
    ("order_id", "order", text),
    ("state", "state", text),
    ("instrument", "instrument", text),
    ("side", "side", text),
    ("order_type", "type", text),
    ("time_in_force", "in force", text),
    ("quantity", "quantity", count),
    ("executed", "executed", count),
    ("leaves", "open", count),
    ("price_1e4", "price", tag),
    ("average_price_1e4", "average", tag),
    ("decision_price_1e4", "decision", tag),
    ("slippage_1e4", "slippage", signed),
    ("slippage_bps", "slippage bps", basis_points),
    ("venue", "venue", text),
    ("strategy", "strategy", text),
    ("account", "account", text),
    ("trader", "trader", text),
    ("reason", "reason", text),
)
PARENTS: Columns = (
    ("parent_id", "parent", text),
    ("state", "state", text),
    ("policy", "policy", text),
    ("instrument", "instrument", text),
    ("side", "side", text),
    ("quantity", "quantity", count),
    ("executed", "executed", count),
    ("working", "working", count),
    ("average_price_1e4", "average", tag),
    ("decision_price_1e4", "decision", tag),
    ("slippage_bps", "slippage bps", basis_points),
    ("strategy", "strategy", text),
    ("reason", "reason", text),
    ("verdict", "verdict", text),
    ("started_ns", "started", moment),
    ("doubtful", "", lambda value: "reports were missed" if value else ""),
)
FILLS: Columns = (
    ("report_ns", "time", moment),
    ("instrument", "instrument", text),
    ("side", "side", text),
    ("quantity", "quantity", count),
    ("price_1e4", "price", tag),
    ("venue", "venue", text),
    ("liquidity", "liquidity", text),
    ("realised_1e4", "realised", cash),
    ("fee_1e6", "fee", fees),
    ("strategy", "strategy", text),
    ("account", "account", text),
    ("order_id", "order", text),
    ("match_number", "match", text),
)
POSITIONS: Columns = (
    ("instrument", "instrument", text),
    ("strategy", "strategy", text),
    ("account", "account", text),
    ("venue", "venue", text),
    ("quantity", "shares", signed),
    ("cost_per_share_1e4", "average cost", tag),
    ("average_cost_1e4", "cost", cash),
    ("realised_1e4", "realised", cash),
    ("realised_fifo_1e4", "realised FIFO", cash),
    ("unrealised_1e4", "unrealised", cash),
    ("fees_1e6", "fees", fees),
    ("high_water_mark_1e4", "high-water", cash),
    ("drawdown_1e4", "drawdown", cash),
    ("mark_1e4", "mark", tag),
    ("stale", "stale mark", lambda value: "STALE" if value else ""),
)
SHOWN: Columns = (
    ("venue", "venue", text),
    ("bid_quantity", "bid size", count),
    ("bid_1e4", "bid", tag),
    ("ask_1e4", "ask", tag),
    ("ask_quantity", "ask size", count),
    ("fee_1e6", "fee", fees),
    ("net_1e6", "net", net),
    ("chosen", "chosen", count),
    ("states", "state", words),
)
ALERTS: Columns = (
    ("raised_ns", "since", moment),
    ("alert", "alert", text),
    ("subject", "of", text),
    ("text", "", text),
)
ALERT_HISTORY: Columns = (
    ("time", "time (UTC)", lambda value: text(value)[:23].replace("T", " ")),
    ("event", "", text),
    ("alert", "alert", text),
    ("subject", "of", text),
    ("text", "", text),
)
VENUES: Columns = (
    ("name", "venue", text),
    ("mic", "MIC", text),
    ("session", "session", text),
    ("feed", "feed", text),
    ("open_orders", "open orders", count),
    ("fee_taker_1e6", "taker fee", fees),
    ("fee_maker_1e6", "maker fee", fees),
    ("stops", "stopped by", words),
)
SERVICES: Columns = (
    ("name", "service", text),
    ("healthy", "healthy", yes),
    ("ready", "ready", yes),
    ("wrong", "what is wrong", words),
)
BREAKS: Columns = (
    ("break_id", "break", text),
    ("kind", "kind", text),
    ("venue", "venue", text),
    ("instrument", "instrument", text),
    ("order_id", "order", text),
    ("ours", "ours", text),
    ("theirs", "theirs", text),
    ("difference", "difference", text),
    ("source", "source", text),
    ("text", "", text),
)
BREAKERS: Columns = (
    ("scope", "scope", text),
    ("name", "name", text),
    ("trigger", "trigger", text),
    ("state", "state", text),
    ("action", "action", text),
    ("value", "now", text),
    ("threshold", "threshold", text),
    ("who", "by", text),
    ("why", "why", text),
)
STAKES: Columns = (
    ("scope", "scope", text),
    ("name", "name", text),
    ("gross_exposure_1e4", "gross", cash),
    ("net_exposure_1e4", "net", cash),
    ("credit_used_1e4", "credit used", cash),
    ("open_orders", "open orders", text),
    ("daily_loss_1e4", "loss today", cash),
    ("drawdown_1e4", "drawdown", cash),
    ("known", "known", yes),
)
LIMITS: Columns = (
    ("path", "limit", text),
    ("effective", "in force", text),
    ("standing", "standing", text),
    ("unit", "unit", text),
    ("override_ends_ns", "override ends", moment),
    ("waiting", "changes waiting", words),
)
CHANGES: Columns = (
    ("id", "change", text),
    ("path", "limit", text),
    ("old", "old", text),
    ("new", "new", text),
    ("who", "who", text),
    ("why", "why", text),
    ("state", "state", text),
    ("approver", "approved by", text),
)
AUDIT: Columns = (
    ("sequence", "no.", text),
    ("time", "time", lambda value: text(value)[:23].replace("T", " ")),
    ("person", "person", text),
    ("role", "role", text),
    ("via", "via", text),
    ("phase", "", text),
    ("command", "command", text),
    (
        "arguments",
        "arguments",
        lambda value: words([f"{k}={v}" for k, v in (value or {}).items() if v not in ("", None)]),
    ),
    ("reason", "why not", text),
)
