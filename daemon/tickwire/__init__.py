"""Tickwire: an open appliance for colocated algorithmic trading."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("tickwire")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0"
