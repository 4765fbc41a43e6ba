"""What a node says of itself: JSON lines without plates, names or reasons.

    {"at": "2026-11-23T16:04:05.678Z", "level": "info", "event": "swept", "keys": 12}

Only numbers, truth values, times and short codes are written, under the names of `FIELDS`. Of an exception
the class and the places in the code are written, never its message; of what other libraries log the text as
they wrote it into their code, never what they put into it.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, TextIO

from gatehouse.model import Error

_CODE = re.compile(r"[A-Za-z0-9_.:/-]{1,80}")
_OURS = "gatehouse"
# What a line may say beside its event; anything else is a defect and is left out.
FIELDS = frozenset(
    {
        "agency",
        "camera",
        "change",
        "count",
        "counts",
        "day",
        "incident",
        "index",
        "kind",
        "part",
        "seconds",
        "state",
        "task",
    }
)


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        ours = record.name == _OURS or record.name.startswith(f"{_OURS}.")
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.msg if isinstance(record.msg, str) else type(record.msg).__name__,
        }
        if ours:
            fields = getattr(record, "fields", {})
            line |= {name: _plain(fields[name]) for name in sorted(FIELDS & fields.keys())}
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = described(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True)


def described(error: BaseException) -> dict[str, Any]:
    """Return what may be told of an exception: class, places in the code, and what an `Error` says it is."""
    places = [f"{each.filename.rpartition('/')[2]}:{each.lineno} {each.name}" for each in _frames(error)]
    found: dict[str, Any] = {"class": type(error).__name__, "places": places[-8:]}
    if isinstance(error, Error):
        # By contract a sentence without values; `where` and `got` may quote an operator's path or value.
        found["what"] = error.what
    return found


def _frames(error: BaseException) -> list[traceback.FrameSummary]:
    return list(traceback.extract_tb(error.__traceback__))


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {_code(key): _plain(each) for key, each in value.items()}
    return _code(value)


def _code(value: object) -> str:
    text = str(value)
    return text if _CODE.fullmatch(text) else "?"


def say(
    event: str, /, *, level: int = logging.INFO, error: BaseException | None = None, **fields: Any
) -> None:
    """Write a line; `fields` are those of `FIELDS`."""
    logging.getLogger("gatehouse.node").log(level, event, extra={"fields": fields}, exc_info=error)


def configure(level: str, *, stream: TextIO | None = None) -> logging.Handler:
    """Send everything that is logged in this process to one stream as JSON lines; return the handler."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger(_OURS).setLevel(level.upper())
    # Whoever ran a server in this process before may have left it handlers that quote what was asked.
    for name in ("uvicorn", "uvicorn.error"):
        server = logging.getLogger(name)
        server.handlers.clear()
        server.propagate = True
    # Its lines hold addresses with what was asked in them.
    logging.getLogger("uvicorn.access").disabled = True
    return handler
