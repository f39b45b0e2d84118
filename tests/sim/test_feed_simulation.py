"""The feed against a simulated network: two lossy lines and a request server, on a simulated clock, from one seed."""

import heapq
import os
import random
import struct
from dataclasses import dataclass

import pytest

from tickwire.native.feed import Feed, FeedSettings, FeedState

A, B, RECOVERY = 0, 1, 2
SESSION = b"SIMULATION"
MS = 1_000_000
SEED = int(os.environ.get("TICKWIRE_SEED", "20191230"))


@dataclass(frozen=True)
class Network:
    """What a line or the request server does to packets; probabilities by packet, times in ns."""

    loss: float = 0.0
    duplication: float = 0.0
    delay_ns: int = 50_000
    jitter_ns: int = 0
    overlap: float = 0.0
    corruption: float = 0.0
    outage: tuple[float, float] = (0.0, 0.0)  # part of the stream during which nothing passes


@dataclass(frozen=True)
class Scenario:
    """One simulated session."""

    line_a: Network = Network()
    line_b: Network = Network()
    server: Network = Network()
    messages: int = 2_000
    join_at: int = 1  # the feed hears nothing of the lines before this sequence
    answer_packets: int = 100  # packets the server sends for one request at most
    hold_count: int = 4_096
    hostile: float = 0.0  # forged packets for each true one


def body(sequence: int) -> bytes:
    """A message that says which it is, of a length that depends on it."""
    return sequence.to_bytes(8, "big") + bytes(sequence % 43)


def packet(first: int, count: int) -> bytes:
    blocks = b"".join(struct.pack(">H", len(body(i))) + body(i) for i in range(first, first + count))
    return struct.pack(">10sQH", SESSION, first, count) + blocks


class Simulation:
    """Runs a scenario until the feed has everything, or time is up."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.scenario = scenario
        self.random = random.Random(seed)
        self.events: list[tuple[int, int, int, bytes]] = []  # time, tie breaker, line, payload
        self.count = 0
        self.taken: list[tuple[int, bytes]] = []
        self.feed = Feed(FeedSettings(stale_ns=300 * MS, request_size=64, hold_count=scenario.hold_count))

    def send(self, line: int, at_ns: int, payload: bytes) -> None:
        """Put a packet on a line, which may lose, spoil, delay or double it."""
        network = (self.scenario.line_a, self.scenario.line_b, self.scenario.server)[line]
        copies = 0 if self.random.random() < network.loss else 1
        copies += self.random.random() < network.duplication
        for _ in range(copies):
            if self.random.random() < network.corruption:
                payload = payload[: self.random.randrange(len(payload))]
            delay_ns = network.delay_ns + self.random.randint(0, network.jitter_ns)
            self.count += 1
            heapq.heappush(self.events, (at_ns + delay_ns, self.count, line, payload))

    def publish(self) -> int:
        """The venue's day: packets of both lines, then heartbeats; returns when the last message was sent."""
        now_ns, first = 0, 1
        while first <= self.scenario.messages:
            count = min(self.random.randint(1, 12), self.scenario.messages + 1 - first)
            for line, network in ((A, self.scenario.line_a), (B, self.scenario.line_b)):
                begin, end = network.outage
                if first < self.scenario.join_at or begin <= first / self.scenario.messages < end:
                    continue
                back = self.random.randint(0, min(first - 1, 5)) if self.random.random() < network.overlap else 0
                self.send(line, now_ns, packet(first - back, count + back))
                if self.random.random() < self.scenario.hostile:
                    self.send(line, now_ns, self.forgery(first))
            first += count
            now_ns += self.random.randint(1_000, 100_000)
        for beat in range(200):
            for line in (A, B):
                self.send(line, now_ns + beat * 100 * MS, struct.pack(">10sQH", SESSION, first, 0))
        return now_ns

    def forgery(self, first: int) -> bytes:
        """Noise, a far or impossible sequence, a foreign session: nothing a receiver could take for the stream."""
        choice = self.random.randrange(5)
        if choice == 0:
            return self.random.randbytes(self.random.randrange(64))
        if choice == 1:
            return struct.pack(">10sQH", SESSION, self.random.randrange(10**6, 2**64), 0)
        if choice == 2:
            return struct.pack(">10sQHHB", SESSION, self.random.randrange(10**6, 2**64), 1, 1, 0)
        if choice == 3:
            return struct.pack(">10sQH", b"FOREIGNER!", first, 0xFFFF)
        return struct.pack(">10sQH", SESSION, first, self.random.randrange(1, 0xFFFF)) + b"\x00\x01"

    def answer(self, now_ns: int, first: int, count: int) -> None:
        """The request server: what it has been asked for, as far as it exists, in packets of its own making."""
        end = min(first + count, self.scenario.messages + 1)
        for _ in range(self.scenario.answer_packets):
            size = min(20, end - first)
            if size <= 0:
                return
            self.send(RECOVERY, now_ns, packet(first, size))
            first += size

    def run(self) -> None:
        last_ns = self.publish()
        now_ns = 0
        while self.events and (now_ns <= last_ns + 100 * MS or self.feed.status.state is not FeedState.LIVE):
            now_ns, _, line, payload = heapq.heappop(self.events)
            self.feed.push(line, payload, now_ns)
            self.taken += self.feed.take()
            self.feed.poll(now_ns)
            self.taken += self.feed.take()
            for first, count in self.feed.requests(now_ns):
                self.answer(now_ns, first, count)


