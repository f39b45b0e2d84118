"""A whole site under fire: a lane for every stage, each killed in turn while the box trades."""

import os
import signal
from dataclasses import replace

from tickwire.config import STAGES
from tickwire.demo.plan import Settings
from tickwire.demo.site import STOP_S, Site
from tickwire.telemetry.report import PositionLine, compare

NAMES = {stage: stage[:15] for stage in STAGES}
LANE_EACH = '\n[lanes]\nplacement = "custom"\nlock_memory = false\n' + "".join(
    f'\n[[lanes.lane]]\nname = "{name}"\nstages = ["{stage}"]\nidle = "sleep"\n' for stage, name in NAMES.items()
)
FAST_RESTARTS = "\n[supervisor]\nrestart_ms_min = 1\n"


def sent(site: Site) -> int:
    """Orders and replaces that have left the box; cancels only reduce risk."""
    orders = site.reader.read().orders
    return orders["orders"] + orders["replaces"]


def trade(site: Site, more: int = 5) -> None:
    """Until the box has sent some more orders."""
    enough = sent(site) + more
    site.wait(lambda: sent(site) >= enough, f"{more} more orders")


def kill_lane(site: Site, lane: str) -> None:
    """SIGKILL a lane and follow its recovery: from the gate's shutting to its opening nothing is sent."""
    control = site.segment.control()
    orders = [site.segment.ring(f"order.{venue}", "order") for venue in site.config.enabled_venues]
    starts = control.lane(lane).starts
    os.kill(control.lane(lane).pid, signal.SIGKILL)
    site.wait(lambda: not control.armed, "the gate to shut")
    looks = [-1]

    def quiet() -> bool:
        """What had passed the gate before has left, or waits for an execution lane that is dead."""
        looks.append(sent(site))
        return looks[-1] == looks[-2] and (lane == NAMES["execution-engine"] or not any(ring.lag(0) for ring in orders))

    def open_again() -> bool:
        count = sent(site)  # read before the gate: if it is still shut then, nothing may have left
        if control.armed and site.reader.read().feed["synchronised"]:
            return True
        assert count == looks[-1], f"{count - looks[-1]} orders were sent while {lane} recovered"
        return False

    site.wait(quiet, "what was on its way to leave")
    site.wait(open_again, f"the box to trade again after {lane} was killed")
    assert control.lane(lane).starts == starts + 1


def final_lines(site: Site) -> tuple[PositionLine, ...]:
    """Stop both in order and compare their positions."""
    assert site.box.stop(STOP_S) == 0, site.box.tail()
    for exchange in site.exchanges:
        assert exchange.stop(STOP_S) == 0, exchange.tail()
    ours = [replace(position, known=True) for position in site.reader.read().positions]
    return compare(ours, site.exchange_positions())


def kill_every_lane(settings: Settings) -> None:
    """Trade, kill, recover, trade, for every lane; then stop in order, and the positions are equal."""
    with Site(settings, settings.symbols(), extra=LANE_EACH + FAST_RESTARTS) as site:
        site.await_armed()
        for name in NAMES.values():
            trade(site)
            kill_lane(site, name)
        trade(site)
        lines = final_lines(site)
        assert all(line.equal for line in lines), lines
        assert sum(line.bought + line.sold for line in lines) > 0
