"""Who may command: people, their roles, and how they prove who they are."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

TOKEN_BYTES = 32
TOKEN_FILE = "operator.token"  # in state_dir
TOKEN_SIZE_MAX = 256
LOCAL = "local"  # the person of a box whose file names nobody


class Role(StrEnum):
    """What somebody may do; see the table in ``commands``."""

    VIEWER = "viewer"
    TRADER = "trader"
    RISK_OFFICER = "risk-officer"


@dataclass(frozen=True)
class Person:
    """A person of the configuration; token_sha256 in hexadecimal, curve_public in Z85, either may be empty."""

    name: str
    role: Role
    token_sha256: str = ""
    curve_public: str = ""


@dataclass(frozen=True)
class Principal:
    """Who asks, and how they came: ``via`` is http, unix, zeromq or direct, ``peer`` where from.  No role: nobody."""

    name: str
    role: Role | None
    via: str
    peer: str = ""


NOBODY = "nobody"


def nobody(via: str, peer: str) -> Principal:
    """Somebody who did not prove who they are."""
    return Principal(NOBODY, None, via, peer)


class People:
    """The people of a box; no answer's time depends on whose token was nearly right."""

    def __init__(self, people: Sequence[Person]) -> None:
        names = [person.name for person in people]
        if len(set(names)) != len(names):
            raise ValueError(f"two people of one name: {', '.join(sorted(names))}")
        self._people = tuple(people)

    def __len__(self) -> int:
        return len(self._people)

    def by_name(self, name: str) -> Person | None:
        """The person of that name."""
        return next((person for person in self._people if person.name == name), None)

    def by_token(self, token: str) -> Person | None:
        """The person whose token it is."""
        found: Person | None = None
        digest = token_digest(token[:TOKEN_SIZE_MAX])
        for person in self._people:
            if person.token_sha256 and hmac.compare_digest(digest, person.token_sha256.lower()):
                found = person
        return found

    def by_curve(self, public: str) -> Person | None:
        """The person whose CURVE key (Z85) it is."""
        found: Person | None = None
        for person in self._people:
            if person.curve_public and hmac.compare_digest(public.encode(), person.curve_public.encode()):
                found = person
        return found


def token_digest(token: str) -> str:
    """SHA-256 of a token in hexadecimal, as the configuration holds it."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def make_token() -> str:
    """A new token: 256 bits of chance in 43 characters."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def local_person(state_dir: Path) -> Person:
    """The local risk officer of a box whose file names nobody; makes its token at the first start.  Raises OSError."""
    path = state_dir / TOKEN_FILE
    try:
        token = read_token(path)
    except FileNotFoundError:
        token = make_token()
        write_secret(path, token)
    return Person(LOCAL, Role.RISK_OFFICER, token_digest(token))


def read_token(path: Path) -> str:
    """The token in a file that only its owner can read.  Raises OSError; PermissionError when others can read it."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_mode & 0o077:
            raise PermissionError(f"{path} can be read by others: chmod 600 it")
        text = file.read(TOKEN_SIZE_MAX + 1).strip()
    if not text or len(text) > TOKEN_SIZE_MAX or not text.isascii() or not text.decode().isprintable():
        raise OSError(f"{path} holds no token")
    return text.decode()


def write_secret(path: Path, text: str) -> None:
    """Write a new file, mode 0600, that must not exist.  Raises OSError."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.unlink(missing_ok=True)
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(scratch, path)  # never over a file that is there
    finally:
        scratch.unlink(missing_ok=True)
