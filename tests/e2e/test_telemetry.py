"""With an OTLP endpoint set, one trace goes from the request through Kafka to every service; it holds no secret."""

import os
import threading
from collections import defaultdict
from collections.abc import Generator, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.e2e.api_client import eventually, sign_in
from tests.e2e.stack import running

pytestmark = pytest.mark.skipif(
    os.environ.get("CONTAINERS") == "1",
    reason="starts processes; tests/containers does this with containers",
)

MARKER = "MARKEROFTHETRACES"
SERVICES = {"entitlement", "generation", "generation-worker", "gallery", "download"}

WANTED = {
    "POST /v1/generations",
    "generation.requests publish",
    "generation.results process",
    "gallery.visibility-changes process",
    "PUT",  # of the master, into the object store
    "gallery.insert",
    "download.update",
}
"""Spans of the one trace, whichever service they are of."""


class Collector:
    """An OTLP receiver: keeps what it is sent."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.bodies.append(body)
                collector.keep(self.path, body)
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
                return

        self.spans: dict[bytes, set[tuple[str, str]]] = defaultdict(set)
        self.metrics: dict[str, set[str]] = defaultdict(set)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def keep(self, path: str, body: bytes) -> None:
        if path.endswith("/traces"):
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                service = _service(resource.resource.attributes)
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        self.spans[span.trace_id].add((service, span.name))
        else:
            for resource_metrics in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                service = _service(resource_metrics.resource.attributes)
                for scope_metrics in resource_metrics.scope_metrics:
                    self.metrics[service] |= {metric.name for metric in scope_metrics.metrics}

    def trace_over(self, services: set[str]) -> set[tuple[str, str]] | None:
        """Give the spans of a trace that went through all `services`."""
        for spans in list(self.spans.values()):
            if services <= {service for service, _ in spans}:
                return spans
        return None


def _service(attributes: Iterable[Any]) -> str:
    return next(str(it.value.string_value) for it in attributes if it.key == "service.name")


@pytest.fixture
def collector() -> Generator[Collector, None, None]:
    collector = Collector()
    thread = threading.Thread(target=collector.server.serve_forever, daemon=True)
    thread.start()
    yield collector
    collector.server.shutdown()
    collector.server.server_close()


@pytest.mark.timeout(180)
async def test_one_trace_from_request_to_every_service_without_a_secret(tmp_path: Path, collector: Collector) -> None:
    endpoint = f"http://127.0.0.1:{collector.server.server_port}"
    async with (
        running(tmp_path / "data", "--split", OTEL_EXPORTER_OTLP_ENDPOINT=endpoint) as stack,
        httpx.AsyncClient(base_url=stack.base_url, timeout=30) as client,
    ):
        ann = await sign_in(client, "ann", [])
        await ann.subscribe("plus")
        (image,) = await ann.generate(f"a {MARKER} in a field", visibility="private")
        assert (await ann.get(f"/v1/downloads/{image}", params={"format": "png"})).status_code == 200
        await ann.make(image, "public")
        token = ann.headers["Authorization"].removeprefix("Bearer ")

        async def is_traced() -> bool:
            spans = collector.trace_over({"generation", "generation-worker", "gallery", "download"}) or set()
            return {name for _, name in spans} >= WANTED

        await eventually(is_traced)

        async def are_measured() -> bool:
            return set(collector.metrics) >= SERVICES

        await eventually(are_measured)
    assert len(collector.bodies) > 10
    for body in collector.bodies:
        assert MARKER.encode() not in body
        assert token.encode() not in body
