"""``tickwire exchange``."""

import typer

from tickwire.sim.command import exchange


def register(app: typer.Typer) -> None:
    """Add the command to app."""
    app.command("exchange")(exchange)
