"""The paper exchange's native parts: matching engine, synthetic street, publisher, and the loop over them."""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from tickwire.native._native import ffi, lib
from tickwire.native.errors import check
from tickwire.native.metric import enum_names
from tickwire.native.synthetic import Synthetic as Synthetic

POSITION_ROWS = 256


@dataclass(frozen=True)
class Holding:
    """What an account did in one instrument; values are price times shares in 1/10 000, fees in 1/1 000 000."""

    symbol: str
    locate: int
    quantity: int
    bought: int
    sold: int
    bought_value: int
    sold_value: int
    fills: int
    fees: int = 0  # 1/1 000 000; negative: rebates


@dataclass(frozen=True)
class Depth:
    """One price level; ``own`` of its orders belong to accounts."""

    price: int
    quantity: int
    orders: int
    own: int


class Fault(IntEnum):
    """What the venue can be made to do wrong; venue.h says what each does."""

    SWALLOW_EXECUTION = lib.VENUE_FAULT_SWALLOW_EXECUTION
    DUPLICATE_MESSAGE = lib.VENUE_FAULT_DUPLICATE_MESSAGE
    ACCEPT_TWICE = lib.VENUE_FAULT_ACCEPT_TWICE
    EXECUTE_AFTER_CANCEL = lib.VENUE_FAULT_EXECUTE_AFTER_CANCEL
    REJECT = lib.VENUE_FAULT_REJECT
    DROP_COPY_SWALLOW_EXECUTION = lib.VENUE_FAULT_DROP_COPY_SWALLOW_EXECUTION
    DROP_COPY_DUPLICATE_MESSAGE = lib.VENUE_FAULT_DROP_COPY_DUPLICATE_MESSAGE
    DROP_COPY_WRONG_PRICE = lib.VENUE_FAULT_DROP_COPY_WRONG_PRICE
    DROP_COPY_WRONG_QUANTITY = lib.VENUE_FAULT_DROP_COPY_WRONG_QUANTITY
    PHANTOM_EXECUTION = lib.VENUE_FAULT_PHANTOM_EXECUTION
    DROP_COPY_PHANTOM_EXECUTION = lib.VENUE_FAULT_DROP_COPY_PHANTOM_EXECUTION
    BREAK_TRADE = lib.VENUE_FAULT_BREAK_TRADE


def _holding(row: Any) -> Holding:
    return Holding(
        symbol=ffi.buffer(row.symbol)[:].rstrip(b" \0").decode("ascii", "replace"),
        locate=row.locate,
        quantity=row.quantity,
        bought=row.bought,
        sold=row.sold,
        bought_value=row.bought_value,
        sold_value=row.sold_value,
        fills=row.fills,
        fees=row.fees,
    )


def _counters(read: Callable[[Any], None], enum: str, prefix: str, count: int) -> dict[str, int]:
    values = ffi.new("uint64_t[]", count)
    read(values)
    return {name: values[index] for name, index in enum_names(enum, prefix).items() if index < count}


