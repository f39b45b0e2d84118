"""Two paper exchanges and every stage of a box but market-data and signal, polled by hand on one clock of the test's.

The test plays the signal and the operator: it writes intents and parent orders, publishes limits, throws stops.  What
the venues say is read a second time here, by a decoder that shares nothing with ours (``venue_wire``).
"""

import contextlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import venue_wire as wire
from pipeline_limits import route_parameters

from tickwire.native import enum_names, ffi, lib, open_stage
from tickwire.native.execution import ExecutionSettings
from tickwire.native.trading import record
from tickwire.sim.exchange import Exchange
from tickwire.sim.settings import AccountSettings, ExchangeSettings
from tickwire.supervisor.layout import create_segment

SYMBOLS = ("AAPL", "MSFT", "ZVZZT")
VENUES = 2
ACCOUNT = 0  # the box's, at either exchange
STEP_NS = 1_000_000
PRICE = 1_000_000
TICK = 100
STAGES = ("route", "risk", *(f"execution.{venue}" for venue in range(VENUES)), "position")  # a lane's order
SIDES = {"B": wire.BUY, "S": wire.SELL, "T": wire.SELL, "E": wire.SELL}
VERDICTS = {value: name for name, value in enum_names("risk_verdict", "RISK_").items()}


@dataclass
class Working:
    """An order at a venue, as its own words describe it."""

    symbol: str
    side: int
    price: int
    leaves: int


@dataclass
class Truth:
    """What a venue has done to the box's account, from the messages it sent and from nothing else."""

    sequence: int = 0  # messages read so far
    orders: dict[int, Working] = field(default_factory=dict)
    arrived: list[dict[str, Any]] = field(default_factory=list)  # Enter and Replace, in their order

    def read(self, exchange: Exchange) -> None:
        """Apply what the account was sent since the last look."""
        count = exchange.venue.log_count(ACCOUNT)
        if count == self.sequence:
            return
        for told in wire.reports(exchange.venue.log(ACCOUNT, self.sequence + 1, count + 1)):
            self.apply(told)
        self.sequence = count

    def apply(self, told: dict[str, Any]) -> None:
        """One message."""
        urn = told.get("urn", 0)
        match told["type"]:
            case "A" | "U":
                if told["type"] == "U":
                    self.orders.pop(told["old"], None)
                if told["state"] == "L":
                    self.orders[urn] = Working(told["symbol"], SIDES[told["side"]], told["price"], told["shares"])
            case "E" | "C" | "D":
                if urn in self.orders:
                    self.orders[urn].leaves -= told["shares"]
                    if self.orders[urn].leaves <= 0:
                        del self.orders[urn]


def parse_arrival(message: bytes) -> dict[str, Any] | None:
    """An Enter or Replace as it came over the wire; None for anything else."""
    if message[:1] == b"O":
        _, urn, side, shares, symbol, price = struct.unpack_from(">cIcI8sQ", message)
        return {"urn": urn, "old": 0, "side": side.decode(), "shares": shares, "price": price, "symbol": symbol}
    if message[:1] == b"U":
        _, old, urn, shares, price = struct.unpack_from(">cIIIQ", message)
        return {"urn": urn, "old": old, "shares": shares, "price": price}
    return None


def copy_of(struct_name: str, seen: Any) -> Any:
    """A record that outlives the read it came from."""
    copy = ffi.new(f"struct {struct_name} *")
    copy[0] = seen
    return copy