LOSSY = Network(loss=0.1, duplication=0.02, jitter_ns=30_000)
SCENARIOS = {
    "clean lines": Scenario(),
    "loss on one line": Scenario(line_a=Network(loss=0.3)),
    "loss on both lines": Scenario(line_a=LOSSY, line_b=LOSSY, server=LOSSY),
    "wild reordering": Scenario(line_a=Network(jitter_ns=2 * MS), line_b=Network(jitter_ns=2 * MS)),
    "overlapping packets": Scenario(line_a=Network(loss=0.2, overlap=0.5), line_b=Network(loss=0.2, overlap=0.5)),
    "duplication": Scenario(line_a=Network(duplication=0.9, jitter_ns=MS), line_b=Network(duplication=0.9)),
    "spoilt packets": Scenario(line_a=Network(corruption=0.2), line_b=Network(corruption=0.2)),
    "one line dead": Scenario(line_a=LOSSY, line_b=Network(loss=1.0)),
    "both lines out at once": Scenario(line_a=Network(outage=(0.3, 0.6)), line_b=Network(outage=(0.3, 0.6))),
    "late start": Scenario(messages=20_000, join_at=19_000),
    "late start, server answers one packet a request": Scenario(messages=5_000, join_at=4_500, answer_packets=1),
    "late start through a narrow window": Scenario(messages=5_000, join_at=3_000, hold_count=64),
    "late start, everything lossy": Scenario(
        messages=5_000, join_at=4_000, line_a=LOSSY, line_b=LOSSY, server=Network(loss=0.3, jitter_ns=MS)
    ),
    "hostile packets": Scenario(line_a=LOSSY, line_b=LOSSY, hostile=0.2),
    "hostile packets on one line": Scenario(line_a=Network(loss=1.0), line_b=LOSSY, hostile=1.0),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_every_message_comes_once_and_in_order(scenario: Scenario) -> None:
    for seed in range(SEED, SEED + 3):
        simulation = Simulation(scenario, seed)
        with simulation.feed:
            simulation.run()
            replay = f"replay with TICKWIRE_SEED={seed}: {simulation.feed.stats}"
            expected = [(sequence, body(sequence)) for sequence in range(1, scenario.messages + 1)]
            assert simulation.taken == expected, replay
            assert simulation.feed.status.complete, replay
            assert simulation.feed.status.held == 0, replay


def test_clean_lines_need_no_request() -> None:
    simulation = Simulation(Scenario(line_b=Network(delay_ns=300_000, jitter_ns=200_000)), SEED)
    with simulation.feed:
        simulation.run()
        assert simulation.feed.stats["requests"] == 0
        assert simulation.feed.stats["gaps"] == 0


def test_lossy_recovery_asks_for_little_more_than_is_missing() -> None:
    server = Network(loss=0.05, jitter_ns=100_000)
    simulation = Simulation(Scenario(messages=20_000, join_at=19_000, server=server), SEED)
    with simulation.feed:
        simulation.run()
        stats = simulation.feed.stats
        answered = stats["packets_recovery"] * 20
        assert stats["recovered"] >= 18_990
        assert answered < 2 * stats["recovered"]
