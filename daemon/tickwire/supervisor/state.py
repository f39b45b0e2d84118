"""Small files that a crash leaves old or new, never cut."""

import os
from pathlib import Path


def read_number(path: Path) -> int:
    """The number in a file, 0 without one; OSError when it holds something else."""
    try:
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return 0
    if not text.isdecimal():
        raise OSError(f"{path} is damaged: expected a number, found {text[:40]!r}")
    return int(text)


def write_text(path: Path, text: str) -> None:
    """Replace the file so that a crash leaves the old or the new text."""
    scratch = path.with_suffix(f".{os.getpid()}")  # an operator and the supervisor may both write one
    with scratch.open("w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    scratch.rename(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)  # the renaming too
    finally:
        os.close(folder)
