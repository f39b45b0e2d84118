"""``tickwire exchange`` and ``tickwire exchange-control``."""

import typer

from tickwire.sim.command import control, exchange


def register(app: typer.Typer) -> None:
    """Add the commands to app."""
    app.command("exchange")(exchange)
    app.command("exchange-control")(control)
