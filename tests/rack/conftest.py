"""The rack: two namespaces as two machines, and the proof that a test leaves nothing behind."""

import os
import time
from collections.abc import Iterator

import pytest
from pyroute2 import netns

from tickwire.host.facts import HUGE_PAGES
from tickwire.host.network import Rack


@pytest.fixture
def rack(root: None) -> Iterator[Rack]:
    """A rack of the test's own; afterwards no namespace and no huge page of it may be left."""
    pool = HUGE_PAGES / "nr_hugepages"
    pages = pool.read_text() if pool.exists() else ""
    with Rack() as made:
        yield made
    assert not [name for name in netns.listnetns() if f"-{os.getpid()}-" in name]
    end = time.monotonic() + 5  # the kernel frees the frames of a closed AF_XDP socket a moment later
    while pages and pool.read_text() != pages and time.monotonic() < end:
        time.sleep(0.01)
    assert not pages or pool.read_text() == pages
