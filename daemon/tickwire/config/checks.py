"""What a well-typed configuration may still get wrong: keys that contradict each other, cores that do not exist."""

from collections import Counter
from collections.abc import Collection, Iterator

from tickwire.config.lines import Path
from tickwire.config.model import LANE_COUNT_MAX, STAGES, Config, Instrument
from tickwire.config.placement import SPINNING
from tickwire.config.values import FRACTION_SCALE

Problem = tuple[Path, str]


def problems(config: Config, cores: Collection[int]) -> Iterator[Problem]:
    """Each contradiction, with the key it is about."""
    yield from _instruments(config)
    yield from _market_data(config)
    yield from _execution(config)
    yield from _ages(config)
    yield from _placement(config, cores)


def _instruments(config: Config) -> Iterator[Problem]:
    symbols: set[str] = set()
    locates: set[int] = set()
    for index, instrument in enumerate(config.instruments):
        here: Path = ("instruments", index)
        if instrument.symbol in symbols:
            yield (*here, "symbol"), f"expected each symbol once, {instrument.symbol} is there already"
        if instrument.locate and instrument.locate in locates:
            yield (*here, "locate"), f"expected each locate once, {instrument.locate} is there already"
        symbols.add(instrument.symbol)
        locates.add(instrument.locate)
        yield from _instrument(here, instrument)


def _instrument(here: Path, instrument: Instrument) -> Iterator[Problem]:
    rule, limits = instrument.signal, instrument.limits
    signal = (*here, "signal")
    for key, ratio in (("imbalance_enter", rule.imbalance_enter), ("imbalance_exit", rule.imbalance_exit)):
        if not 0 <= ratio <= FRACTION_SCALE:
            yield (*signal, key), "expected a ratio between 0 and 1"
    if rule.imbalance_exit > rule.imbalance_enter:
        yield (*signal, "imbalance_exit"), "expected at most imbalance_enter"
    if not 0 <= rule.inventory_skew < 2**32:
        yield (*signal, "inventory_skew"), "expected a ratio that is not negative"
    for key, price in (("edge_min", rule.edge_min), ("spread_max", rule.spread_max)):
        if price < 0:
            yield (*signal, key), "expected a price that is not negative"
    if limits.order_value_max <= 0:
        yield (*here, "limits", "order_value_max"), "expected an amount greater than 0: 0 permits nothing"
    if rule.order_quantity > limits.order_quantity_max:
        yield (*signal, "order_quantity"), f"expected at most limits.order_quantity_max ({limits.order_quantity_max})"
    if rule.position_max > limits.position_max:
        yield (*signal, "position_max"), f"expected at most limits.position_max ({limits.position_max})"


def _market_data(config: Config) -> Iterator[Problem]:
    settings = config.market_data
    if settings.backend == "pcap" and not settings.pcap_path:
        yield ("market_data", "backend"), "expected pcap_path with the pcap back end"
    if settings.backend != "pcap" and settings.pcap_path:
        yield ("market_data", "pcap_path"), 'expected only with backend = "pcap"'
    for key, line in (("line_a", settings.line_a), ("line_b", settings.line_b)):
        if not line:
            yield ("market_data", key), 'expected "a.b.c.d:port", a line is needed'
    if settings.line_a and settings.line_a == settings.line_b:
        yield ("market_data", "line_b"), "expected another address or port than line_a"
    if settings.frame_count & (settings.frame_count - 1):
        yield ("market_data", "frame_count"), "expected a power of two, or 0 for the default"
    if any(int(part) > 255 for part in settings.interface_address.split(".") if part):
        yield ("market_data", "interface_address"), 'expected an IPv4 address or ""'


def _execution(config: Config) -> Iterator[Problem]:
    settings = config.execution
    if not settings.venue:
        yield ("execution", "venue"), 'expected "a.b.c.d:port", the venue\'s order port'
    if bool(settings.password) == bool(settings.password_file):
        yield ("execution", "password_file"), "expected exactly one of password and password_file"
    if settings.reconnect_ms_min > settings.reconnect_ms_max:
        yield ("execution", "reconnect_ms_min"), "expected at most reconnect_ms_max"
    if settings.heartbeat_ms >= settings.silence_ms_max:
        yield ("execution", "silence_ms_max"), "expected more than heartbeat_ms"


def _ages(config: Config) -> Iterator[Problem]:
    watch = config.supervisor
    if watch.heartbeat_ms * 2 > config.risk.supervisor_age_ms_max:
        yield (
            ("risk", "supervisor_age_ms_max"),
            f"expected at least twice supervisor.heartbeat_ms ({watch.heartbeat_ms})",
        )
    if watch.heartbeat_ms * 4 > config.lanes.orphan_ms_max:
        yield ("lanes", "orphan_ms_max"), f"expected at least four times supervisor.heartbeat_ms ({watch.heartbeat_ms})"
    silence = config.execution.supervisor_silence_ms_max
    if not config.risk.supervisor_age_ms_max <= silence < config.lanes.orphan_ms_max:
        yield (
            ("execution", "supervisor_silence_ms_max"),
            f"expected at least risk.supervisor_age_ms_max ({config.risk.supervisor_age_ms_max}), so that nothing new "
            f"follows, and less than lanes.orphan_ms_max ({config.lanes.orphan_ms_max})",
        )
    if watch.restart_ms_min > watch.restart_ms_max:
        yield ("supervisor", "restart_ms_min"), "expected at most restart_ms_max"


def _placement(config: Config, cores: Collection[int]) -> Iterator[Problem]:
    lanes = config.lanes
    there = ", ".join(map(str, sorted(cores)))
    if lanes.core >= 0 and lanes.core not in cores:
        yield ("lanes", "core"), f"expected a core of this machine ({there}), got {lanes.core}"
    if lanes.core >= 0 and lanes.placement != "single":
        yield ("lanes", "core"), 'expected only with placement = "single"'
    if lanes.placement != "custom":
        if lanes.lane:
            yield ("lanes", "lane", 0), 'expected only with placement = "custom"'
        return
    if not 1 <= len(lanes.lane) <= LANE_COUNT_MAX:
        yield ("lanes", "placement"), f"expected 1 to {LANE_COUNT_MAX} [[lanes.lane]] tables, got {len(lanes.lane)}"
        return
    yield from _custom(config, cores, there)


def _custom(config: Config, cores: Collection[int], there: str) -> Iterator[Problem]:
    names: set[str] = set()
    owner: dict[int, str] = {}
    placed = Counter(stage for lane in config.lanes.lane for stage in lane.stages)
    for index, lane in enumerate(config.lanes.lane):
        here: Path = ("lanes", "lane", index)
        if lane.name in names:
            yield (*here, "name"), f"expected each lane's name once, {lane.name} is there already"
        names.add(lane.name)
        for stage in lane.stages:
            if placed[stage] > 1:
                yield (*here, "stages"), f"expected each stage in one lane, {stage} is in {placed[stage]}"
        if lane.core >= 0 and lane.core not in cores:
            yield (*here, "core"), f"expected a core of this machine ({there}), got {lane.core}"
        if lane.idle in SPINNING:
            if lane.core < 0:
                yield (*here, "idle"), f"expected a core for a lane that never leaves it ({lane.idle})"
            elif lane.core in owner:
                yield (*here, "core"), f"expected a core of its own, {owner[lane.core]} spins on {lane.core}"
            owner.setdefault(lane.core, lane.name)
    for absent in (stage for stage in STAGES if not placed[stage]):
        yield ("lanes",), f"expected every stage in a lane, {absent} is in none"
