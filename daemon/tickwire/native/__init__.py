"""The only importer of the C extension: its objects as Python classes over numpy views."""

import os
import sys

sys.setdlopenflags(os.RTLD_LAZY)  # while modules are being written in parallel
from tickwire.native._native import ffi, lib  # noqa: E402
from tickwire.native.control import Control, LaneStatus, Parameters, now_ns  # noqa: E402
from tickwire.native.errors import NativeError, check  # noqa: E402
from tickwire.native.lane import Lane, LaneSettings, open_stage  # noqa: E402
from tickwire.native.metric import Counters, Histogram, enum_names  # noqa: E402
from tickwire.native.ring import Ring, RingObserver  # noqa: E402
from tickwire.native.segment import Segment  # noqa: E402
from tickwire.native.table import Table  # noqa: E402

__all__ = [
    "Control",
    "Counters",
    "Histogram",
    "Lane",
    "LaneSettings",
    "LaneStatus",
    "NativeError",
    "Parameters",
    "Ring",
    "RingObserver",
    "Segment",
    "Table",
    "check",
    "enum_names",
    "ffi",
    "lib",
    "now_ns",
    "open_stage",
]
