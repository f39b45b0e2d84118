"""How much of each limit is used, as the gate itself counts it."""

from collections.abc import Iterator, Sequence
from typing import Any

from tickwire.native import NativeError, Segment, lib

Place = tuple[str, int]  # scope (firm, account, strategy, instrument) and its index


class LimitUse:
    """Reads limits in force and table "exposure"; a venue has no limit that is counted there."""

    def __init__(self, segment: Segment) -> None:
        self._limits = segment.parameters("risk", "risk_limits")
        self._risk = segment.counters("risk-manager")
        self._table = segment.table("exposure", "risk_scope_exposure")

    def ratios(self, places: Sequence[Place]) -> Iterator[tuple[Place, str, float]]:
        """Place, limit and used share of it, 1 being all; nothing of a limit that is not set.

        Nothing at all while positions are unknown: half a replay is no position.
        """
        found = list(self._ratios(places))
        if self._risk[lib.RISK_COUNT_RECONCILED]:  # asked last: the gate takes it back before it shows other figures
            yield from found

    def _ratios(self, places: Sequence[Place]) -> Iterator[tuple[Place, str, float]]:
        try:
            limits = self._limits.read()
        except NativeError:  # its writer is in the middle of it
            return
        if limits is None:
            return
        for place in places:
            index, limit = _of(limits, *place)
            try:
                used = self._table.read(index)
            except NativeError:
                continue
            for name, ratio in _ratios(limit, used, place[0] == "instrument"):
                yield place, name, ratio


def _of(limits: Any, scope: str, index: int) -> tuple[int, Any]:
    """Where the scope's exposure is in the table, and its ``struct risk_..._limits``."""
    if scope == "account":
        return lib.RISK_SCOPE_ACCOUNT + index, limits.accounts[index]
    if scope == "strategy":
        return lib.RISK_SCOPE_STRATEGY + index, limits.strategies[index].scope
    if scope == "instrument":
        return lib.RISK_SCOPE_INSTRUMENT + index, limits.instruments[index]
    return lib.RISK_SCOPE_FIRM, limits.firm


def _ratios(limit: Any, used: Any, instrument: bool) -> Iterator[tuple[str, float]]:
    net = max(used.net_long, used.net_short)
    figures: dict[str, int] = {"open_orders_max": used.open_orders}
    if instrument:
        figures |= {"position_max": abs(used.position), "exposure_max": used.gross}
    else:
        figures |= {"gross_max": used.gross, "net_max": net, "credit_max": used.credit_used}
    for name, value in figures.items():
        if bound := getattr(limit, name):
            yield name, value / bound
