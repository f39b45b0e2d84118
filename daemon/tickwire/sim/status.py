"""The exchange's own account of itself, as JSON in a file that is always whole."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec


class StatusFile:
    """A file that readers never see half written; no path, no file."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def write(self, status: Mapping[str, Any]) -> None:
        """Put a new status in place of the last."""
        if self._path is None:
            return
        fresh = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        fresh.write_bytes(msgspec.json.encode(status) + b"\n")
        fresh.replace(self._path)
