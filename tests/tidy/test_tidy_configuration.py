"""A key of the configuration that nobody reads would promise what does not happen."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tickwire.config.kinds import Section
from tickwire.config.model import Config

SOURCES = Path(__file__).resolve().parents[2] / "daemon" / "tickwire"
# What is read for others: why it needs no reader but the configuration itself.
WITHIN = {
    "Lanes.placement": "becomes the lanes that are read",
    "Execution.password_file": "becomes the password",
    "DropCopy.password_file": "becomes the password",
    "Box.environment": "is checked against each venue's",
    "Venue.environment": "is checked against the box's",
}


def sections(kind: type[Section] = Section) -> Iterator[type[Section]]:
    """Every table of the file."""
    for section in kind.__subclasses__():
        yield section
        yield from sections(section)


@cache
def read(within: bool) -> frozenset[str]:
    """Attributes read in the configuration's own package, or outside of it and of the paper exchange."""
    found: set[str] = set()
    for path in SOURCES.rglob("*.py"):
        package = path.relative_to(SOURCES).parts[0]
        if (package == "config") is within and package != "sim":
            tree = ast.parse(path.read_text())
            found |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return frozenset(found)


KEYS = [f"{section.__name__}.{key}" for section in sections() for key in section.__struct_fields__]


@pytest.mark.parametrize("key", KEYS)
def test_every_key_of_the_configuration_is_read_by_somebody(key: str) -> None:
    assert key.partition(".")[2] in read(within=key in WITHIN)


def test_what_needs_no_reader_is_a_key() -> None:
    assert WITHIN.keys() <= set(KEYS)
    assert f"{Config.__name__}.venues" in KEYS
