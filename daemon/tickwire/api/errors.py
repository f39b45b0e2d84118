"""Why a command was not done: each reason has a word, an HTTP status and an exit code of the command line."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every operator command."""

    OK = 0
    FAILED = 1  # not done
    ARGUMENTS = 2
    REFUSED = 3  # role, state, not reconciled, not recordable
    UNREACHABLE = 4  # nothing running
    BREAK = 5  # reconciliation found one


REASONS = {  # word -> HTTP status, exit code
    "malformed": (400, Exit.ARGUMENTS),
    "unknown": (404, Exit.ARGUMENTS),  # no such command, name or order
    "too-large": (413, Exit.ARGUMENTS),
    "unauthenticated": (401, Exit.REFUSED),
    "role": (403, Exit.REFUSED),
    "state": (409, Exit.REFUSED),  # the box is not in a state that allows it
    "repeated": (409, Exit.REFUSED),  # an idempotency key used for something else, or whose outcome is unknown
    "not-recorded": (503, Exit.REFUSED),
    "unavailable": (503, Exit.FAILED),  # a part of the box that this box does not have, or not now
    "busy": (503, Exit.FAILED),
    "slow": (504, Exit.FAILED),
    "failed": (500, Exit.FAILED),
}


class Refused(Exception):  # noqa: N818 - a business outcome, not an error
    """The command was not done; ``code`` is a word of REASONS, the text a sentence for a person."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text

    @property
    def status(self) -> int:
        """The HTTP status."""
        return REASONS[self.code][0]

    @property
    def exit_code(self) -> Exit:
        """The exit code."""
        return REASONS[self.code][1]
