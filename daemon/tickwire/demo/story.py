"""``tickwire demo --story risk``: a limit refuses, a breaker trips and heals, a kill, and the two steps back.

Every step is done the way a desk would do it, and every figure is read from the box or the exchange.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from tickwire.demo.demo import keep
from tickwire.demo.officer import Officer, RefusedError
from tickwire.demo.plan import ACCOUNT, DemoError, Settings
from tickwire.demo.site import STOP_S, Site
from tickwire.native import lib, now_ns
from tickwire.sim.control import ask
from tickwire.supervisor.ownership import throw_kill
from tickwire.telemetry.report import compare

BREAKER = """
[[breakers]]
scope = "venue"
name = "A"
trigger = "reject-rate"
threshold = {threshold}
window_s = {window_s}
action = "stop-new"
cool_down_s = {cool_down_s}
probe_orders_max = {probes}
"""
THRESHOLD = 5
WINDOW_S = 2
COOL_DOWN_S = 1
PROBES = 5
TIGHT = 50  # shares: the strategy wants 100
REFUSALS = 3
MORE_ORDERS = 20
CANCEL_S = 10


@dataclass(frozen=True)
class Story:
    """What is told of the site: ``tell`` returns whether all of it happened."""

    settings: Settings
    console: Console

    def tell(self) -> bool:
        """Run it from beginning to end.  Raises DemoError when a step does not happen."""
        self.settings.check()
        first, second = Officer("olivia"), Officer("robert")
        extra = BREAKER.format(threshold=THRESHOLD, window_s=WINDOW_S, cool_down_s=COOL_DOWN_S, probes=PROBES)
        extra += "".join(officer.config() for officer in (first, second))
        symbols = replace(self.settings, instruments=min(2, self.settings.instruments)).symbols()
        with ExitStack() as stack:
            site = stack.enter_context(Site(self.settings, symbols, extra=extra))
            if self.settings.keep_logs is not None:
                stack.callback(keep, site.folder, self.settings.keep_logs)
            acts = _Acts(site, self.console, symbols[0], first, second)
            for number, act in enumerate((acts.trade, acts.limit, acts.breaker, acts.kill, acts.rearm, acts.end), 1):
                self.console.print(f"\n{number}. {act.__doc__}", style="bold", highlight=False)
                act()
        return True


class _Acts:
    """The steps, in order; the docstring of each is its title."""

    def __init__(self, site: Site, console: Console, symbol: str, first: Officer, second: Officer) -> None:
        self._site = site
        self._console = console
        self._symbol = symbol
        self._first = first
        self._second = second
        self._socket = site.config.operator_socket

    def trade(self) -> None:
        """The box trades"""
        self._site.await_armed()
        self._await_orders()
        snapshot = self._site.reader.read()
        self._say(f"{snapshot.orders['orders']:,} orders sent, {snapshot.fills:,} fills; every order passed the gate.")

    def limit(self) -> None:
        """A limit refuses an order"""
        path = f"instruments.{self._symbol}.order_quantity_max"
        before = self._refused("order_quantity")
        self._first.do(self._socket, "limit-propose", path=path, value=TIGHT, reason="story: too large for today")
        self._say(f"olivia tightens {path} to {TIGHT} shares: in force at once, no second person needed.")
        self._site.wait(lambda: self._refused("order_quantity") >= before + REFUSALS, "the gate to refuse by the limit")
        self._say(f"The gate refused {self._refused('order_quantity') - before} orders: order_quantity.")
        was = self._site.config.instruments[0].limits.order_quantity_max
        change = self._first.do(self._socket, "limit-propose", path=path, value=was, reason="story: back to normal")
        number, state = change["change"]["id"], change["change"]["state"]
        if state != "waiting":
            raise DemoError(f"a loosening took effect without a second person: {change}")
        self._say(f"olivia asks for {was} again: a loosening, change {number} waits for somebody else.")
        refused = self._refusal("one person both asked and approved", "limit-approve", change=number)
        self._say(f'olivia cannot approve it herself: "{refused}".')
        self._second.do(self._socket, "limit-approve", change=number)
        self._say("robert approves: in force; old value, new value, both names and the reason are on record.")
        self._await_orders()

    def breaker(self) -> None:
        """A circuit breaker trips, tries, and closes"""
        rejected, refused = self._site.reader.read().orders["rejected"], self._refused("breaker")
        seen = {name: len(self._site.box.events(f"breaker_{name}")) for name in ("open", "half_open", "closed")}
        ask(self._site.control(), "reject", account=ACCOUNT, count=THRESHOLD, amount=lib.OUCH_REJECT_PROCESSING_ERROR)
        self._say(f"The exchange rejects the next {THRESHOLD} orders; the breaker allows fewer in {WINDOW_S} s.")
        opened = self._await_breaker("open", seen)
        self._site.wait(lambda: self._refused("breaker") > refused, "the gate to refuse by the breaker")
        now = self._site.reader.read()
        self._say(f"OPEN: {opened['why']}; {now.orders['rejected'] - rejected} rejects seen.")
        self._await_breaker("half_open", seen)
        self._say(
            f"HALF OPEN after {COOL_DOWN_S} s and an empty window; {self._refused('breaker') - refused} orders were "
            f"refused meanwhile (breaker); now {PROBES} probe orders may leave."
        )
        closed = self._await_breaker("closed", seen)
        self._say(f"CLOSED: {closed['why']}.")
        self._await_orders()

    def kill(self) -> None:
        """Kill"""
        self._site.wait(lambda: self._open_orders() > 0, "an order to be open")
        refused = self._refused("killed")
        box = self._site.config.box
        opened, started = self._open_orders(), time.monotonic_ns()
        throw_kill(Path(box.segment_path), Path(box.state_dir), now_ns())
        took = self._await_cancelled() - started
        self._say(f"{opened} orders were open; {took / 1e6:.1f} ms after the command none is (seen from outside).")
        sent = self._sent()
        self._site.wait(lambda: self._refused("killed") >= refused + REFUSALS, "the gate to refuse by the kill")
        last = self._site.reader.read().orders["kill_ns"] / 1000
        words = f"the last that could was sent {last:.1f} us after it" if last else "none left after it"
        self._say(f"New orders: {words}, by the box's own clock.")
        self._say(f"The market goes on; {self._refused('killed') - refused} orders were refused since (killed).")
        if (left := self._sent() - sent) > 0:
            raise DemoError(f"{left} orders left after every order was cancelled")

    def rearm(self) -> None:
        """The two steps back, once reconciled"""
        found = self._first.do(self._socket, "reconcile", reason="story: before re-arming", replay=True)
        if found["breaks"]:
            raise DemoError(f"reconciliation found breaks: {found['breaks']}")
        self._say(
            f"Reconciled with {', '.join(found['sources'])}: {found['orders']:,} orders, {found['fills']:,} fills, "
            f"{found['positions']} positions, no difference."
        )
        prepared = self._prepare()
        self._say(f"First step: olivia sees what is stopped and open, and gets a code ({prepared['code']}).")
        refused = self._refusal("a wrong code lifted the kill", "rearm-confirm", code="WRONG1", reason="story: a guess")
        self._say(f'A wrong code does nothing: "{refused}".')
        self._first.do(self._socket, "rearm-confirm", code=prepared["code"], reason="story: looked into it")
        self._say("Second step: code and reason given; the kill switch is off.")
        self._await_orders()
        self._say("The box trades again.")

    def end(self) -> None:
        """The end of the day"""
        site = self._site
        if site.box.stop(STOP_S) != 0:
            raise DemoError(f"the box did not stop in order:\n{site.box.tail()}")
        for exchange in site.exchanges:
            if exchange.stop(STOP_S) != 0:
                raise DemoError(f"the {exchange.name} did not stop in order:\n{exchange.tail()}")
        ours = [replace(position, known=True) for position in site.reader.read().positions]
        lines = compare(ours, site.exchange_positions())
        for line in lines:
            self._say(f"{line.symbol}: box {line.box:+,}, exchange {line.exchange:+,}")
        if not all(line.equal for line in lines):
            raise DemoError("the box's positions differ from the exchange's")
        self._say("Everything happened, and the box's positions equal the exchange's own.")

    def _prepare(self) -> dict[str, str]:
        prepared: dict[str, str] = self._first.do(self._socket, "rearm-prepare", scope="firm")
        if not prepared["code"]:
            raise DemoError(f"re-arming is refused: {prepared['against']}")
        return prepared

    def _refusal(self, otherwise: str, command: str, **arguments: Any) -> str:
        """Why the box does not do what must not be done; otherwise: what it means if it does."""
        try:
            self._first.do(self._socket, command, **arguments)
        except RefusedError as error:
            if error.code == "state":
                return str(error)
            raise
        raise DemoError(otherwise)

    def _await_cancelled(self) -> int:
        """When no order was open any more, monotonic ns: looked at without a pause, as the figure is about latency."""
        counters = [
            self._site.segment.counters(f"execution-engine.{venue}") for venue in range(len(self._site.exchanges))
        ]
        deadline = time.monotonic_ns() + CANCEL_S * 1_000_000_000
        while any(one[lib.EXECUTION_COUNT_OPEN_ORDERS] for one in counters):
            if time.monotonic_ns() > deadline:
                raise DemoError(f"orders are still open {CANCEL_S} s after the kill")
        return time.monotonic_ns()

    def _await_breaker(self, state: str, seen: dict[str, int]) -> dict[str, str]:
        """The event of a change to that state, after those that were seen before."""

        def came() -> bool:
            return len(self._site.box.events(f"breaker_{state}")) > seen[state]

        self._site.wait(came, f"the breaker to be {state.replace('_', ' ')}")
        event: dict[str, str] = self._site.box.events(f"breaker_{state}")[-1]
        return event

    def _await_orders(self) -> None:
        enough = self._sent() + MORE_ORDERS
        self._site.wait(lambda: self._sent() >= enough, f"{MORE_ORDERS} more orders")

    def _sent(self) -> int:
        orders = self._site.reader.read().orders
        return orders["orders"] + orders["replaces"]

    def _open_orders(self) -> int:
        return self._site.reader.read().orders["open_orders"]

    def _refused(self, verdict: str) -> int:
        return self._site.reader.read().verdicts[verdict]

    def _say(self, text: str) -> None:
        self._console.print(f"   {text}", highlight=False, markup=False, soft_wrap=True)


STORIES: dict[str, Callable[[Settings, Console], Story]] = {"risk": Story}
