"""Traces, metrics and JSON logs by OpenTelemetry; off, at no cost, unless an OTLP endpoint is set.

Nothing here may carry a prompt, a token, a secret link or a file name: routes are named by their templates,
store commands are recorded without their values.
"""

import logging
import sys
from typing import Any

from fastapi import FastAPI
from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.pymongo import PymongoInstrumentor
from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from pythonjsonlogger.json import JsonFormatter

_QUIET = ("aiokafka", "faststream", "httpx", "httpcore", "pymongo", "pyvips", "urllib3", "uvicorn.access")


class Telemetry:
    """The providers of one process; `close` sends what is left."""

    def __init__(self, service: str, endpoint: str | None) -> None:
        self.enabled = endpoint is not None
        self._traces: TracerProvider | None = None
        self._metrics: MeterProvider | None = None
        if endpoint is None:
            return
        resource = Resource.create({"service.name": service})
        self._traces = TracerProvider(resource=resource)
        self._traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint}/v1/traces")))
        reader = PeriodicExportingMetricReader(OTLPMetricExporter(f"{endpoint}/v1/metrics"), 5_000)
        self._metrics = MeterProvider([reader], resource=resource)
        trace.set_tracer_provider(self._traces)
        metrics.set_meter_provider(self._metrics)
        HTTPXClientInstrumentor().instrument()
        URLLib3Instrumentor().instrument()
        PymongoInstrumentor().instrument()  # its default leaves the commands' values out

    def observe(self, app: FastAPI) -> None:
        """Trace and count the requests of `app`, by route template; health checks aren't worth a span."""
        if self.enabled:
            FastAPIInstrumentor.instrument_app(app, excluded_urls="livez,readyz")

    def broker_middlewares(self) -> list[Any]:
        """Give what makes a FastStream broker carry the trace."""
        if not self.enabled:
            return []
        from faststream.kafka.opentelemetry import KafkaTelemetryMiddleware  # noqa: PLC0415 - costs only when on

        return [KafkaTelemetryMiddleware(tracer_provider=self._traces, meter_provider=self._metrics)]

    def close(self) -> None:
        """Send what is left, bounded by the exporters' time-outs."""
        for provider in (self._traces, self._metrics):
            if provider is not None:
                provider.shutdown()


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
