"""The shipped example and what becomes of it with a line changed."""

import re
from importlib import resources

import pytest

from tickwire.config import ConfigError, parse

EXAMPLE = (resources.files("tickwire.config") / "example.toml").read_text()
CORES = {0, 1}
SECOND_VENUE = re.sub(
    r":264(\d\d)",
    r":265\1",
    EXAMPLE[EXAMPLE.index("[[venues]]") : EXAMPLE.index("[[accounts]]")].replace("XPA1", "XPB1"),
).replace('name = "A"', 'name = "B"')
TWO_VENUES = EXAMPLE.replace("[[accounts]]", SECOND_VENUE + "[[accounts]]", 1)


def refused(text: str) -> list[str]:
    """The refusal of a text called box.toml, line by line."""
    with pytest.raises(ConfigError) as error:
        parse(text, "box.toml", CORES)
    return str(error.value).splitlines()


def changed(there: str, instead: str) -> str:
    """The example with one thing written in another's place."""
    assert there in EXAMPLE
    return EXAMPLE.replace(there, instead, 1)


def line_with(text: str) -> int:
    """Line of the example, from 1, where the text first stands."""
    return EXAMPLE[: EXAMPLE.index(text)].count("\n") + 1
