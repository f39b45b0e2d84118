"""A box's configuration as the structures its C stages read, and those stages opened with it."""

from collections.abc import Callable, Mapping
from typing import Any

from tickwire.config import Config
from tickwire.native._native import ffi, lib
from tickwire.native.execution import ExecutionSettings
from tickwire.native.lane import open_stage
from tickwire.native.packet import Channel, PacketSettings
from tickwire.native.segment import Segment

MICROSECOND = 1_000
MILLISECOND = 1_000_000
MODES = {"take": lib.SIGNAL_TAKE, "quote": lib.SIGNAL_QUOTE}


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
    ).native()


def signal_parameters(config: Config, enabled: bool) -> Any:
    """``struct signal_parameters *``; enabled: whether the strategy may want anything at all."""
    signal = ffi.new("struct signal_parameters *")
    signal.enabled = enabled
    signal.strategy = config.strategy(config.signal.strategy).number
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


def risk_limits(config: Config) -> Any:
    """``struct risk_limits *``."""
    settings = config.risk
    risk = ffi.new("struct risk_limits *")
    risk.limits_age_ns_max = settings.limits_age_ms_max * MILLISECOND
    risk.supervisor_age_ns_max = settings.supervisor_age_ms_max * MILLISECOND
    risk.tick_age_ns_max = settings.tick_age_ms_max * MILLISECOND
    risk.message_rate_max = settings.message_rate_max
    risk.message_window_ns = settings.message_window_ms * MILLISECOND
    risk.firm.open_orders_max = settings.open_orders_max
    for entry, instrument in zip(risk.instruments, config.instruments, strict=False):
        limits = instrument.limits
        entry.permitted = limits.permitted
        entry.order_quantity_max = limits.order_quantity_max
        entry.order_value_max = limits.order_value_max
        entry.position_max = limits.position_max
        entry.collar_ppm = limits.collar_ppm
        entry.open_orders_max = limits.open_orders_max
    return risk


def execution_command(name: str, now_ns: int) -> Any:
    """``struct command`` for execution: logout, login or cancel_all."""
    command = ffi.new("struct command *")
    command.kind = getattr(lib, f"EXECUTION_{name.upper()}")
    command.issued_ns = now_ns
    return command[0]


def open_service_stage(name: str, segment: Segment, config: Config, password: str) -> tuple[Any, str]:
    """Open the stage of the service called name; returns (stage, what it said).  Raises NativeError."""
    return OPENERS[name](segment, config, password)


OPENERS: Mapping[str, Callable[[Segment, Config, str], tuple[Any, str]]] = {
    "market-data": lambda segment, config, _: open_stage(lib.market_stage_open, segment, market_config(config)),
    "signal-bridge": lambda segment, config, _: open_stage(lib.signal_stage_open, segment, 1),
    "risk-manager": lambda segment, config, _: open_stage(lib.risk_stage_open, segment, 1),
    "execution-engine": lambda segment, config, password: open_stage(
        lib.execution_stage_open, segment, execution_config(config, password)
    ),
    "position-tracker": lambda segment, config, _: open_stage(lib.position_stage_open, segment, 1),
}
