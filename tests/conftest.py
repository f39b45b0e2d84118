"""What every test may use: recorded data when the machine has it, root when the test needs it."""

import os
from pathlib import Path

import pytest
from compliance_map import RuleMap

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of recorded market data; skips, saying so, where the machine has none."""
    shared = Path(os.environ.get("TICKWIRE_SHARED", ROOT.parent / "shared"))
    if not (shared / "data").is_dir():
        pytest.skip(f"no recorded market data at {shared / 'data'} (set TICKWIRE_SHARED)")
    return shared / "data"


@pytest.fixture(scope="session")
def root() -> None:
    """Skips, saying so, when the tests do not run as root."""
    if os.geteuid() != 0:
        pytest.skip("needs root: network namespaces and AF_XDP")


def pytest_configure(config: pytest.Config) -> None:
    """With ``-m rule`` the run ends with the map of rules and the tests that proved them."""
    if "rule" in config.option.markexpr.split():
        config.pluginmanager.register(RuleMap(), "rule-map")
