"""What a venue charges for an execution, by its liquidity flag."""

from dataclasses import dataclass

FEE_PER_MONEY = 100  # of fees' 1/1 000 000 in a price's 1/10 000

# OUCH's liquidity flags (Nasdaq OUCH 5.0, "Executed Order"; older ones of OUCH 4 are kept, venues still send them).
ADDED = frozenset("AJUVWabcefgjkxy0478")
REMOVED = frozenset("Rdhmpqrt6")


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """A venue's fees, 1/1 000 000 of the currency a share; negative: a rebate."""

    taker: int
    maker: int

    def is_known(self, liquidity: str) -> bool:
        """Whether the flag says who added and who removed."""
        return liquidity in ADDED or liquidity in REMOVED

    def fee(self, liquidity: str, quantity: int) -> int:
        """The fee, 1/1 000 000; an auction, a routed order or an unknown flag costs the dearer of the two."""
        if liquidity in ADDED:
            return self.maker * quantity
        if liquidity in REMOVED:
            return self.taker * quantity
        return max(self.maker, self.taker) * quantity
