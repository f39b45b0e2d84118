"""The table of commands: what a person may ask, in which words, and who may ask it.

HTTP routes, ZeroMQ messages, the OpenAPI description and the roles all come from here.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta, Struct

from tickwire.api import answers, evidence_answers
from tickwire.api.people import Role

ScopeKind = Literal["firm", "account", "strategy", "venue", "instrument"]
SCOPES: tuple[ScopeKind, ...] = get_args(ScopeKind)

Reason = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z",
        description="why, in at most 200 characters; it goes to the record",
    ),
]
Name = Annotated[str, Meta(pattern=r"^[!-~]{0,32}\Z", description="a name of the configuration")]
Path = Annotated[str, Meta(pattern=r"^[!-~]{0,128}\Z", description="dotted, e.g. instruments.AAPL.position_max")]
Identifier = Annotated[str, Meta(pattern=r"^[!-~]{1,64}\Z")]
OrderId = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Quantity = Annotated[int, Meta(ge=1, le=999_999, description="shares")]
Shares = Annotated[int, Meta(ge=0, le=999_999, description="shares; 0: not asked for")]
Price = Annotated[
    str, Meta(pattern=r"^[0-9]{1,9}(\.[0-9]{1,4})?\Z", description="a decimal of the currency, in a string: 100.05")
]
Offset = Annotated[
    str,
    Meta(pattern=r"^-?[0-9]{1,6}(\.[0-9]{1,4})?\Z", description="a decimal; positive towards the other side"),
]
Side = Literal["buy", "sell"]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
LimitValue = bool | Annotated[int, Meta(ge=-(2**62), le=2**62)] | Annotated[str, Meta(max_length=40)]
Lines = Annotated[int, Meta(ge=1, le=1000)]


class Request(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a command is given."""


class Nothing(Request, frozen=True):
    """No arguments."""


class Scope(Request, frozen=True):
    """What a command is about; firm needs no name."""

    scope: ScopeKind = "firm"
    name: Name = ""


class ScopeWithReason(Scope, frozen=True, kw_only=True):
    """A scope and why."""

    reason: Reason


class RearmPrepare(Scope, frozen=True, kw_only=True):
    """What is to be let go; accept_differences: though differences stand that were accepted."""

    accept_differences: bool = False


class RearmConfirm(RearmPrepare, frozen=True, kw_only=True):
    """The second step: the code of the first, and why."""

    code: Identifier
    reason: Reason


class Cancel(Request, frozen=True, kw_only=True):
    """One order by its id, or every open order of a scope; all of them: scope firm."""

    reason: Reason
    order_id: OrderId | None = None
    scope: ScopeKind | None = None
    name: Name = ""


class OrdersOf(Scope, frozen=True, kw_only=True):
    """Orders of a scope, newest first."""

    state: Literal["open", "all"] = "open"
    order_id: OrderId | None = None
    lines: Lines = 100


class FillsOf(Scope, frozen=True, kw_only=True):
    """Fills of a scope, newest first."""

    order_id: OrderId | None = None
    lines: Lines = 100


class PositionsOf(Scope, frozen=True, kw_only=True):
    """Positions of a scope, also summed up by something."""

    by: Literal["", "instrument", "strategy", "account", "venue", "firm"] = ""


class AlertsOf(Request, frozen=True):
    """What is wrong now, and if history is asked for, the last entries of it."""

    history: bool = False
    lines: Lines = 100


class LimitsOf(Request, frozen=True):
    """Limits whose path begins so; all without one."""

    path: Path = ""


class LimitPropose(Request, frozen=True):
    """A new value of a limit, in the units of the configuration file."""

    path: Path
    value: LimitValue
    reason: Reason


class LimitOverride(LimitPropose, frozen=True, kw_only=True):
    """A value that holds for a time and then goes back by itself."""

    expires_s: Annotated[int, Meta(ge=1, le=86_400)]


class LimitApprove(Request, frozen=True):
    """The second person's word on a change that waits, by its number."""

    change: Annotated[int, Meta(ge=1, le=2**53)]


