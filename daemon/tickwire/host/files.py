"""Files of any size, plain or gzipped."""

import gzip
from pathlib import Path
from typing import BinaryIO, cast

GZIP_MAGIC = b"\x1f\x8b"


def open_unpacked(path: Path) -> BinaryIO:
    """The file for reading, unpacked when it is gzip, whatever its name.

    Raises OSError; reading a damaged gzip raises EOFError, OSError or zlib.error.
    """
    with path.open("rb") as file:
        packed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    return cast(BinaryIO, gzip.open(path, "rb")) if packed else path.open("rb")
