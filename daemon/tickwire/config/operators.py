"""Who may command a box, and where it listens to them."""

from typing import Annotated, Literal

from msgspec import Meta

from tickwire.config.kinds import FilePathOrNone, Label, Section
from tickwire.config.values import LocalEndpoint

Role = Literal["viewer", "trader", "risk-officer"]


class Person(Section, frozen=True):
    """One operator: known by the SHA-256 of a token, by a CURVE key, or by either."""

    name: Label
    role: Role
    token_sha256: Annotated[
        str, Meta(pattern=r"^([0-9a-f]{64})?\Z", description="64 hexadecimal digits, not the token itself")
    ] = ""
    curve_public: Annotated[
        str, Meta(pattern=r"^([!-~]{40})?\Z", description="a public key of 40 characters (Z85)")
    ] = ""


class Operators(Section, frozen=True):
    """Empty paths stand for files in ``box.state_dir``; without people the box makes one token for its own user."""

    socket: FilePathOrNone = ""
    http: LocalEndpoint = LocalEndpoint("127.0.0.1:0")
    zeromq: Annotated[str, Meta(pattern=r"^(tcp://[0-9.]+:[0-9]+)?\Z", description='"tcp://a.b.c.d:port" or ""')] = ""
    keys_dir: FilePathOrNone = ""
    people: tuple[Person, ...] = ()
