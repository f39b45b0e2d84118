"""Structured logs: one JSON object a line, an event named noun_verb and its facts beside it."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO


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
    """Send every log of this process to the stream as JSON lines."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
