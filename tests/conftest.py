"""One system in containers for all tests that use one, and what receives its telemetry."""

import os
from collections.abc import Generator

import pytest
from tests.containers import system
from tests.containers.system import System
from tests.e2e.collector import Collector


@pytest.fixture(scope="session")
def docker() -> Generator[None, None, None]:
    """Skip in one line, or refuse, where containers can't run."""
    reason = system.why_not()
    if reason is not None:
        (pytest.fail if os.environ.get(system.REQUIRED) == "1" else pytest.skip)(reason)
    with system.alone():
        yield


@pytest.fixture(scope="session")
def container_telemetry(docker: None) -> Generator[Collector, None, None]:
    """What receives the telemetry of the containers."""
    collector = Collector("0.0.0.0")  # containers come by the address of a bridge
    with collector.receiving():
        yield collector


@pytest.fixture(scope="session")
def containers(
    tmp_path_factory: pytest.TempPathFactory, container_telemetry: Collector
) -> Generator[System, None, None]:
    """The running system; starting it takes as long as its images take to build."""
    endpoint = f"http://host.docker.internal:{container_telemetry.port}"
    with system.running(tmp_path_factory.mktemp("containers"), OTEL_EXPORTER_OTLP_ENDPOINT=endpoint) as started:
        yield started
