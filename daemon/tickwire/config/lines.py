"""Where in a TOML text each key stands; the standard parser does not tell."""

import tomllib
from typing import Any

Path = tuple[str | int, ...]


def key_lines(text: str) -> dict[Path, int]:
    """Line (from 1) of each header and key of a text that tomllib accepts; those in an inline value have its line."""
    lines: dict[Path, int] = {}
    array_sizes: dict[Path, int] = {}
    table: Path = ()
    rows = text.splitlines()
    row = 0
    while row < len(rows):
        start, statement = row, rows[row]
        row += 1
        stripped = statement.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if stripped.startswith("["):
            table = _header(tomllib.loads(stripped), stripped.startswith("[["), array_sizes)
            lines.setdefault(table, start + 1)
            continue
        while (value := _parsed(statement)) is None and row < len(rows):
            statement += "\n" + rows[row]
            row += 1
        _record(value, table, start + 1, lines)
    return lines


def line_of(lines: dict[Path, int], path: Path) -> int:
    """Line of the path, or of the nearest table around it; 1 when nothing is."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _header(parsed: dict[str, Any], is_array: bool, array_sizes: dict[Path, int]) -> Path:
    names: list[str] = []
    while isinstance(parsed, dict) and parsed:
        name, parsed = next(iter(parsed.items()))
        names.append(name)
    path: Path = ()
    for name in names[:-1]:
        path += (name,)
        if path in array_sizes:
            path += (array_sizes[path] - 1,)
    path += (names[-1],)
    if is_array:
        array_sizes[path] = array_sizes.get(path, 0) + 1
        path += (array_sizes[path] - 1,)
    return path


def _parsed(statement: str) -> Any:
    try:
        return tomllib.loads(statement)
    except tomllib.TOMLDecodeError:
        return None


def _record(value: Any, path: Path, line: int, lines: dict[Path, int]) -> None:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        lines.setdefault((*path, name), line)
        _record(child, (*path, name), line, lines)
