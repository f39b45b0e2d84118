"""Which test proved which rule: printed at the end of a run, for the evidence of a review."""

from collections import Counter, defaultdict

import pytest


class RuleMap:
    """A plugin that remembers markers and outcomes."""

    def __init__(self) -> None:
        self._rules: dict[str, list[str]] = {}  # of each test
        self._outcomes: dict[str, str] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Note every marker."""
        for item in items:
            self._rules[item.nodeid] = [marker.args[0] for marker in item.iter_markers("rule")]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how it ended; a failure anywhere counts."""
        if report.when == "call" or report.outcome != "passed":
            self._outcomes[report.nodeid] = report.outcome

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """One block a rule, one line a test, its cases counted by outcome."""
        tests: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
        for nodeid, rules in self._rules.items():
            for rule in rules:
                tests[rule][nodeid.partition("[")[0]][self._outcomes.get(nodeid, "not run")] += 1
        terminalreporter.section("rules and the tests that prove them")
        for rule in sorted(tests):
            terminalreporter.write_line(rule)
            for name, outcomes in sorted(tests[rule].items()):
                said = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
                terminalreporter.write_line(f"    {name}: {said}")
