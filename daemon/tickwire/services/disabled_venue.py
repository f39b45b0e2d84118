"""A venue that is in the file but not traded on: somebody must say that nothing is held there."""

from collections.abc import Callable

from tickwire.native import Control, Ring, lib
from tickwire.native.trading import record
from tickwire.services.steward import Steward


class DisabledVenue(Steward):
    """Answers in the place of the venue's execution stage: no session, no orders, no fills.

    Those who follow every venue's reports would otherwise wait for it for ever.  The gate lets nothing through to it.
    """

    interval_s = 0.02

    def __init__(self, venue: int, name: str, reports: Ring, control: Control, clock_ns: Callable[[], int]) -> None:
        self.name = f"execution-engine {name}"
        super().__init__()
        self._venue = venue
        self._reports = reports
        self._control = control
        self._clock_ns = clock_ns
        self._answered = 0

    def check(self) -> str:
        """Answer when a stage has asked for the record since the last answer."""
        asked = self._control.resync_requests
        if asked == self._answered or self._reports.room < 2:
            return ""
        now = self._clock_ns()
        reset, live = (
            record("execution_report", kind=kind, venue=self._venue, report_ns=now, instrument=lib.INSTRUMENT_NONE)[0]
            for kind in (lib.REPORT_RESET, lib.REPORT_LIVE)
        )
        self._reports.write([reset, live])
        self._answered = asked
        return "" if asked > 1 else "disabled: nothing is held there"
