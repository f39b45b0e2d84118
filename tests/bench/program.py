"""The programs of this folder, built when asked for."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "bench"


def _tool(name: str) -> str:
    own = Path(sys.executable).parent / name
    found = str(own) if own.exists() else shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"{name} is needed to build the benchmarks")
    return found


def build_program(name: str) -> Path:
    """Path of ``tests/bench/<name>.c`` compiled; raises CalledProcessError or FileNotFoundError."""
    cmake, ninja = _tool("cmake"), _tool("ninja")
    options = [f"-DCMAKE_MAKE_PROGRAM={ninja}", "-DTICKWIRE_BENCH=ON", "-DTICKWIRE_EXTENSION=OFF"]
    configure = [cmake, "-S", str(ROOT / "native"), "-B", str(BUILD), "-G", "Ninja", *options]
    for command in (configure, [cmake, "--build", str(BUILD), "-j2", "--target", name]):
        subprocess.run(command, check=True, capture_output=True)
    return BUILD / name
