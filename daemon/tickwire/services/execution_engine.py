"""The execution steward: follows the order session and passes commands to it."""

from collections.abc import Callable

from tickwire.native import Counters, Ring, enum_names, lib
from tickwire.native.control import STOP_SCOPES
from tickwire.native.settings import execution_command
from tickwire.services.steward import Steward

SESSION_DOWN: int = lib.SESSION_DOWN
SESSION_LIVE: int = lib.SESSION_LIVE
SESSION_REFUSED: int = lib.SESSION_REFUSED


class ExecutionEngine(Steward):
    """Says what a venue's session does, and tells it what to do; a command gives False when its ring is full."""

    def __init__(
        self, venue: int, venue_name: str, counters: Counters, commands: Ring, clock_ns: Callable[[], int]
    ) -> None:
        self.name = f"execution-engine {venue_name}"
        super().__init__()
        self.venue = venue
        self.venue_name = venue_name
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
    def state_name(self) -> str:
        """For example "live"."""
        return self._names.get(self.state, "unknown")

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
        """End the session and stay out."""
        return self._command("logout")

    def cancel_all(self) -> bool:
        """Cancel every open order."""
        return self._command("cancel_all")

    def login(self) -> bool:
        """Try to log in now, and forget the back-off."""
        return self._command("login")

    def cancel(self, order_id: int) -> bool:
        """Cancel one order."""
        return self._command("cancel", order_id)

    def cancel_scope(self, scope: str, index: int) -> bool:
        """Cancel every open order of a scope ("account", "strategy", "instrument", "venue", "firm")."""
        return self._command("cancel_scope", STOP_SCOPES[scope][0], index)

    def resync(self) -> bool:
        """Replay the venue's record of the session, for a reconciliation."""
        return self._command("resync")

    @property
    def counts(self) -> dict[str, int]:
        """The stage's counters, by their names in enum execution_counter."""
        return self._counters.named("execution_counter", "EXECUTION_COUNT_")

    def check(self) -> str:
        """Compare the session with what was seen last."""
        before, self._state = self._state, self.state
        if self._state == before:
            return ""
        if self._state == SESSION_REFUSED:
            self.log.error("session_refused", expected="a person to look: the venue refused the login")
        return f"session {self._names.get(before, before)} -> {self._names.get(self._state, self._state)}"

    def _command(self, name: str, *arguments: int) -> bool:
        return self._commands.write([execution_command(name, self._clock_ns(), *arguments)]) == 1
