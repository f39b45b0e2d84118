"""The rules of the house, checked: layers, lengths, names."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NATIVE = ROOT / "native"
LINES_MAX = {".py": 400, ".c": 600, ".h": 600}


def tracked(*patterns: str) -> list[Path]:
    """Files git knows (or would add) that match."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [ROOT / name for name in sorted(set(listed)) if (ROOT / name).exists()]


def allowed_modules() -> dict[str, set[str]]:
    """For each module what it may include, read from the link lines of CMake: there is no second list."""
    text = (NATIVE / "CMakeLists.txt").read_text()
    table = {
        name: set(rest.split()) | {name} for name, rest in re.findall(r"^tickwire_module\((\w+) ?([^)]*)\)", text, re.M)
    }
    assert "base" in table and "lane" in table
    return table


def header_owner(header: str, modules: set[str]) -> str | None:
    """Module that owns ``tickwire/<header>.h``."""
    shared = {"segment": "base", "metric": "ring", "control": "ring", "boundary": None}
    if header in shared:
        return shared[header]
    return header.split("_")[0] if header.split("_")[0] in modules else None


def owner_of(source: Path, modules: set[str]) -> str | None:
    """Module a file belongs to; None for boundary.h, which lists them all."""
    parts = source.relative_to(NATIVE).parts
    return header_owner(source.stem, modules) if parts[0] == "include" else parts[0]


def included(source: Path, modules: set[str]) -> set[str]:
    """Modules whose headers a file includes."""
    found = re.findall(r'^#include "(\w+)/(\w+)\.h"', source.read_text(), re.M)
    owners = {header_owner(name, modules) if kind == "tickwire" else kind for kind, name in found}
    assert None not in owners, f"{source.name} includes a header that belongs to no module"
    return {owner for owner in owners if owner}


TABLE = allowed_modules()
SOURCES = [path for path in tracked("native/*.c", "native/*.h") if owner_of(path, set(TABLE))]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(NATIVE)))
def test_a_module_includes_only_what_it_links(source: Path) -> None:
    module = owner_of(source, set(TABLE))
    assert module is not None
    assert included(source, set(TABLE)) <= TABLE[module]


@pytest.mark.parametrize("module", TABLE)
def test_a_module_links_only_what_it_includes_and_what_is_below_it(module: str) -> None:
    used = [included(source, set(TABLE)) for source in SOURCES if owner_of(source, set(TABLE)) == module]
    assert TABLE[module] == {module}.union(*used)
    below = list(TABLE)[: list(TABLE).index(module)]
    assert TABLE[module] <= {module, *below}


@pytest.mark.parametrize(
    "source", tracked("*.py", "native/*.[ch]", "tests/*.[ch]"), ids=lambda path: str(path.relative_to(ROOT))
)
def test_a_file_holds_one_idea(source: Path) -> None:
    assert len(source.read_text().splitlines()) <= LINES_MAX[source.suffix]


def test_every_make_target_is_listed_by_help() -> None:
    text = (ROOT / "Makefile").read_text()
    phony = set(re.search(r"^\.PHONY: (.*)$", text, re.M).group(1).split())  # type: ignore[union-attr]
    assert phony == set(re.findall(r"^([a-z-]+):.*## ", text, re.M))


def test_no_line_is_left_for_later() -> None:
    pattern = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in tracked("*.py", "*.c", "*.h", "Makefile", "*.md")
        if path != Path(__file__)
        for line in path.read_text().splitlines()
        if pattern.search(line)
    ]
    assert not found


def test_only_the_native_package_touches_the_extension() -> None:
    """import-linter sees Python sources only, and the extension is not one."""
    outside = [
        path for path in tracked("daemon/*.py") if "native" not in path.relative_to(ROOT / "daemon/tickwire").parts
    ]
    assert not [path for path in outside if "tickwire.native._native" in path.read_text()]
