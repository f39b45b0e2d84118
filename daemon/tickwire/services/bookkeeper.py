"""Feeds the ledger: what the blotter tells, and what the market says each instrument is worth."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from tickwire.native import Segment
from tickwire.native.views import Top, consolidate, read_tops
from tickwire.services.account_state import PeakStore
from tickwire.services.blotter_records import Bust, Down, Event, Fill, Live, Reset
from tickwire.services.ledger import Effect, Ledger
from tickwire.services.steward import Steward

KEEP_EVERY = 10  # looks
TRUSTED = (Effect.BOOKED, Effect.DUPLICATE, Effect.BROKEN)


class Bookkeeper(Steward):
    """Listens to the blotter (``listen``), and marks every instrument at the mid of the best of all venues."""

    name = "ledger"
    interval_s = 0.1

    def __init__(
        self,
        ledger: Ledger,
        segment: Segment,
        symbols: Sequence[str],
        venues: Sequence[int],
        peaks: PeakStore,
        clock_ns: Callable[[], int],
    ) -> None:
        super().__init__()
        self._peaks = peaks
        self._day = _today()
        self._looks = 0
        self._unkept = ""
        if said := peaks.restore(ledger, self._day):
            self.log.info("steward_acted", said=said)
        self.ledger = ledger
        self._segment = segment
        self._symbols = tuple(symbols)
        self._venues = tuple(venues)
        self._clock_ns = clock_ns

    def listen(self, event: Event) -> None:
        """One event of the blotter, in its order."""
        match event:
            case Fill():
                self._judge(self.ledger.on_fill(event), event.order_id, event.match_number)
            case Bust():
                effect = self.ledger.on_bust(event.venue, event.order_id, event.match_number)
                self._judge(effect, event.order_id, event.match_number)
            case Reset():
                self.ledger.reset(event.venue)
            case Live():
                self.ledger.live(event.venue)
            case Down():
                self.ledger.down(event.venue)

    def check(self) -> str:
        """Mark everything, then raise the high-water marks."""
        tops = zip(*(read_tops(self._segment, self._symbols, venue) for venue in self._venues), strict=True)
        now = self._clock_ns()
        for instrument, of_venues in enumerate(tops):
            top = consolidate(of_venues)
            self.ledger.mark(instrument, _mid(top), now, stale=top.stale)
        self.ledger.observe()
        self._looks += 1
        if self._looks % KEEP_EVERY == 0:
            self._keep()
        return ""

    def _keep(self) -> None:
        """Write high-water marks down: a restart must not loosen a drawdown limit.  A new day begins with none."""
        before, self._day = self._day, _today()
        if before != self._day:
            self.ledger.peaks.clear()
        self._peaks.keep(self.ledger, self._day)

    def _judge(self, effect: Effect, order_id: int, match_number: int) -> None:
        if effect not in TRUSTED:
            self.log.error("fill_not_booked", effect=effect.value, order_id=order_id, match_number=match_number)


def _today() -> str:
    """The day of the box's clock, UTC."""
    return datetime.now(UTC).date().isoformat()


def _mid(top: Top) -> int:
    """Between the touch; 0 when a side is empty or they cross: that is no price."""
    if not top.bid_quantity or not top.ask_quantity or top.bid_price > top.ask_price:
        return 0
    return (top.bid_price + top.ask_price) // 2
