"""The call graph of compiled C, read from relocations: what a function can reach, proved on the object files.

Objects are compiled with -ffunction-sections, so a relocation lies in the section of the function that makes the call.
Calls through pointers leave no name; their targets are roots of their own.
"""

import re
import subprocess
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

RELOCATION = re.compile(r"^[0-9a-f]+ (R_X86_64_\w+)\s+(\S+)")
TEXT = re.compile(r"^\.text(?:\.(?:unlikely|hot))?\.(\S+)$")


def base_name(symbol: str) -> str:
    """The function a symbol or section belongs to: no addend, no .cold, .part or .constprop suffix."""
    symbol = re.sub(r"[-+]0x[0-9a-f]+$", "", symbol)
    section = TEXT.match(symbol)
    symbol = section.group(1) if section else symbol
    return re.sub(r"\.(cold|part|constprop|isra)(\.\d+)?.*$", "", symbol)


@dataclass
class CallGraph:
    """Functions by (object, name), so that static functions of one name in two files stay apart."""

    calls: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    owners: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, path: Path) -> None:
        """Read one object file."""
        listing = subprocess.run(["objdump", "-t", str(path)], capture_output=True, text=True, check=True).stdout
        for line in listing.splitlines():
            if re.search(r"\bF \.text", line):
                self.owners[base_name(line.split()[-1])].add(str(path))
        function = ""
        relocations = subprocess.run(["objdump", "-r", str(path)], capture_output=True, text=True, check=True).stdout
        for line in relocations.splitlines():
            if section := re.match(r"^RELOCATION RECORDS FOR \[(\S+)\]:", line):
                function = base_name(section.group(1)) if TEXT.match(section.group(1)) else ""
            elif function and (relocation := RELOCATION.match(line)):
                self.calls[(str(path), function)].add(base_name(relocation.group(2)))

    def owners_of(self, name: str, caller: str) -> Iterator[str]:
        """Objects that define name; the caller's own first, since a static function hides the others."""
        owners = self.owners.get(name, set())
        yield from [caller] if caller in owners else sorted(owners)

    def reach(self, roots: Iterable[str], stop: Container[str] = ()) -> dict[str, list[str]]:
        """Every symbol the roots reach by direct calls, with one path to it; calls to ``stop`` are not followed."""
        paths: dict[str, list[str]] = {}
        queue = [(owner, root, [root]) for root in roots for owner in sorted(self.owners.get(root, set()))]
        seen = set()
        while queue:
            owner, function, path = queue.pop()
            if (owner, function) in seen:
                continue
            seen.add((owner, function))
            for callee in self.calls.get((owner, function), set()):
                if callee.startswith(".") or callee in stop:
                    continue  # a section of data
                paths.setdefault(callee, [*path, callee])
                queue.extend((next_owner, callee, [*path, callee]) for next_owner in self.owners_of(callee, owner))
        return paths
