"""Where a box trades: each venue's feed, order session and drop copy."""

from typing import Annotated, Literal, get_args

from msgspec import Meta

from tickwire.config.kinds import Count, Environment, Positive, Section, Username, Visible
from tickwire.config.values import Endpoint, Fee, Fraction

OrderType = Literal[
    "limit", "market", "post-only", "hidden", "reserve", "minimum-quantity", "peg", "extended-hours", "mass-cancel"
]
ORDER_TYPES: tuple[OrderType, ...] = get_args(OrderType)


class MarketData(Section, frozen=True):
    """Where the feed comes from and when it is no longer to be trusted."""

    backend: Literal["socket", "af_xdp", "pcap"]
    line_a: Endpoint
    line_b: Endpoint
    request_server: Endpoint = Endpoint()
    interface: Annotated[str, Meta(max_length=15)] = "lo"
    interface_address: Annotated[
        str, Meta(pattern=r"^(\d{1,3}(\.\d{1,3}){3})?$", description='an IPv4 address or ""')
    ] = ""
    pcap_path: Annotated[str, Meta(max_length=255)] = ""
    queue: Count = 0
    frame_count: Count = 0
    generic: bool = False
    busy_poll_us: Count = 0
    receive_buffer_kib: Annotated[int, Meta(ge=0, le=1_048_576)] = 0
    stale_ms: Positive = 1_000
    lag_ms_max: Positive = 20
    gap_wait_us: Positive = 2_000
    request_retry_ms: Positive = 20
    order_count_max: Annotated[int, Meta(ge=1024, le=2**26)] = 1_048_576


class Execution(Section, frozen=True):
    """The order session; the password is here (a demo) or, better, in a file only this user can read."""

    venue: Endpoint
    username: Username
    firm: Annotated[str, Meta(pattern=r"^[A-Z0-9]{1,4}\Z", description="1 to 4 capitals and digits")]
    password: Visible = ""
    password_file: str = ""
    session: Visible = ""
    heartbeat_ms: Positive = 1_000
    silence_ms_max: Positive = 15_000
    silence_cancel_ms: Positive = 3_000
    reconnect_ms_min: Positive = 100
    reconnect_ms_max: Positive = 5_000
    reconnect_jitter: Fraction = Fraction(200_000)
    order_age_ms_max: Positive = 100
    supervisor_silence_ms_max: Positive = 2_500
    poll_us: Count = 20
    busy_poll_us: Count = 0
    order_count_max: Annotated[int, Meta(ge=64, le=2**24)] = 1_048_576
    cancel_on_disconnect: bool = False


class DropCopy(Section, frozen=True):
    """The venue's independent record of our executions; its password as the order session's."""

    endpoint: Endpoint
    username: Username
    password: Visible = ""
    password_file: str = ""


class Venue(Section, frozen=True):
    """One venue; its index in the file names its blocks in the segment.  Fees a share, negative: a rebate.

    latency_us: one way to it, as far as is known: of two venues as good the nearer is taken.
    """

    name: Annotated[str, Meta(pattern=r"^[A-Z0-9]{1,8}\Z", description="1 to 8 capitals and digits")]
    mic: Annotated[str, Meta(pattern=r"^[A-Z0-9]{4}\Z", description="a market identifier code of 4 characters")]
    fee_taker: Fee
    fee_maker: Fee
    market_data: MarketData
    execution: Execution
    drop_copy: DropCopy | None = None
    enabled: bool = True
    environment: Environment = "test"
    latency_us: Count = 0
    order_types: tuple[OrderType, ...] = ORDER_TYPES
