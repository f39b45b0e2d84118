"""What a paper exchange is told before it starts."""

import re
from pathlib import Path

import msgspec

SECOND_NS = 1_000_000_000
FEE_MAX = 10_000_000  # 1/1 000 000 of the currency a share
OPEN_NS = 34_200 * SECOND_NS  # 09:30:00


class AccountSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may log in; one account, one session.

    ``cancel_on_disconnect`` cancels the account's open orders when its connection ends, however it ends; off by
    default, as orders at a venue outlive a dropped connection unless the client asked for the contrary.
    """

    username: str
    password: str
    firm: str
    cancel_on_disconnect: bool = False

    def __post_init__(self) -> None:
        for name, text, size in (
            ("username", self.username, 6),
            ("password", self.password, 10),
            ("firm", self.firm, 4),
        ):
            if not 1 <= len(text) <= size or not re.fullmatch(r"[!-~]+", text):
                raise ValueError(f"{name} {text!r}: 1 to {size} visible ASCII characters")


class LineSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the feed: a multicast group or an address, a port, and faults for tests.

    loss, duplicate and reorder are parts a million of packets; delay is how many packets the line lags behind.
    """

    address: str
    port: int
    loss: int = 0
    duplicate: int = 0
    reorder: int = 0
    delay: int = 0


class DropCopySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The drop copy port and who may listen; port 0 takes any free one."""

    port: int = 0
    username: str = "DROPCO"
    password: str = "dropcopy"

    def __post_init__(self) -> None:
        for name, text, size in (("username", self.username, 6), ("password", self.password, 10)):
            if not 1 <= len(text) <= size or not re.fullmatch(r"[!-~]+", text):
                raise ValueError(f"drop copy {name} {text!r}: 1 to {size} visible ASCII characters")


DEFAULT_ACCOUNTS = (
    AccountSettings("TRADE1", "password1", "TWRA"),
    AccountSettings("TRADE2", "password2", "TWRB"),
)
DEFAULT_SYMBOLS = ("SYNA", "SYNB", "SYNC", "SYND")


class StreetSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the street comes from: a recording, or the synthetic market of a seed.

    speed 0 is as fast as possible.  What happens before start_ns (of the market's day) goes out at once; the clock
    starts with the first message after it.
    """

    itch: Path | None = None
    speed: int = 1
    start_ns: int = OPEN_NS
    seed: int = 1
    rate: int = 20_000
    symbols: tuple[str, ...] = DEFAULT_SYMBOLS
    announce_trading: bool = False  # what is listed trades, until the recording says otherwise
    fair_seed: int = 0  # of the synthetic fair values, shared by exchanges of one market; 0: this street's own
    depth: int = 100  # synthetic sizes, percent

    def __post_init__(self) -> None:
        if not 1 <= self.depth <= 10_000:
            raise ValueError(f"depth {self.depth}: 1 to 10 000 percent")
        for symbol in self.symbols:
            if not re.fullmatch(r"[!-~]{1,8}", symbol):
                raise ValueError(f"symbol {symbol!r}: 1 to 8 visible ASCII characters")


class ExchangeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything an exchange needs to know; port 0 takes any free one."""

    street: StreetSettings = StreetSettings()
    accounts: tuple[AccountSettings, ...] = DEFAULT_ACCOUNTS
    line_a: LineSettings | None = LineSettings("239.1.1.1", 26400)
    line_b: LineSettings | None = LineSettings("239.1.1.2", 26400)
    gap: int = 0  # parts a million of packets lost on both lines: a fault for tests
    fault_seed: int = 1
    interface_address: str = "127.0.0.1"
    request_port: int = 0
    order_port: int = 0
    session: str = ""  # of feed and orders, at most 10 characters; empty: one of this start's own
    payload_max: int = 1400
    request_rate_max: int = 20_000
    silence_ns_max: int = 15 * SECOND_NS  # a client silent for longer is dropped
    stall_ns_max: int = 5 * SECOND_NS  # and one that does not read
    status: Path | None = None
    seconds: float | None = None  # end by itself after that long
    maker_fee: int = 0  # 1/1 000 000 of the currency a share that rested; negative: a rebate
    taker_fee: int = 0  # and a share that came for it
    latency_ns: int = 0  # from a client to the venue, and back
    drop_copy: DropCopySettings | None = None
    control: Path | None = None  # Unix socket that takes commands, see tickwire.sim.faults
    wait_for: str = ""  # hold the street back until this account has logged in for the first time

    def __post_init__(self) -> None:
        names = [account.username for account in self.accounts]
        if len(set(names)) != len(names):
            raise ValueError("two accounts share a username")
        if self.wait_for and self.wait_for not in names:
            raise ValueError(f"wait for {self.wait_for!r}: no such account")
        if not 0 <= self.latency_ns <= SECOND_NS:
            raise ValueError(f"latency {self.latency_ns}: 0 to 1 000 000 000 ns")
        if max(abs(self.maker_fee), abs(self.taker_fee)) > FEE_MAX:
            raise ValueError(f"fees: at most {FEE_MAX} millionths of the currency a share, either way")
        if not re.fullmatch(r"[!-~]{0,10}", self.session):
            raise ValueError(f"session {self.session!r}: at most 10 visible ASCII characters")


def parse_accounts(text: str) -> tuple[AccountSettings, ...]:
    """``user:password:firm[:cod]``, several with commas between; cod: cancel on disconnect."""
    accounts = []
    for entry in text.split(","):
        parts = entry.split(":")
        if len(parts) not in (3, 4) or (len(parts) == 4 and parts[3] != "cod"):
            raise ValueError(f"account {entry!r}: expected user:password:firm or user:password:firm:cod")
        username, password, firm = parts[:3]
        accounts.append(AccountSettings(username, password, firm, len(parts) == 4))
    return tuple(accounts)


def parse_login(text: str) -> tuple[str, str]:
    """``user:password``."""
    username, colon, password = text.partition(":")
    if not colon:
        raise ValueError(f"login {text!r}: expected user:password")
    return username, password


def parse_line(text: str) -> LineSettings | None:
    """``address:port`` followed by faults (``,loss=1000,delay=3``), or ``off``."""
    if text == "off":
        return None
    where, *faults = text.split(",")
    address, _, port = where.rpartition(":")
    pairs = dict(fault.split("=", 1) for fault in faults if "=" in fault)
    if not address or not port.isdigit() or len(pairs) != len(faults):
        raise ValueError(f"line {text!r}: expected address:port[,loss=N][,duplicate=N][,reorder=N][,delay=N] or off")
    return msgspec.convert({"address": address, "port": int(port), **pairs}, LineSettings, strict=False)


def parse_speed(text: str) -> int:
    """A whole number of times the clock, or ``max``."""
    if text == "max":
        return 0
    if not text.isdigit() or int(text) == 0:
        raise ValueError(f"speed {text!r}: expected a whole number or max")
    return int(text)


def parse_time(text: str) -> int:
    """``HH:MM:SS`` as nanoseconds since midnight."""
    match = re.fullmatch(r"(\d\d):([0-5]\d):([0-5]\d)", text)
    if match is None:
        raise ValueError(f"time {text!r}: expected HH:MM:SS")
    hours, minutes, seconds = (int(group) for group in match.groups())
    return (hours * 3600 + minutes * 60 + seconds) * SECOND_NS