class Venue:
    """The matching engine; accounts are numbered in the order of firms.

    announce_trading publishes that a listed instrument trades, for recordings that leave trading states out.  Fees are
    in 1/1 000 000 of the currency for each share, negative ones are rebates.
    """

    def __init__(
        self,
        firms: Sequence[str],
        order_count_max: int = 0,
        announce_trading: bool = False,
        *,
        maker_fee: int = 0,
        taker_fee: int = 0,
    ) -> None:
        config = ffi.new("struct venue_config *")
        if len(firms) > lib.VENUE_ACCOUNT_COUNT_MAX:
            raise ValueError(f"at most {lib.VENUE_ACCOUNT_COUNT_MAX} accounts, got {len(firms)}")
        config.account_count = len(firms)
        config.order_count_max = order_count_max
        config.announce_trading = announce_trading
        config.maker_fee = maker_fee
        config.taker_fee = taker_fee
        for index, firm in enumerate(firms):
            config.firms[index] = firm.ljust(4).encode("ascii")
        venue = ffi.new("struct venue **")
        check(lib.venue_open(config, venue), "opening the venue")
        self.pointer = ffi.gc(venue[0], lib.venue_close)

    def street(self, message: bytes) -> None:
        """Apply one ITCH message of the street."""
        lib.venue_street(self.pointer, message, len(message))

    def order(self, account: int, message: bytes, now_ns: int) -> bool:
        """Apply one OUCH message; False when there is no such message."""
        code: int = lib.venue_order(self.pointer, account, now_ns, message, len(message))
        if code == lib.ERROR_MALFORMED:
            return False
        check(code, "order")
        return True

    def cancel_all(self, account: int, now_ns: int) -> None:
        """Cancel every order of an account."""
        lib.venue_cancel_all(self.pointer, account, now_ns)

    def time(self, now_ns: int) -> None:
        """Let market time pass where no message brings it."""
        lib.venue_time(self.pointer, now_ns)

    def end(self, now_ns: int) -> None:
        """Tell every account that the day is over."""
        lib.venue_end(self.pointer, now_ns)

    def take_stream(self) -> bytes:
        """The public stream since the last call, each message after its length."""
        size = ffi.new("size_t *")
        data = lib.venue_stream(self.pointer, size)
        stream = bytes(ffi.buffer(data, size[0])) if size[0] else b""
        lib.venue_stream_clear(self.pointer)
        return stream

    def log_count(self, account: int) -> int:
        """How many sequenced messages the account was sent."""
        return int(lib.venue_log_count(self.pointer, account))

    def log(self, account: int, first: int, end: int) -> bytes:
        """The SoupBinTCP packets of sequences first to end, end not included."""
        start = lib.venue_log_offset(self.pointer, account, first)
        stop = lib.venue_log_offset(self.pointer, account, end)
        return bytes(ffi.buffer(lib.venue_log(self.pointer, account) + start, stop - start))

    def drop_copy_count(self) -> int:
        """How many messages the drop copy has."""
        return int(lib.venue_drop_copy_count(self.pointer))

    def drop_copy(self, first: int, end: int) -> bytes:
        """The SoupBinTCP packets of its sequences first to end, end not included: firm, then OUCH message."""
        start = lib.venue_drop_copy_offset(self.pointer, first)
        stop = lib.venue_drop_copy_offset(self.pointer, end)
        return bytes(ffi.buffer(lib.venue_drop_copy(self.pointer) + start, stop - start)) if stop > start else b""

    def fault(
        self,
        kind: Fault,
        account: int = 0,
        now_ns: int = 0,
        *,
        count: int = 1,
        amount: int = 0,
        user_ref: int = 0,
        quantity: int = 0,
        price: int = 0,
        match: int = 0,
    ) -> None:
        """Do wrong on purpose, now or at the next moments; see venue.h.  ValueError: it cannot be done."""
        fault = ffi.new(
            "struct venue_fault *",
            {
                "kind": kind,
                "account": account,
                "count": count,
                "amount": amount,
                "user_ref": user_ref,
                "quantity": quantity,
                "price": price,
                "match": match,
            },
        )
        if lib.venue_fault(self.pointer, fault, now_ns) != 0:
            raise ValueError(f"{kind.name.lower()}: no such account, or nothing to do it to")

    def counters(self) -> dict[str, int]:
        """Everything ``enum venue_counter`` counts."""
        return _counters(
            lambda values: lib.venue_counters(self.pointer, values),
            "venue_counter",
            "VENUE_COUNT_",
            lib.VENUE_COUNTER_COUNT,
        )

    def positions(self, account: int) -> list[Holding]:
        """One entry an instrument the account traded."""
        count = POSITION_ROWS
        while True:
            rows = ffi.new("struct venue_position[]", count)
            found = lib.venue_positions(self.pointer, account, rows, count)
            if found <= count:
                return [_holding(rows[index]) for index in range(found)]
            count = found

    def street_position(self) -> Holding:
        """The other side of all accounts' trades."""
        row = ffi.new("struct venue_position *")
        lib.venue_street_position(self.pointer, row)
        return _holding(row)

    def locate(self, symbol: str) -> int | None:
        """The stock locate of a symbol; None when nothing was said of it."""
        locate = int(lib.venue_locate(self.pointer, symbol.ljust(8).encode("ascii")))
        return None if locate == 2**32 - 1 else locate

    def depth(self, locate: int, side: int, count: int = 64) -> list[Depth]:
        """Levels of one side (0 buys, 1 sells), best first."""
        levels = ffi.new("struct venue_level[]", count)
        found = min(count, lib.venue_depth(self.pointer, locate, side, levels, count))
        return [
            Depth(level.price, level.quantity, level.order_count, level.account_order_count)
            for level in levels[0:found]
        ]


@dataclass(frozen=True)
class Line:
    """Where a line of the feed goes, and its faults in parts a million of packets (delay: packets)."""

    address: str
    port: int
    loss: int = 0
    duplicate: int = 0
    reorder: int = 0
    delay: int = 0


def address_number(address: str) -> int:
    """An IPv4 address as the number native code takes (host order)."""
    return int.from_bytes(socket.inet_aton(address), "big")


