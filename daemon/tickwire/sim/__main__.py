"""``python -m tickwire.sim``: the paper exchange alone."""

import typer

from tickwire.sim.command import exchange

typer.run(exchange)
