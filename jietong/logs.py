"""JSON log lines, the same in every process of a site, with nothing personal in them.

Owns how a line looks and what never reaches it; must not know what is logged.
Rules: domain.md C3 (numbers are masked, secrets and pressed digits are dropped).
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from jietong.masking import mask_number

MASKED = frozenset({"caller", "phone", "number", "from_number"})
CHATTY = ("alembic", "asyncio", "sqlalchemy")
DROPPED = ("pin", "password", "secret", "digits")

Line = MutableMapping[str, Any]


def configure(process_name: str, stream: TextIO | None = None) -> None:
    """Sends every log line of this process, structlog's and the standard library's (with its `extra`), to `stream` (stderr) as JSON.

    A line has at (ISO 8601, UTC), level, event, process, what was bound by `structlog.contextvars`, and its own keys.
    """
    target = stream or sys.stderr
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _named(process_name),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        without_personal_values,
    ]
    json_line = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    structlog.configure(
        processors=[*shared, json_line],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=target),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, json_line],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def without_personal_values(logger: object, method: str, line: Line) -> Line:
    """Masks phone numbers and drops secrets by the name of their key, also inside nested tables."""
    return _cleaned(line)


def _cleaned(line: Line) -> Line:
    kept: Line = {}
    for key, value in line.items():
        if isinstance(key, str) and (key in DROPPED or key.endswith(tuple(f"_{word}" for word in DROPPED))):
            continue
        if key in MASKED and value is not None:
            kept[key] = mask_number(str(value))
        else:
            kept[key] = _cleaned(value) if isinstance(value, dict) else value
    return kept


def _named(process_name: str) -> structlog.typing.Processor:
    def add_process(logger: object, method: str, line: Line) -> Line:
        line["process"] = process_name
        return line

    return add_process
