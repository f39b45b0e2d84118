"""What commands answer.  Times in ns since the Unix epoch, quantities in shares; a name that ends in ``_1e4`` is money
or a price in 1/10 000 of the currency, in ``_1e6`` in 1/1 000 000.  None: not known."""

from typing import Any

from msgspec import Struct


class Answer(Struct, frozen=True, kw_only=True):
    """An answer."""


class Done(Answer, frozen=True):
    """What was done, a sentence each."""

    done: list[str]


class ServiceLine(Answer, frozen=True):
    """A service of the box: running or not, fit for trading or not, and what is wrong in words."""

    name: str
    healthy: bool
    ready: bool
    wrong: list[str]


class StopLine(Answer, frozen=True):
    """A scope in which something is stopped, and by what."""

    scope: str
    name: str
    stops: list[str]


class StakeLine(Answer, frozen=True):
    """What the firm, an account or a strategy has at stake today; known: all of it could be reckoned.

    Exposure counts working orders at their worse side; credit what was executed both ways and what works.
    """

    scope: str
    name: str
    gross_exposure_1e4: int
    net_exposure_1e4: int
    credit_used_1e4: int
    open_orders: int
    daily_loss_1e4: int
    net_profit_1e4: int
    high_water_mark_1e4: int
    drawdown_1e4: int
    known: bool
    stale: bool


class Status(Answer, frozen=True):
    """The box at a glance."""

    box: str
    version: str
    trading: bool
    wrong: list[str]
    warnings: list[str]  # what stops nothing and must be known
    armed: bool
    killed_ns: int
    epoch: int
    open_orders: int
    reconciled: bool
    realised_1e4: int
    unrealised_1e4: int
    fees_1e6: int
    unresolved_breaks: int
    accepted_differences: int
    services: list[ServiceLine]
    stops: list[StopLine]
    stakes: list[StakeLine]
    recording: str  # empty, or why operations cannot be recorded


class OrderLine(Answer, frozen=True):
    """One order."""

    order_id: int
    parent_id: int
    venue: str
    instrument: str
    account: str
    strategy: str
    trader: str
    trader_number: int
    side: str
    quantity: int
    executed: int
    leaves: int
    price_1e4: int
    average_price_1e4: int | None
    decision_price_1e4: int  # what slippage is measured from; 0: not said
    order_type: str
    order_type_number: int
    time_in_force: str
    time_in_force_number: int
    state: str
    slippage_1e4: int | None  # of all its fills together, positive when worse
    slippage_bps: float | None
    tick: int
    sent_ns: int
    report_ns: int
    reason: str


class OrderOutcome(Answer, frozen=True):
    """What became of an order by hand, in a word and in a sentence.

    state: refused (by the gate: verdict), not-sent, sent (the venue has not answered yet), live, filled, canceled,
    rejected.  order_id is 0 when it never got one.
    """

    state: str
    text: str
    order_id: int
    verdict: str
    executed: int
    leaves: int
    average_price_1e4: int | None
    decision_price_1e4: int


class ParentLine(Answer, frozen=True):
    """One parent order; what the router does not tell of a strategy's own is 0, empty or None.

    state: asked, working, filled, canceled, refused, lost.  doubtful: reports of it were missed.
    """

    parent_id: int
    source: str
    policy: str
    instrument: str
    strategy: str
    account: str
    side: str
    quantity: int
    executed: int
    working: int
    state: str
    reason: str
    verdict: str
    average_price_1e4: int | None
    decision_price_1e4: int
    slippage_bps: float | None
    slippage_1e4: int
    limit_price_1e4: int
    slippage_max_bps: float
    duration_s: float
    interval_s: float
    venues: list[str]
    started_ns: int
    report_ns: int
    doubtful: bool


class ParentOutcome(Answer, frozen=True):
    """A parent order as the router has answered, in a sentence and in figures."""

    text: str
    parent: ParentLine


class FillLine(Answer, frozen=True):
    """One execution, and what it brought; unrealised: of its shares that are still held, first in, first out."""

    order_id: int
    match_number: int
    venue: str
    instrument: str
    account: str
    strategy: str
    side: str
    quantity: int
    price_1e4: int
    liquidity: str
    venue_ns: int
    report_ns: int
    replayed: bool
    realised_1e4: int | None
    realised_fifo_1e4: int | None
    unrealised_1e4: int | None
    fee_1e6: int | None


