"""``tickwire decode``: messages of an ITCH file or a capture as JSON lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from tickwire.cli.files import BadInputError, pieces
from tickwire.cli.wire_text import Line, Streams, datagram_lines, itch_line
from tickwire.native import lib
from tickwire.native.codec import Capture, CodecError, ItchFrames, JsonText

CAPTURE_MAGICS = tuple(bytes.fromhex(magic) for magic in ("a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "0a0d0d0a"))


def itch_lines(path: Path, content: Iterator[bytes]) -> Iterator[Line]:
    """The messages of a framed ITCH file, streamed."""
    text, frames, read = JsonText(), ItchFrames(), 0
    for piece in content:
        try:
            for pointer, size in frames.feed(piece):
                line = itch_line(text, pointer, size)
                if line.bad and read == 0:
                    raise BadInputError(f"{path}: neither a pcap nor a framed ITCH 5.0 file")
                read += 1
                yield line
        except CodecError as error:
            raise BadInputError(f"{path}: {error} (after {read} messages)") from error
    if frames.pending and read == 0:
        raise BadInputError(f"{path}: neither a pcap nor a framed ITCH 5.0 file")
    if frames.pending:
        raise BadInputError(f"{path}: ends inside a message, {frames.pending} bytes left over (after {read} messages)")


def capture_lines(path: Path, content: Iterator[bytes]) -> Iterator[Line]:
    """The messages of a capture: UDP as ITCH over MoldUDP64, TCP as OUCH over SoupBinTCP."""
    text = JsonText()
    streams = Streams(text)
    try:
        capture = Capture(b"".join(content))
        for segment in capture:
            udp = segment.protocol == lib.FRAME_PROTOCOL_UDP
            yield from datagram_lines(text, segment) if udp else streams.lines(segment)
    except CodecError as error:
        raise BadInputError(f"{path}: {error}") from error
    yield from streams.unfinished()
    if capture.skipped:
        typer.echo(f"{path}: {capture.skipped} frames carry no whole IPv4 UDP or TCP packet", err=True)
    if capture.malformed:
        raise BadInputError(f"{path}: {capture.malformed} frames are cut short or malformed")


def lines(path: Path) -> Iterator[Line]:
    """Every line of a file of either kind; raises BadInputError."""
    content = pieces(path)
    first = next(content, b"")
    if not first:
        raise BadInputError(f"{path}: empty")
    whole = chain([first], content)
    return capture_lines(path, whole) if first.startswith(CAPTURE_MAGICS) else itch_lines(path, whole)


def write_lines(found: Iterator[Line], types: frozenset[str], limit: int | None, raw: bool) -> int:
    """Print the lines wanted, at most limit; returns how many of those read were bad."""
    write = sys.stdout.buffer.write
    printed = bad = 0
    while limit is None or printed < limit:
        line = next(found, None)
        if line is None:
            break
        bad += line.bad
        if types and line.type not in types:
            continue
        tail = b',"raw":"%s"}\n' % line.raw.hex().encode() if raw or line.bad else b"}\n"
        write(b"{" + line.members + tail)
        printed += 1
    sys.stdout.flush()
    return bad


def decode(
    path: Annotated[Path, typer.Argument(metavar="FILE|PCAP", help="ITCH 5.0 file or capture, plain or .gz")],
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after this many lines.")] = None,
    types: Annotated[str, typer.Option("--type", metavar="A,E", help="Only messages of these types.")] = "",
    raw: Annotated[bool, typer.Option("--raw", help="Add each message's bytes in hexadecimal.")] = False,
) -> None:
    """Print the messages of an ITCH file or a capture as JSON lines.

    Prices are integers: price_1e4 is in 1/10 000, level1_price_1e8 in 1/100 000 000.  What cannot be read is a line
    with "error" and the bytes.  Exit status 2 when anything could not be read.
    """
    wanted = frozenset(filter(None, types.split(",")))
    try:
        bad = write_lines(lines(path), wanted, limit, raw)
    except BadInputError as error:
        sys.stdout.flush()
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    except BrokenPipeError:  # whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    if bad:
        typer.echo(f"{path}: {bad} messages could not be read", err=True)
        raise typer.Exit(2)


def register(app: typer.Typer) -> None:
    """Add the command to app."""
    app.command("decode")(decode)
