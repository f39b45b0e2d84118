"""Numbers as people read them."""

from tickwire.config.values import PRICE_SCALE

LATENCIES = {  # histogram -> what it is called, in the order of the pipeline
    "book": "feed + book",
    "signal": "signal",
    "risk": "risk gate",
    "execution": "execution",
    "tick_to_order": "tick to order",
    "transmit": "transmit call",
    "gate": "gate alone",
    "wire_to_wire": "wire to wire",
}
PERCENTILES = {"p50": "p50", "p95": "p95", "p99": "p99", "p99_9": "p99.9", "max": "max"}


def price(value: int) -> str:
    """1/10 000 as a price: two decimals, or four when they matter; empty for no price."""
    if value == 0:
        return "-"
    return f"{value / PRICE_SCALE:.2f}" if value % 100 == 0 else f"{value / PRICE_SCALE:.4f}"


def money(value: int) -> str:
    """1/10 000 as a signed amount."""
    return f"{value / PRICE_SCALE:+,.2f}"


def microseconds(nanoseconds: int) -> str:
    """Nanoseconds as microseconds with as many decimals as fit six places."""
    value = nanoseconds / 1_000
    return f"{value:.2f}" if value < 100 else f"{value:,.0f}"


def clock(seconds: float) -> str:
    """Seconds as minutes:seconds."""
    return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"
