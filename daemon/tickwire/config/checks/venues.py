"""Venues: sessions, feeds, and that no two venues share what only one can have."""

from collections.abc import Iterator

from tickwire.config.checks.problem import Problem, once
from tickwire.config.lines import Path
from tickwire.config.model import Config
from tickwire.config.values import FEE_SCALE, FRACTION_SCALE
from tickwire.config.venues import DropCopy, Execution, MarketData, Venue


def problems(config: Config) -> Iterator[Problem]:
    """What venues contradict."""
    numbered: list[tuple[Path, Venue]] = [(("venues", index), venue) for index, venue in enumerate(config.venues)]
    yield from once("venue", (((*here, "name"), venue.name) for here, venue in numbered))
    yield from once("mic", (((*here, "mic"), venue.mic) for here, venue in numbered))
    if not config.enabled_venues:
        yield ("venues", 0, "enabled"), "expected a venue that is enabled"
    for here, venue in numbered:
        yield from _offer(here, venue)
        yield from _market_data((*here, "market_data"), venue.market_data)
        yield from _execution((*here, "execution"), venue.execution)
        if venue.drop_copy is not None:
            yield from _drop_copy((*here, "drop_copy"), venue)
    yield from _shared(numbered)


def _offer(here: Path, venue: Venue) -> Iterator[Problem]:
    for key, fee in (("fee_taker", venue.fee_taker), ("fee_maker", venue.fee_maker)):
        if abs(fee) >= FEE_SCALE:
            yield (*here, key), "expected a fee a share of less than 1 of the currency"
    if "limit" not in venue.order_types:
        yield (*here, "order_types"), 'expected "limit" among them'
    yield from once("order type", (((*here, "order_types"), kind) for kind in venue.order_types))


def _market_data(here: Path, settings: MarketData) -> Iterator[Problem]:
    if settings.backend == "pcap" and not settings.pcap_path:
        yield (*here, "backend"), "expected pcap_path with the pcap back end"
    if settings.backend != "pcap" and settings.pcap_path:
        yield (*here, "pcap_path"), 'expected only with backend = "pcap"'
    for key, line in (("line_a", settings.line_a), ("line_b", settings.line_b)):
        if not line:
            yield (*here, key), 'expected "a.b.c.d:port", a line is needed'
    if settings.line_a and settings.line_a == settings.line_b:
        yield (*here, "line_b"), "expected another address or port than line_a"
    if settings.frame_count & (settings.frame_count - 1):
        yield (*here, "frame_count"), "expected a power of two, or 0 for the default"
    if any(int(part) > 255 for part in settings.interface_address.split(".") if part):
        yield (*here, "interface_address"), 'expected an IPv4 address or ""'


def _execution(here: Path, settings: Execution) -> Iterator[Problem]:
    if not settings.venue:
        yield (*here, "venue"), 'expected "a.b.c.d:port", the venue\'s order port'
    yield from _password(here, settings)
    if settings.reconnect_ms_min > settings.reconnect_ms_max:
        yield (*here, "reconnect_ms_min"), "expected at most reconnect_ms_max"
    if not 0 <= settings.reconnect_jitter <= FRACTION_SCALE:
        yield (*here, "reconnect_jitter"), "expected a ratio between 0 and 1"
    if settings.heartbeat_ms >= settings.silence_ms_max:
        yield (*here, "silence_ms_max"), "expected more than heartbeat_ms"
    if not settings.heartbeat_ms < settings.silence_cancel_ms <= settings.silence_ms_max:
        yield (
            (*here, "silence_cancel_ms"),
            f"expected more than heartbeat_ms ({settings.heartbeat_ms}), as often as a venue speaks, "
            f"and at most silence_ms_max ({settings.silence_ms_max})",
        )


def _drop_copy(here: Path, venue: Venue) -> Iterator[Problem]:
    settings = venue.drop_copy
    assert settings is not None
    if not settings.endpoint:
        yield (*here, "endpoint"), 'expected "a.b.c.d:port", the venue\'s drop-copy port'
    if settings.endpoint and settings.endpoint == venue.execution.venue:
        yield (*here, "endpoint"), "expected another port than the order session's: it is to be independent of it"
    yield from _password(here, settings)


def _password(here: Path, settings: Execution | DropCopy) -> Iterator[Problem]:
    if bool(settings.password) == bool(settings.password_file):
        yield (*here, "password_file"), "expected exactly one of password and password_file"


def _shared(numbered: list[tuple[Path, Venue]]) -> Iterator[Problem]:
    sessions = (
        ((*here, "execution", "username"), f"{venue.execution.username} at {venue.execution.venue}")
        for here, venue in numbered
    )
    yield from once("order session", sessions)
    lines: list[tuple[Path, str]] = []
    for here, venue in numbered:
        feed = venue.market_data
        lines += [((*here, "market_data", "line_a"), feed.line_a)]
        lines += [((*here, "market_data", "line_b"), feed.line_b)] if feed.line_b != feed.line_a else []
    yield from once("line", ((path, line) for path, line in lines if line))
    queues = (
        ((*here, "market_data", "queue"), f"queue {venue.market_data.queue} of {venue.market_data.interface}")
        for here, venue in numbered
        if venue.market_data.backend == "af_xdp"
    )
    yield from once("AF_XDP queue", queues)