class LimitReject(LimitApprove, frozen=True, kw_only=True):
    """A change that waits is let fall."""

    reason: Reason


class BreakerOf(ScopeWithReason, frozen=True, kw_only=True):
    """A breaker; without a trigger every one of the scope."""

    trigger: Literal["", "loss", "drawdown", "reject-rate", "latency", "disconnects"] = ""


class BreakerReset(BreakerOf, frozen=True, kw_only=True):
    """accept: close it though a loss is still past its threshold, which counts from there then."""

    accept: bool = False


class ThrottleReset(Request, frozen=True):
    """The strategy whose repeated-execution throttle a person lifts."""

    strategy: Name
    reason: Reason


class Reconcile(Request, frozen=True):
    """Compare now; replay also asks the venue for its whole record, which shuts the gate meanwhile."""

    reason: Reason = "asked for"
    replay: bool = False


class BreakClear(Request, frozen=True):
    """A break that is gone, as a person says who has looked into it."""

    break_id: Identifier
    reason: Reason


class BreakAccept(BreakClear, frozen=True):
    """A break that stands, and with which trading is to go on."""


class OrderOf(Request, frozen=True):
    """One order."""

    order_id: OrderId


class OrderEnter(Request, frozen=True, kw_only=True):
    """An order for one venue (the strategy's own unless it is said), and why."""

    strategy: Name
    instrument: Name
    side: Side
    quantity: Quantity
    reason: Reason
    order_type: Literal["limit", "market", "peg-primary", "peg-market", "peg-midpoint"] = "limit"
    price: Price | None = None
    venue: Name = ""
    time_in_force: Literal["day", "ioc", "extended"] | None = None
    post_only: bool = False
    hidden: bool = False
    display: Shares = 0
    minimum: Shares = 0
    peg_offset: Offset | None = None
    reduce_only: bool = False


class OrderReplace(Request, frozen=True, kw_only=True):
    """Another quantity (of the whole order, what was executed included) or price of an open order, and why."""

    order_id: OrderId
    reason: Reason
    quantity: Quantity | None = None
    price: Price | None = None


class ParentStart(Request, frozen=True, kw_only=True):
    """An order that the router works on all venues, or on those that are named, and why."""

    policy: Literal["sweep", "post", "twap"]
    strategy: Name
    instrument: Name
    side: Side
    quantity: Quantity
    reason: Reason
    limit: Price | None = None
    duration_s: Seconds | None = None
    interval_s: Seconds | None = None
    slippage_bps: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    venues: Annotated[list[Name], Meta(max_length=4)] = []
    display: Shares = 0
    reduce_only: bool = False


class ParentCancel(Request, frozen=True, kw_only=True):
    """A parent order that is to end, with everything of it that works, and why."""

    parent_id: OrderId
    reason: Reason


class ParentsOf(Request, frozen=True, kw_only=True):
    """Parent orders, newest first; those of strategies too only when all are asked for."""

    parent_id: OrderId | None = None
    state: Literal["open", "all"] = "all"
    source: Literal["operator", "all"] = "operator"
    lines: Lines = 100


class AuditTail(Request, frozen=True):
    """The last lines of the record of operations."""

    lines: Lines = 20


class KillSeen(ScopeWithReason, frozen=True, kw_only=True):
    """A kill; ``thrown`` says that the command line has written the segment itself already."""

    thrown: bool = False


@dataclass(frozen=True)
class Command:
    """One line of the table.  ``changes``: it does something, so it is recorded before it is done."""

    name: str
    request: type[Request]
    answer: Any
    roles: frozenset[Role]
    says: str
    changes: bool = True
    seconds_max: float = 10.0


_ALL = frozenset(Role)
_TRADER = frozenset({Role.TRADER, Role.RISK_OFFICER})
_OFFICER = frozenset({Role.RISK_OFFICER})


def _query(name: str, request: type[Request], answer: Any, says: str) -> Command:
    return Command(name, request, answer, _ALL, says, changes=False)


