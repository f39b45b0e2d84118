"""The running box from the command line: where it is, who asks, and what its answer means for the exit code."""

import functools
import inspect
import json
import logging
import os
import secrets
import socket
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from tickwire.api.errors import REASONS, Exit
from tickwire.api.people import TOKEN_FILE, read_token
from tickwire.config import ConfigError, load_box

DEFAULT_CONFIG = Path("/etc/tickwire/box.toml")
ANSWER_S_MAX = 70.0
PROBE_S_MAX = 2.0
CODES = (
    "Exit codes: 0 done; 1 not done; 2 bad arguments; 3 refused (role, state, not recorded); 4 nothing running; "
    "5 a reconciliation break."
)

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help=f"The box's file (default: $TICKWIRE_CONFIG, then {DEFAULT_CONFIG}).")
]
SocketOption = Annotated[Path | None, typer.Option("--socket", help="The box's socket, instead of its file.")]
TokenOption = Annotated[
    Path | None, typer.Option("--token-file", help="Your token (default: $TICKWIRE_TOKEN, then the box's own).")
]
JsonOption = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it goes on record.")]
ScopeOption = Annotated[str, typer.Option("--scope", help="firm, account, strategy, venue or instrument.")]
NameOption = Annotated[str, typer.Option("--name", help="Which one, by its name in the file.")]


@dataclass(frozen=True)
class Place:
    """Where a box keeps what an operator needs; state_dir and segment are None when only a socket was given."""

    socket: Path
    config: Path | None = None
    state_dir: Path | None = None
    segment: Path | None = None


def find_place(config: Path | None, socket: Path | None) -> Place:
    """The box that is meant; raises ConfigError."""
    if socket is not None:
        return Place(socket)
    path = config or Path(os.environ.get("TICKWIRE_CONFIG") or DEFAULT_CONFIG)
    box = load_box(path)
    state_dir = Path(box.state_dir)
    return Place(_socket_of(path, state_dir), path, state_dir, Path(box.segment_path))


def _socket_of(path: Path, state_dir: Path) -> Path:
    """What the file says, even if the rest of it is wrong."""
    operators = tomllib.loads(path.read_text(encoding="utf-8")).get("operators", {})
    stated = operators.get("socket", "") if isinstance(operators, dict) else ""
    return Path(stated) if isinstance(stated, str) and stated else state_dir / "operator.sock"


class Unreachable(Exception):  # noqa: N818 - a state of the world
    """Nothing answers."""


class Box:
    """Asks the running box."""

    def __init__(self, place: Place, token_file: Path | None, as_json: bool) -> None:
        self.place = place
        self.as_json = as_json
        self._token_file = token_file

    def ask(self, command: str, **arguments: Any) -> Any:
        """The answer to a command of the table; what is None is left out.  Ends the program when it is refused."""
        try:
            return self.inquire(command, **arguments)
        except Unreachable as error:
            self.fail(Exit.UNREACHABLE, "unreachable", str(error))

    def inquire(self, command: str, **arguments: Any) -> Any:
        """Like ask, for those who can do without the box; raises Unreachable."""
        given = {name: value for name, value in arguments.items() if value is not None}
        try:
            status, answer = self.exchange(command, given)
        except OSError as error:
            self.fail(Exit.REFUSED, "unauthenticated", f"no token: {error}")
        if status != 200:
            code = str(answer.get("code", "failed"))
            self.fail(REASONS.get(code, (500, Exit.FAILED))[1], code, str(answer.get("text", f"HTTP {status}")))
        return answer

    def exchange(self, command: str, arguments: dict[str, Any], timeout_s: float = ANSWER_S_MAX) -> tuple[int, Any]:
        """(HTTP status, answer); raises Unreachable, and OSError without a token."""
        import httpx  # not for those who only ask for help

        from tickwire.api.commands import COMMANDS

        logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells of each request
        changes = COMMANDS[command].changes
        try:
            token = self._token()
        except OSError:
            self._require_listener()  # before a box's first start there is neither: that is what a person must hear
            raise
        headers = {"authorization": f"Bearer {token}", "idempotency-key": secrets.token_hex(16)}
        transport = httpx.HTTPTransport(uds=str(self.place.socket))
        try:
            with httpx.Client(transport=transport, base_url="http://box", timeout=timeout_s) as client:
                if changes:
                    response = client.post(f"/v1/{command}", json=arguments, headers=headers)
                else:
                    response = client.get(f"/v1/{command}", params=arguments, headers=headers)
            return response.status_code, response.json()
        except (httpx.TransportError, ValueError) as error:
            self._require_listener()
            raise Unreachable(self._unreachable(f"no answer at {self.place.socket}", error)) from error

    def _require_listener(self) -> None:
        """Raise Unreachable when nobody listens at the socket."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as probe:
            probe.settimeout(PROBE_S_MAX)
            try:
                probe.connect(str(self.place.socket))
            except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError) as error:
                raise Unreachable(self._unreachable(f"nothing runs at {self.place.socket}", error)) from error
            except OSError:
                return  # whoever asked knows more

    def _token(self) -> str:
        if self._token_file is None and (token := os.environ.get("TICKWIRE_TOKEN", "")):
            if not token.isascii() or not token.isprintable():
                raise OSError("TICKWIRE_TOKEN holds characters that no token has")
            return token
        folder = self.place.state_dir or self.place.socket.parent
        return read_token(self._token_file or folder / TOKEN_FILE)

    def _unreachable(self, what: str, error: Exception) -> str:
        file = self.place.config or "FILE"
        text = str(error) or type(error).__name__
        return f"{what} ({text})\nis the box running?  start it: tickwire run --config {file}"

    def fail(self, exit_code: Exit, code: str, text: str) -> NoReturn:
        """Say why, and end with that exit code."""
        if self.as_json:
            typer.echo(json.dumps({"code": code, "text": text}))
        typer.echo(f"{code}: {text}", err=True)
        raise typer.Exit(int(exit_code))

    def print_json(self, answer: Any) -> None:
        """As it came."""
        typer.echo(json.dumps(answer, indent=2))


def operator_command(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose first parameter is the Box, made from four options that every command has."""
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    common = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, kind, default in (
            ("config", ConfigOption, None),
            ("socket", SocketOption, None),
            ("token_file", TokenOption, None),
            ("as_json", JsonOption, False),
        )
    ]

    @functools.wraps(command)
    def run(
        *arguments: Any, config: Path | None, socket: Path | None, token_file: Path | None, as_json: bool, **named: Any
    ) -> None:
        try:
            place = find_place(config, socket)
        except ConfigError as error:
            if as_json:
                typer.echo(json.dumps({"code": "malformed", "text": str(error)}))
            typer.echo(f"{error}\nwhich box?  say --config FILE, --socket PATH, or set TICKWIRE_CONFIG", err=True)
            raise typer.Exit(int(Exit.ARGUMENTS)) from error
        command(Box(place, token_file, as_json), *arguments, **named)

    parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own]
    run.__signature__ = inspect.Signature([*parameters, *common])  # type: ignore[attr-defined]
    run.__doc__ = f"{inspect.getdoc(command)}\n\n{CODES}"
    return run
