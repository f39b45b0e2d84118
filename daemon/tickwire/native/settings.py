"""A box's configuration as the structures its C stages read."""

from typing import Any

from tickwire.config import Config
from tickwire.config.venues import Venue
from tickwire.native._native import ffi, lib
from tickwire.native.execution import ExecutionSettings
from tickwire.native.packet import Channel, PacketSettings

MICROSECOND = 1_000
MILLISECOND = 1_000_000
SECOND = 1_000_000_000
PPM_PER_BPS = 100
MODES = {"take": lib.SIGNAL_TAKE, "quote": lib.SIGNAL_QUOTE}
ROUTES = {"direct": lib.ROUTE_DIRECT, "smart": lib.ROUTE_SWEEP}
OFFERS = {
    "market": lib.OFFER_MARKET,
    "post-only": lib.OFFER_POST_ONLY,
    "hidden": lib.OFFER_HIDDEN,
    "reserve": lib.OFFER_RESERVE,
    "minimum-quantity": lib.OFFER_MINIMUM_QUANTITY,
    "peg": lib.OFFER_PEG,
    "extended-hours": lib.OFFER_EXTENDED_HOURS,
    "mass-cancel": lib.OFFER_MASS_CANCEL,
}


def market_config(config: Config, venue: int = 0) -> Any:
    """``struct market_config *`` of a venue."""
    settings = config.venues[venue].market_data
    market = ffi.new("struct market_config *")
    PacketSettings(
        backend=settings.backend,
        channels=tuple(Channel(line.host, line.port) for line in (settings.line_a, settings.line_b)),
        interface=settings.interface,
        path=settings.pcap_path,
        interface_address=settings.interface_address,
        queue=settings.queue,
        frame_count=settings.frame_count,
        busy_poll_us=settings.busy_poll_us,
        generic=settings.generic,
        receive_buffer=settings.receive_buffer_kib * 1024,
    ).fill(market.packet)
    market.venue = venue
    market.request_address = settings.request_server.address
    market.request_port = settings.request_server.port
    market.order_count_max = settings.order_count_max
    market.stale_ns = settings.stale_ms * MILLISECOND
    market.lag_ns_max = settings.lag_ms_max * MILLISECOND
    market.gap_wait_ns = settings.gap_wait_us * MICROSECOND
    market.request_retry_ns = settings.request_retry_ms * MILLISECOND
    market.instrument_count = len(config.instruments)
    for entry, instrument in zip(market.instruments, config.instruments, strict=False):
        entry.symbol = instrument.symbol.ljust(8).encode("ascii")
        entry.locate = instrument.locate
    return market


def execution_config(config: Config, password: str, venue: int = 0) -> Any:
    """``struct execution_config *`` of a venue."""
    settings = config.venues[venue].execution
    return ExecutionSettings(
        address=settings.venue.host,
        port=settings.venue.port,
        username=settings.username,
        password=password,
        symbols=[instrument.symbol for instrument in config.instruments],
        firm=settings.firm,
        session=settings.session,
        heartbeat_ns=settings.heartbeat_ms * MILLISECOND,
        silence_ns_max=settings.silence_ms_max * MILLISECOND,
        reconnect_ns_min=settings.reconnect_ms_min * MILLISECOND,
        reconnect_ns_max=settings.reconnect_ms_max * MILLISECOND,
        order_age_ns_max=settings.order_age_ms_max * MILLISECOND,
        supervisor_silence_ns_max=settings.supervisor_silence_ms_max * MILLISECOND,
        poll_ns=settings.poll_us * MICROSECOND,
        busy_poll_us=settings.busy_poll_us,
        order_count_max=settings.order_count_max,
        venue=venue,
        order_types=_offers(config.venues[venue]),
        silence_cancel_ns=settings.silence_cancel_ms * MILLISECOND,
        reconnect_jitter_ppm=settings.reconnect_jitter,
    ).native()


def signal_parameters(config: Config, enabled: bool) -> Any:
    """``struct signal_parameters *``; enabled: whether the strategy may want anything at all."""
    signal = ffi.new("struct signal_parameters *")
    signal.enabled = enabled
    strategy = config.strategy(config.signal.strategy)
    signal.strategy = strategy.number
    signal.account = config.account(strategy.account).number
    signal.trader = config.trader(strategy.trader).number
    signal.venue = config.home_venue(strategy)
    signal.route = ROUTES[strategy.route]
    signal.slippage_ppm_max = strategy.slippage_max_bps * PPM_PER_BPS
    for entry, instrument in zip(signal.instruments, config.instruments, strict=False):
        rule = instrument.signal
        entry.enabled = rule.enabled
        entry.mode = MODES[rule.mode]
        entry.order_quantity = rule.order_quantity
        entry.position_max = rule.position_max
        entry.imbalance_enter = rule.imbalance_enter
        entry.imbalance_exit = rule.imbalance_exit
        entry.edge_min = rule.edge_min
        entry.spread_max = rule.spread_max
        entry.cooldown_ns = rule.cooldown_us * MICROSECOND
        entry.inventory_skew = rule.inventory_skew
    return signal


def route_parameters(config: Config) -> Any:
    """``struct route_parameters *``."""
    settings = config.router
    route = ffi.new("struct route_parameters *")
    for entry, venue in zip(route.venues, config.venues, strict=False):
        entry.enabled = venue.enabled
        entry.offers = _offers(venue)
        entry.fee_taker = venue.fee_taker
        entry.fee_maker = venue.fee_maker
        entry.latency_ns = venue.latency_us * MICROSECOND
    route.answer_ns_max = settings.answer_ms_max * MILLISECOND
    route.post_cooldown_ns = settings.post_cooldown_ms * MILLISECOND
    route.twap_interval_ns_min = settings.twap_interval_ms_min * MILLISECOND
    route.twap_duration_ns_max = settings.twap_duration_s_max * SECOND
    route.instrument_count = len(config.instruments)
    route.slippage_ppm = min(strategy.slippage_max_bps for strategy in config.strategies) * PPM_PER_BPS
    route.parent_count_max = settings.parents_max
    route.round_count_max = settings.rounds_max
    return route


def _offers(venue: Venue) -> int:
    """Bits of enum venue_offer."""
    return sum(OFFERS.get(kind, 0) for kind in venue.order_types)


def execution_command(name: str, now_ns: int, *arguments: int) -> Any:
    """``struct command`` for execution: logout, login, cancel_all, cancel, cancel_scope, mass_cancel, resync."""
    command = ffi.new("struct command *")
    command.kind = getattr(lib, f"EXECUTION_{name.upper()}")
    command.issued_ns = now_ns
    for index, argument in enumerate(arguments):
        command.argument[index] = argument
    return command[0]
