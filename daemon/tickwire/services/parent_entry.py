"""Parent orders by hand: given to the router, and followed until it has answered, a sweep until it is over."""

import asyncio
from collections.abc import Callable
from typing import Any

from tickwire.config import Config
from tickwire.native import Ring
from tickwire.native.views import Top
from tickwire.services.hand_orders import ParentTerms, TermsError, parent_fields, trader_of
from tickwire.services.order_desk import OrderDesk
from tickwire.services.order_entry import LOOK_S, READ_MAX, BusyError, NoAnswerError, mid
from tickwire.services.parent_book import ParentBook, ParentRecord

ANSWER_S_MAX = 2.0
SWEEP_S_MAX = 1.0
REASONS = {
    "": "",
    "request": "it was canceled",
    "slippage": "the market went past the slippage bound",
    "liquidity": "nothing more was to be had within limit and slippage bound",
    "time": "its time was over",
    "verdict": "the gate refused a piece",
    "malformed": "the router takes no such order",
    "full": "too many parent orders are working",
    "unknown": "a session broke, and the fate of a piece is not known",
    "unavailable": "no venue it may use is live with a fresh book, open and free of stops",
}


class ParentEntry:
    """Starts and ends parents for people.  best(instrument) is the best of all venues; slippage is of its middle."""

    def __init__(
        self,
        desk: OrderDesk,
        book: ParentBook,
        verdicts: Ring,
        config: Callable[[], Config],
        best: Callable[[int], Top],
        explain: Callable[[Any], str],
    ) -> None:
        self._desk = desk
        self._book = book
        self._verdicts = verdicts
        self._config = config
        self._best = best
        self._explain = explain
        desk.subscribe(book.begun)

    async def start(self, person: str, terms: ParentTerms) -> tuple[ParentRecord, str]:
        """The parent and how it is in words.  Raises TermsError, BusyError, NoAnswerError."""
        config = self._config()
        fields = parent_fields(terms, config)
        fields["trader"] = trader_of(person, fields["strategy"], config)
        fields["decision_price"] = mid(self._best(fields["instrument"]))
        verdicts = self._verdicts.observer()
        parent_id = self._desk.start_parent(**fields)
        if not parent_id:
            raise BusyError("the ring to the router is full")
        clock = asyncio.get_running_loop().time
        begun, refused = clock(), ""
        while True:
            waited = clock() - begun
            self._book.check()
            for refusal in verdicts.read(READ_MAX):
                if refusal.parent_id == parent_id:
                    refused = self._explain(refusal)
            record = self._book.get(parent_id)
            if record is None or record.state == "asked":
                if waited > ANSWER_S_MAX:
                    raise NoAnswerError(
                        f"the router has not answered for parent {parent_id}: look at `tickwire parents {parent_id}`"
                    )
            elif not record.open or terms.policy != "sweep" or waited > SWEEP_S_MAX:
                return record, describe(record, refused)
            await asyncio.sleep(LOOK_S)

    def cancel(self, parent_id: int) -> None:
        """Ask the router to end it.  Raises KeyError, TermsError, BusyError."""
        record = self._book.get(parent_id)
        if record is None:
            raise KeyError(parent_id)
        if record.state not in ("asked", "working"):
            raise TermsError(f"parent {parent_id} is {record.state}: nothing of it works")
        if not self._desk.cancel_parent(parent_id):
            raise BusyError("the ring to the router is full")


def describe(record: ParentRecord, refused: str = "") -> str:
    """How it is, in words; refused: why the gate let a piece not pass."""
    reason = REASONS.get(record.reason, record.reason)
    if record.reason == "verdict" and (refused or record.verdict):
        reason += f", {record.verdict}: {refused}" if refused else f", {record.verdict}"
    said = f"{record.state}: {record.executed:,} of {record.quantity:,} executed, {record.working:,} working"
    return f"{said}; {reason}" if reason else said
