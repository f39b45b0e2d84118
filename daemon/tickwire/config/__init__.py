"""One strict TOML file in, frozen structs out."""

from tickwire.config.load import ConfigError, load, load_box, parse, password
from tickwire.config.model import STAGES, Config, Lane
from tickwire.config.placement import housekeeping_cores, lanes_of

__all__ = [
    "STAGES",
    "Config",
    "ConfigError",
    "Lane",
    "housekeeping_cores",
    "lanes_of",
    "load",
    "load_box",
    "parse",
    "password",
]
