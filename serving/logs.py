"""The log: one JSON object a line, with nobody's user id and no request's content in it."""

import logging
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import orjson

_LOG: Final = logging.getLogger("vitrine")


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "pid": record.process,
            **getattr(record, "fields", {}),
        }
        return orjson.dumps(line, default=str).decode()


def write_to_stdout() -> None:
    """Send the log to standard output, and nowhere else."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_JsonLines())
    _LOG.handlers = [handler]
    _LOG.setLevel(logging.INFO)
    _LOG.propagate = False


def info(event: str, **fields: object) -> None:
    """Log something that is as it should be."""
    _LOG.info(event, extra={"fields": fields})


def warning(event: str, **fields: object) -> None:
    """Log something that somebody should look at."""
    _LOG.warning(event, extra={"fields": fields})


def failure(event: str, error: BaseException, **fields: object) -> None:
    """Log an error that nobody expected: what it was and where, not what it says.

    An error's message may quote what a request held, such as a user id.
    """
    where = [
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    _LOG.error(event, extra={"fields": {**fields, "error": type(error).__name__, "where": where}})
