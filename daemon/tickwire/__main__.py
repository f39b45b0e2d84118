"""``python -m tickwire``: the command, where its script is not on the path."""

from tickwire.cli import main

main()
