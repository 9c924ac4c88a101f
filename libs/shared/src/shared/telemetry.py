"""Traces, metrics and JSON logs by OpenTelemetry; off, at no cost, unless an OTLP endpoint is set.

Nothing here may carry a prompt, a token, a secret link or a file name: routes are named by their templates,
store commands are recorded without their values.
"""

import logging
import sys
from typing import Any

from fastapi import FastAPI
from opentelemetry import trace
from pythonjsonlogger.json import JsonFormatter

_QUIET = (
    "aiokafka",
    "faststream",
    "httpx",
    "httpcore",
    "pymongo",
    "pyvips",
    "shared.bus.kafka",
    "urllib3",
    "uvicorn.access",
)


class Telemetry:
    """The signals of one process; `close` sends what is left."""

    def __init__(self, service: str, endpoint: str | None) -> None:
        self._exporting = None
        if endpoint is not None:
            # Only now: the exporters and instrumentations cost half a second of every start.
            from shared.exporting import Exporting  # noqa: PLC0415

            self._exporting = Exporting(service, endpoint)

    def observe(self, app: FastAPI) -> None:
        """Trace and count the requests of `app`, by route template; health checks aren't worth a span."""
        if self._exporting is not None:
            self._exporting.observe(app)

    def broker_middlewares(self) -> list[Any]:
        """Give what makes a FastStream broker carry the trace."""
        return [] if self._exporting is None else self._exporting.broker_middlewares()

    def close(self) -> None:
        """Send what is left, bounded by the exporters' time-outs."""
        if self._exporting is not None:
            self._exporting.close()


class _TraceId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        context = trace.get_current_span().get_span_context()
        record.trace_id = f"{context.trace_id:032x}" if context.is_valid else None
        return True


def log_as_json(service: str, level: str) -> None:
    """Make every log line of this process one JSON object on standard error, with the trace's id."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_TraceId())
    handler.setFormatter(
        JsonFormatter(
            "%(asctime)s %(levelname)s %(name)s %(message)s %(trace_id)s",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
            static_fields={"service": service},
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
