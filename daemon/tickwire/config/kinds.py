"""The bounds and spellings that sections of the configuration share."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

INSTRUMENT_COUNT_MAX = 256
VENUE_COUNT_MAX = 4
ACCOUNT_NUMBER_MAX = 15
TRADER_NUMBER_MAX = 15
STRATEGY_NUMBER_MAX = 31
LANE_COUNT_MAX = 16
MESSAGE_RATE_MAX = 4096  # the gate remembers the times of so many messages
WINDOW_COUNT_MAX = 256  # nor of more orders or executions of one strategy
DUPLICATE_MAX = 7
QUANTITY_MAX = 999_999  # OUCH: fewer than a million shares in an order

Name = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,15}\Z", description="1 to 15 of a-z, 0-9 and -")]
Label = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,15}\Z", description="1 to 15 letters, digits and . _ -")]
Visible = Annotated[str, Meta(pattern=r"^[!-~]{0,10}\Z", description="at most 10 visible ASCII characters")]
FilePath = Annotated[str, Meta(pattern="^/", description="an absolute path")]
FilePathOrNone = Annotated[str, Meta(pattern="^(/|$)", description='an absolute path, or ""')]
Username = Annotated[str, Meta(pattern=r"^[A-Za-z0-9]{1,6}\Z", description="1 to 6 letters and digits")]
Count = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Positive = Annotated[int, Meta(ge=1, le=2**32 - 1)]
Pause = Annotated[int, Meta(ge=1, le=5_000)]  # us: the supervisor's looks at the stop suppose gauges this fresh
OrderShares = Annotated[int, Meta(ge=1, le=QUANTITY_MAX)]
WindowCount = Annotated[int, Meta(ge=1, le=WINDOW_COUNT_MAX)]
Shares = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Ppm = Annotated[int, Meta(ge=0, le=1_000_000)]
Scope = Literal["firm", "venue", "strategy"]
Environment = Literal["test", "production"]


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file: unknown keys are refused."""
