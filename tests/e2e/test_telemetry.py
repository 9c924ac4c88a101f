"""With an OTLP endpoint set, one trace goes from the request through Kafka to every service; it holds no secret."""

import os
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest
from tests.e2e.api_client import eventually, sign_in
from tests.e2e.collector import Collector
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


@pytest.fixture
def collector() -> Generator[Collector, None, None]:
    collector = Collector()
    with collector.receiving(), collector.keeping():
        yield collector


@pytest.mark.timeout(180)
async def test_one_trace_from_request_to_every_service_without_a_secret(tmp_path: Path, collector: Collector) -> None:
    endpoint = f"http://127.0.0.1:{collector.port}"
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
            over = {"generation", "generation-worker", "gallery", "download"}
            spans = collector.trace_with("generation", "POST /v1/generations", over) or set()
            return {name for _, name in spans} >= WANTED

        await eventually(is_traced)

        async def are_measured() -> bool:
            return set(collector.metrics()) >= SERVICES

        await eventually(are_measured)
    assert len(collector.bodies) > 10
    for body in collector.bodies:
        assert MARKER.encode() not in body
        assert token.encode() not in body
