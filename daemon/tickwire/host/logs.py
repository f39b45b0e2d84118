"""Structured logs: an event named noun_verb and its facts beside it; a JSON object a line or, on a terminal, words.

Facts that name something carry the same key everywhere: ``order_id``, ``tick`` (number of the feed's message),
``session`` (of a venue), ``epoch`` (trading epoch).
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

COLOURS = {logging.WARNING: "\x1b[33m", logging.ERROR: "\x1b[31m"}
PLAIN = "\x1b[0m"


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON: time, level, service, event, then its facts."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds"),
            "level": record.levelname.lower(),
            "service": record.name,
            "event": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


class HumanFormatter(logging.Formatter):
    """The same for a person at a terminal: the time of day, who, what, and the facts as they are."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end; what a fact could do to a terminal is written out."""
        at = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S.%f")[:-3]
        facts = " ".join(f"{name}={_shown(fact)}" for name, fact in getattr(record, "facts", {}).items())
        colour = COLOURS.get(record.levelno, "")
        what = _printable(record.getMessage().replace("_", " "))
        line = f"{at} {record.name}: {colour}{what}{PLAIN if colour else ''}{' ' if facts else ''}{facts}"
        return line + (f"\n{self.formatException(record.exc_info)}" if record.exc_info else "")


class Log:
    """The log of one service: ``log.info("lane_started", pid=7)``."""

    def __init__(self, service: str) -> None:
        self._logger = logging.getLogger(service)

    def info(self, event: str, **facts: object) -> None:
        """Something worth knowing."""
        self._logger.info(event, extra={"facts": facts})

    def warning(self, event: str, **facts: object) -> None:
        """Something that a person should look at."""
        self._logger.warning(event, extra={"facts": facts})

    def error(self, event: str, **facts: object) -> None:
        """Something that stops the service from doing its work."""
        self._logger.error(event, extra={"facts": facts})


def setup(stream: TextIO = sys.stderr) -> None:
    """Send every log of this process to the stream: to a terminal in human form, else as JSON lines."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(HumanFormatter() if stream.isatty() else JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def _shown(fact: object) -> str:
    safe = _printable(fact if isinstance(fact, str) else json.dumps(fact, default=str))
    return f'"{safe}"' if isinstance(fact, str) and " " in safe and not safe.startswith('"') else safe
