"""The only importer of the C extension: its objects as Python classes over numpy views."""

import os
import sys

sys.setdlopenflags(os.RTLD_LAZY)  # while modules are being written in parallel
from tickwire.native._native import ffi, lib  # noqa: E402

__all__ = ["ffi", "lib"]
