"""The execution steward: follows the order session and passes commands to it."""

from collections.abc import Callable

from tickwire.native import Counters, Ring, enum_names, lib
from tickwire.native.settings import execution_command
from tickwire.services.steward import Steward

SESSION_DOWN: int = lib.SESSION_DOWN
SESSION_LIVE: int = lib.SESSION_LIVE
SESSION_REFUSED: int = lib.SESSION_REFUSED


class ExecutionEngine(Steward):
    """Says what the session does; ``logout`` and ``cancel_all`` tell it what to do."""

    name = "execution-engine"

    def __init__(self, counters: Counters, commands: Ring, clock_ns: Callable[[], int]) -> None:
        super().__init__()
        self._counters = counters
        self._commands = commands
        self._clock_ns = clock_ns
        self._names = {value: name for name, value in enum_names("session_state", "SESSION_").items()}
        self._state = SESSION_DOWN

    @property
    def state(self) -> int:
        """enum session_state, as last published."""
        return self._counters[lib.EXECUTION_COUNT_SESSION_STATE]

    @property
    def live(self) -> bool:
        """Whether the session is logged in and everything it missed has been replayed."""
        return self.state == SESSION_LIVE

    @property
    def out(self) -> bool:
        """Whether there is no session: not connected, or refused by the venue."""
        return self.state in (SESSION_DOWN, SESSION_REFUSED)

    @property
    def open_orders(self) -> int:
        """Orders that may still trade."""
        return self._counters[lib.EXECUTION_COUNT_OPEN_ORDERS]

    def logout(self) -> bool:
        """End the session and stay out; False when the command ring is full, as for every command."""
        return self._command("logout")

    def cancel_all(self) -> bool:
        """Cancel every open order."""
        return self._command("cancel_all")

    def check(self) -> str:
        """Compare the session with what was seen last."""
        before, self._state = self._state, self.state
        if self._state == before:
            return ""
        if self._state == SESSION_REFUSED:
            self.log.error("session_refused", expected="a person to look: the venue refused the login")
        return f"session {self._names.get(before, before)} -> {self._names.get(self._state, self._state)}"

    def _command(self, name: str) -> bool:
        return self._commands.write([execution_command(name, self._clock_ns())]) == 1
