"""One strict parse at the edge: a TOML file in, a Config out, or every reason why not with its line."""

import difflib
import os
import re
import tomllib
import types
import typing
from collections.abc import Collection
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any

import msgspec

from tickwire.config import lines, values
from tickwire.config.checks import problems
from tickwire.config.model import Box, Config
from tickwire.config.venues import DropCopy, Execution

SECRET_SIZE_MAX = 4096

_WHERE = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]|(\[\.\.\.\])")
_FIELD = re.compile(r"^Object (contains unknown|missing required) field `(?P<name>.*)`$")
_SYNTAX = re.compile(r"^(?P<what>.*) \(at line (?P<line>\d+), column \d+\)$", re.DOTALL)
_PASSWORD = re.compile(rb"[!-~]{1,10}\Z")


class ConfigError(Exception):
    """A file was refused; its text has a line ``FILE:LINE: what was expected`` for each problem."""

    def __init__(self, source: str, found: list[tuple[int, str]]) -> None:
        super().__init__("\n".join(f"{source}:{line}: {what}" for line, what in found))


def load(path: FilePath, cores: Collection[int] | None = None) -> Config:
    """Read the file; raises ConfigError.  cores: those lanes may be pinned to, by default this process's."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), [(1, f"expected a readable TOML file: {error}")]) from error
    return parse(text, str(path), os.sched_getaffinity(0) if cores is None else cores)


def load_box(path: FilePath) -> Box:
    """Only the ``[box]`` table, so that a mistake elsewhere in the file stops no operator; raises ConfigError."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8"))["box"], Box)
    except OSError as error:
        raise ConfigError(str(path), [(1, f"cannot be read: {error.strerror}")]) from error
    except (ValueError, KeyError, msgspec.ValidationError) as error:
        raise ConfigError(str(path), [(1, f"expected TOML with a [box] table: {error}")]) from error


def parse(text: str, source: str, cores: Collection[int]) -> Config:
    """Parse the text of a file called source; raises ConfigError."""
    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        match = _SYNTAX.match(str(error))
        line = int(match["line"]) if match else text.count("\n") + 1
        raise ConfigError(source, [(line, f"expected TOML: {match['what'] if match else error}")]) from error
    where = lines.key_lines(text)
    try:
        config = msgspec.convert(data, Config, dec_hook=values.decode)
    except msgspec.ValidationError as error:
        path, what = _explain(str(error), data)
        raise ConfigError(source, [(lines.line_of(where, path), what)]) from error
    found = [(lines.line_of(where, path), f"{_dotted(path)}: {what}") for path, what in problems(config, cores)]
    if found:
        raise ConfigError(source, sorted(found))
    return config


def password(settings: Execution | DropCopy) -> str:
    """The password of a session, from the configuration or its file; raises ConfigError."""
    if not settings.password_file:
        return settings.password
    secret = read_secret(FilePath(settings.password_file))
    if not _PASSWORD.match(secret):
        raise ConfigError(settings.password_file, [(1, "expected a password of 1 to 10 visible ASCII characters")])
    return secret.decode("ascii")


def check_passwords(config: Config) -> None:
    """Refuse now what would fail at the first login: raises ConfigError for the first password that cannot be had."""
    for venue in (config.venues[index] for index in config.enabled_venues):
        password(venue.execution)
        if venue.drop_copy is not None:
            password(venue.drop_copy)


def read_secret(path: FilePath) -> bytes:
    """What a file says that nobody but its owner may read, without white space around it; raises ConfigError."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            secret = file.read(SECRET_SIZE_MAX + 1).strip()
    except OSError as error:
        raise ConfigError(str(path), [(1, f"expected a readable secret file: {error}")]) from error
    if mode & 0o077:
        raise ConfigError(str(path), [(1, "expected a file that only its owner can read (chmod 600)")])
    if len(secret) > SECRET_SIZE_MAX:
        raise ConfigError(str(path), [(1, f"expected at most {SECRET_SIZE_MAX} bytes")])
    return secret


def _explain(message: str, data: Any) -> tuple[lines.Path, str]:
    """Path and text of a validation error, with the nearest valid key for an unknown one."""
    match = _WHERE.match(message)
    what, steps = (match["what"], match["path"] or "") if match else (message, "")
    path: lines.Path = tuple(name or int(index or 0) for name, index, _ in _STEP.findall(steps))
    field = _FIELD.match(what)
    if field is None:
        text = what.replace("`", "")
        text = re.sub(r", got (str|decimal|int|bool|array|object)$", lambda kind: _got(kind[1], data, path), text)
        if "matching regex" in text:
            text = f"expected {_meta(path).description}, got {_value(data, path)!r}"
        text = re.sub(r"^Invalid enum value (.*)$", lambda value: f"expected {_choices(path)}, got {value[1]}", text)
        return path, f"{_dotted(path)}: {text[:1].lower()}{text[1:]}"
    name = field["name"]
    if what.startswith("Object missing"):
        return path, f"{_dotted(path) or 'file'}: expected the key {name}, which has no default"
    known = _fields(path)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0)
    return (*path, name), f"{_dotted((*path, name))}: expected a known key (nearest: {near[0]})"


def _dotted(path: lines.Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def _value(data: Any, path: lines.Path) -> Any:
    for step in path:
        data = data[step]
    return data


def _got(kind: str, data: Any, path: lines.Path) -> str:
    value = _value(data, path)
    return f", got {value}" if kind in ("decimal", "int") else f", got {value!r}"


def _declared(path: lines.Path) -> Any:
    """The type written in the model for the path, with its annotation."""
    kind: Any = Config
    for step in path:
        bare = _bare(kind)
        if isinstance(step, int):
            kind = typing.get_args(bare)[0]
        else:
            kind = next(field.type for field in msgspec.structs.fields(bare) if field.encode_name == step)
    return kind


def _bare(kind: Any) -> Any:
    if isinstance(kind, types.UnionType):  # a table that may be absent
        kind = typing.get_args(kind)[0]
    return typing.get_args(kind)[0] if typing.get_origin(kind) is typing.Annotated else kind


def _meta(path: lines.Path) -> msgspec.Meta:
    return next(item for item in _declared(path).__metadata__ if isinstance(item, msgspec.Meta))


def _fields(path: lines.Path) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(_bare(_declared(path)))]


def _choices(path: lines.Path) -> str:
    return "one of " + ", ".join(map(str, typing.get_args(_bare(_declared(path)))))
