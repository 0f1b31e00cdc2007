"""The gateway's own log: one JSON object per line on standard error, from every process alike."""

import logging
import sys
import time
from typing import Final

import msgspec

_ENCODER: Final = msgspec.json.Encoder()


class JsonLines(logging.Formatter):
    """`{"at", "level", "process", "logger", "message"}`, and `error` with the traceback where there is one.

    `at` is in UTC.
    """

    def __init__(self, process: str) -> None:
        super().__init__()
        self.converter = time.gmtime
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever the message holds."""
        line = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return _ENCODER.encode({key: value.encode(errors="replace").decode() for key, value in line.items()}).decode()


def configure(process: str, level: int = logging.INFO) -> None:
    """Send everything from `level` on to standard error, as coming from `process`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(process))
    logging.basicConfig(level=level, handlers=[handler], force=True)
