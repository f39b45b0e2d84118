"""What went otherwise than wanted with an order, in the log: refused, not sent, rejected, broken.

The log is for people and for searching, not the record: what is ordinary is not in it, and a flood is counted.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from tickwire.config import Config
from tickwire.native import Ring, enum_names, lib
from tickwire.native.trading import verdict_name
from tickwire.services.steward import Steward

LINES_MAX = 10  # of one event and reason in one interval; the others are counted
INTERVAL_NS = 1_000_000_000
REFUSED_INTERVAL_NS = 60_000_000_000  # a refusal is told once, then counted for as long as no such time is without one
READ_MAX = 1024
TOLD = {
    lib.REPORT_NOT_SENT: "order_not_sent",
    lib.REPORT_REJECTED: "order_rejected",
    lib.REPORT_CANCEL_REJECTED: "cancel_rejected",
    lib.REPORT_BROKEN: "trade_broken",
    lib.REPORT_RESTATED: "order_restated",
}
NOT_SENT = {value: name for name, value in enum_names("not_sent_reason", "NOT_SENT_").items()}


class OrderLog(Steward):
    """Observes rings "verdict" and "blotter"; holds nobody back, and says when it came too late."""

    name = "orders"
    interval_s = 0.05

    def __init__(self, config: Config, verdicts: Ring, reports: Ring, clock_ns: Callable[[], int]) -> None:
        super().__init__()
        self._symbols = config.symbols
        self._venues = [venue.name for venue in config.venues]
        self._sessions = [f"{venue.execution.username}@{venue.name}" for venue in config.venues]
        self._accounts = _by_number(config.accounts)
        self._strategies = _by_number(config.strategies)
        self._traders = _by_number(config.traders)
        self._algorithms = {strategy.number: strategy.algorithm for strategy in config.strategies}
        self._verdicts = verdicts.observer()
        self._reports = reports.observer()
        self._clock_ns = clock_ns
        self._since_ns = 0
        self._counts: Counter[tuple[str, str]] = Counter()
        self._refused_since_ns = 0
        self._refused: dict[tuple[str, int], int] = {}  # by reason and strategy: how many since one was last told
        self._missed = 0

    def check(self) -> str:
        """Write down what came since the last look."""
        now = self._clock_ns()
        if now - self._since_ns >= INTERVAL_NS:
            self._say_left_out()
            self._since_ns = now
        if now - self._refused_since_ns >= REFUSED_INTERVAL_NS:
            self._count_refused()
            self._refused_since_ns = now
        for refusal in self._verdicts.read(READ_MAX):
            self._refuse(refusal)
        for report in self._reports.read(READ_MAX):
            if (event := TOLD.get(report.kind)) and not _is_ordinary(report):
                self._tell(event, _reason(report), report, order_id=report.order_id, sequence=report.sequence)
        missed = self._verdicts.missed + self._reports.missed
        if missed == self._missed:
            return ""
        said, self._missed = f"{missed - self._missed} records came and went before they could be logged", missed
        return said

    def _refuse(self, refusal: Any) -> None:
        """Whoever is stopped asks again and again, and is told the same: the first says it."""
        key = verdict_name(refusal.verdict), int(refusal.strategy)
        if key in self._refused:
            self._refused[key] += 1
            return
        self._refused[key] = 0
        self._tell("order_refused", key[0], refusal, order_id=refusal.target_order_id)

    def _count_refused(self) -> None:
        for (reason, strategy), count in list(self._refused.items()):
            if not count:
                del self._refused[reason, strategy]
                continue
            self._refused[reason, strategy] = 0
            name = self._strategies.get(strategy, strategy)
            self.log.warning("order_refused_more", reason=reason, strategy=name, count=count)

    def _tell(self, event: str, reason: str, record: Any, **facts: int) -> None:
        self._counts[event, reason] += 1
        if self._counts[event, reason] > LINES_MAX:
            return
        self.log.warning(
            event,
            reason=reason,
            **{name: value for name, value in facts.items() if value},
            tick=record.tick,
            symbol=_name(self._symbols, record.instrument),
            side="sell" if record.side == lib.SIDE_SELL else "buy",
            quantity=record.quantity,
            price_1e4=record.price,
            venue=_name(self._venues, record.venue),
            session=_name(self._sessions, record.venue),
            strategy=self._strategies.get(record.strategy, record.strategy),
            algorithm=self._algorithms.get(record.strategy, ""),
            account=self._accounts.get(record.account, record.account),
            trader=self._traders.get(record.trader, record.trader),
        )

    def _say_left_out(self) -> None:
        for (event, reason), count in self._counts.items():
            if count > LINES_MAX:
                self.log.warning(f"{event}_more", reason=reason, count=count - LINES_MAX)
        self._counts.clear()


def _is_ordinary(report: Any) -> bool:
    """Told before, or how things go: a replace that crossed the end of its order."""
    replayed = report.flags & lib.REPORT_REPLAYED
    return bool(replayed) or (report.kind == lib.REPORT_NOT_SENT and report.reason == lib.NOT_SENT_SUPERSEDED)


def _reason(report: Any) -> str:
    if report.kind == lib.REPORT_NOT_SENT:
        return NOT_SENT.get(report.reason, str(report.reason))
    return chr(report.reason) if 32 < report.reason < 127 else str(report.reason)


def _by_number(entries: Sequence[Any]) -> dict[int, str]:
    return {entry.number: entry.name for entry in entries}


def _name(names: Sequence[str], index: int) -> str:
    return names[index] if index < len(names) else str(index)