class PositionLine(Answer, frozen=True):
    """One position and its P&L, or a sum: a name that it was summed over is empty, shares only of one instrument."""

    instrument: str
    strategy: str
    account: str
    venue: str
    quantity: int | None
    average_cost_1e4: int  # of all shares that are held
    cost_per_share_1e4: int | None
    fifo_cost_1e4: int
    realised_1e4: int
    realised_fifo_1e4: int
    unrealised_1e4: int
    fees_1e6: int
    high_water_mark_1e4: int | None
    drawdown_1e4: int | None
    mark_1e4: int | None
    mark_age_ns: int | None
    stale: bool


class Positions(Answer, frozen=True):
    """Positions; known is False while a venue's record is being replayed.

    groups: sums by what was asked for; net: over venues, of each instrument that was traded on more than one.
    """

    known: bool
    lines: list[PositionLine]
    groups: list[PositionLine]
    net: list[PositionLine]
    total: PositionLine


class VenueLine(Answer, frozen=True):
    """One venue; fees in 1/1 000 000 of the currency a share, negative for a rebate."""

    name: str
    mic: str
    session: str
    feed: str
    open_orders: int
    fee_taker_1e6: int
    fee_maker_1e6: int
    stops: list[str]


class LimitChange(Answer, frozen=True):
    """A change of a limit as the limit book records it."""

    change: dict[str, Any]


class LimitLine(Answer, frozen=True):
    """A limit by its dotted path, in the words of the configuration; waiting: numbers of changes that wait."""

    path: str
    effective: str
    standing: str
    unit: str
    override_ends_ns: int
    waiting: list[int]


class Limits(Answer, frozen=True):
    """Limits in force, and how they came to be."""

    limits: list[LimitLine]
    stakes: list[StakeLine]
    pending: list[dict[str, Any]]
    history: list[dict[str, Any]]


class BreakerLine(Answer, frozen=True):
    """One circuit breaker: what it measures now, against what, and who or what last moved it, and why."""

    scope: str
    name: str
    trigger: str
    state: str
    action: str
    value: str
    threshold: str
    who: str
    why: str
    probes_left: int


class BreakLine(Answer, frozen=True):
    """A difference between the box and a venue."""

    break_id: str
    kind: str
    venue: str
    instrument: str
    order_id: int
    ours: str
    theirs: str
    difference: str
    source: str
    text: str


class AcceptedLine(BreakLine, frozen=True):
    """A difference that a person has accepted and that has not gone; text says by whom, when and why, too."""

    accepted_by: str
    accepted_ns: int
    accepted_why: str


class Reconciled(Answer, frozen=True):
    """What was compared, and every difference; complete: everything was, and decided.

    state: break, accepted differences, partial or clean; accepted: what persons have accepted and still differs.
    """

    at_ns: int
    state: str
    complete: bool
    partial: list[str]
    unsettled: int
    sources: list[str]
    orders: int
    fills: int
    positions: int
    breaks: list[BreakLine]
    accepted: list[AcceptedLine]


class RearmPrepared(Answer, frozen=True):
    """What lifting a kill would let loose; code only when nothing stands against it."""

    state: list[str]
    open_orders: int
    positions: list[PositionLine]
    reconciled: bool
    accepted: list[AcceptedLine]
    against: list[str]
    code: str
    valid_s: int


class Canceled(Answer, frozen=True):
    """What was asked, and which of the orders it was about the venue still has open."""

    done: list[str]
    still_open: list[int]


class Flattened(Answer, frozen=True):
    """The parents that closed positions, and the orders that are open all the same."""

    done: list[str]
    parents: list[int]
    still_open: list[int]


class Audit(Answer, frozen=True):
    """Records of operations, oldest first; whole: every line's hash follows from the line before."""

    whole: bool
    problem: str
    lines: list[dict[str, Any]]


class Failure(Answer, frozen=True):
    """Why not: code is a word of ``errors``, text a sentence."""

    code: str
    text: str
