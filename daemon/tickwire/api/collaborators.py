"""What operations work on, as seen from here.  The supervisor passes the real ones in; tests pass small ones."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tickwire.api.answers import ServiceLine
from tickwire.api.audit import AuditLog
from tickwire.api.scopes import Directory
from tickwire.api.stops import StopStore
from tickwire.services.hand_orders import OrderTerms, ParentTerms
from tickwire.services.order_entry import Outcome
from tickwire.services.parent_book import ParentRecord


class Words(Protocol):
    """The control block: words that the hot path reads."""

    kill: int

    @property
    def kills(self) -> int: ...
    @property
    def armed(self) -> bool: ...
    @property
    def epoch(self) -> int: ...
    def stop_set(self, scope: str, index: int, bits: int) -> int: ...
    def stop_clear(self, scope: str, index: int, bits: int) -> int: ...
    def stop_bits(self, scope: str, index: int) -> int: ...


class KillMemory(Protocol):
    """The firm's kill across restarts."""

    def remember_kill(self, kill: int) -> None: ...
    def rearm(self) -> None: ...


class VenueState(Protocol):
    """A venue as the segment and the configuration know it; fees in 1/1 000 000 a share."""

    @property
    def name(self) -> str: ...
    @property
    def mic(self) -> str: ...
    @property
    def session(self) -> str: ...
    @property
    def feed(self) -> str: ...
    @property
    def open_orders(self) -> int: ...
    @property
    def fee_taker(self) -> int: ...
    @property
    def fee_maker(self) -> int: ...


class BoxView(Protocol):
    """The box as a whole, read from its segment."""

    @property
    def name(self) -> str: ...
    @property
    def reconciled(self) -> bool: ...
    @property
    def open_orders(self) -> int: ...
    @property
    def positions_known(self) -> bool: ...
    def lanes_wrong(self) -> list[str]: ...
    def services(self) -> list[ServiceLine]: ...
    def venues(self) -> Sequence[VenueState]: ...


class Order(Protocol):
    """All that is known of one order; state and reason are words, side, type and time in force the headers' numbers."""

    order_id: int
    parent_id: int
    venue: int
    instrument: int
    account: int
    strategy: int
    trader: int
    side: int
    quantity: int
    executed: int
    leaves: int
    price: int
    decision_price: int
    score: int
    source: int
    order_type: int
    time_in_force: int
    state: str
    unknown: bool  # of an earlier life of the box: what only we know of it is not known
    tick: int
    sent_ns: int
    report_ns: int
    reason: str

    @property
    def open(self) -> bool: ...
    @property
    def average_price(self) -> int | None: ...
    @property
    def slippage_value(self) -> int | None: ...
    @property
    def slippage(self) -> float | None: ...


class Execution(Protocol):
    """One fill."""

    @property
    def order_id(self) -> int: ...
    @property
    def match_number(self) -> int: ...
    @property
    def venue(self) -> int: ...
    @property
    def instrument(self) -> int: ...
    @property
    def account(self) -> int: ...
    @property
    def strategy(self) -> int: ...
    @property
    def side(self) -> int: ...
    @property
    def quantity(self) -> int: ...
    @property
    def price(self) -> int: ...
    @property
    def liquidity(self) -> str: ...
    @property
    def venue_ns(self) -> int: ...
    @property
    def report_ns(self) -> int: ...
    @property
    def replayed(self) -> bool: ...


class Blotter(Protocol):
    """Orders and fills of the day."""

    @property
    def orders(self) -> Mapping[int, Any]: ...  # of Order
    @property
    def incomplete(self) -> bool: ...
    def fills(self) -> Sequence[Any]: ...  # of Execution


class Ledger(Protocol):
    """P&L by (instrument, strategy, account, venue)."""

    def keys(self) -> Sequence[Any]: ...
    def fills(self, scope: Any) -> Iterable[Any]: ...  # of FillPnL
    def total(
        self,
        instrument: int | None = None,
        strategy: int | None = None,
        account: int | None = None,
        venue: int | None = None,
    ) -> Any: ...


class LimitBook(Protocol):
    """Limits in force and how they change.  Raises KeyError for an unknown path, ValueError for what it refuses."""

    def views(self) -> Sequence[Any]: ...  # path, effective, standing, unit, override_ends_ns, waiting
    def propose(
        self,
        who: str,
        role: str,
        path: str,
        value: object,
        why: str,
        expires_s: int | None = None,
    ) -> Any: ...
    def approve(self, change_id: int, who: str, role: str) -> Any: ...
    def reject(self, change_id: int, who: str, role: str, why: str) -> Any: ...
    def pending(self) -> Sequence[Any]: ...
    def history(self, count: int = 100) -> Sequence[Any]: ...


