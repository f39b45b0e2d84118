"""What the host says of itself, from the kernel's own files."""

import os
from pathlib import Path

import pytest

from tickwire.host.facts import Privileges, cores, has_af_xdp, huge_pages, huge_pages_free, privileges


def pool_with(folder: Path, size: int, free: int) -> Path:
    """A pool's files, as plain files: what is written stays."""
    (folder / "nr_hugepages").write_text(f"{size}\n")
    (folder / "free_hugepages").write_text(f"{free}\n")
    return folder


@pytest.mark.parametrize(
    ("uid", "capabilities", "expected"),
    [
        (0, "000001ffffffffff", Privileges(True, True, True, True, True)),
        (1000, "0000000000000000", Privileges(False, False, False, False, False)),
        (1000, "0000000000002000", Privileges(False, False, True, False, False)),
        (0, "0000000000801000", Privileges(True, True, False, False, True)),
    ],
)
def test_privileges_are_the_effective_ones(tmp_path: Path, uid: int, capabilities: str, expected: Privileges) -> None:
    status = tmp_path / "status"
    status.write_text(f"Name:\tx\nUid:\t1\t{uid}\t1\t1\nCapEff:\t{capabilities}\n")
    assert privileges(status) == expected


def test_this_process_has_privileges_and_cores() -> None:
    assert privileges().root == (os.geteuid() == 0)
    assert cores() == tuple(sorted(os.sched_getaffinity(0)))
    if not privileges().root:
        assert not has_af_xdp()


def test_missing_huge_pages_are_added_and_put_back(tmp_path: Path) -> None:
    pool = pool_with(tmp_path, size=5, free=1)
    with huge_pages(4, pool):
        assert (pool / "nr_hugepages").read_text() == "8"
    assert (pool / "nr_hugepages").read_text() == "5"


def test_a_pool_with_enough_free_pages_is_left_alone(tmp_path: Path) -> None:
    pool = pool_with(tmp_path, size=5, free=4)
    with huge_pages(4, pool) as free:
        assert free == 4
        assert (pool / "nr_hugepages").read_text() == "5\n"
    assert (pool / "nr_hugepages").read_text() == "5\n"


def test_the_pool_is_put_back_after_a_failure_too(tmp_path: Path) -> None:
    pool = pool_with(tmp_path, size=0, free=0)
    with pytest.raises(RuntimeError), huge_pages(2, pool):
        raise RuntimeError
    assert (pool / "nr_hugepages").read_text() == "0"


def test_a_kernel_without_the_pool_has_no_free_pages(tmp_path: Path) -> None:
    assert huge_pages_free(tmp_path) == 0
