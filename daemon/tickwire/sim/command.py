"""The exchange as a command: ``tickwire exchange`` and ``python -m tickwire.sim``."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from tickwire.native import NativeError
from tickwire.sim.control import ask, parse_parameters
from tickwire.sim.exchange import Exchange
from tickwire.sim.faults import COMMANDS
from tickwire.sim.settings import (
    DEFAULT_ACCOUNTS,
    DEFAULT_SYMBOLS,
    DropCopySettings,
    ExchangeSettings,
    StreetSettings,
    parse_accounts,
    parse_line,
    parse_login,
    parse_speed,
    parse_time,
)
from tickwire.sim.street import write_street

ACCOUNTS = ",".join(f"{account.username}:{account.password}:{account.firm}" for account in DEFAULT_ACCOUNTS)


def exchange(
    itch: Annotated[
        Path | None, typer.Option(help="ITCH 5.0 file, plain or gzipped; without it, a synthetic market")
    ] = None,
    speed: Annotated[str, typer.Option(help="how many times as fast as the clock, or max")] = "1",
    start: Annotated[
        str, typer.Option(help="market time at which the clock starts; earlier messages go at once")
    ] = "09:30:00",
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="of the synthetic market")] = 1,
    rate: Annotated[int, typer.Option(help="messages a second of the synthetic market")] = 20_000,
    symbols: Annotated[str, typer.Option(help="of the synthetic market, with commas between")] = ",".join(
        DEFAULT_SYMBOLS
    ),
    fair_seed: Annotated[
        int,
        typer.Option(
            min=0, max=2**63 - 1, help="of the synthetic fair values: exchanges that share it quote around them; 0: own"
        ),
    ] = 0,
    depth: Annotated[int, typer.Option(help="sizes of the synthetic market, percent")] = 100,
    announce_trading: Annotated[
        bool, typer.Option(help="publish that what is listed trades: for recordings without trading states")
    ] = False,
    line_a: Annotated[
        str, typer.Option(help="address:port[,loss=N,duplicate=N,reorder=N,delay=N] or off")
    ] = "239.1.1.1:26400",
    line_b: Annotated[str, typer.Option(help="likewise")] = "239.1.1.2:26400",
    gap: Annotated[int, typer.Option(help="packets in a million lost on both lines")] = 0,
    interface_address: Annotated[str, typer.Option(help="where to listen, and where multicast leaves")] = "127.0.0.1",
    request_port: Annotated[int, typer.Option(help="UDP port of the request server; 0: any")] = 0,
    order_port: Annotated[int, typer.Option(help="TCP port of the order entry; 0: any")] = 0,
    accounts: Annotated[str, typer.Option(help="user:password:firm[:cod],... (cod: cancel on disconnect)")] = ACCOUNTS,
    maker_fee: Annotated[
        int, typer.Option(help="millionths of the currency a share that rested; negative: a rebate")
    ] = 0,
    taker_fee: Annotated[int, typer.Option(help="and a share that came for it")] = 0,
    latency: Annotated[int, typer.Option(help="of orders and of what is told of them, each way, ns")] = 0,
    drop_copy_port: Annotated[int, typer.Option(help="TCP port of the drop copy; 0: any; -1: none")] = -1,
    drop_copy_login: Annotated[str, typer.Option(help="user:password of its listeners")] = "DROPCO:dropcopy",
    control: Annotated[
        Path | None, typer.Option(help="Unix socket for commands to the running exchange (tickwire exchange-control)")
    ] = None,
    session: Annotated[str, typer.Option(help="session name; default: one of this start's own")] = "",
    status: Annotated[Path | None, typer.Option(help="JSON file rewritten four times a second")] = None,
    seconds: Annotated[float | None, typer.Option(help="end by itself after that long")] = None,
    wait_for: Annotated[str, typer.Option(help="hold the street back until this account has logged in")] = "",
    write: Annotated[Path | None, typer.Option(help="write the synthetic market to a file and do nothing else")] = None,
    messages: Annotated[int, typer.Option(help="how many messages --write writes")] = 1_000_000,
) -> None:
    """Run a paper exchange: ITCH 5.0 on two MoldUDP64 lines, OUCH 5.0 over SoupBinTCP."""
    try:
        street = StreetSettings(
            itch,
            parse_speed(speed),
            parse_time(start),
            seed,
            rate,
            tuple(symbols.split(",")),
            announce_trading,
            fair_seed,
            depth,
        )
        if write is not None:
            write_street(street, write, messages)
            return
        settings = ExchangeSettings(
            street=street,
            accounts=parse_accounts(accounts),
            line_a=parse_line(line_a),
            line_b=parse_line(line_b),
            gap=gap,
            interface_address=interface_address,
            request_port=request_port,
            order_port=order_port,
            session=session,
            status=status,
            seconds=seconds,
            wait_for=wait_for,
            maker_fee=maker_fee,
            taker_fee=taker_fee,
            latency_ns=latency,
            drop_copy=DropCopySettings(drop_copy_port, *parse_login(drop_copy_login)) if drop_copy_port >= 0 else None,
            control=control,
        )
        with Exchange(settings) as running:
            running.catch_signals()
            typer.echo(f"market data on {line_a} and {line_b}, orders and requests at {interface_address}")
            copy = f" drop_copy_port={running.drop_copy.port}" if running.drop_copy is not None else ""
            typer.echo(
                f"ready order_port={running.orders.port} request_port={running.request_port} session={running.session}"
                + copy
            )
            running.run()
            if running.street_error:
                typer.echo(f"the recording is damaged: {running.street_error}", err=True)
    except (ValueError, OSError, NativeError) as error:
        typer.echo(f"exchange: {error}", err=True)
        raise typer.Exit(1) from error


def control(
    path: Annotated[Path, typer.Argument(help="the socket given to the exchange as --control")],
    do: Annotated[str, typer.Argument(help="what: " + ", ".join(COMMANDS))],
    parameters: Annotated[list[str] | None, typer.Argument(help="name=value, for example account=TRADE1")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="a failure as JSON too; an answer always is")] = False,
) -> None:
    """Have a running paper exchange do something: misbehave, break a trade, halt a symbol."""
    try:
        answer = ask(path, do, **parse_parameters(parameters or []))
    except (ValueError, OSError) as error:
        if as_json:
            typer.echo(msgspec.json.encode({"code": "failed", "text": str(error)}).decode())
        typer.echo(f"exchange-control: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(msgspec.json.encode(answer).decode())
