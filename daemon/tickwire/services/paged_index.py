"""Numbers by number, eight bytes each where they lie close together: no Python object for each of millions."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

PAGE = 256


class PagedIndex:
    """Maps numbers to numbers below 2^64 - 1; keys far from all others cost a page each."""

    def __init__(self) -> None:
        self._pages: dict[int, array[int]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, key: int) -> bool:
        return self.get(key) is not None

    def get(self, key: int) -> int | None:
        """The number of key; None without one."""
        page = self._pages.get(key // PAGE)
        return None if page is None or not page[key % PAGE] else page[key % PAGE] - 1

    def set(self, key: int, value: int) -> None:
        """Set the number of key."""
        page = self._pages.get(key // PAGE)
        if page is None:
            page = self._pages[key // PAGE] = array("Q", bytes(8 * PAGE))
        self._count += not page[key % PAGE]
        page[key % PAGE] = value + 1

    def discard(self, key: int) -> None:
        """Forget key."""
        page = self._pages.get(key // PAGE)
        if page is not None and page[key % PAGE]:
            page[key % PAGE] = 0
            self._count -= 1

    def __iter__(self) -> Iterator[int]:
        for number, page in self._pages.items():
            yield from (number * PAGE + place for place, value in enumerate(page) if value)

    def __reversed__(self) -> Iterator[int]:
        """The keys of the newest page first, from the highest."""
        for number in reversed(self._pages):
            page = self._pages[number]
            yield from (number * PAGE + place for place in reversed(range(PAGE)) if page[place])
