"""The floor of wire to wire: a bare AF_XDP echo between two namespaces, both sides spinning.

A time is what an exchange would measure: from its clock just before the system call that sends a datagram to the
kernel's receive stamp (SO_TIMESTAMPNS) of the answer, on the same host and clock.  Prints one JSON object, times in ns.
"""

import argparse
import json
import os
import socket
import struct
import subprocess
import sys
import time

from tickwire.host.facts import cores, has_af_xdp
from tickwire.host.network import Rack
from tickwire.native.packet import Channel, PacketSettings, Port, Sender

UDP_PORT = 30099
PAYLOAD = bytes(64)
WARM_UP = 1000
ANSWER_NS_MAX = 1_000_000_000
SO_TIMESTAMPNS = 35  # the socket module has no name for it


def serve(address: str, count: int, core: int) -> None:
    """The box's side: announce, then echo until count datagrams or two silent seconds have passed."""
    os.sched_setaffinity(0, {core})
    with Port(PacketSettings("af_xdp", (Channel(address, UDP_PORT),), interface="veth-box")) as port:
        print(json.dumps(port.message), flush=True)
        port.echo(count, 2 * ANSWER_NS_MAX)


def answer_ns(flow: socket.socket) -> int | None:
    """Kernel's receive stamp of the next answer; None when it does not come."""
    end = time.monotonic_ns() + ANSWER_NS_MAX
    while time.monotonic_ns() < end:
        try:
            _, ancillary, _, _ = flow.recvmsg(2048, 64, socket.MSG_DONTWAIT)
        except BlockingIOError:
            continue
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
                seconds, nanoseconds = struct.unpack("@ll", data)
                return int(seconds * 1_000_000_000 + nanoseconds)
    return None


def measure(count: int, interval_us: int) -> dict[str, object]:
    """The exchange's side: one datagram at a time, a new one no sooner than interval_us after the last."""
    own_core, box_core = cores()[0], cores()[-1]
    os.sched_setaffinity(0, {own_core})
    times: list[int] = []
    with Rack() as rack:
        argv = [sys.executable, __file__, "--serve", rack.box.address]
        argv += ["--core", str(box_core), "--count", str(count + WARM_UP)]
        box = rack.run_in(rack.box, argv, stdout=subprocess.PIPE, text=True)
        message = json.loads(box.stdout.readline() or '["the echo did not start"]')
        with rack.exchange.inside():
            sender = Sender(rack.box.address, UDP_PORT, rack.exchange.address)
        with sender, sender.answers() as flow:
            flow.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            for i in range(count + WARM_UP):
                sender.send([PAYLOAD])
                received_ns = answer_ns(flow)
                if received_ns is not None and i >= WARM_UP:
                    times.append(received_ns - sender.sent_ns)
                if received_ns is None and box.poll() is not None:
                    break
                while time.time_ns() - sender.sent_ns < interval_us * 1000:
                    pass
    return {"name": "af-xdp-echo", "message": message, "lost": count - len(times), **summary(times)}


def summary(times: list[int]) -> dict[str, int]:
    """Count and percentiles in ns."""
    ordered = sorted(times)
    ranks = {"min": 0.0, "p50": 0.5, "p95": 0.95, "p99": 0.99, "p99_9": 0.999, "max": 1.0}
    last = len(ordered) - 1
    return {"count": len(ordered)} | {name: ordered[round(rank * last)] for name, rank in ranks.items() if ordered}


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--interval-us", type=int, default=0)
    parser.add_argument("--serve", metavar="ADDRESS", help=argparse.SUPPRESS)
    parser.add_argument("--core", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.count, options.core)
        return 0
    if not has_af_xdp() or len(cores()) < 2:
        print("needs root, a build with AF_XDP and two cores: both sides spin", file=sys.stderr)
        return 1
    print(json.dumps(measure(options.count, options.interval_us)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
