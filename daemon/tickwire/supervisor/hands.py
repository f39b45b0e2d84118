"""Orders and parent orders by hand: everything they need, put together."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tickwire.config import Config
from tickwire.native import Control, Segment
from tickwire.native.views import Top, consolidate, read_tops
from tickwire.services.blotter import Blotter
from tickwire.services.order_desk import OrderDesk
from tickwire.services.order_entry import OrderEntry
from tickwire.services.parent_book import ParentBook
from tickwire.services.parent_entry import ParentEntry
from tickwire.services.refusal_text import RefusalText, Sources
from tickwire.supervisor.stewards import Stewards


class Hands:
    """``entry`` sends orders to a venue, ``parents`` to the router, ``book`` knows the router's.  Raises OSError."""

    def __init__(
        self,
        config: Config,
        segment: Segment,
        control: Control,
        stewards: Stewards,
        blotter: Blotter,
        desk: OrderDesk,
        clock_ns: Callable[[], int],
    ) -> None:
        def top(instrument: int, venue: int) -> Top:
            return read_tops(segment, config.symbols, venue)[instrument]

        def best(instrument: int) -> Top:
            return consolidate([top(instrument, venue) for venue in config.enabled_venues])

        def open_shares(instrument: int, side: int) -> int:
            orders = (order for order in blotter.in_memory() if order.open)
            return sum(order.leaves for order in orders if (order.instrument, order.side) == (instrument, side))

        def effective() -> Config:
            return stewards.risk.effective

        verdicts = segment.ring("verdict", "risk_refusal")
        explain = RefusalText(
            Sources(
                effective,
                segment.table("exposure", "risk_scope_exposure"),
                control.stop_bits,
                lambda: control.kill,
                top,
                open_shares,
            )
        )
        self.book = ParentBook(
            segment.ring("parent.report", "parent_report"),
            Path(config.box.state_dir),
            lambda: datetime.now(UTC).date().isoformat(),
        )
        self.parents = ParentEntry(desk, self.book, verdicts, effective, best, explain)
        self.entry = OrderEntry(
            segment.ring("intent.operator", "order_intent"),
            verdicts,
            segment.ring("blotter", "execution_report"),
            blotter,
            effective,
            best,
            explain,
            control.epoch,
            clock_ns,
        )
