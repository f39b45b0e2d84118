"""Where street messages come from: a recording, plain or gzipped, or the synthetic market."""

import gzip
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from tickwire.host.files import open_unpacked
from tickwire.native.venue import Synthetic
from tickwire.sim.settings import StreetSettings

CHUNK = 65536


class Street(Protocol):
    """Framed ITCH messages in pieces, cut anywhere."""

    def read(self) -> bytes:
        """The next piece; empty at the end."""

    def close(self) -> None:
        """Give back what it holds."""


class RecordedStreet:
    """A file of ITCH messages, each behind its length in two bytes; read as it is needed, whatever its size."""

    def __init__(self, path: Path) -> None:
        self._file = open_unpacked(path)

    def read(self) -> bytes:
        """The next piece; empty at the end.  EOFError or OSError: the file is cut off or damaged."""
        return self._file.read(CHUNK)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _synthetic(settings: StreetSettings) -> Synthetic:
    return Synthetic(settings.symbols, settings.seed, settings.rate, fair_seed=settings.fair_seed, depth=settings.depth)


class SyntheticStreet:
    """The endless market of a seed."""

    def __init__(self, settings: StreetSettings) -> None:
        self._synthetic = _synthetic(settings)

    def read(self) -> bytes:
        """The next piece; never empty."""
        return self._synthetic.read(CHUNK)

    def close(self) -> None:
        """Nothing to give back."""


def open_street(settings: StreetSettings) -> Street:
    """The street that settings describe."""
    return SyntheticStreet(settings) if settings.itch is None else RecordedStreet(settings.itch)


def write_street(settings: StreetSettings, path: Path, messages: int) -> None:
    """Write that many messages of the synthetic market to a file; gzipped when it is named so."""
    synthetic = _synthetic(settings)
    with cast(BinaryIO, gzip.open(path, "wb") if path.suffix == ".gz" else path.open("wb")) as file:
        while messages > 0:
            count = min(messages, 1024)
            file.write(synthetic.read(CHUNK, count))
            messages -= count
