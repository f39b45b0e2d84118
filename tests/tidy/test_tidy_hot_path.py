"""From receive to transmit: no allocation, no system call but the transmit itself, read off the object files in use."""

import re
import shutil
from pathlib import Path

import pytest
from call_graph import CallGraph

ROOT = Path(__file__).resolve().parents[2]

# Everything a tick passes through, in order.  Calls through pointers leave no name, so the back end's are listed too.
RECEIVE = ("af_xdp_receive", "af_xdp_release")
RECEIVE_BY_SOCKET = ("socket_receive", "socket_release")
DECIDE = ("market_poll", "signal_stage_poll", "route_stage_poll", "risk_stage_poll", "position_stage_poll")
TRANSMIT = ("execution_hot_orders", "execution_hot_sweep")

# What is reached from there and yet off the way of a tick, each with its reason.
OFF_PATH = {
    "market_recover": "only while a gap is open: asks the request server again and reads what it sends",
    "clock_now_ns": "only on hosts without an invariant counter, and a vDSO call there",
}
MEMORY = {"memcpy", "memmove", "memset", "memcmp"}
DATA = {"clock_scale_in_use"}


@pytest.fixture(scope="module")
def graph() -> CallGraph:
    """Call graph of the objects the installed extension was linked from."""
    if shutil.which("objdump") is None:
        pytest.skip("needs objdump (Debian package binutils)")
    objects = list(ROOT.glob("build/cp*/CMakeFiles/tickwire_*.dir/**/*.o"))
    if not objects:
        pytest.skip("the extension was not built in this tree, so there are no objects to read")
    graph = CallGraph()
    for path in objects:
        graph.add(path)
    return graph


def outside(graph: CallGraph, roots: tuple[str, ...]) -> dict[str, str]:
    """Symbols of other libraries that roots reach, each with a path to it."""
    assert all(root in graph.owners for root in roots), "a root was renamed: this test would prove nothing"
    paths = graph.reach(roots, stop=set(OFF_PATH))
    return {name: " > ".join(path) for name, path in paths.items() if name not in graph.owners and name not in DATA}


def test_the_graph_sees_a_call_that_is_there(graph: CallGraph) -> None:
    """The proof of the others' worth: what is known to allocate is seen to allocate."""
    assert "calloc" in outside(graph, ("lane_open",))
    assert "nanosleep" in outside(graph, ("lane_run",))


def test_receiving_calls_nothing_outside(graph: CallGraph) -> None:
    if "af_xdp_receive" not in graph.owners:
        pytest.skip("this build has no AF_XDP (packages libxdp-dev, libbpf-dev, clang)")
    assert set(outside(graph, RECEIVE)) <= MEMORY


def test_receiving_by_socket_calls_the_kernel_for_datagrams_and_for_nothing_else(graph: CallGraph) -> None:
    found = outside(graph, RECEIVE_BY_SOCKET)
    assert "recvmmsg" in found
    assert set(found) <= MEMORY | {"recvmmsg"}, found


@pytest.mark.parametrize("root", DECIDE)
def test_a_stage_between_receive_and_transmit_calls_nothing_but_memory_copies(graph: CallGraph, root: str) -> None:
    found = outside(graph, (root,))
    assert set(found) <= MEMORY, found


@pytest.mark.parametrize("root", TRANSMIT)
def test_the_transmit_is_the_one_system_call(graph: CallGraph, root: str) -> None:
    found = outside(graph, (root,))
    assert "send" in found
    assert set(found) <= MEMORY | {"send"}, found


@pytest.mark.parametrize("name", OFF_PATH)
def test_what_is_excepted_is_still_there(graph: CallGraph, name: str) -> None:
    assert name in graph.owners


def test_what_is_off_the_path_is_behind_a_condition_named_in_the_source(graph: CallGraph) -> None:
    text = (ROOT / "native" / "market" / "poll.c").read_text()
    assert re.search(r"if \(__builtin_expect\(market->feed->requesting.*\)\)\s+market_recover\(", text)
