"""An OTLP receiver in memory: keeps what it is sent while somebody wants it."""

import threading
from collections import defaultdict
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

Span = tuple[str, str]
"""The service and the span's name."""


class Collector:
    """Receives at `port`. Bodies are read only when asked about: the system under test needs the machine more."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.bodies: list[bytes] = []
        self._spans: dict[bytes, set[Span]] = defaultdict(set)
        self._metrics: dict[str, set[str]] = defaultdict(set)
        self._unread: list[tuple[str, bytes]] = []
        self._is_wanted = False
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if collector._is_wanted:
                    collector.bodies.append(body)
                    collector._unread.append((self.path, body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
                return

        self._server = ThreadingHTTPServer((host, 0), Handler)
        self.port = self._server.server_port

    @contextmanager
    def receiving(self) -> Generator[None, None, None]:
        """Answer until the context ends."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            self._server.shutdown()
            self._server.server_close()

    @contextmanager
    def keeping(self) -> Generator[None, None, None]:
        """Keep what comes until the context ends."""
        self._is_wanted = True
        try:
            yield
        finally:
            self._is_wanted = False

    def metrics(self) -> dict[str, set[str]]:
        """Give the names of the metrics of each service."""
        self._read()
        return self._metrics

    def trace_with(self, service: str, name: str, services: set[str]) -> set[Span] | None:
        """Give the spans of a trace that has the span `name` of `service` and went through all `services`."""
        self._read()
        for spans in self._spans.values():
            if (service, name) in spans and services <= {it for it, _ in spans}:
                return spans
        return None

    def _read(self) -> None:
        while self._unread:
            path, body = self._unread.pop(0)
            if path.endswith("/traces"):
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    service = _service(resource.resource.attributes)
                    for scope in resource.scope_spans:
                        for span in scope.spans:
                            self._spans[span.trace_id].add((service, span.name))
            else:
                for measured in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                    names = {metric.name for scope in measured.scope_metrics for metric in scope.metrics}
                    self._metrics[_service(measured.resource.attributes)] |= names


def _service(attributes: Iterable[Any]) -> str:
    return next(str(it.value.string_value) for it in attributes if it.key == "service.name")
