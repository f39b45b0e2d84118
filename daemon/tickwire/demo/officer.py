"""A person of the demo who commands the box, as one would: over its Unix socket, with a token of their own."""

import hashlib
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tickwire.demo.plan import DemoError

TIMEOUT_S = 90.0


class RefusedError(DemoError):
    """The box did not do it; the text is its own, code the word for why."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass
class Officer:
    """A risk officer; the token is made here and only its hash is told to the box."""

    name: str
    token: str = field(default_factory=lambda: secrets.token_hex(16))

    def config(self) -> str:
        """Their table in the box's configuration."""
        digest = hashlib.sha256(self.token.encode()).hexdigest()
        return f'\n[[operators.people]]\nname = "{self.name}"\nrole = "risk-officer"\ntoken_sha256 = "{digest}"\n'

    def get(self, socket: Path, command: str, **parameters: Any) -> Any:
        """What the box answers to a question."""
        return self._ask(socket, "GET", command, params=parameters)

    def do(self, socket: Path, command: str, **arguments: Any) -> Any:
        """Have it done; raises RefusedError."""
        return self._ask(socket, "POST", command, json=arguments)

    def _ask(self, socket: Path, method: str, command: str, **how: Any) -> Any:
        transport = httpx.HTTPTransport(uds=str(socket))
        headers = {"authorization": f"Bearer {self.token}"}
        try:
            with httpx.Client(transport=transport, base_url="http://localhost", timeout=TIMEOUT_S) as client:
                answer = client.request(method, f"/v1/{command}", headers=headers, **how)
                body = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise DemoError(f"{command}: no answer from the box at {socket}: {error!r}") from error
        if answer.status_code != httpx.codes.OK:
            raise RefusedError(str(body.get("code", "")), str(body.get("text", body)))
        return body
