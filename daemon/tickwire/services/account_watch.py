"""What the firm, its accounts and its strategies have at stake, reckoned often and written down now and then."""

from collections.abc import Callable, Mapping
from dataclasses import asdict

from tickwire.config import Config
from tickwire.services.account_state import AccountState, account_states
from tickwire.services.blotter import Blotter
from tickwire.services.ledger import Ledger
from tickwire.services.ledger_book import FIRM, Scope
from tickwire.services.steward import Steward

WRITE_NS = 60_000_000_000


class AccountWatch(Steward):
    """``states`` is the last reckoning; the log has one a minute, so that a day can be told from it."""

    name = "account-state"
    interval_s = 1.0

    def __init__(self, config: Config, ledger: Ledger, blotter: Blotter, clock_ns: Callable[[], int]) -> None:
        super().__init__()
        self._ledger = ledger
        self._blotter = blotter
        self._clock_ns = clock_ns
        self._accounts = {item.number: item.name for item in config.accounts}
        self._strategies = {item.number: item.name for item in config.strategies}
        self._written_ns = clock_ns()
        self.states: Mapping[Scope, AccountState] = {}

    def check(self) -> str:
        """Reckon; write when it is time."""
        working = [order for order in self._blotter.orders.values() if order.open]
        self.states = account_states(self._ledger, working)
        now = self._clock_ns()
        if now - self._written_ns >= WRITE_NS:
            self._written_ns = now
            for scope, state in self.states.items():
                facts = {name: value for name, value in asdict(state).items() if name != "scope"}
                self.log.info("account_state", of=self._title(scope), **facts)
        return ""

    def _title(self, scope: Scope) -> str:
        if scope == FIRM:
            return "firm"
        if scope.account is not None:
            return f"account {self._accounts.get(scope.account, scope.account)}"
        return f"strategy {self._strategies.get(scope.strategy or 0, scope.strategy)}"
