"""The only importer of the C extension: its objects as Python classes over numpy views."""

from tickwire.native._native import ffi, lib

__all__ = ["ffi", "lib"]
