"""The extension is whole: nothing that it declares is left to be missed when it is first called."""

import os
import shutil
import subprocess
import sys

import pytest

from tickwire.native import _native


def test_importing_resolves_every_symbol() -> None:
    program = "import tickwire.native"
    subprocess.run([sys.executable, "-c", program], env=os.environ | {"LD_BIND_NOW": "1"}, check=True, timeout=60)


def test_the_extension_asks_for_that_itself() -> None:
    readelf = shutil.which("readelf")
    if readelf is None:
        pytest.skip("no readelf here (binutils)")
    listed = subprocess.run([readelf, "-d", _native.__file__], capture_output=True, text=True, check=True).stdout
    assert "BIND_NOW" in listed or "Flags: NOW" in listed
