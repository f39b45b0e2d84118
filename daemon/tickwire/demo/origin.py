"""Where figures come from: this version on this machine."""

import platform
import subprocess
from pathlib import Path

import psutil

import tickwire
from tickwire.host import facts

CPU_INFO = Path("/proc/cpuinfo")


def version() -> str:
    """The package's version, with the commit when it runs from a work tree."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return tickwire.__version__
    return f"{tickwire.__version__} ({done.stdout.strip()})" if done.returncode == 0 else tickwire.__version__


def host_facts() -> dict[str, str | int]:
    """Machine, kernel and rights."""
    models = [line.partition(":")[2].strip() for line in CPU_INFO.read_text().splitlines() if "model name" in line]
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": psutil.cpu_count() or 1,
        "memory_mib": psutil.virtual_memory().total // 2**20,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "root": int(facts.privileges().root),
        "huge_pages_free": facts.huge_pages_free(),
    }
