"""Each service sends the traces, metrics and logs that the table names, and no secret is in any of them."""

import json
import secrets
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from tests.containers.system import System
from tests.e2e.api_client import eventually
from tests.e2e.collector import Collector
from tests.e2e.conftest import Somebody

from shared.ids import new_image_id
from shared.kafka_clients import client_options
from shared.topics import VISIBILITY_CHANGES

TABLE: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("signals.toml").read_text())
REQUESTS = sorted({request for signals in TABLE.values() for request in signals["trace"]})


@pytest.fixture(scope="module")
async def told(containers: System, container_telemetry: Collector, somebody: Somebody) -> list[str]:
    """Let every service do something of each kind; gives what no signal may hold."""
    prompt = f"marker{secrets.token_hex(8)}"
    with container_telemetry.keeping():
        ann = await somebody("plus")
        (image,) = await ann.generate(f"a {prompt} in a field", visibility="private")
        for visibility in ("public", "private"):
            assert (await ann.make(image, visibility)).status_code in {200, 202}
        assert (await ann.get(f"/v1/downloads/{image}", params={"format": "png"})).status_code == 200
        await _write_garbage(containers)

        async def is_complete() -> bool:
            return not _missing_spans(container_telemetry) and not _missing_metrics(container_telemetry)

        with suppress(TimeoutError):  # each test says what is missing of its own
            await eventually(is_complete, within_s=30)
    return [prompt, ann.headers["Authorization"].removeprefix("Bearer ")]


async def _write_garbage(containers: System) -> None:
    kafka = containers.stack().kafka_access
    async with AIOKafkaProducer(**client_options(kafka)) as producer:
        await producer.send_and_wait(VISIBILITY_CHANGES.name, b"garbage", key=new_image_id().encode())


def _missing_spans(collector: Collector) -> list[str]:
    missing = []
    for request in REQUESTS:
        wanted = {(service, name) for service, signals in TABLE.items() for name in signals["trace"].get(request, [])}
        owner = next(service for service, name in wanted if name == request)
        found = collector.trace_with(owner, request, {service for service, _ in wanted}) or set()
        missing += [f"{request}: {service}: {name}" for service, name in sorted(wanted - found)]
    return missing


def _missing_metrics(collector: Collector) -> list[str]:
    found = collector.metrics()
    return [
        f"{service}: {name}"
        for service, signals in TABLE.items()
        for name in signals["metric"]
        if name not in found.get(service, set())
    ]


@pytest.mark.usefixtures("told")
def test_one_trace_goes_from_the_request_through_kafka_to_every_service(container_telemetry: Collector) -> None:
    assert _missing_spans(container_telemetry) == []


@pytest.mark.usefixtures("told")
def test_service_measures_what_the_table_says(container_telemetry: Collector) -> None:
    assert _missing_metrics(container_telemetry) == []


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("service", sorted(TABLE))
def test_service_logs_json_lines_of_its_own_name(containers: System, service: str) -> None:
    printed = containers.compose("logs", "--no-color", "--no-log-prefix", service).splitlines()
    lines = [json.loads(line) for line in printed]
    assert {line["service"] for line in lines} == {service}
    assert all({"time", "level", "logger", "message", "trace_id"} <= set(line) for line in lines)
    assert {line["message"] for line in lines} >= set(TABLE[service]["log"])


def test_no_signal_holds_a_prompt_or_a_token(
    containers: System, container_telemetry: Collector, told: list[str]
) -> None:
    logs = containers.compose("logs", "--no-color")
    assert container_telemetry.bodies
    for secret in told:
        assert secret not in logs
        assert not any(secret.encode() in body for body in container_telemetry.bodies)
