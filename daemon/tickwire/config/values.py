"""Values that TOML has no type for: money, fractions, addresses.  Decimal in, exact integers out."""

from decimal import Decimal
from ipaddress import AddressValueError, IPv4Address
from typing import Any

PRICE_SCALE = 10_000
FRACTION_SCALE = 1_000_000
FEE_SCALE = 1_000_000


class Price(int):
    """Money in 1/10 000 of the currency."""


class Fraction(int):
    """A ratio in 1/1 000 000."""


class Fee(int):
    """A venue's fee a share in 1/1 000 000 of the currency; negative: a rebate."""


class Endpoint(str):
    """An IPv4 address and port, ``a.b.c.d:port``; empty: none."""

    __slots__ = ()

    @property
    def host(self) -> str:
        """The address as text; empty when there is none."""
        return self.rpartition(":")[0]

    @property
    def address(self) -> int:
        """The address in host order; 0 when empty."""
        return int(IPv4Address(self.host)) if self else 0

    @property
    def port(self) -> int:
        """The port; 0 when empty."""
        return int(self.rpartition(":")[2]) if self else 0


class LocalEndpoint(Endpoint):
    """An Endpoint on a loopback address, where port 0 lets the kernel choose."""

    __slots__ = ()


def scaled(value: object, scale: int, expected: str) -> int:
    """The number, or decimal string, times scale; ValueError unless that is a whole number."""
    try:
        exact = (
            Decimal(value) * scale if isinstance(value, int | str | Decimal) and not isinstance(value, bool) else None
        )
    except ArithmeticError:
        exact = None
    if exact is None or not exact.is_finite() or exact != exact.to_integral_value() or abs(exact) >= 2**63:
        raise ValueError(f"Expected {expected}, got {value}")
    return int(exact)


def endpoint(value: object, port_min: int = 1) -> Endpoint:
    """An Endpoint; ValueError says what was expected."""
    expected = f'Expected "a.b.c.d:port", got "{value}"'
    if value == "":
        return Endpoint()
    host, colon, port = str(value).rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or not port_min <= int(port) < 65536:
        raise ValueError(expected)
    try:
        IPv4Address(host)
    except AddressValueError as error:
        raise ValueError(expected) from error
    return Endpoint(value)


def local_endpoint(value: object) -> LocalEndpoint:
    """A LocalEndpoint: what travels there is not encrypted; ValueError says what was expected."""
    address = endpoint(value, port_min=0)
    if address and not IPv4Address(address.host).is_loopback:
        raise ValueError(f'Expected a loopback address ("127.0.0.1:port") or "", got "{value}"')
    return LocalEndpoint(address)


def decode(kind: type, value: Any) -> Any:
    """msgspec's hook for the types above."""
    if kind is Price:
        return Price(scaled(value, PRICE_SCALE, "a price with at most four decimals"))
    if kind is Fraction:
        return Fraction(scaled(value, FRACTION_SCALE, "a ratio with at most six decimals"))
    if kind is Fee:
        return Fee(scaled(value, FEE_SCALE, "a fee a share with at most six decimals"))
    if kind is Endpoint:
        return endpoint(value)
    if kind is LocalEndpoint:
        return local_endpoint(value)
    raise NotImplementedError(kind)