_TABLE = (
    _query("status", Nothing, answers.Status, "The box at a glance: is it trading, and if not, why not."),
    _query("orders", OrdersOf, list[answers.OrderLine], "Orders of the day, open ones unless all are asked for."),
    _query("fills", FillsOf, list[answers.FillLine], "Executions of the day."),
    _query(
        "positions", PositionsOf, answers.Positions, "Positions and P&L by instrument, strategy, account and venue."
    ),
    _query("venues", Nothing, list[answers.VenueLine], "Venues: session, feed, fees, stops."),
    _query(
        "best-execution", OrderOf, evidence_answers.BestExecution, "What every venue showed when the order was routed."
    ),
    _query("parents", ParentsOf, list[answers.ParentLine], "Parent orders of the day: how far, at what price."),
    _query("limits", LimitsOf, answers.Limits, "Limits in force, pending changes, the latest changes."),
    _query("breakers", Nothing, list[answers.BreakerLine], "Circuit breakers and their states."),
    _query("breaks", Nothing, list[answers.BreakLine], "Reconciliation breaks that nobody has cleared."),
    _query("accepted-differences", Nothing, list[answers.AcceptedLine], "Differences that were accepted and stand."),
    _query("alerts", AlertsOf, evidence_answers.Alerts, "What is wrong now; the history of it."),
    _query("audit", AuditTail, answers.Audit, "The last operations, and whether the record's chain is whole."),
    Command("kill", KillSeen, answers.Done, _TRADER, "Cancel all of the scope; nothing new until re-armed."),
    Command(
        "rearm-prepare", RearmPrepare, answers.RearmPrepared, _OFFICER, "First step: what is open, and a code for 60 s."
    ),
    Command("rearm-confirm", RearmConfirm, answers.Done, _OFFICER, "Second step: lift the kill with code and reason."),
    Command("pause", ScopeWithReason, answers.Done, _TRADER, "Nothing new in the scope; open orders stay."),
    Command("resume", ScopeWithReason, answers.Done, _TRADER, "End a pause; a trader only their own."),
    Command("cancel", Cancel, answers.Canceled, _TRADER, "Cancel an order, or every open order of a scope."),
    Command("order-enter", OrderEnter, answers.OrderOutcome, _TRADER, "An order by hand, and what became of it."),
    Command("order-replace", OrderReplace, answers.OrderOutcome, _TRADER, "Another quantity or price of an order."),
    Command("parent-start", ParentStart, answers.ParentOutcome, _TRADER, "A parent order by hand: sweep, post, twap."),
    Command("parent-cancel", ParentCancel, answers.Done, _TRADER, "End a parent order."),
    Command(
        "flatten",
        ScopeWithReason,
        answers.Flattened,
        _TRADER,
        "Pause, cancel, and close every position.",
        seconds_max=30.0,
    ),
    Command("limit-propose", LimitPropose, answers.LimitChange, _OFFICER, "Change a limit."),
    Command("limit-override", LimitOverride, answers.LimitChange, _OFFICER, "Change a limit for a time."),
    Command("limit-approve", LimitApprove, answers.LimitChange, _OFFICER, "Approve another person's change."),
    Command("limit-reject", LimitReject, answers.LimitChange, _OFFICER, "Let a change fall that waits."),
    Command("breaker-trip", BreakerOf, answers.Done, _TRADER, "Open a circuit breaker by hand."),
    Command("breaker-reset", BreakerReset, answers.Done, _OFFICER, "Close a circuit breaker by hand."),
    Command("throttle-reset", ThrottleReset, answers.Done, _OFFICER, "Re-enable a strategy after its throttle."),
    Command("reconcile", Reconcile, answers.Reconciled, _TRADER, "Compare with the venues now.", seconds_max=60.0),
    Command("break-clear", BreakClear, answers.Done, _OFFICER, "Clear a break that is gone.", seconds_max=60.0),
    Command("break-accept", BreakAccept, answers.Done, _OFFICER, "Trade on with one that stands.", seconds_max=60.0),
)
COMMANDS: dict[str, Command] = {command.name: command for command in _TABLE}
