"""The router's pure core, without rings: for tests, simulation and measurement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tickwire.native._native import ffi, lib
from tickwire.native.errors import check
from tickwire.native.metric import Histogram


class Router:
    """A ``struct router``: from parent orders, markets and reports to the intents of their children."""

    def __init__(self, venue_count: int) -> None:
        out = ffi.new("struct router **")
        check(lib.router_create(venue_count, out), "cannot create a router")
        self._router = ffi.gc(out[0], lib.router_destroy)

    def parameters(self, parameters: Any) -> None:
        """Take ``struct route_parameters *`` over."""
        lib.router_parameters(self._router, parameters)

    def stopped(self, venues: int, reducing: int = 0) -> None:
        """A bit a venue to which nothing may go; reducing: not even what only reduces."""
        lib.router_stopped(self._router, venues, reducing)

    def market(self, update: Any) -> None:
        """Take a ``struct market_update *``."""
        lib.router_market(self._router, update)

    def report(self, report: Any) -> None:
        """Follow children by a ``struct execution_report *``."""
        lib.router_report(self._router, report)

    def refusal(self, refusal: Any) -> None:
        """Take the gate's ``struct risk_refusal *``."""
        lib.router_refusal(self._router, refusal)

    def parent(self, order: Any) -> bool:
        """Take a ``struct parent_order *``; False: not now, too many refusals wait to be told."""
        return int(lib.router_parent(self._router, order)) == 0

    def advance(self, now_ns: int) -> None:
        """Let time pass up to now_ns."""
        lib.router_advance(self._router, now_ns)

    def intents(self) -> list[Any]:
        """Decide everything that is due; the intents (``struct order_intent *``), which count as sent."""
        return list(self._drain("order_intent", lib.router_next_intent))

    def evidence(self) -> list[Any]:
        """What the decisions since the last call were based on (``struct route_evidence *``)."""
        return list(self._drain("route_evidence", lib.router_next_evidence))

    def reports(self) -> list[Any]:
        """How the parents are that changed since the last call (``struct parent_report *``)."""
        return list(self._drain("parent_report", lib.router_next_report))

    def count(self, counter: int) -> int:
        """One of ``enum route_counter``."""
        return int(lib.router_count(self._router, counter))

    def measure(self, order: Any, rounds: int, histogram: Histogram) -> int:
        """Time parents until their first intent into histogram, ns each; how many intents there were."""
        return int(lib.router_measure(self._router, order, rounds, histogram.pointer))

    def _drain(self, struct: str, fetch: Any) -> Iterator[Any]:
        while True:
            one = ffi.new(f"struct {struct} *")
            if not fetch(self._router, one):
                return
            yield one
