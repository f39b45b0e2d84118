"""The paper exchange: market data out on two lines, a request server and an order entry port, in one loop."""

import contextlib
import queue
import selectors
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future
from types import FrameType
from typing import Any, Self

import msgspec

from tickwire.native.venue import Line, MarketRun, Publisher, RunResult, Venue
from tickwire.sim.control import ControlSocket
from tickwire.sim.drop_copy import DropCopy
from tickwire.sim.faults import Request, perform
from tickwire.sim.latency import WireToWire
from tickwire.sim.order_entry import OrderEntry
from tickwire.sim.settings import SECOND_NS, ExchangeSettings, LineSettings
from tickwire.sim.status import StatusFile
from tickwire.sim.street import Street, open_street

TICK_NS = SECOND_NS // 4  # status, heartbeats and timeouts are looked at this often
ASK_S = 10.0  # how long another thread waits for an answer
END_PACKETS = 3  # MoldUDP64 repeats the end of a session, as any packet may be lost


def _line(settings: LineSettings | None) -> Line:
    return Line("0.0.0.0", 0) if settings is None else Line(**msgspec.structs.asdict(settings))


class Exchange:
    """One exchange, from start to end of session; a context manager, since it holds sockets and files.

    clock_ns is CLOCK_MONOTONIC, which also paces the market; tests that need another time of day set it in the street.
    """

    def __init__(self, settings: ExchangeSettings, clock_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self.settings = settings
        self.session = settings.session or f"TW{int(time.time()) & 0xFFFFFFFF:08x}"
        self._clock_ns = clock_ns
        with contextlib.ExitStack() as stack:
            self._street: Street = open_street(settings.street)
            stack.callback(self._street.close)
            history = stack.enter_context(tempfile.TemporaryFile(prefix="tickwire-history-"))
            index = stack.enter_context(tempfile.TemporaryFile(prefix="tickwire-index-"))
            self._selector = stack.enter_context(selectors.EpollSelector())
            firms = [account.firm for account in settings.accounts]
            self.venue = Venue(
                firms,
                announce_trading=settings.street.announce_trading,
                maker_fee=settings.maker_fee,
                taker_fee=settings.taker_fee,
            )
            self.publisher = Publisher(
                self.session,
                [_line(settings.line_a), _line(settings.line_b)],
                history.fileno(),
                index.fileno(),
                interface_address=settings.interface_address,
                payload_max=settings.payload_max,
                request_rate_max=settings.request_rate_max,
                gap=settings.gap,
                fault_seed=settings.fault_seed,
            )
            self.market = MarketRun(self.venue, self.publisher, settings.street.speed, settings.street.start_ns)
            self.wire = WireToWire(self.publisher)
            self._requests = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            self._requests.bind((settings.interface_address, settings.request_port))
            self._selector.register(self._requests, selectors.EVENT_READ, self._answer)
            self.orders = OrderEntry(
                settings, self.session, self.venue, self.wire, self._selector, lambda: self.market.market_ns
            )
            self.drop_copy = (
                DropCopy(settings, settings.drop_copy, self.session, self.venue, self._selector)
                if settings.drop_copy is not None
                else None
            )
            if settings.control is not None:
                control = ControlSocket(settings.control, self._selector, self._perform)
                stack.callback(control.close)
            self._waker, wakened = (stack.enter_context(end) for end in socket.socketpair())
            for end in (self._waker, wakened):
                end.setblocking(False)
            self._selector.register(wakened, selectors.EVENT_READ, lambda _: wakened.recv(64))
            self._resources = stack.pop_all()
        self._status = StatusFile(settings.status)
        names = [account.username for account in settings.accounts]
        self._awaited = names.index(settings.wait_for) if settings.wait_for else None
        self._chunk = b""
        self._offset = 0
        self._stopping = False
        self._asked: queue.SimpleQueue[tuple[Request, Future[dict[str, Any]]]] = queue.SimpleQueue()
        self._packets = 0
        self._sent_ns = 0
        self.street_error = ""
        self.end_of_market = False
        self.ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    @property
    def request_port(self) -> int:
        """UDP port of the request server."""
        return int(self._requests.getsockname()[1])

    def stop(self) -> None:
        """End the session at once; safe from another thread and from a signal handler."""
        self._stopping = True
        with contextlib.suppress(BlockingIOError):  # full of earlier calls: they wake it just as well
            self._waker.send(b"!")

    def ask(self, do: str, **parameters: Any) -> dict[str, Any]:
        """Have the running exchange do something (``tickwire.sim.faults``); for other threads of this process.

        ValueError: it refused.  TimeoutError: it does not run.
        """
        request = msgspec.convert({"do": do, **parameters}, Request)
        answer: Future[dict[str, Any]] = Future()
        self._asked.put((request, answer))
        with contextlib.suppress(BlockingIOError):
            self._waker.send(b"!")
        return answer.result(ASK_S)

    def _perform(self, request: Request) -> dict[str, Any]:
        return perform(self, request, self._clock_ns())

    def _answer_asked(self) -> None:
        while not self._asked.empty():
            request, answer = self._asked.get()
            try:
                answer.set_result(self._perform(request))
            except ValueError as error:
                answer.set_exception(error)

    def catch_signals(self) -> None:
        """Stop on SIGTERM and SIGINT; the wake-up descriptor ends a sleep in native code, so that the handler runs."""
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        self._resources.callback(signal.set_wakeup_fd, -1)

        def handle(_signal: int, _frame: FrameType | None) -> None:
            self.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            self._resources.callback(signal.signal, number, signal.signal(number, handle))

    def run(self) -> None:
        """Until stopped, or for the settings' seconds; then end the session and leave a last status."""
        start_ns = self._clock_ns()
        seconds = self.settings.seconds
        end_ns = None if seconds is None else start_ns + int(seconds * SECOND_NS)
        tick_ns = start_ns
        while not self._stopping:
            now_ns = self._clock_ns()
            if end_ns is not None and now_ns >= end_ns:
                break
            if now_ns >= tick_ns:
                self._tick(now_ns)
                tick_ns = now_ns + TICK_NS
            self._turn(min(tick_ns, end_ns) if end_ns is not None else tick_ns)
        self._end()

    def _turn(self, until_ns: int) -> None:
        """Advance the market until something else needs doing, then do it."""
        due_ns = self.orders.due_ns(self._clock_ns())
        until_ns = until_ns if due_ns is None else min(until_ns, due_ns)
        if self._awaited is not None and self.orders.online(self._awaited):
            self._awaited = None
        if self._awaited is not None:
            self._serve(max(0.0, (until_ns - self._clock_ns()) / SECOND_NS))
            return
        result, self._offset = self.market.advance(self._chunk, self._offset, self._selector.fileno(), until_ns)
        timeout = 0.0
        if result is RunResult.DRAINED and not self._refill():
            timeout = max(0.0, (until_ns - self._clock_ns()) / SECOND_NS)
        self._serve(timeout)

    def _serve(self, timeout: float) -> None:
        """What clients want, waiting for it at most that long."""
        for key, _ in self._selector.select(timeout):
            key.data(self._clock_ns())
        self._answer_asked()
        self.venue.time(self.market.market_ns)
        self._pump()

    def _pump(self) -> None:
        self.orders.pump(self._clock_ns())
        if self.drop_copy is not None:
            self.drop_copy.pump(self._clock_ns())

    def _refill(self) -> bool:
        """Bring more of the street behind what is left of the chunk; False at its end."""
        if self.end_of_market:
            return False
        try:
            fresh = self._street.read()
        except (OSError, EOFError) as error:  # a damaged gzip: what came before it was good
            self.street_error = str(error)
            fresh = b""
        self._chunk = self._chunk[self._offset :] + fresh
        self._offset = 0
        if not fresh:
            if self._chunk:
                self.street_error = self.street_error or f"{len(self._chunk)} bytes left over at the end"
            self._chunk = b""
            self.end_of_market = True
        return not self.end_of_market

    def _answer(self, now_ns: int) -> None:
        self.publisher.answer(self._requests.fileno(), now_ns)

    def _tick(self, now_ns: int) -> None:
        packets = self.publisher.counters()["packets"]
        if packets != self._packets:
            self._packets, self._sent_ns = packets, now_ns
        elif now_ns - self._sent_ns >= SECOND_NS - TICK_NS:
            self.publisher.heartbeat()
            self._sent_ns = now_ns
        self.orders.tick(now_ns)
        if self.drop_copy is not None:
            self.drop_copy.tick(now_ns)
        self._status.write(self.status())

    def _end(self) -> None:
        self.venue.end(self.market.market_ns)
        self.orders.end(self._clock_ns())
        if self.drop_copy is not None:
            self.drop_copy.end(self._clock_ns())
        if stream := self.venue.take_stream():  # of the last turn's orders
            self.publisher.publish(stream)
        for _ in range(END_PACKETS):
            self.publisher.heartbeat(end=True)
        self.ended = True
        self._status.write(self.status())

    def status(self) -> dict[str, Any]:
        """Everything the status file says; prices and values in 1/10 000, fees in 1/1 000 000, times in ns."""
        return {
            "state": "ended" if self.ended else "running",
            "session": self.session,
            "order_port": self.orders.port,
            "request_port": self.request_port,
            "market_ns": self.market.market_ns,
            "end_of_market": self.end_of_market,
            "street_error": self.street_error,
            "street_messages": self.market.messages,
            "publisher": self.publisher.counters(),
            "venue": self.venue.counters(),
            "sessions": dict(self.orders.counters),
            "drop_copy": self._drop_copy_status(),
            "fees": {"maker": self.settings.maker_fee, "taker": self.settings.taker_fee},
            "latency_ns": self.settings.latency_ns,
            "wire_to_wire_ns": self.wire.summary(),
            "street_position": self.venue.street_position(),
            "accounts": {
                account.username: self._account(index) for index, account in enumerate(self.settings.accounts)
            },
        }

    def _drop_copy_status(self) -> dict[str, int] | None:
        if self.drop_copy is None:
            return None
        return {
            "port": self.drop_copy.port,
            "listeners": self.drop_copy.listeners(),
            "next_sequence": self.venue.drop_copy_count() + 1,
        }

    def _account(self, index: int) -> dict[str, Any]:
        positions = self.venue.positions(index)
        return {
            "firm": self.settings.accounts[index].firm,
            "online": self.orders.online(index),
            "next_sequence": self.venue.log_count(index) + 1,
            "fills": sum(holding.fills for holding in positions),
            "fees": sum(holding.fees for holding in positions),
            "positions": {holding.symbol: holding for holding in positions},
        }
