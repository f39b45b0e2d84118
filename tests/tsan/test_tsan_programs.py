"""Rings and seqlocks under ThreadSanitizer."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "tsan"
PROGRAMS = sorted(path.stem for path in Path(__file__).parent.glob("tsan_*.c"))


@pytest.fixture(scope="module")
def programs() -> Path:
    """The programs, built with -fsanitize=thread; skips without a compiler that has it."""
    compiler = shutil.which("clang") or shutil.which("gcc")
    cmake = shutil.which("cmake")
    if compiler is None or cmake is None:
        pytest.skip("needs cmake and a C compiler with ThreadSanitizer")
    options = ["-DTICKWIRE_TSAN=ON", "-DTICKWIRE_EXTENSION=OFF", "-DTICKWIRE_SANITIZE=thread"]
    subprocess.run(
        [cmake, "-S", ROOT / "native", "-B", BUILD, f"-DCMAKE_C_COMPILER={compiler}", *options],
        check=True,
        capture_output=True,
    )
    subprocess.run([cmake, "--build", BUILD, "-j2"], check=True, capture_output=True)
    return BUILD


@pytest.mark.parametrize("program", PROGRAMS)
def test_program_runs_without_a_race_or_a_torn_record(programs: Path, program: str) -> None:
    # setarch: the sanitizer's shadow does not fit the address-space randomisation of newer kernels
    run = subprocess.run(
        ["setarch", "-R", str(programs / program)], capture_output=True, text=True, timeout=100, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "WARNING: ThreadSanitizer" not in run.stderr
