"""``tickwire book``: order books from an ITCH file."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tickwire.cli.book_text import BookView, Summary, print_ladder, print_summary
from tickwire.cli.files import BadInputError, pieces, whole_file
from tickwire.native import NativeError, lib
from tickwire.native.book import BUY, SELL, Books
from tickwire.native.book_replay import NEVER_NS, Replay, Rows, Stop

# Far beyond a whole day of the largest venue.  Memory is taken as it is used, so a small file stays cheap.
ORDERS_MAX = 32 << 20
LEVELS_MAX = 8 << 20
ORDERS_START = 1 << 10

BBO_HEADER = b"seq,locate,bid_px_1e4,bid_sz,ask_px_1e4,ask_sz\n"
BBO_COLUMNS = ("sequence", "locate", "bid_price", "bid_quantity", "ask_price", "ask_quantity")
TIME_OF_DAY = re.compile(r"(\d{1,2}):(\d\d):(\d\d)(?:\.(\d{1,9}))?")


@dataclass(frozen=True)
class Wish:
    """What of each book is to be shown, and when."""

    depth: int | None
    at_ns: int | None
    symbols: tuple[str, ...]


def parse_time(text: str) -> int:
    """``HH:MM:SS[.fraction]`` as nanoseconds since midnight."""
    found = TIME_OF_DAY.fullmatch(text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is not HH:MM:SS or HH:MM:SS.fraction")
    hours, minutes, seconds = (int(part) for part in found.group(1, 2, 3))
    if hours > 23 or minutes > 59 or seconds > 59:
        raise typer.BadParameter(f"{text!r} is no time of day")
    return (hours * 3600 + minutes * 60 + seconds) * 10**9 + int((found.group(4) or "0").ljust(9, "0"))


def csv_lines(rows: Rows) -> bytes:
    """Recorded states as lines of the BBO file."""
    columns = [rows[name].tolist() for name in BBO_COLUMNS]
    lines = [f"{seq},{locate},{bp},{bq},{ap},{aq}\n" for seq, locate, bp, bq, ap, aq in zip(*columns, strict=True)]
    return "".join(lines).encode()


def make_books(symbols: tuple[str, ...]) -> Books:
    """Books of the wanted instruments only, or of all when none is named; a number is a stock locate."""
    books = Books(ORDERS_MAX, LEVELS_MAX, ORDERS_START, tracked_only=bool(symbols))
    for number, symbol in enumerate(symbols):
        if symbol.isdigit() and int(symbol) < lib.BOOK_LOCATE_COUNT:
            books.track(int(symbol), number)
        else:
            books.watch(symbol, number)
    return books


def checked_pieces(path: Path) -> Iterator[bytes]:
    """The pieces of a framed ITCH file; raises BadInputError where the first message shows that it is none."""
    source = pieces(path)
    first = next(source, b"")
    if not first:
        raise BadInputError(f"{path}: empty")
    length = int.from_bytes(first[:2], "big")
    if len(first) < 3 or lib.itch_length(first[2]) != length or length == 0:
        raise BadInputError(f"{path}: not an ITCH 5.0 file (messages, each behind its 2-byte length)")
    yield first
    yield from source


def replay_file(
    path: Path, replay: Replay, wish: Wish, sink: Callable[[bytes], object] | None, show: Callable[[], None]
) -> None:
    """The whole file through the books, or as much as the wish needs; show is called at the wished time."""
    if wish.at_ns is not None:
        replay.stop_after(wish.at_ns)
    shown = False
    for piece in checked_pieces(path):
        for rows in replay.feed(piece):
            if sink is not None:
                sink(csv_lines(rows))
        if replay.stop == Stop.TIME:
            show()
            shown = True
            if sink is None:
                return
            replay.stop_after(NEVER_NS)
            for rows in replay.feed(b""):
                sink(csv_lines(rows))
        if replay.stop == Stop.END:
            break
    end_marker = 2 if replay.stop == Stop.END else 0
    if replay.pending > end_marker:
        what = "goes on after its end marker" if end_marker else "ends inside a message"
        raise BadInputError(f"{path}: {what}: {replay.pending} bytes left over after {replay.messages} messages")
    if not shown:
        show()


def view_books(books: Books, wish: Wish) -> list[BookView]:
    """The wished depth of every wished book that has any order."""
    if wish.depth is None:
        return []
    return [
        BookView(
            locate,
            books.instrument(locate),
            books.levels(locate, BUY, wish.depth),
            books.levels(locate, SELL, wish.depth),
        )
        for locate in books.locates()
    ]


def require_symbols(path: Path, books: Books, symbols: tuple[str, ...]) -> None:
    """Raise BadInputError for a symbol that the file's stock directory never named."""
    for symbol in symbols:
        if not symbol.isdigit() and books.find_symbol(symbol) is None:
            raise BadInputError(f"{path}: {symbol} is not in the stock directory of this file (a locate number works)")


def build(path: Path, bbo: Path | None, wish: Wish, as_json: bool) -> None:
    """Do what the command line says; raises BadInputError, NativeError or OSError."""
    books = make_books(wish.symbols)
    replay = Replay(books, record=bbo is not None)
    views: list[BookView] = []
    with ExitStack() as stack:
        sink = None
        if bbo is not None:
            sink = stack.enter_context(whole_file(bbo)).write
            sink(BBO_HEADER)
        replay_file(path, replay, wish, sink, lambda: views.extend(view_books(books, wish)))
        require_symbols(path, books, wish.symbols)
    summary = Summary(str(path), books.stats(), views, wish.at_ns)
    stream = sys.stderr if str(bbo) == "-" else sys.stdout
    if as_json:
        print(json.dumps(summary.as_json()), file=stream)
        return
    console = Console(file=stream, highlight=False)
    for view in views:
        print_ladder(console, view, wish.at_ns)
    print_summary(console, summary)


def book(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="ITCH 5.0 file, plain or .gz")],
    bbo: Annotated[
        Path | None, typer.Option(metavar="OUT.csv", help="Write each change of a best bid or offer.")
    ] = None,
    depth: Annotated[int | None, typer.Option(min=1, metavar="N", help="Show this many price levels a side.")] = None,
    at: Annotated[str | None, typer.Option(metavar="HH:MM:SS", help="... as they were at this time.")] = None,
    symbol: Annotated[list[str] | None, typer.Option(help="Only this symbol or locate; may be given again.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Summary and levels as one JSON object.")] = False,
) -> None:
    """Build every order book of an ITCH file and say what was in it.

    Prices in the CSV and JSON are integers in 1/10 000.  seq is the ordinal of the message in the file, from 1.  An
    empty side is 0,0.  "-" writes the CSV to standard output and the summary to standard error.  Without --bbo,
    reading stops at --at.  Exit status 2 when the file cannot be read to its end; then no CSV is left behind.
    """
    at_ns = None if at is None else parse_time(at)
    wish = Wish(depth if at is None or depth is not None else 10, at_ns, tuple(symbol or ()))
    try:
        build(path, bbo, wish, as_json)
    except BrokenPipeError:  # whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (BadInputError, NativeError, ValueError, OSError) as error:
        typer.echo(f"tickwire book: {error}", err=True)
        raise typer.Exit(2) from error


def register(app: typer.Typer) -> None:
    """Add the command to app."""
    app.command("book")(book)
