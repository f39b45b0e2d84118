"""One strict TOML file in, frozen structs out."""

from tickwire.config.lanes import STAGES, Lane
from tickwire.config.load import ConfigError, check_passwords, load, load_box, parse, password, read_secret
from tickwire.config.model import Config
from tickwire.config.placement import housekeeping_cores, lanes_of

__all__ = [
    "STAGES",
    "Config",
    "ConfigError",
    "Lane",
    "check_passwords",
    "housekeeping_cores",
    "lanes_of",
    "load",
    "load_box",
    "parse",
    "password",
    "read_secret",
]
