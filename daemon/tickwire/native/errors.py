"""Native error codes as exceptions."""

import os

from tickwire.native._native import ffi, lib


class NativeError(Exception):
    """A native call failed; ``code`` is the value of ``enum error``."""

    def __init__(self, what: str, code: int) -> None:
        reason = os.strerror(ffi.errno) if code == lib.ERROR_SYSTEM else ffi.string(lib.error_text(code)).decode()
        super().__init__(f"{what}: {reason}")
        self.code = code


def check(code: int, what: str) -> int:
    """Return code unless it is negative; then raise NativeError(what)."""
    if code < 0:
        raise NativeError(what, code)
    return code
