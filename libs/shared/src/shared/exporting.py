"""Sends traces and metrics by OTLP; imported only where an endpoint is set."""

from typing import Any

from fastapi import FastAPI
from faststream.kafka.opentelemetry import KafkaTelemetryMiddleware
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

EVERY_MS = 5_000


class Exporting:
    """The providers of one process, and the instrumentation of its clients."""

    def __init__(self, service: str, endpoint: str) -> None:
        resource = Resource.create({"service.name": service})
        self._traces = TracerProvider(resource=resource)
        self._traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint}/v1/traces")))
        reader = PeriodicExportingMetricReader(OTLPMetricExporter(f"{endpoint}/v1/metrics"), EVERY_MS)
        self._metrics = MeterProvider([reader], resource=resource)
        trace.set_tracer_provider(self._traces)
        metrics.set_meter_provider(self._metrics)
        HTTPXClientInstrumentor().instrument()
        URLLib3Instrumentor().instrument()
        PymongoInstrumentor().instrument()  # its default leaves the commands' values out

    def observe(self, app: FastAPI) -> None:
        """Trace and count the requests of `app`."""
        FastAPIInstrumentor.instrument_app(app, excluded_urls="livez,readyz")

    def broker_middlewares(self) -> list[Any]:
        """Give what makes a FastStream broker carry the trace."""
        return [KafkaTelemetryMiddleware(tracer_provider=self._traces, meter_provider=self._metrics)]

    def close(self) -> None:
        """Send what is left."""
        self._traces.shutdown()
        self._metrics.shutdown()
