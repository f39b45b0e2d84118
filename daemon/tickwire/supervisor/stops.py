"""Stop words that outlast the segment: by name, so that a file whose order changed stops what it did before."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from tickwire.config import Config
from tickwire.host.logs import Log
from tickwire.native import Control
from tickwire.native.control import STOP_BITS
from tickwire.supervisor.state import write_text

ALL_BITS = sum(STOP_BITS.values())

Words = dict[str, dict[str, int]]  # scope -> name -> bits; the firm's name is ""


def scope_names(config: Config) -> Mapping[str, Mapping[str, int]]:
    """Each scope's names, with the index of each among its stop words."""
    return {
        "firm": {"": 0},
        "venue": {venue.name: index for index, venue in enumerate(config.venues)},
        "account": {account.name: account.number for account in config.accounts},
        "strategy": {strategy.name: strategy.number for strategy in config.strategies},
        "instrument": {instrument.symbol: index for index, instrument in enumerate(config.instruments)},
    }


def read_words(control: Control, config: Config) -> Words:
    """Every stop word that is not 0."""
    words: Words = {}
    for scope, names in scope_names(config).items():
        for name, index in names.items():
            if bits := control.stop_bits(scope, index):
                words.setdefault(scope, {})[name] = bits
    return words


def merge(first: Words, second: Words) -> Words:
    """What either of the two stops."""
    return {
        scope: {
            name: first.get(scope, {}).get(name, 0) | second.get(scope, {}).get(name, 0)
            for name in (*first.get(scope, {}), *second.get(scope, {}))
        }
        for scope in (*first, *second)
    }


def restore(control: Control, config: Config, words: Words) -> list[str]:
    """Set what was stopped; returns what the configuration has no longer."""
    gone: list[str] = []
    known = scope_names(config)
    for scope, names in words.items():
        for name, bits in names.items():
            if name in known.get(scope, {}):
                control.stop_set(scope, known[scope][name], bits)
            else:
                gone.append(f"{scope} {name}")
    return gone


class StopFile:
    """``state_dir/stops``: the stop words of the box, for its next life."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "stops"

    def read(self) -> Words:
        """The words; OSError for a file that cannot be read or makes no sense: nobody knows then what it stopped."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise OSError(f"{self._path} is damaged: {error}") from error
        if not _is_words(found):
            raise OSError(f"{self._path} is damaged: expected stop words by scope and name")
        return found  # type: ignore[no-any-return]

    def write(self, words: Words) -> None:
        """Replace them."""
        write_text(self._path, json.dumps(words, sort_keys=True))

    def add(self, scope: str, name: str, bits: int) -> None:
        """Stop one more scope: for a command that finds no supervisor alive."""
        self.write(merge(self.read(), {scope: {name: bits}}))


class Store(Protocol):
    """What outlasts the segment."""

    def remember_kill(self, kill: int) -> None:
        """Keep the firm's kill switch on across restarts."""

    def remember_stops(self, words: Words) -> None:
        """Keep these stop words across restarts, and no others."""


class Memory:
    """Looks at the kill switch and the stop words and writes down what changed; a full disk is said once."""

    def __init__(self, control: Control, config: Config, store: Store, log: Log) -> None:
        self._control = control
        self._config = config
        self._store = store
        self._log = log
        self._words: Words | None = None
        self._said = ""

    def look(self) -> None:
        """One look; does not raise when the disk does not let it write: the box must not be left alone then."""
        try:
            if self._control.kill:
                self._store.remember_kill(self._control.kill)
            if (words := read_words(self._control, self._config)) != self._words:
                self._store.remember_stops(words)
                self._words = words
            self._said = ""
        except OSError as error:
            if self._said != str(error):
                self._said = str(error)
                self._log.error("stops_not_remembered", reason=self._said)


def _is_words(found: object) -> bool:
    return isinstance(found, dict) and all(
        isinstance(names, dict) and all(isinstance(bits, int) and 0 <= bits <= ALL_BITS for bits in names.values())
        for names in found.values()
    )
