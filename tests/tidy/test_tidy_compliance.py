"""docs/compliance.md says what is true: its rules, its tests, its code and its settings exist."""

import ast
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest
from test_tidy_tree import tracked

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "compliance.md"
CODE = re.compile(r"`((?:native|daemon|docs|tests)/[\w./-]+\.(?:c|h|py|md|toml))(?::(\w+))?`")
TEST = re.compile(r"`(test_\w+)`")
SETTING = re.compile(r"`([a-z_]+)`")
STATES = ("Nothing.", "In part:", "Not met:", "For people:")


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    rule: str
    asked: str
    control: str
    settings: str
    tests: str
    missing: str

    @property
    def state(self) -> str:
        return next(state for state in STATES if self.missing.startswith(state))


def rows() -> list[Row]:
    """Every row of every table of the page with six columns."""
    found = []
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 6 and cells[0] not in ("rule", "---"):
            found.append(Row(*cells))
    return found


def marked() -> dict[str, set[str]]:
    """Names of the tests that carry each rule's marker."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in tracked("tests/*.py"):
        for node in ast.parse(path.read_text()).body:
            if not isinstance(node, ast.FunctionDef):
                continue
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.rule":
                    assert node.name.startswith("test_"), f"{path.name}: {node.name} is no test"
                    (rule,) = decorator.args
                    assert isinstance(rule, ast.Constant)
                    found[str(rule.value)].add(node.name)
    return found


ROWS = rows()
MARKED = marked()
KEYS = set(
    re.findall(
        r"^    (\w+): ", "\n".join(path.read_text() for path in tracked("daemon/tickwire/config/*.py")), re.MULTILINE
    )
)


def test_the_table_has_a_row_for_every_rule_and_no_rule_twice() -> None:
    names = [row.rule for row in ROWS]
    assert len(names) == len(set(names)) > 40
    assert set(MARKED) <= set(names), "a test proves a rule that the page does not have"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule)
def test_a_row_names_exactly_the_tests_that_carry_its_rule(row: Row) -> None:
    assert set(TEST.findall(row.tests)) == MARKED.get(row.rule, set())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule)
def test_a_row_that_claims_anything_is_proved_and_says_how_much_is_missing(row: Row) -> None:
    assert row.missing.startswith(STATES)
    assert row.state == "Nothing." or len(row.missing) > len(row.state) + 10
    if row.state in ("Nothing.", "In part:"):
        assert TEST.findall(row.tests)
        assert CODE.findall(row.control)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule)
def test_the_code_that_a_row_names_is_there(row: Row) -> None:
    text = " ".join((row.control, row.missing))
    for file, name in CODE.findall(text):
        assert (ROOT / file).is_file(), file
        assert not name or re.search(rf"\b{name}\b", (ROOT / file).read_text()), f"{file}:{name}"
    assert len(CODE.findall(text)) == len(re.findall(r"`(?:native|daemon|docs|tests)/", text))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule)
def test_the_settings_that_a_row_names_are_keys_of_the_configuration(row: Row) -> None:
    assert set(SETTING.findall(row.settings)) <= KEYS


def test_every_page_that_the_page_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE.read_text()):
        assert (PAGE.parent / target).exists(), target
