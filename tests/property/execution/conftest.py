"""OUCH messages of a venue, and orders of ours, in one line each."""

from collections.abc import Callable
from typing import Any

import pytest

from tickwire.native import check, ffi, lib
from tickwire.native.execution import OrderOwner, write_client_order_id

TYPES = {
    "accepted": "A",
    "replaced": "U",
    "canceled": "C",
    "aiq_canceled": "D",
    "executed": "E",
    "broken_trade": "B",
    "rejected": "J",
    "cancel_pending": "P",
    "cancel_rejected": "I",
    "priority_update": "T",
    "modified": "M",
    "restated": "R",
    "system_event": "S",
    "account_query_response": "Q",
}
TEXT = {
    "side": b"B",
    "symbol": b"AAPL    ",
    "time_in_force": b"0",
    "display": b"Y",
    "capacity": b"P",
    "intermarket_sweep": b"N",
    "cross_type": b"N",
    "order_state": b"L",
    "reason": b"U",
}


def encode(name: str, **fields: Any) -> bytes:
    """The bytes of one outbound message; fields left out are the usual ones."""
    out = ffi.new("struct ouch_outbound *")
    out.type = ord(TYPES[name])
    part = getattr(out, name)
    known = {field for field, _ in ffi.typeof(part).fields}
    if "client_order_id" in known:
        fields.setdefault("client_order_id", write_client_order_id(owner_of(fields["user_ref"])))
    usual = {} if name == "rejected" else {field: value for field, value in TEXT.items() if field in known}
    for field, value in (usual | fields).items():
        setattr(part, field, value)
    data = ffi.new("uint8_t[]", lib.OUCH_MESSAGE_MAX)
    size = check(lib.ouch_encode_outbound(out, data, lib.OUCH_MESSAGE_MAX), name)
    return bytes(ffi.buffer(data, size))


def owner_of(user_ref: int) -> OrderOwner:
    """Whose that order is: a different owner for neighbours."""
    return OrderOwner(tick=user_ref * 7, strategy=user_ref % 31 + 1, account=user_ref % 15 + 1, trader=user_ref % 3 + 1)


def new_order(user_ref: int, quantity: int = 100, target: int = 0) -> Any:
    """A buy, or the replace of target, in epoch 3."""
    owner = owner_of(user_ref)
    return ffi.new(
        "struct order *",
        {
            "order_id": 3 << 32 | user_ref,
            "target_order_id": 3 << 32 | target if target else 0,
            "kind": lib.INTENT_REPLACE if target else lib.INTENT_NEW,
            "instrument": 0,
            "quantity": quantity,
            "price": 1_000_000,
            "tick": owner.tick,
            "strategy": owner.strategy,
            "account": owner.account,
            "trader": owner.trader,
        },
    )


@pytest.fixture(scope="session")
def ouch() -> Callable[..., bytes]:
    """``encode``."""
    return encode


@pytest.fixture(scope="session")
def owner() -> Callable[[int], OrderOwner]:
    """``owner_of``."""
    return owner_of


@pytest.fixture(scope="session")
def order() -> Callable[..., Any]:
    """``new_order``."""
    return new_order