class Pipeline:
    """The box between its exchanges; a context manager, as it holds sockets and a segment."""

    def __init__(self, folder: Path) -> None:
        self.now_ns = 10**18
        self._resources = contextlib.ExitStack()
        self.segment, self.control = create_segment(folder / "segment", ["pipeline"], VENUES)
        self._resources.callback(self.segment.close)
        self.control.epoch = 1
        self.control.armed = True
        self.exchanges = [self._resources.enter_context(self._exchange()) for _ in range(VENUES)]
        self.truths = [Truth() for _ in range(VENUES)]
        for exchange, truth in zip(self.exchanges, self.truths, strict=True):
            self._watch(exchange, truth)
        self.stages: dict[str, Any] = {}
        for name in STAGES:
            self.start(name)
        self.rings = {plan: self._ring(plan) for plan in self._plans()}
        self.sent = [self.segment.ring(f"sent.{venue}", "order").observer(0) for venue in range(VENUES)]
        self.blotter = self.segment.ring("blotter", "execution_report").observer(0)
        self.orders: list[Any] = []  # struct order: everything that left
        self.reports: list[Any] = []
        self.refusals: list[Any] = []
        self.parents: list[Any] = []
        self.segment.parameters("route", "route_parameters").write(route_parameters(VENUES, len(SYMBOLS)), self.now_ns)
        self.refs = 10**6
        self.tick = 0
        self.intents = 0
        for venue in range(VENUES):
            for locate in range(1, len(SYMBOLS) + 1):
                self.exchanges[venue].venue.street(wire.action("T", SYMBOLS[locate - 1], locate=locate))

    # ---- parts ----

    def _exchange(self) -> Exchange:
        account = AccountSettings("TRADE1", "password1", "TWRA")
        settings = ExchangeSettings(accounts=(account,), line_a=None, line_b=None, silence_ns_max=10**15)
        return Exchange(settings, clock_ns=lambda: self.now_ns)

    def _watch(self, exchange: Exchange, truth: Truth) -> None:
        """Note every order that reaches the venue, before the venue sees it."""
        deliver = exchange.venue.order

        def order(account: int, message: bytes, now_ns: int) -> bool:
            if arrival := parse_arrival(message):
                truth.arrived.append(arrival | {"at_ns": self.now_ns})
            return deliver(account, message, now_ns)

        exchange.venue.order = order  # type: ignore[method-assign]

    def _plans(self) -> Iterator[tuple[str, str, int]]:
        for venue in range(VENUES):
            yield f"market.{venue}", "market_update", lib.MARKET_CONSUMER_SIGNAL
            yield f"report.{venue}", "execution_report", lib.REPORT_CONSUMER_SIGNAL
        yield "verdict", "risk_refusal", lib.VERDICT_CONSUMER_SIGNAL
        yield "parent.report", "parent_report", 0
        for name in ("intent.signal", "intent.operator"):
            yield name, "order_intent", 0
        for name in ("parent", "parent.operator"):
            yield name, "parent_order", 0

    def _ring(self, plan: tuple[str, str, int]) -> Any:
        return self.segment.ring(plan[0], plan[1])

    def start(self, name: str) -> None:
        """Open a stage, or open it again as its process would after a crash: nothing of the old one is left."""
        if name in self.stages:
            lib.stage_close(self.stages.pop(name))
        kind, _, venue = name.partition(".")
        if kind == "execution":
            self.stages[name] = self._open_execution(int(venue))
            return
        self.stages[name] = open_stage(getattr(lib, f"{kind}_stage_open"), self.segment, VENUES)[0]

    def _open_execution(self, venue: int) -> Any:
        settings = ExecutionSettings(
            "127.0.0.1",
            self.exchanges[venue].orders.port,
            "TRADE1",
            "password1",
            SYMBOLS,
            firm="TWRA",
            reconnect_ns_min=STEP_NS,
            reconnect_ns_max=10 * STEP_NS,
            silence_ns_max=10**15,
            order_count_max=1 << 17,
            venue=venue,
        )
        return open_stage(lib.execution_stage_open, self.segment, settings.native())[0]

    def __enter__(self) -> "Pipeline":
        return self

    def __exit__(self, *_: object) -> None:
        for stage in self.stages.values():
            lib.stage_close(stage)
        self._resources.close()

    # ---- time ----

    def step(self, count: int = 1) -> None:
        """Let a duty cycle of everything pass, that often."""
        for _ in range(count):
            self.now_ns += STEP_NS
            self.control.supervisor_heartbeat_ns = self.now_ns
            for venue in range(VENUES):
                self._show(venue)
            for _ in range(2):  # what the router wants is judged, sent and answered within one step
                for stage in [self.stages[name] for name in STAGES if name in self.stages]:  # also after a restart
                    lib.stage_poll(stage, self.now_ns)
                    lib.stage_housekeep(stage, self.now_ns)
                for exchange in self.exchanges:
                    exchange._serve(0)
            self.collect()

    def settle(self) -> None:
        """Step until every session is live and nothing has happened for a while."""
        quiet = 0
        for _ in range(3000):
            before = (len(self.reports), len(self.refusals), len(self.parents))
            self.step()
            quiet = (
                quiet + 1 if self.live and before == (len(self.reports), len(self.refusals), len(self.parents)) else 0
            )
            if quiet == 8:
                return
        states = [self.counter(f"execution-engine.{venue}", "EXECUTION_COUNT_SESSION_STATE") for venue in range(VENUES)]
        reconciled = self.counter("risk-manager", "RISK_COUNT_RECONCILED")
        raise AssertionError(f"never came to rest: sessions {states}, reconciled {reconciled}")

    @property
    def live(self) -> bool:
        """Whether every session is logged in and the gate knows everything."""
        states = [self.counter(f"execution-engine.{venue}", "EXECUTION_COUNT_SESSION_STATE") for venue in range(VENUES)]
        return set(states) == {lib.SESSION_LIVE} and bool(self.counter("risk-manager", "RISK_COUNT_RECONCILED"))

    def counter(self, block: str, name: str) -> int:
        """One counter of a stage."""
        return int(self.segment.counters(block)[getattr(lib, name)])

    def collect(self) -> None:
        """Take what the stages said to the part that the test plays, and what observers see."""
        for (name, _, consumer), ring in self.rings.items():
            if name.startswith(("intent", "parent")) and name != "parent.report":
                continue
            taken = ring.read(consumer, 1024)
            if name == "verdict":
                self.refusals += taken
            elif name == "parent.report":
                self.parents += taken
        for observer in self.sent:
            self.orders += [copy_of("order", order) for order in observer.read(1024)]
            assert observer.missed == 0
        self.reports += [copy_of("execution_report", report) for report in self.blotter.read(4096)]
        assert self.blotter.missed == 0
        for exchange, truth in zip(self.exchanges, self.truths, strict=True):
            truth.read(exchange)

    # ---- the market ----

    def _show(self, venue: int) -> None:
        """Publish every book of a venue as its market-data stage would."""
        exchange = self.exchanges[venue].venue
        exchange.take_stream()
        updates = [self._update(venue, index) for index in range(len(SYMBOLS))]
        assert self.segment.ring(f"market.{venue}", "market_update").write(updates) == len(updates)

    def _update(self, venue: int, index: int) -> Any:
        self.tick += 1
        update = record("market_update", tick=self.tick, rx_ns=self.now_ns, instrument=index, venue=venue)
        update.kind = lib.MARKET_BOOK
        update.trading_state = lib.TRADING_OPEN
        for side, prices, quantities in (
            (wire.BUY, update.bid_price, update.bid_quantity),
            (wire.SELL, update.ask_price, update.ask_quantity),
        ):
            for level, depth in enumerate(self.exchanges[venue].venue.depth(index + 1, side, lib.MARKET_LEVELS)):
                prices[level], quantities[level] = depth.price, depth.quantity
        return update[0]

    def street(self, venue: int, symbol: int, side: int, shares: int, price: int) -> int:
        """Somebody else's order; its reference."""
        self.refs += 1
        message = wire.add(self.refs, side, shares, price, SYMBOLS[symbol], locate=symbol + 1)
        self.exchanges[venue].venue.street(message)
        return self.refs

    # ---- what the test wants ----

    def intent(self, **fields: Any) -> None:
        """Write an order intent of the signal's (or the operator's, with ``ring``)."""
        ring = fields.pop("ring", "intent.signal")
        self.tick += 1
        usual = {
            "tick": self.tick,
            "rx_ns": self.now_ns,
            "kind": lib.INTENT_NEW,
            "quantity": 100,
            "price": PRICE,
            "strategy": 1,
            "account": 1,
            "trader": 1,
        }
        assert self.segment.ring(ring, "order_intent").write([record("order_intent", **usual | fields)[0]]) == 1
        self.intents += 1

    def parent(self, **fields: Any) -> None:
        """Write a parent order of the operator's."""
        self.tick += 1
        usual = {
            "parent_id": lib.SOURCE_OPERATOR << 56 | self.tick,
            "tick": self.tick,
            "rx_ns": self.now_ns,
            "kind": lib.INTENT_NEW,
            "quantity": 100,
            "strategy": 1,
            "account": 1,
            "trader": 1,
            "slippage_ppm_max": 5_000,
        }
        wanted = record("parent_order", **usual | fields)
        assert self.segment.ring("parent.operator", "parent_order").write([wanted[0]]) == 1

    def publish(self, limits: Any) -> None:
        """Publish limits as the steward does."""
        self.segment.parameters("risk", "risk_limits").write(limits, self.now_ns)

    # ---- what came of it ----

    def positions(self) -> dict[str, int]:
        """By the box's own table."""
        table = self.segment.table("position", "position_entry")
        return {symbol: table.read(index).quantity for index, symbol in enumerate(SYMBOLS)}

    def true_positions(self) -> dict[str, int]:
        """By the exchanges' own books."""
        held = dict.fromkeys(SYMBOLS, 0)
        for exchange in self.exchanges:
            for holding in exchange.venue.positions(ACCOUNT):
                held[holding.symbol] += holding.quantity
        return held

    def exposure(self, index: int) -> Any:
        """An entry of table "exposure"."""
        return self.segment.table("exposure", "risk_scope_exposure").read(index)


def verdict(refusal: Any) -> str:
    """The reason's name."""
    return VERDICTS[refusal.verdict].lower()