class Breaker(Protocol):
    """One circuit breaker; it sets and clears its own stop bits.  Raises ValueError for what it refuses."""

    @property
    def view(self) -> Any: ...  # scope, name, trigger, action, state, value, threshold, who, why, probes_left
    def trip(self, who: str, why: str) -> None: ...
    def reset(self, who: str, why: str, accept: bool = False) -> None: ...


class Reconciliation(Protocol):
    """Our records against the venues'; clearing or accepting the last break of an instrument lifts its stop.

    clear and accept look again first; they raise ValueError for what is not so, OSError when it cannot be recorded.
    """

    @property
    def blocks_rearm(self) -> str: ...  # why trading must not begin again; empty: it may

    async def run_now(
        self, reason: str, replay: bool
    ) -> Any: ...  # at_ns, state, breaks, accepted, orders, fills, positions, sources, partial, unsettled, complete
    async def clear(self, break_id: Any, who: str, why: str) -> Any: ...
    async def accept(self, break_id: Any, who: str, why: str) -> Any: ...
    def unresolved(self) -> Sequence[Any]: ...  # break_id, kind, venue, ...
    def accepted(self) -> Sequence[Any]: ...  # found (a break), who, why, at_ns, words, text


class OrderDesk(Protocol):
    """The way to the venues: cancels pass every stop, what closes a position passes the gate like any order."""

    def cancel_order(self, order_id: int) -> bool:
        """Ask for the cancel; False: no room for it now."""

    def cancel_scope(self, scope: str, index: int) -> bool:
        """Cancel everything open in it; False: no room for it now."""

    def close_position(self, instrument: int, strategy: int, account: int, venue: int, quantity: int) -> int:
        """Start a reduce-only parent that trades quantity (signed, of the position) to zero; its id, 0: no room."""


class OrderEntry(Protocol):
    """Orders by hand to a venue.  Raises TermsError, BusyError, NoAnswerError, and KeyError for an unknown order."""

    async def enter(self, person: str, terms: OrderTerms) -> Outcome: ...
    async def replace(self, person: str, order_id: int, quantity: int | None, price: str | None) -> Outcome: ...


class ParentEntry(Protocol):
    """Parent orders by hand.  Raises TermsError, BusyError, NoAnswerError, and KeyError for an unknown parent."""

    async def start(self, person: str, terms: ParentTerms) -> tuple[ParentRecord, str]: ...
    def cancel(self, parent_id: int) -> None: ...


class Parents(Protocol):
    """Parent orders of the day."""

    def get(self, parent_id: int) -> ParentRecord | None: ...
    def all(self) -> Sequence[ParentRecord]: ...


class Evidence(Protocol):
    """The router's decisions."""

    def decisions(self, order_id: int) -> Sequence[Any]: ...


class Alerts(Protocol):
    """What is wrong now; the history is in the state directory."""

    def active(self) -> Sequence[Any]: ...  # name, subject, text, raised_ns, seen_ns


class Throttles(Protocol):
    """The gate's repeated-execution throttles, by a strategy's number.  Raises ValueError for what is refused."""

    def reenable(self, strategy: int, who: str, why: str) -> None: ...


@dataclass
class Collaborators:
    """Everything operations work on; a part that this box does not have is None, and its commands are refused."""

    state_dir: Path
    clock_ns: Callable[[], int]
    directory: Directory
    words: Words
    kill_memory: KillMemory
    stops: StopStore
    audit: AuditLog
    box: BoxView
    blotter: Blotter | None = None
    ledger: Ledger | None = None
    limits: LimitBook | None = None
    breakers: Callable[[], Sequence[Breaker]] | None = None
    reconciliation: Reconciliation | None = None
    desk: OrderDesk | None = None
    entry: OrderEntry | None = None
    parent_entry: ParentEntry | None = None
    parents: Parents | None = None
    evidence: Evidence | None = None
    throttles: Throttles | None = None
    alerts: Alerts | None = None
    stakes: Callable[[], Iterable[Any]] = tuple  # what firm, accounts and strategies have at stake: AccountState
    order_quantity_max: Callable[[int, int], int] | None = None  # (instrument, price) -> most shares of one order
    trader_names: Mapping[int, str] = field(default_factory=dict)  # by number
    strategy_traders: Mapping[str, str] = field(default_factory=dict)  # strategy -> the trader it belongs to
