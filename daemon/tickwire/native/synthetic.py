"""The synthetic street of the paper exchange."""

from collections.abc import Sequence

from tickwire.native._native import ffi, lib
from tickwire.native.errors import check


class Synthetic:
    """A seeded street; the same arguments give the same bytes on every machine.

    Streets of one fair_seed agree on what a symbol is worth at any market time, whatever else they differ in; 0: each
    goes its own way.  depth scales the sizes of orders and trades, in percent.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        seed: int,
        rate: int = 20_000,
        start_ns: int = 0,
        price: int = 0,
        *,
        fair_seed: int = 0,
        depth: int = 100,
    ) -> None:
        config = ffi.new("struct synthetic_config *")
        if not 1 <= len(symbols) <= lib.SYNTHETIC_SYMBOL_COUNT_MAX:
            raise ValueError(f"1 to {lib.SYNTHETIC_SYMBOL_COUNT_MAX} symbols, got {len(symbols)}")
        config.seed = seed
        config.rate = rate
        config.start_ns = start_ns
        config.price = price
        config.fair_seed = fair_seed
        config.depth = depth
        config.symbol_count = len(symbols)
        for index, symbol in enumerate(symbols):
            config.symbols[index] = symbol.ljust(8).encode("ascii")
        synthetic = ffi.new("struct synthetic **")
        check(lib.synthetic_open(config, synthetic), "opening the synthetic street")
        self._synthetic = ffi.gc(synthetic[0], lib.synthetic_close)

    def read(self, size: int = 65536, messages: int = 2**64 - 1) -> bytes:
        """At most size bytes of whole messages, each after its length."""
        buffer = ffi.new("uint8_t[]", size)
        written = lib.synthetic_fill(self._synthetic, buffer, size, messages)
        return bytes(ffi.buffer(buffer, written))
