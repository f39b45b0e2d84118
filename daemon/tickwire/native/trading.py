"""The pure cores of the trading stages: gate, signal rule and position book without rings, for tests and simulation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tickwire.native._native import ffi, lib
from tickwire.native.errors import check
from tickwire.native.metric import Histogram


def record(struct: str, **fields: Any) -> Any:
    """A new ``struct struct *`` with the given fields; the others are 0."""
    return ffi.new(f"struct {struct} *", fields)


def verdict_name(verdict: int) -> str:
    """For example ``price_collar``."""
    return str(ffi.typeof("enum risk_verdict").elements[verdict]).removeprefix("RISK_").lower()


@dataclass(frozen=True)
class Exposure:
    """What an instrument holds in the gate; shares, the open ones by side."""

    position: int
    open_buy: int
    open_sell: int
    open_orders: int


class RiskGate:
    """A ``struct risk_gate``: judges intents and reserves their exposure until reports settle it."""

    def __init__(self, order_count_max: int = 64) -> None:
        out = ffi.new("struct risk_gate **")
        check(lib.risk_gate_create(order_count_max, out), "cannot create a gate")
        self._gate = ffi.gc(out[0], lib.risk_gate_destroy)

    def limits(self, limits: Any, published_ns: int) -> None:
        """Take ``struct risk_limits *`` over."""
        lib.risk_gate_limits(self._gate, limits, published_ns)

    def market(self, update: Any) -> None:
        """Take a ``struct market_update *``."""
        lib.risk_gate_market(self._gate, update)

    def report(self, report: Any) -> int:
        """Settle by a ``struct execution_report *``; 1 applied, 0 without effect, ERROR_NOT_FOUND: unknown order."""
        return int(lib.risk_gate_report(self._gate, report))

    def judge(self, intent: Any, moment: Any) -> str:
        """The verdict's name; nothing changes."""
        return verdict_name(lib.risk_gate_judge(self._gate, intent, moment))

    def reserve(self, intent: Any, moment: Any) -> tuple[str, Any]:
        """The verdict's name and, if it is ``pass``, the ``struct order *`` that may be sent."""
        order = ffi.new("struct order *")
        verdict = verdict_name(lib.risk_gate_reserve(self._gate, intent, moment, order))
        return verdict, order if verdict == "pass" else None

    def exposure(self, instrument: int) -> Exposure:
        """Position and open exposure of one instrument."""
        out = ffi.new("struct risk_exposure *")
        lib.risk_gate_exposure(self._gate, instrument, out)
        return Exposure(out.position, out.open_buy, out.open_sell, out.open_orders)

    def scope(self, kind: str, number: int = 0) -> Any:
        """``struct risk_scope_exposure *`` of the firm, or of the account, strategy or instrument of that number."""
        out = ffi.new("struct risk_scope_exposure *")
        lib.risk_gate_scope(self._gate, getattr(lib, f"RISK_SCOPE_{kind.upper()}") + number, out)
        return out

    def throttle(self, strategy: int) -> None:
        """Latch a strategy's throttle, as a gate of an earlier life had."""
        lib.risk_gate_throttle(self._gate, strategy)

    @property
    def open_orders(self) -> int:
        """Orders that may still be executed, all instruments."""
        return int(lib.risk_gate_open_orders(self._gate))

    @property
    def reconciled(self) -> bool:
        """Whether own orders and positions are known."""
        return bool(lib.risk_gate_reconciled(self._gate))

    def measure(self, intents: Any, moment: Any, batch: int, rounds: int, histogram: Histogram) -> int:
        """Time ``rounds`` batches of reservations of an array of intents into histogram, ns each; how many passed."""
        size = len(intents)
        return int(lib.risk_gate_measure(self._gate, intents, size, moment, batch, rounds, histogram.pointer))


class SignalRule:
    """A ``struct signal_rule``: from updates and reports to intents."""

    def __init__(self, venue_count: int = 1) -> None:
        out = ffi.new("struct signal_rule **")
        check(lib.signal_rule_create(venue_count, out), "cannot create a rule")
        self._rule = ffi.gc(out[0], lib.signal_rule_destroy)

    def parameters(self, parameters: Any) -> bool:
        """Take ``struct signal_parameters *`` over; whether they name another strategy, so that a replay is needed."""
        return bool(lib.signal_rule_parameters(self._rule, parameters))

    def update(self, update: Any) -> bool:
        """Take a ``struct market_update *``; whether it superseded one that was not decided upon."""
        return bool(lib.signal_rule_update(self._rule, update))

    def report(self, report: Any) -> None:
        """Follow own orders by a ``struct execution_report *``."""
        lib.signal_rule_report(self._rule, report)

    def refusal(self, refusal: Any) -> None:
        """Take the gate's ``struct risk_refusal *``."""
        lib.signal_rule_refusal(self._rule, refusal)

    def parent_report(self, report: Any) -> None:
        """Take the router's ``struct parent_report *``."""
        lib.signal_rule_parent_report(self._rule, report)

    def review(self) -> None:
        """Let refused cancels be tried again."""
        lib.signal_rule_review(self._rule)

    def decide(self) -> list[Any]:
        """Decide everything due; ``struct order_intent *`` and ``struct parent_order *``, which count as sent."""
        wanted = []
        while lib.signal_rule_due(self._rule):
            intent, parent = ffi.new("struct order_intent *"), ffi.new("struct parent_order *")
            outcome = lib.signal_rule_decide(self._rule, intent, parent)
            if outcome in (lib.SIGNAL_INTENT, lib.SIGNAL_PARENT):
                wanted.append(intent if outcome == lib.SIGNAL_INTENT else parent)
        return wanted

    def position(self, instrument: int) -> int:
        """Shares held by its own count."""
        return int(lib.signal_rule_position(self._rule, instrument))


class PositionBook:
    """A ``struct position_book``: quantity, cost and profit from fills and marks."""

    def __init__(self, venue_count: int = 1) -> None:
        out = ffi.new("struct position_book **")
        check(lib.position_book_create(venue_count, out), "cannot create a position book")
        self._book = ffi.gc(out[0], lib.position_book_destroy)

    def report(self, report: Any) -> int:
        """Apply a ``struct execution_report *``; its ``enum position_effect``."""
        return int(lib.position_book_report(self._book, report, ffi.new("uint32_t *")))

    def mark(self, update: Any) -> bool:
        """Mark to the mid of a ``struct market_update *``; whether the mark moved."""
        return bool(lib.position_book_mark(self._book, update))

    def entry(self, instrument: int) -> Any:
        """The live ``const struct position_entry *``."""
        return lib.position_book_entry(self._book, instrument)
