"""Which limits there are: a path each, in which direction it is looser, its bounds, and how a person writes it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Literal

from tickwire.config.kinds import DUPLICATE_MAX, MESSAGE_RATE_MAX, QUANTITY_MAX, WINDOW_COUNT_MAX
from tickwire.config.values import PRICE_SCALE, scaled

Value = int | str | bool

UINT32_MAX = 2**32 - 1
INT64_MAX = 2**63 - 1


class RefusedError(ValueError):
    """What was asked for is not done; the text tells a person why, and what would help."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One kind of limit.  ``choices`` are its values from the tightest to the loosest; without, it is a number."""

    looser: Literal["up", "down"] = "up"
    low: int = 0
    high: int = UINT32_MAX
    unit: str = ""
    scale: int = 1
    none: int | None = None  # a number that means that nothing is looked at
    choices: tuple[Value, ...] = ()

    def rank(self, value: Value) -> int:
        """A number that is greater the looser the value is."""
        if self.choices:
            return self.choices.index(value)
        if value == self.none:
            return INT64_MAX
        return int(value) if self.looser == "up" else -int(value)

    def is_valid(self, value: object) -> bool:
        """Whether the value, in the box's own units, may be set at all."""
        if self.choices:
            return any(value is choice or (isinstance(choice, str) and value == choice) for choice in self.choices)
        return type(value) is int and (self.low <= value <= self.high or value == self.none)

    def parse(self, text: object) -> Value:
        """A value as the configuration file would have it, in the box's own units.  Raises RefusedError."""
        if self.choices:
            return self._choice(text)
        try:
            value = scaled(text.strip() if isinstance(text, str) else text, self.scale, "a number")
        except ValueError:
            raise RefusedError(f"{_quoted(text)} is not {self.described()}") from None
        if not self.is_valid(value):
            raise RefusedError(f"{_quoted(text)} is out of bounds: {self.described()} is wanted")
        return value

    def show(self, value: Value) -> str:
        """As a person writes it."""
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, str) or self.scale == 1:
            return str(value)
        return f"{(Decimal(value) / self.scale).normalize():f}"

    def described(self) -> str:
        """What may be set, in words."""
        if self.choices:
            return "one of " + ", ".join(self.show(choice) for choice in self.choices)
        unit = f" {self.unit}" if self.unit else ""
        none = f", or {self.show(self.none)} for none" if self.none is not None else ""
        kind = "a whole number" if self.scale == 1 else "a number"
        return f"{kind} from {self.show(self.low)} to {self.show(self.high)}{unit}{none}"

    def _choice(self, text: object) -> Value:
        for choice in self.choices:
            if text is choice or (isinstance(text, str) and text.strip().lower() == self.show(choice)):
                return choice
        raise RefusedError(f"{_quoted(text)} is not {self.described()}")


def _quoted(text: object) -> str:
    return repr(text if not isinstance(text, str) else text[:80])


MONEY = Limit(high=INT64_MAX // 4, unit="of the currency", scale=PRICE_SCALE)
SHARES = Limit(low=1, high=2**31 - 1, unit="shares")
COUNT = Limit(low=1)
WINDOW_COUNT = Limit(low=1, high=WINDOW_COUNT_MAX)
MESSAGES = Limit(low=1, high=MESSAGE_RATE_MAX)
PPM = Limit(high=1_000_000, unit="parts per million")
WINDOW = Limit(looser="down", low=1, unit="ms")  # so many in a longer window are fewer
AGE = Limit(low=1, unit="ms")
GRANTED = Limit(choices=(False, True))  # true lets more through
DENIED = Limit(choices=(True, False))  # true lets less through

SCOPE: Mapping[str, Limit] = {
    "permitted": GRANTED,
    "gross_exposure_max": MONEY,
    "net_exposure_max": MONEY,
    "open_orders_max": COUNT,
}
KINDS: Mapping[str, Mapping[str, Limit]] = {
    "instruments": {
        "permitted": GRANTED,
        "restricted": DENIED,
        "order_quantity_max": Limit(low=1, high=QUANTITY_MAX, unit="shares"),
        "order_value_max": MONEY,
        "position_max": SHARES,
        "exposure_max": MONEY,
        "collar_ppm": PPM,
        "collar_ticks": Limit(low=1, unit="ticks"),
        "collar_last_ppm": Limit(low=1, high=1_000_000, unit="parts per million", none=0),
        "open_orders_max": COUNT,
        "orders_per_window_max": WINDOW_COUNT,
        "short_sale": Limit(choices=("deny", "allow")),
        "locate_quantity": Limit(high=2**31 - 1, unit="shares"),
    },
    "accounts": {**SCOPE, "credit_max": MONEY},
    "strategies": {
        **SCOPE,
        "orders_per_window_max": WINDOW_COUNT,
        "repeated_executions_max": WINDOW_COUNT,
        "repeated_window_ms": WINDOW,
    },
    "traders": {"permitted": GRANTED},
    "breakers": {"threshold": Limit(low=1, high=INT64_MAX // 4, unit="of the trigger", scale=PRICE_SCALE)},
    "risk": {
        "open_orders_max": COUNT,
        "message_rate_max": MESSAGES,
        "message_window_ms": WINDOW,
        "message_burst_max": MESSAGES,
        "message_burst_window_ms": WINDOW,
        "gross_exposure_max": MONEY,
        "net_exposure_max": MONEY,
        "credit_max": MONEY,
        "order_window_ms": WINDOW,
        "duplicate_window_ms": WINDOW,
        "duplicate_max": Limit(high=DUPLICATE_MAX),
        "self_match": Limit(choices=("refuse",)),
        "kill_allows_reducing": GRANTED,
        "limits_age_ms_max": AGE,
        "supervisor_age_ms_max": AGE,
        "tick_age_ms_max": AGE,
    },
}


def limit_of(path: str) -> Limit:
    """The kind of limit at a path, such as ``instruments.BRK.B.position_max`` or ``risk.credit_max``.

    Raises KeyError.
    """
    kind, _, rest = path.partition(".")
    return KINDS[kind][rest.rpartition(".")[2]]


def declare(paths: Iterable[str]) -> dict[str, Limit]:
    """The limits at the paths of a configuration.  Raises KeyError for a path that is no limit."""
    return {path: limit_of(path) for path in paths}


def find(declared: Mapping[str, Limit], path: str) -> Limit:
    """The limit at a path.  Raises RefusedError, with what may have been meant."""
    if path in declared:
        return declared[path]
    near = get_close_matches(path[:200], declared, n=3, cutoff=0.6)
    hint = f"; did you mean {' or '.join(near)}?" if near else "; `tickwire limits` lists them"
    raise RefusedError(f"there is no limit {_quoted(path)}{hint}")
