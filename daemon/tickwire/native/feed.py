"""A MoldUDP64 stream put in order: the feed of native/feed as a Python object, for tools and tests."""

from dataclasses import dataclass
from enum import IntEnum
from types import TracebackType
from typing import Any, Self

from tickwire.native._native import ffi, lib
from tickwire.native.errors import check


class FeedState(IntEnum):
    """What a feed knows about its stream; enum feed_state of feed.h."""

    UNKNOWN = 0
    LIVE = 1
    GAP = 2
    STALE = 3
    ENDED = 4


@dataclass(frozen=True)
class FeedSettings:
    """The feed's patience and sizes; struct feed_config of feed.h."""

    stale_ns: int = 2_000_000_000
    gap_wait_ns: int = 1_000_000
    request_retry_ns: int = 10_000_000
    hold_count: int = 65_536
    request_size: int = 512
    attempts_max: int = 0
    accept_partial: bool = False


@dataclass(frozen=True)
class FeedStatus:
    """Where a feed is; struct feed_status of feed.h."""

    next: int
    target: int
    held: int
    session: int
    state: FeedState
    complete: bool
    session_name: bytes


class Feed:
    """Every message of a stream once and in order, whatever two lines and a request server bring."""

    def __init__(self, settings: FeedSettings = FeedSettings()) -> None:
        config = ffi.new("struct feed_config *", {name: int(value) for name, value in vars(settings).items()})
        opened = ffi.new("struct feed **")
        check(lib.feed_open(config, opened), "cannot open a feed")
        self._feed: Any = opened[0]
        self._payload: Any = None
        self._message = ffi.new("struct feed_message *")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the memory back; the object is of no use afterwards."""
        lib.feed_close(self._feed)
        self._feed = ffi.NULL

    def push(self, line: int, payload: bytes, now_ns: int) -> int:
        """Take one packet: 1 when messages wait, 0 when none do, negative (enum error) when it was refused."""
        data = ffi.from_buffer("uint8_t[]", payload)
        result = int(lib.feed_push(self._feed, line, data, len(payload), now_ns))
        if result == 1:
            self._payload = data  # the messages point into it
        return result

    def take(self) -> list[tuple[int, bytes]]:
        """All messages that wait, each with its sequence number."""
        messages = []
        while lib.feed_next(self._feed, self._message):
            data = bytes(ffi.buffer(self._message.data, self._message.size))
            messages.append((int(self._message.sequence), data))
        return messages

    def poll(self, now_ns: int) -> None:
        """Let time pass."""
        lib.feed_poll(self._feed, now_ns)

    def requests(self, now_ns: int) -> list[tuple[int, int]]:
        """The requests to send now: first sequence and count of each."""
        first = ffi.new("uint64_t *")
        count = ffi.new("uint32_t *")
        due = []
        while lib.feed_request(self._feed, now_ns, first, count):
            due.append((int(first[0]), int(count[0])))
        return due

    @property
    def status(self) -> FeedStatus:
        """Where the feed is now."""
        status = ffi.new("struct feed_status *")
        lib.feed_get_status(self._feed, status)
        return FeedStatus(
            next=int(status.next),
            target=int(status.target),
            held=int(status.held),
            session=int(status.session),
            state=FeedState(status.state),
            complete=bool(status.complete),
            session_name=bytes(ffi.buffer(status.session_name)),
        )

    @property
    def stats(self) -> dict[str, int]:
        """What the feed has counted; struct feed_stats of feed.h, its packets by line as packets_a, _b, _recovery."""
        stats = ffi.new("struct feed_stats *")
        lib.feed_get_stats(self._feed, stats)
        counted = {f"packets_{name}": int(stats.packets[line]) for line, name in enumerate(("a", "b", "recovery"))}
        names = (name for name, _ in ffi.typeof("struct feed_stats").fields if name != "packets")
        return counted | {name: int(getattr(stats, name)) for name in names}
