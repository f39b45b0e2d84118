"""A limit book on a folder of its own, with clocks that a test moves."""

from pathlib import Path
from typing import Any

from desk import Time

from tickwire.services.limit_book import LimitBook
from tickwire.services.limit_change import Governance
from tickwire.services.limit_lease import Clocks
from tickwire.services.limit_paths import declare
from tickwire.services.limit_store import LimitStore

CONFIGURED: dict[str, Any] = {
    "instruments.BRK.B.position_max": 2000,
    "instruments.BRK.B.order_value_max": 1_000_000_0000,
    "instruments.BRK.B.restricted": False,
    "instruments.BRK.B.collar_last_ppm": 20_000,
    "risk.message_window_ms": 1000,
    "risk.self_match": "refuse",
    "instruments.BRK.B.short_sale": "deny",
}
POSITION = "instruments.BRK.B.position_max"
BOB, ANN = ("bob", "risk-officer"), ("ann", "risk-officer")


class Desk:
    """A limit book that can be started again on the same folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wall, self.elapsed, self.boot = Time(), Time(0), "first"
        self.governance = Governance()
        self.configured = dict(CONFIGURED)
        self.book = self.start()

    def start(self, **changes: Any) -> LimitBook:
        self.configured |= {path.replace("__", "."): value for path, value in changes.items()}
        clocks = Clocks(self.wall, self.elapsed, self.boot)
        declared = declare(self.configured)
        self.book = LimitBook(declared, self.configured, LimitStore(self.folder), self.governance, clocks)
        return self.book

    def pass_s(self, seconds: float) -> None:
        self.wall.pass_s(seconds)
        self.elapsed.pass_s(seconds)

    def reboot(self) -> None:
        self.boot += "'"
        self.elapsed.now_ns = 0

    def position(self) -> Any:
        return self.book.effective()[POSITION]

    @property
    def state(self) -> Path:
        return self.folder / "limits.json"

    @property
    def history(self) -> Path:
        return self.folder / "limits.jsonl"
