"""A contradiction, and the kinds that several tables share."""

from collections.abc import Collection, Hashable, Iterable, Iterator

from tickwire.config.lines import Path

Problem = tuple[Path, str]


def once(what: str, entries: Iterable[tuple[Path, Hashable]]) -> Iterator[Problem]:
    """Each value that stands there already; what: the noun for one."""
    seen: set[Hashable] = set()
    for path, value in entries:
        if value in seen:
            yield path, f"expected each {what} once, {value} is there already"
        seen.add(value)


def known(path: Path, what: str, name: str, names: Collection[str]) -> Iterator[Problem]:
    """A name that nothing has."""
    if name not in names:
        yield path, f"expected the name of {what} ({', '.join(names)}), got '{name}'"


def permitting(path: Path, amount: int) -> Iterator[Problem]:
    """A limit in money that permits nothing."""
    if amount <= 0:
        yield path, "expected an amount greater than 0: 0 permits nothing"
