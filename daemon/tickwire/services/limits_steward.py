"""Puts in force what the limit book says, whenever it says something else."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tickwire.config import Config
from tickwire.config.effective import limit_values, with_limits
from tickwire.host.upkeep import Submit, at_once
from tickwire.services.limit_book import LimitBook, LimitView
from tickwire.services.limit_change import Change, Governance
from tickwire.services.limit_lease import Clocks
from tickwire.services.limit_paths import RefusedError, Value, declare
from tickwire.services.limit_store import LimitStore
from tickwire.services.steward import Steward


def open_limit_book(config: Config, folder: Path, clocks: Clocks, submit: Submit = at_once) -> LimitBook:
    """The limits of the configuration, as they stand after all that was changed since.  Raises OSError."""
    values = limit_values(config)
    governance = Governance(config.limits.approval, config.limits.override_s_max)
    return LimitBook(declare(values), values, LimitStore(folder), governance, clocks, submit)


class LimitSteward(Steward):
    """Looks at the book; and changes it for operators, so that a change is in force before it is answered.

    Refusals become what operators expect: KeyError for what does not exist, ValueError for what may not be.
    """

    name = "limits"

    def __init__(self, config: Config, book: LimitBook, enforce: Sequence[Callable[[Config], None]]) -> None:
        """enforce is called with the configuration whose limits are in force from then on."""
        super().__init__()
        self._config = config
        self._book = book
        self._enforce = tuple(enforce)
        self._values: Mapping[str, Value] = limit_values(config)
        self.check()

    def check(self) -> str:
        """Enforce what is in force."""
        values = self._book.effective()
        if values == self._values:
            return ""
        changed = sorted(path for path, value in values.items() if value != self._values.get(path))
        effective = with_limits(self._config, values)
        for enforce in self._enforce:
            enforce(effective)
        self._values = dict(values)
        return f"in force: {', '.join(f'{path} = {values[path]}' for path in changed)}"

    def views(self) -> Sequence[LimitView]:
        """Every limit, as a person writes it."""
        return self._book.views()

    def propose(self, who: str, role: str, path: str, value: Any, why: str, expires_s: int | None = None) -> Change:
        """Change a limit, or ask a second person."""
        if path not in self._values:
            raise KeyError(f"no limit {path[:200]!r}")
        return self._done(self._book.propose, who, role, path, value, why, expires_s=expires_s)

    def approve(self, change_id: int, who: str, role: str) -> Change:
        """The second person's word."""
        return self._done(self._book.approve, change_id, who, role)

    def reject(self, change_id: int, who: str, role: str, why: str) -> Change:
        """Let a change fall that waits."""
        return self._done(self._book.reject, change_id, who, role, why)

    def pending(self) -> Sequence[Change]:
        """What waits for a second person."""
        return self._book.pending()

    def history(self, count: int = 100) -> Sequence[dict[str, Any]]:
        """The last entries of the record of changes."""
        return self._book.history(count)

    def _done(self, change: Any, *arguments: Any, **named: Any) -> Change:
        try:
            made: Change = change(*arguments, **named)
        except RefusedError as error:
            raise ValueError(str(error)) from error
        if said := self.check():
            self.log.warning("limits_changed", said=said)
        return made
