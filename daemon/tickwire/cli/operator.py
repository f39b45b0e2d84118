"""``tickwire operator``: credentials for people, and what to put into the configuration for them."""

import json
from pathlib import Path
from typing import Annotated

import typer

from tickwire.api.people import Role, make_token, token_digest, write_secret

NameArgument = Annotated[str, typer.Argument(help="The person's name.")]
RoleOption = Annotated[Role, typer.Option("--role", help="What they may do.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Write the secret to this new file, mode 0600.")]
JsonOption = Annotated[
    bool, typer.Option("--json", help="What goes into the file as JSON; the secret stays where it was without.")
]


def token(name: NameArgument, role: RoleOption, out: OutOption = None, as_json: JsonOption = False) -> None:
    """A token for HTTP and the command line, and the lines of the configuration that make it valid.

    Only its SHA-256 goes into the file; the token itself is shown once.  Exit codes: 0 made; 1 not; 2 bad arguments.

    Example: tickwire operator token alice --role trader --out ~/.tickwire-token
    """
    _require_plain(name)
    secret = make_token()
    _keep(secret, out, "token", "export TICKWIRE_TOKEN=…, or --token-file FILE")
    _say_lines(name, role, "token_sha256", token_digest(secret), out, as_json)


def keys(name: NameArgument, role: RoleOption, out: OutOption = None, as_json: JsonOption = False) -> None:
    """A CURVE key pair for ZeroMQ, and the lines of the configuration that let its owner in.

    The box's own public key is in keys_dir/server.public.  Exit codes: 0 made; 1 not; 2 bad arguments.

    Example: tickwire operator keys bob --role risk-officer --out bob.secret
    """
    import zmq  # only here

    _require_plain(name)
    public, secret = zmq.curve_keypair()
    _keep(secret.decode(), out, "secret key", "the client's curve_secretkey")
    _say_lines(name, role, "curve_public", public.decode(), out, as_json)


def _keep(secret: str, out: Path | None, what: str, use: str) -> None:
    if out is None:
        typer.echo(f"{what} (shown once; {use}): {secret}", err=True)
        return
    try:
        write_secret(out, secret)
    except OSError as error:
        typer.echo(f"not made: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{what} in {out} ({use})", err=True)


def _require_plain(name: str) -> None:
    """Before anything is made or written."""
    if not name.isprintable() or '"' in name or "\\" in name:
        typer.echo("a name has neither quotes nor control characters", err=True)
        raise typer.Exit(2)


def _say_lines(name: str, role: Role, key: str, value: str, out: Path | None, as_json: bool) -> None:
    if as_json:
        made = {"name": name, "role": str(role), key: value, "secret_file": None if out is None else str(out)}
        typer.echo(json.dumps(made))
        return
    typer.echo(f'[[operators.people]]\nname = "{name}"\nrole = "{role}"\n{key} = "{value}"')


def register(app: typer.Typer) -> None:
    """Add the commands to app."""
    group = typer.Typer(no_args_is_help=True)
    group.command("token")(token)
    group.command("keys")(keys)
    app.add_typer(group, name="operator", help="Credentials of people: token, keys.")
