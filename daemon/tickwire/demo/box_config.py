"""The box's configuration file in a demo: limits and thresholds under which it trades often."""

from decimal import Decimal
from itertools import cycle
from pathlib import Path

from tickwire.config.values import FEE_SCALE
from tickwire.demo.plan import ACCOUNT, DROP_COPY_USER, VENUES, Wiring

FIRM = "TWRA"
MODES = ("quote", "take")  # turn by turn, so that orders are cancelled and replaced too


def box_config(wiring: Wiring, symbols: tuple[str, ...], folder: Path) -> str:
    """The text of the file; with several venues the strategy's takes go where the net price is best."""
    instruments = "".join(
        INSTRUMENT.format(symbol=symbol, mode=mode) for symbol, mode in zip(symbols, cycle(MODES), strict=False)
    )
    route = 'route = "smart"\n' if len(wiring.venues) > 1 else ""
    venues = "".join(_venue(wiring, index, folder) for index in range(len(wiring.venues)))
    return BOX.format(folder=folder) + venues + IDENTITIES.format(route=route) + instruments + FIRM_LIMITS


def _venue(wiring: Wiring, index: int, folder: Path) -> str:
    own, profile = wiring.venues[index], VENUES[index]
    return VENUE.format(
        name=profile.name,
        mic=profile.mic,
        fee_taker=Decimal(profile.fee_taker) / FEE_SCALE,
        fee_maker=Decimal(profile.fee_maker) / FEE_SCALE,
        latency_us=profile.latency_ns // 1000,
        folder=folder,
        backend=wiring.backend,
        line_a=own.line_a,
        line_b=own.line_b,
        request_server=f"{own.exchange_address}:{own.request_port}",
        interface=own.interface,
        interface_address=own.box_address,
        venue=f"{own.exchange_address}:{own.order_port}",
        username=ACCOUNT,
        firm=FIRM,
        drop_copy=f"{own.exchange_address}:{own.drop_copy_port}",
        drop_copy_user=DROP_COPY_USER,
    )


BOX = """\
# Written by tickwire demo.
[box]
name = "demo"
segment_path = "{folder}/segment"
state_dir = "{folder}/state"
"""
VENUE = """
[[venues]]
name = "{name}"
mic = "{mic}"
fee_taker = "{fee_taker}"
fee_maker = "{fee_maker}"
latency_us = {latency_us}

[venues.market_data]
backend = "{backend}"
line_a = "{line_a}"
line_b = "{line_b}"
request_server = "{request_server}"
interface = "{interface}"
interface_address = "{interface_address}"
stale_ms = 3000

[venues.execution]
venue = "{venue}"
username = "{username}"
password_file = "{folder}/password"
firm = "{firm}"
reconnect_ms_min = 10
reconnect_ms_max = 100
order_count_max = 262144

[venues.drop_copy]
endpoint = "{drop_copy}"
username = "{drop_copy_user}"
password_file = "{folder}/drop-copy.password"
"""
IDENTITIES = """
[[accounts]]
name = "HOUSE"
number = 1
gross_exposure_max = 20000000
net_exposure_max = 20000000
credit_max = 100000000000
open_orders_max = 50

[[traders]]
name = "alice"
number = 1

[[strategies]]
name = "imbalance"
number = 1
account = "HOUSE"
trader = "alice"
algorithm = "imbalance-1"
gross_exposure_max = 20000000
net_exposure_max = 20000000
open_orders_max = 50
orders_per_window_max = 256
repeated_executions_max = 256
repeated_window_ms = 20
venue = "A"
{route}
[signal]
strategy = "imbalance"
"""
INSTRUMENT = """
[[instruments]]
symbol = "{symbol}"

[instruments.signal]
order_quantity = 100
position_max = 500
imbalance_enter = 0.10
imbalance_exit = 0.02
mode = "{mode}"
edge_min = "0"
spread_max = "1.00"
cooldown_us = 500

[instruments.limits]
order_quantity_max = 200
order_value_max = 500000
position_max = 1000
exposure_max = 2000000
collar_ppm = 20000
collar_ticks = 200
collar_last_ppm = 50000
open_orders_max = 10
orders_per_window_max = 256
short_sale = "allow"
locate_quantity = 1000000000
"""
FIRM_LIMITS = """
[risk]
open_orders_max = 50
gross_exposure_max = 20000000
net_exposure_max = 20000000
credit_max = 100000000000
message_rate_max = 2000
message_window_ms = 1000
message_burst_max = 200
message_burst_window_ms = 10
order_window_ms = 50
duplicate_window_ms = 1
duplicate_max = 7

[reconciliation]
interval_s = 5
replay = false
"""
