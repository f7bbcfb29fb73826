"""The desk's log: lines for people, or one JSON object a line for machines.

Every line carries the request and the release it is about, where there is one. Personal data does not
reach a log: whatever looks like an e-mail address, an address of the network or one of gonogo's own
secrets is masked in the message and in tracebacks, wherever it came from.
"""

import json
import logging
import re
import sys
from datetime import UTC, datetime

from gonogo.domain.log_context import log_context

_MASKED = (
    (re.compile(r"gonogo_[A-Za-z0-9_-]{20,}"), "gonogo_…"),
    (re.compile(r"(invitation=)[A-Za-z0-9_-]{20,}"), r"\1…"),
    (re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}"), "…@…"),
    (re.compile(r"(?<![\d.])(?!127\.)(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"), "…ip…"),
    (re.compile(r"(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{0,4}(?![\w:])"), "…ip…"),
)
_TALKATIVE = ("alembic", "httpx2", "httpcore2", "websockets")


def set_up_logs(kind: str) -> None:
    """Send every log of this process to standard error, as `text` or `json`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if kind == "json" else TextLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def masked(text: str) -> str:
    """The text without personal data and secrets."""
    for pattern, instead in _MASKED:
        text = pattern.sub(instead, text)
    return text


class TextLines(logging.Formatter):
    """`2026-11-22 07:12:03Z INFO release=3f2a message`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and the lines of a traceback."""
        about = "".join(f"{name}={value} " for name, value in log_context().items())
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        told = f"{at} {record.levelname} {about}{record.getMessage()}"
        if record.exc_info:
            told = f"{told}\n{self.formatException(record.exc_info)}"
        return masked(told)


class JsonLines(logging.Formatter):
    """`{"at": …, "level": …, "logger": …, "message": …, "request": …, "release": …, "error": …}`."""

    def format(self, record: logging.LogRecord) -> str:
        """One object in one line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told = {
            "at": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
            **log_context(),
        }
        if record.exc_info:
            told["error"] = masked(self.formatException(record.exc_info))
        return json.dumps(told, ensure_ascii=False)
