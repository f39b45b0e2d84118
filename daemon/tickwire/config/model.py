"""The configuration of one box as frozen structs: every key, its type, its bounds and its default.

Times carry their unit in the key (``_ms``, ``_us``); prices are decimals of the currency, kept in 1/10 000; ratios are
decimals, kept in 1/1 000 000.  What has no default must be stated: above all the limits, because no limit, no order.
"""

from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct

from tickwire.config.values import Endpoint, Fraction, Price

INSTRUMENT_COUNT_MAX = 256
LANE_COUNT_MAX = 16
MESSAGE_RATE_MAX = 4096  # the gate remembers the times of so many messages
QUANTITY_MAX = 999_999  # OUCH: fewer than a million shares in an order

Stage = Literal["market-data", "signal-bridge", "risk-manager", "execution-engine", "position-tracker"]

# The services in the order of the pipeline; a lane polls its stages in this order whatever the file says.
STAGES: tuple[Stage, ...] = get_args(Stage)

Idle = Literal["spin", "pause", "yield", "sleep"]
Name = Annotated[str, Meta(pattern="^[a-z0-9-]{1,15}$", description="1 to 15 of a-z, 0-9 and -")]
Visible = Annotated[str, Meta(pattern=r"^[!-~]{0,10}\Z", description="at most 10 visible ASCII characters")]
FilePath = Annotated[str, Meta(pattern="^/", description="an absolute path")]
Count = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Positive = Annotated[int, Meta(ge=1, le=2**32 - 1)]
Pause = Annotated[int, Meta(ge=1, le=5_000)]  # us: the supervisor's looks at the stop suppose gauges this fresh
OrderShares = Annotated[int, Meta(ge=1, le=QUANTITY_MAX)]
Shares = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file: unknown keys are refused."""


class Box(Section, frozen=True):
    """This appliance: its name, its shared-memory segment, where it keeps what must survive a restart."""

    name: Name
    segment_path: FilePath
    state_dir: FilePath


class SignalRule(Section, frozen=True):
    """When the strategy wants to trade an instrument; ``take`` crosses the spread, ``quote`` joins the touch."""

    order_quantity: OrderShares
    position_max: Shares
    imbalance_enter: Fraction
    imbalance_exit: Fraction
    edge_min: Price
    spread_max: Price
    mode: Literal["take", "quote"] = "take"
    enabled: bool = True
    cooldown_us: Count = 100_000
    inventory_skew: Fraction = Fraction(0)


class Limits(Section, frozen=True):
    """What the risk gate lets through for an instrument."""

    order_quantity_max: OrderShares
    order_value_max: Price
    position_max: Shares
    collar_ppm: Annotated[int, Meta(ge=0, le=1_000_000)]
    open_orders_max: Positive
    permitted: bool = True


class Instrument(Section, frozen=True):
    """One instrument; locate 0 is learnt from the venue's stock directory."""

    symbol: Annotated[str, Meta(pattern="^[A-Z0-9.+=*#^$-]{1,8}$", description="a symbol of 1 to 8 capitals")]
    signal: SignalRule
    limits: Limits
    locate: Annotated[int, Meta(ge=0, le=65535)] = 0


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
    username: Annotated[str, Meta(pattern="^[A-Za-z0-9]{1,6}$", description="1 to 6 letters and digits")]
    firm: Annotated[str, Meta(pattern="^[A-Z0-9]{1,4}$", description="1 to 4 capitals and digits")]
    password: Visible = ""
    password_file: str = ""
    session: Visible = ""
    heartbeat_ms: Positive = 1_000
    silence_ms_max: Positive = 15_000
    reconnect_ms_min: Positive = 100
    reconnect_ms_max: Positive = 5_000
    order_age_ms_max: Positive = 100
    supervisor_silence_ms_max: Positive = 2_500
    poll_us: Count = 20
    busy_poll_us: Count = 0
    order_count_max: Annotated[int, Meta(ge=64, le=2**24)] = 1_048_576


class Signal(Section, frozen=True):
    """The strategy as a whole; its number is stamped on every order."""

    enabled: bool = True
    strategy: Annotated[int, Meta(ge=0, le=65535)] = 1


class Risk(Section, frozen=True):
    """Limits of the whole box, and how old the gate's own inputs may be."""

    open_orders_max: Positive
    message_rate_max: Annotated[int, Meta(ge=1, le=MESSAGE_RATE_MAX)]
    message_window_ms: Positive
    limits_age_ms_max: Positive = 5_000
    supervisor_age_ms_max: Positive = 2_000
    tick_age_ms_max: Positive = 100


class Lane(Section, frozen=True):
    """One process pinned to one core, and the stages it polls; core -1: wherever the kernel likes."""

    name: Name
    stages: Annotated[tuple[Stage, ...], Meta(min_length=1)]
    core: Annotated[int, Meta(ge=-1, le=4095)] = -1
    idle: Idle = "sleep"
    sleep_us: Pause = 50
    fifo_priority: Annotated[int, Meta(ge=0, le=99)] = 0
    lock_memory: bool = False


class Lanes(Section, frozen=True):
    """Which stages share a core.

    ``auto`` suits the machine: on one core a single lane that sleeps when idle, on more a single lane that owns the
    last core.  ``single`` is that lane on a stated core; ``per-service`` gives every stage a lane, from the last core
    down, as long as a core is left for everything else; ``custom`` takes the ``[[lanes.lane]]`` tables.
    """

    placement: Literal["auto", "single", "per-service", "custom"] = "auto"
    core: Annotated[int, Meta(ge=-1, le=4095)] = -1
    idle: Idle = "pause"
    fifo_priority: Annotated[int, Meta(ge=0, le=99)] = 0
    lock_memory: bool = True
    housekeep_us: Pause = 1_000
    orphan_ms_max: Positive = 3_000
    lane: tuple[Lane, ...] = ()


class Supervisor(Section, frozen=True):
    """How the lanes are watched, restarted and stopped."""

    heartbeat_ms: Positive = 100
    start_ms_max: Positive = 20_000
    hung_ms: Positive = 2_000
    restart_ms_min: Positive = 100
    restart_ms_max: Positive = 10_000
    healthy_ms: Positive = 30_000
    cancel_ms_max: Positive = 3_000
    stop_ms_max: Positive = 3_000


class Config(Section, frozen=True):
    """One box, as its file says."""

    box: Box
    instruments: Annotated[tuple[Instrument, ...], Meta(min_length=1, max_length=INSTRUMENT_COUNT_MAX)]
    market_data: MarketData
    execution: Execution
    risk: Risk
    signal: Signal = Signal()
    lanes: Lanes = Lanes()
    supervisor: Supervisor = Supervisor()
