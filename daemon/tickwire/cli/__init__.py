"""The ``tickwire`` command: one module a sub-command, each with ``register(app)``."""

import signal
import sys
from importlib import import_module

import typer

COMMANDS = (  # modules, not names: some register several
    *("demo", "run", "status", "orders", "kill", "stops", "controls", "operator"),
    *("exchange", "book", "decode"),
)


def build() -> typer.Typer:
    """The command tree, in the order of COMMANDS."""
    app = typer.Typer(no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False)

    @app.callback()
    def tickwire() -> None:  # with it the sub-command's name is asked for even where there is only one
        """Tickwire: a tick in, a risk-checked order out."""

    for name in COMMANDS:
        import_module(f"tickwire.cli.{name}").register(app)
    return app


def main() -> None:
    """Entry point of the ``tickwire`` script."""
    try:
        build()()
    except KeyboardInterrupt:  # also while the commands are still being loaded
        sys.exit(128 + signal.SIGINT)
