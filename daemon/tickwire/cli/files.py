"""Reading market data files of any size, and writing results that are whole or absent."""

import gzip
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tickwire.host.files import open_unpacked

CHUNK_SIZE = 1 << 20


class BadInputError(Exception):
    """The file as a whole cannot be read (further); the text is the one line the user sees."""


def pieces(path: Path) -> Iterator[bytes]:
    """The file a chunk at a time, unpacked when it is gzip; raises BadInputError."""
    try:
        with open_unpacked(path) as source:
            while piece := source.read(CHUNK_SIZE):
                yield piece
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadInputError(f"{path}: damaged gzip: {error}") from error
    except OSError as error:
        raise BadInputError(f"{path}: {error.strerror or error}") from error


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name only when the block ends well; ``-`` is standard output, a device itself."""
    if str(path) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if path.exists() and not path.is_file():
        with path.open("wb") as device:
            yield device
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
