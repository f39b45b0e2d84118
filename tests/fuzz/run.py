"""Build the fuzz targets of this folder and run them: ``python tests/fuzz/run.py --seconds 60 [itch mold ...]``.

Every fuzz_<name>.c is a target; its seeds are in corpus/<name>/.  What a run finds anew is kept in build/fuzz/found/
(or --found), outside the committed corpus; a crashing input is left there as well, and the exit status is 1.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build" / "fuzz"
ENVIRONMENT = {"UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1", "ASAN_OPTIONS": "detect_leaks=1"}


def names() -> list[str]:
    """Every target there is."""
    return sorted(path.stem.removeprefix("fuzz_") for path in HERE.glob("fuzz_*.c"))


def find_tool(tool: str) -> str | None:
    """A program of this virtual environment or of the machine."""
    own = Path(sys.executable).parent / tool
    return str(own) if own.exists() else shutil.which(tool)


def build(targets: list[str]) -> None:
    """Configure once, then compile what changed; raises CalledProcessError."""
    cmake, ninja = find_tool("cmake"), find_tool("ninja")
    if cmake is None or ninja is None or shutil.which("clang") is None:
        raise SystemExit("fuzzing needs clang, cmake and ninja")
    configure = [
        cmake, "-S", str(ROOT / "native"), "-B", str(BUILD), "-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={ninja}",
        "-DCMAKE_C_COMPILER=clang", "-DTICKWIRE_FUZZ=ON", "-DTICKWIRE_EXTENSION=OFF",
        "-DTICKWIRE_SANITIZE=address,undefined,fuzzer-no-link",
    ]  # fmt: skip
    subprocess.run(configure, check=True, stdout=subprocess.DEVNULL)
    compile_targets = [cmake, "--build", str(BUILD), "-j2", "--target", *(f"fuzz_{name}" for name in targets)]
    subprocess.run(compile_targets, check=True, stdout=subprocess.DEVNULL)


def run(name: str, found: Path, limits: list[str]) -> int:
    """One target over its seeds, what was found before and what it makes of them; returns its exit status."""
    found.mkdir(parents=True, exist_ok=True)
    seeds = HERE / "corpus" / name
    command = [str(BUILD / f"fuzz_{name}"), f"-artifact_prefix={found}/", "-max_len=4096", "-timeout=10", *limits]
    return subprocess.run([*command, str(found), str(seeds)], env={**os.environ, **ENVIRONMENT}).returncode


def main() -> int:
    """Entry point; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="how long each target runs")
    parser.add_argument("--runs", type=int, default=-1, help="stop a target after this many inputs even so")
    parser.add_argument("--found", type=Path, default=BUILD / "found", help="folder for new inputs")
    parser.add_argument("--build", action="store_true", help="build only")
    parser.add_argument("targets", nargs="*", metavar="target", help=", ".join(names()))
    options = parser.parse_args()
    targets = options.targets or names()
    build(targets)
    if options.build:
        return 0
    limits = [f"-max_total_time={options.seconds}", f"-runs={options.runs}"]
    failed = [name for name in targets if run(name, options.found / name, limits) != 0]
    print(f"{len(targets)} targets, failed: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
