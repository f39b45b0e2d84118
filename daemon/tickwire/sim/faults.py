"""What can be done to a running exchange: one table of commands, for tests in this process and over the control socket.

Every command is a ``Request``; what it does is in ``COMMANDS``, by name.  Faults of the venue carry the names of
``tickwire.native.venue.Fault`` in lower case; ``account`` is a username, and empty means every account.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from tickwire.native import ffi, lib
from tickwire.native.venue import Fault

if TYPE_CHECKING:
    from tickwire.sim.exchange import Exchange

DROP_COPY = "drop_copy"  # as an account: the drop copy port
MILLISECOND_NS = 1_000_000


Word = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
Difference = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
Reference = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=86_400_000)]
Symbol = Annotated[str, msgspec.Meta(pattern=r"^[!-~]{0,8}$")]


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command and what it is about; what a command does not need it ignores."""

    do: str
    account: str = ""
    count: Word = 1  # moments at which a fault strikes; 0 calls it off
    amount: Difference = 0  # off by so much (price in 1/10 000, or shares); for reject: the reason
    user_ref: Word = 0  # of a phantom; 0: the account's last order
    quantity: Word = 0
    price: Word = 0
    match: Reference = 0  # of the trade to break; 0: the account's last
    ms: Milliseconds = 0
    symbol: Symbol = ""
    on: bool = True


def _accounts(exchange: "Exchange", name: str) -> list[int]:
    names = [account.username for account in exchange.settings.accounts]
    if name and name not in names:
        raise ValueError(f"account {name!r}: the exchange has {', '.join(names)}")
    return [names.index(name)] if name else list(range(len(names)))


def _venue_fault(kind: Fault) -> Callable[["Exchange", Request, int], dict[str, Any]]:
    at_once = kind >= lib.VENUE_FAULT_ARMED_COUNT

    def run(exchange: "Exchange", request: Request, now_ns: int) -> dict[str, Any]:
        accounts = _accounts(exchange, request.account)
        if at_once and not request.account and len(accounts) > 1:
            raise ValueError(f"{request.do} needs an account")
        for account in accounts:
            exchange.venue.fault(
                kind,
                account,
                exchange.market.market_ns,
                count=request.count,
                amount=request.amount,
                user_ref=request.user_ref,
                quantity=request.quantity,
                price=request.price,
                match=request.match,
            )
        return {}

    return run


def _silence(exchange: "Exchange", request: Request, now_ns: int) -> dict[str, Any]:
    until_ns = now_ns + request.ms * MILLISECOND_NS
    if request.account == DROP_COPY:
        if exchange.drop_copy is None:
            raise ValueError("there is no drop copy")
        exchange.drop_copy.silent_until_ns = until_ns
        return {}
    for account in _accounts(exchange, request.account):
        exchange.orders.manners[account].silent_until_ns = until_ns
    return {}


def _drop_connections(exchange: "Exchange", request: Request, now_ns: int) -> dict[str, Any]:
    count = 0
    if request.account == DROP_COPY or not request.account:
        count += exchange.drop_copy.disconnect() if exchange.drop_copy is not None else 0
    if not request.account:
        count += exchange.orders.disconnect(None)
    elif request.account != DROP_COPY:
        count += exchange.orders.disconnect(_accounts(exchange, request.account)[0])
    return {"connections": count}


def _delay_acknowledgements(exchange: "Exchange", request: Request, now_ns: int) -> dict[str, Any]:
    for account in _accounts(exchange, request.account):
        exchange.orders.manners[account].delay_ns = request.ms * MILLISECOND_NS
    return {}


def _inject(exchange: "Exchange", request: Request, kind: int, **fields: Mapping[str, object]) -> dict[str, Any]:
    locate = exchange.venue.locate(request.symbol)
    if locate is None:
        raise ValueError(f"symbol {request.symbol!r}: nothing was said of it yet")
    timestamp_ns = exchange.market.market_ns & (1 << 48) - 1
    header = {"type": kind, "locate": locate, "timestamp_ns": timestamp_ns}
    message = ffi.new("struct itch_message *", {**header, **fields})
    buffer = ffi.new("uint8_t[]", lib.ITCH_LENGTH_MAX)
    size = lib.itch_encode(message, buffer, lib.ITCH_LENGTH_MAX)
    exchange.venue.street(bytes(ffi.buffer(buffer, size)))
    return {}


def _trading_state(state: str) -> Callable[["Exchange", Request, int], dict[str, Any]]:
    def run(exchange: "Exchange", request: Request, now_ns: int) -> dict[str, Any]:
        stock = request.symbol.ljust(8).encode("ascii")
        action = {"stock": stock, "trading_state": state.encode(), "reserved": b" ", "reason": b"    "}
        return _inject(exchange, request, lib.ITCH_TRADING_ACTION, trading_action=action)

    return run


def _short_sale_restriction(exchange: "Exchange", request: Request, now_ns: int) -> dict[str, Any]:
    stock = request.symbol.ljust(8).encode("ascii")
    return _inject(
        exchange, request, lib.ITCH_REG_SHO, reg_sho={"stock": stock, "action": b"1" if request.on else b"0"}
    )


def _status(exchange: "Exchange", request: Request, now_ns: int) -> dict[str, Any]:
    return {"status": exchange.status()}


COMMANDS: dict[str, Callable[["Exchange", Request, int], dict[str, Any]]] = {
    **{kind.name.lower(): _venue_fault(kind) for kind in Fault},
    "silence": _silence,  # ms: say nothing to the account, or to "drop_copy", not even heartbeats
    "drop_connections": _drop_connections,  # of the account, of "drop_copy", or all
    "delay_acknowledgements": _delay_acknowledgements,  # ms: everything told arrives so much later; 0 ends it
    "halt": _trading_state("H"),  # symbol
    "quote_only": _trading_state("Q"),  # symbol: before a cross, cancels are promised only
    "resume": _trading_state("T"),  # symbol
    "short_sale_restriction": _short_sale_restriction,  # symbol, on
    "status": _status,
}


def perform(exchange: "Exchange", request: Request, now_ns: int) -> dict[str, Any]:
    """Carry a request out, on the exchange's own thread.  ValueError: it cannot be."""
    command = COMMANDS.get(request.do)
    if command is None:
        raise ValueError(f"{request.do!r}: expected one of {', '.join(COMMANDS)}")
    return command(exchange, request, now_ns)
