"""The operator's command plane: one implementation of every command, behind HTTP, ZeroMQ and the command line.

``commands`` is the table of what a person may ask, ``operations`` the one way to ask it, ``plane`` runs the servers.
"""
