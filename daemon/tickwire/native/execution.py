"""The execution stage and its two pure parts, the order table and the session, as Python objects."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tickwire.native._native import ffi, lib
from tickwire.native.errors import check
from tickwire.native.lane import open_stage
from tickwire.native.segment import Segment

MESSAGE_BYTES_MAX = 1 << 16
ALL_OFFERS = 0xFF  # enum venue_offer


@dataclass(frozen=True)
class ExecutionSettings:
    """The order session; times in ns, address as IPv4 text, symbols in the order of the instrument numbers."""

    address: str
    port: int
    username: str
    password: str
    symbols: Sequence[str]
    firm: str = ""
    session: str = ""
    heartbeat_ns: int = 1_000_000_000
    silence_ns_max: int = 15_000_000_000
    reconnect_ns_min: int = 100_000_000
    reconnect_ns_max: int = 10_000_000_000
    order_age_ns_max: int = 0
    supervisor_silence_ns_max: int = 0
    poll_ns: int = 0
    busy_poll_us: int = 0
    order_count_max: int = 65_536
    send_buffer: int = 0
    venue: int = 0
    order_types: int = ALL_OFFERS
    silence_cancel_ns: int = 0
    reconnect_jitter_ppm: int = 0

    def native(self) -> Any:
        """``struct execution_config *``."""
        config = ffi.new("struct execution_config *")
        config.address = int(ipaddress.IPv4Address(self.address))
        for name in ("username", "password", "session", "firm"):
            size = ffi.sizeof(getattr(config, name))
            setattr(config, name, getattr(self, name).encode("ascii").ljust(size))
        config.instrument_count = len(self.symbols)
        for instrument, symbol in zip(config.instruments, self.symbols, strict=False):
            instrument.symbol = symbol.encode("ascii").ljust(8)
        for name in ("port", "heartbeat_ns", "silence_ns_max", "reconnect_ns_min", "reconnect_ns_max", "poll_ns"):
            setattr(config, name, getattr(self, name))
        for name in ("order_age_ns_max", "supervisor_silence_ns_max", "busy_poll_us", "order_count_max", "send_buffer"):
            setattr(config, name, getattr(self, name))
        for name in ("venue", "order_types", "silence_cancel_ns", "reconnect_jitter_ppm"):
            setattr(config, name, getattr(self, name))
        return config


def open_execution(segment: Segment, settings: ExecutionSettings) -> Any:
    """``struct stage *`` of the execution stage; NativeError when a block is missing or a setting out of range."""
    stage, _ = open_stage(lib.execution_stage_open, segment, settings.native())
    return stage


@dataclass(frozen=True)
class OrderOwner:
    """Whose an order is, by its ClOrdID; ``tick`` is that of the message behind it, modulo 10**10."""

    tick: int
    strategy: int
    account: int
    trader: int


def read_client_order_id(text: bytes) -> OrderOwner | None:
    """What the 14 characters of a ClOrdID say; None for one that this box would not have written."""
    owner = ffi.new("struct order_owner *")
    if len(text) != 14 or lib.client_order_id_read(text, owner) < 0:
        return None
    return OrderOwner(owner.tick, owner.strategy, owner.account, owner.trader)


def write_client_order_id(owner: OrderOwner) -> bytes:
    """The 14 characters of a ClOrdID."""
    fields = {"strategy": owner.strategy, "account": owner.account, "trader": owner.trader}
    text = ffi.new("char[14]")
    lib.client_order_id_write(text, owner.tick, ffi.new("struct order_owner *", fields))
    return bytes(ffi.buffer(text))


class OrderTable:
    """The orders of one session; reports are ``struct execution_report *``."""

    def __init__(self, settings: ExecutionSettings) -> None:
        out = ffi.new("struct order_table **")
        check(lib.order_table_create(settings.native(), out), "order table")
        self._table = ffi.gc(out[0], lib.order_table_destroy)

    def enter(self, order: Any) -> None:
        """Note ``struct order *`` as about to be sent; NativeError when the table refuses it."""
        check(lib.order_table_enter(self._table, order), "order")

    def apply(self, message: bytes, sequence: int, now_ns: int = 0) -> Any | None:
        """The report that one OUCH message of the venue makes, if any; NativeError when nobody can read it."""
        report = ffi.new("struct execution_report *")
        made = lib.order_table_apply(self._table, message, len(message), sequence, now_ns, report)
        return report if check(made, "OUCH message") else None

    def settle(self, now_ns: int = 0) -> list[Any]:
        """A report for each order now known never to take effect."""
        reports = []
        report = ffi.new("struct execution_report *")
        while lib.order_table_settle(self._table, now_ns, report):
            reports.append(report)
            report = ffi.new("struct execution_report *")
        return reports

    def reset(self, another_session: bool = False) -> None:
        """Forget what the venue said: a replay follows."""
        lib.order_table_reset(self._table, another_session)

    def settle_lost(self) -> None:
        """Declare orders the replay did not mention lost."""
        lib.order_table_settle_lost(self._table)

    def state(self, user_ref: int) -> tuple[int, int]:
        """(``enum order_state``, leaves) of an order."""
        leaves = ffi.new("uint32_t *")
        return int(lib.order_table_state(self._table, user_ref, leaves)), int(leaves[0])

    @property
    def counts(self) -> Any:
        """``struct order_table_counts``."""
        counts = ffi.new("struct order_table_counts *")
        lib.order_table_get_counts(self._table, counts)
        return counts


@dataclass(frozen=True)
class SessionEvent:
    """One ``struct session_event``, copied."""

    kind: int
    data: bytes
    sequence: int
    replayed: bool
    another_session: bool
    next_user_ref: int


class Session:
    """The client's side of SoupBinTCP without a socket."""

    def __init__(self, settings: ExecutionSettings) -> None:
        out = ffi.new("struct session **")
        check(lib.session_create(settings.native(), out), "session")
        self._session = ffi.gc(out[0], lib.session_destroy)

    def advance(self, now_ns: int) -> int:
        """Let time pass; ``enum session_action``."""
        return int(lib.session_advance(self._session, now_ns))

    def connected(self, now_ns: int) -> None:
        """The socket is up."""
        lib.session_connected(self._session, now_ns)

    def closed(self, now_ns: int) -> None:
        """The socket is gone."""
        lib.session_closed(self._session, now_ns)

    def receive(self, data: bytes, now_ns: int) -> list[SessionEvent]:
        """Hand the venue's bytes in; every event they make."""
        events = []
        while True:
            taken = lib.session_receive(self._session, data, min(len(data), MESSAGE_BYTES_MAX), now_ns)
            data = data[taken:]
            event = ffi.new("struct session_event *")
            while lib.session_next(self._session, now_ns, event):
                body = bytes(ffi.buffer(event.data, event.size)) if event.size else b""
                flags = bool(event.replayed), bool(event.another_session)
                events.append(SessionEvent(event.kind, body, event.sequence, *flags, event.next_user_ref))
            if not data or not taken:
                return events

    def take(self, now_ns: int) -> bytes:
        """Everything that waits to be sent, as if the kernel took it."""
        size = ffi.new("size_t *")
        data = bytes(ffi.buffer(lib.session_pending(self._session, size), size[0]))
        lib.session_sent(self._session, size[0], now_ns)
        return data

    @property
    def counts(self) -> Any:
        """``struct session_counts``."""
        counts = ffi.new("struct session_counts *")
        lib.session_get_counts(self._session, counts)
        return counts
