"""What tests of the slow half of risk share: fills, and clocks that a test moves."""

from dataclasses import dataclass

from tickwire.native import lib


@dataclass(frozen=True)
class Fill:
    """An execution as the blotter tells it."""

    order_id: int
    match_number: int
    side: int
    quantity: int
    price: int
    instrument: int = 0
    strategy: int = 1
    account: int = 1
    venue: int = 0
    liquidity: str = "R"
    sequence: int = 1


def fill(signed: int, price: int, match: int, **fields: int | str) -> Fill:
    """A fill of ``signed`` shares, positive for bought, of order ``match``."""
    side = lib.SIDE_BUY if signed > 0 else lib.SIDE_SELL
    return Fill(match, match, side, abs(signed), price, **fields)  # type: ignore[arg-type]


class Time:
    """A clock that stands until it is moved."""

    def __init__(self, now_ns: int = 1_000_000_000_000) -> None:
        self.now_ns = now_ns

    def __call__(self) -> int:
        return self.now_ns

    def pass_s(self, seconds: float) -> None:
        """Move it; backwards too."""
        self.now_ns += round(seconds * 1e9)
