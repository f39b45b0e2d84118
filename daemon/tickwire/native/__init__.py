"""The only importer of the C extension: its objects as Python classes over numpy views."""

from tickwire.native._native import ffi, lib
from tickwire.native.control import Control, LaneStatus, Parameters, now_ns
from tickwire.native.errors import NativeError, check
from tickwire.native.lane import Lane, LaneSettings, open_stage
from tickwire.native.metric import Counters, Histogram, enum_names
from tickwire.native.ring import Ring, RingObserver
from tickwire.native.segment import Segment
from tickwire.native.table import Table

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
