"""Operators: that each can be told from the others, and can be reached."""

from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address

from tickwire.config.checks.problem import Problem, once
from tickwire.config.lines import Path
from tickwire.config.model import Config
from tickwire.config.operators import Operators, Person

SOCKET_PATH_MAX = 107  # sun_path, with its zero


def problems(config: Config) -> Iterator[Problem]:
    """What the operators' table contradicts."""
    settings = config.operators
    numbered: list[tuple[Path, Person]] = [(("operators", "people", i), item) for i, item in enumerate(settings.people)]
    yield from once("person", (((*here, "name"), person.name) for here, person in numbered))
    tokens = (((*here, "token_sha256"), person.token_sha256) for here, person in numbered if person.token_sha256)
    yield from once("token", tokens)
    keys = (((*here, "curve_public"), person.curve_public) for here, person in numbered if person.curve_public)
    yield from once("key", keys)
    for here, person in numbered:
        if not person.token_sha256 and not person.curve_public:
            yield here, "expected token_sha256 or curve_public: nobody could say to be this person"
    if len(str(config.operator_socket).encode()) > SOCKET_PATH_MAX:
        yield ("operators", "socket"), f"expected a path of at most {SOCKET_PATH_MAX} bytes, as Unix sockets have"
    yield from _zeromq(settings)


def _zeromq(settings: Operators) -> Iterator[Problem]:
    if not settings.zeromq:
        return
    here: Path = ("operators", "zeromq")
    host, _, port = settings.zeromq.removeprefix("tcp://").rpartition(":")
    try:
        IPv4Address(host)
        good = 0 < int(port) < 65536
    except AddressValueError:
        good = False
    if not good:
        yield here, f'expected "tcp://a.b.c.d:port" or "", got "{settings.zeromq}"'
    if not any(person.curve_public for person in settings.people):
        yield here, "expected a person with curve_public: nobody could command by it"
