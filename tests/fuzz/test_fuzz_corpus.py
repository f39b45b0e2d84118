"""Every decoder against its fuzz corpus, and a little beyond it, under the sanitizers."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
RUN = [sys.executable, str(HERE / "run.py")]
NAMES = sorted(path.stem.removeprefix("fuzz_") for path in HERE.glob("fuzz_*.c"))


@pytest.fixture(scope="module")
def built() -> None:
    if shutil.which("clang") is None:
        pytest.skip("needs clang: libFuzzer comes with it")
    done = subprocess.run([*RUN, "--build"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_every_target_has_seeds(name: str) -> None:
    assert list((HERE / "corpus" / name).iterdir())


@pytest.mark.timeout(600)  # the first of them builds the targets
@pytest.mark.parametrize("name", NAMES)
def test_the_corpus_and_what_comes_of_it_break_nothing(name: str, built: None, tmp_path: Path) -> None:
    limits = ["--runs", "20000", "--seconds", "4", "--found", str(tmp_path)]
    done = subprocess.run([*RUN, *limits, name], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
