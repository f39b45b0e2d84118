"""The ``tickwire`` command: one module a sub-command, each with ``register(app)``."""

import os
import signal
import sys
from collections.abc import Iterable
from importlib import import_module

import typer

MODULES = {  # module -> the commands it registers, in the order of the help
    "demo": ("demo",),
    "run": ("run",),
    "status": ("status", "venues", "alerts", "audit"),
    "orders": ("orders", "fills", "positions", "best-execution"),
    "kill": ("kill",),
    "stops": ("rearm", "pause", "resume", "cancel", "flatten"),
    "entry": ("order", "replace", "work", "parents"),
    "controls": ("reconcile", "limits", "breaker", "breaks", "throttle"),
    "operator": ("operator",),
    "exchange": ("exchange", "exchange-control"),
    "book": ("book",),
    "decode": ("decode",),
}


def build(modules: Iterable[str] = MODULES) -> typer.Typer:
    """The command tree, or the part of it that those modules register."""
    app = typer.Typer(no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False)

    @app.callback()
    def tickwire() -> None:  # with it the sub-command's name is asked for even where there is only one
        """Tickwire: a tick in, a risk-checked order out."""

    for name in modules:
        import_module(f"tickwire.cli.{name}").register(app)
    return app


def _needed(arguments: list[str]) -> Iterable[str]:
    """The module of the command that is asked for: a kill must not wait until all the others are loaded."""
    asked = arguments[0] if arguments and "_TICKWIRE_COMPLETE" not in os.environ else ""
    return [module for module, commands in MODULES.items() if asked in commands] or MODULES


def main() -> None:
    """Entry point of the ``tickwire`` script."""
    try:
        build(_needed(sys.argv[1:]))()
    except KeyboardInterrupt:  # also while the commands are still being loaded
        sys.exit(128 + signal.SIGINT)