class Publisher:
    """The public stream as MoldUDP64 packets; history and index are read-write files the caller keeps open."""

    def __init__(
        self,
        session: str,
        lines: Sequence[Line],
        history_fd: int,
        index_fd: int,
        *,
        interface_address: str = "0.0.0.0",
        payload_max: int = 0,
        request_rate_max: int = 0,
        gap: int = 0,
        fault_seed: int = 0,
    ) -> None:
        config = ffi.new("struct publisher_config *")
        if len(lines) > lib.PUBLISHER_LINE_COUNT:
            raise ValueError(f"at most {lib.PUBLISHER_LINE_COUNT} lines, got {len(lines)}")
        config.session = session.ljust(10).encode("ascii")
        config.payload_max = payload_max
        config.interface_address = address_number(interface_address)
        config.request_rate_max = request_rate_max
        config.gap = gap
        config.fault_seed = fault_seed
        config.history_fd = history_fd
        config.index_fd = index_fd
        for index, line in enumerate(lines):
            entry = config.lines[index]
            entry.address = address_number(line.address)
            entry.port = line.port
            entry.loss, entry.duplicate, entry.reorder, entry.delay = (
                line.loss,
                line.duplicate,
                line.reorder,
                line.delay,
            )
        publisher = ffi.new("struct publisher **")
        check(lib.publisher_open(config, publisher), "opening the publisher")
        self.pointer = ffi.gc(publisher[0], lib.publisher_close)

    def publish(self, framed: bytes) -> None:
        """Send messages, each after its length, at once."""
        check(lib.publisher_publish(self.pointer, framed, len(framed)), "publishing")

    def heartbeat(self, end: bool = False) -> None:
        """Send an empty packet, or the end of the session, on both lines."""
        lib.publisher_heartbeat(self.pointer, end)

    def answer(self, socket_fd: int, now_ns: int, count: int = 64) -> int:
        """Serve at most count requests waiting on the socket; how many it read."""
        return int(lib.publisher_answer(self.pointer, socket_fd, count, now_ns))

    def stamp(self, sequence: int) -> int:
        """CLOCK_REALTIME just before the packet of sequence went out; 0 when unknown."""
        return int(lib.publisher_stamp(self.pointer, sequence))

    def counters(self) -> dict[str, int]:
        """Everything ``enum publisher_counter`` counts."""
        return _counters(
            lambda values: lib.publisher_counters(self.pointer, values),
            "publisher_counter",
            "PUBLISHER_COUNT_",
            lib.PUBLISHER_COUNTER_COUNT,
        )


class RunResult(IntEnum):
    """Why venue_run_street came back."""

    WOKEN = lib.VENUE_RUN_WOKEN
    TIMEOUT = lib.VENUE_RUN_TIMEOUT
    DRAINED = lib.VENUE_RUN_DRAINED
    TOLD = lib.VENUE_RUN_TOLD


class MarketRun:
    """Street messages at their time, through the venue, to the publisher."""

    def __init__(self, venue: Venue, publisher: Publisher, speed: int, origin_ns: int = 0) -> None:
        self._venue = venue
        self._publisher = publisher
        self._run = ffi.new("struct venue_run *")
        self._run.speed = speed
        self._run.origin_ns = origin_ns
        self._consumed = ffi.new("size_t *")

    @property
    def market_ns(self) -> int:
        """Market time reached, ns since midnight."""
        return int(self._run.market_ns)

    @property
    def messages(self) -> int:
        """Street messages taken."""
        return int(self._run.messages)

    def advance(self, chunk: bytes, offset: int, wake_fd: int, until_ns: int) -> tuple[RunResult, int]:
        """Take messages from chunk[offset:] until something else needs doing; why, and the new offset.

        Sleeps without the interpreter lock until wake_fd is readable, CLOCK_MONOTONIC is until_ns, an account was told
        something or the chunk ends.
        """
        data = ffi.from_buffer(chunk) + offset
        code = lib.venue_run_street(
            self._venue.pointer,
            self._publisher.pointer,
            self._run,
            data,
            len(chunk) - offset,
            self._consumed,
            wake_fd,
            until_ns,
        )
        return RunResult(check(code, "running the street")), offset + int(self._consumed[0])


def client_order_id(message: bytes) -> bytes | None:
    """The ClOrdID of an Enter or Replace Order message; None for any other."""
    if message[:1] not in (b"O", b"U"):
        return None
    decoded = ffi.new("struct ouch_inbound *")
    if lib.ouch_decode_inbound(message, len(message), decoded) < 0:
        return None
    order = decoded.enter if decoded.type == lib.OUCH_ENTER else decoded.replace
    return bytes(ffi.buffer(order.client_order_id))
