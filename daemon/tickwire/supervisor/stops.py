"""Stop words and what outlasts the segment of them: by name, so that a file in another order stops what it did."""

from typing import Protocol

from tickwire.api.scopes import KEPT, Directory, Key, Target
from tickwire.api.stops import StopStore
from tickwire.config import Config
from tickwire.host.logs import Log
from tickwire.native import Control


class KillStore(Protocol):
    """Where the firm's kill switch is remembered."""

    def remember_kill(self, kill: int) -> None:
        """Keep it on across restarts."""

    def rearm(self) -> None:
        """Forget it: a person has said so."""


def directory_of(config: Config) -> Directory:
    """The configuration's names, and the index of each among its stop words."""
    return Directory(
        {
            "venue": {venue.name: index for index, venue in enumerate(config.venues)},
            "account": {account.name: account.number for account in config.accounts},
            "strategy": {strategy.name: strategy.number for strategy in config.strategies},
            "instrument": {instrument.symbol: index for index, instrument in enumerate(config.instruments)},
        }
    )


def kept_words(control: Control, directory: Directory) -> dict[Target, int]:
    """What of each stop word is to outlast the segment; only words that have any."""
    words = {target: control.stop_bits(target.scope, target.index) & KEPT for target in directory.targets()}
    return {target: bits for target, bits in words.items() if bits}


def restore(control: Control, directory: Directory, store: StopStore) -> list[str]:
    """Set what was stopped; returns what the configuration has no longer.  OSError: nobody knows what was stopped."""
    known: dict[Key, Target] = {target.key: target for target in directory.targets()}
    gone: list[str] = []
    for key, kept in store.read().items():
        if target := known.get(key):
            control.stop_set(target.scope, target.index, kept.bits)
        else:
            gone.append(" ".join(key))
    return gone


def take_over(control: Control, directory: Directory, store: StopStore) -> None:
    """Remember the stop words of an earlier segment too: nothing is set free by a crash.  Raises OSError."""
    for target, bits in kept_words(control, directory).items():
        store.add(target.key, bits)


class WordStore(Protocol):
    """Where the other stops are: ``StopStore``."""

    def add(self, key: Key, bits: int) -> None:
        """Keep these bits too."""

    def remove(self, key: Key, bits: int) -> None:
        """Forget these."""


class Memory:
    """Looks at the kill switch and the stop words and writes down what changed; a full disk is said once."""

    def __init__(
        self, control: Control, directory: Directory, kill_store: KillStore, store: WordStore, log: Log
    ) -> None:
        self._control = control
        self._directory = directory
        self._kill_store = kill_store
        self._store = store
        self._log = log
        self._kept: dict[Target, int] = {}
        self._said = ""

    def look(self) -> None:
        """One look; does not raise when the disk does not let it write: the box must not be left alone then."""
        try:
            if kill := self._control.kill:
                self._kill_store.remember_kill(kill)
                if not self._control.kill:  # re-armed while it was written down
                    self._kill_store.rearm()
            self._keep(kept_words(self._control, self._directory))
            self._said = ""
        except OSError as error:
            if self._said != str(error):
                self._said = str(error)
                self._log.error("stops_not_remembered", reason=self._said)

    def _keep(self, words: dict[Target, int]) -> None:
        for target in {*words, *self._kept}:
            before, now = self._kept.get(target, 0), words.get(target, 0)
            if now & ~before:
                self._store.add(target.key, now & ~before)
            if before & ~now:
                self._store.remove(target.key, before & ~now)
            self._kept[target] = now
