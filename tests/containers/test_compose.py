"""What docker-compose.yml comes to with its defaults: official images, limits everywhere, nothing open to the world."""

import json
import subprocess
from typing import Any

import pytest
from tests.containers.system import ROOT

OFFICIAL = {"kafka": "apache/kafka:4.3.1", "mongo": "mongo:8.0.10", "s3": "versity/versitygw:v1.8.0"}
OURS = {"entitlement", "generation", "generation-worker", "gallery", "download", "gateway", "web", "issuer"}
JOBS = {f"{it}-setup" for it in ("kafka", "mongo", "s3", "entitlement", "generation", "gallery")}


@pytest.fixture(scope="module")
def services(docker: None) -> dict[str, dict[str, Any]]:
    command = ["docker", "compose", "--env-file", ".env.example", "--profile", "*", "config", "--format", "json"]
    # Without this environment: the defaults are what is looked at.
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, env={"PATH": "/usr/bin:/bin"})
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)["services"]
    assert set(found) == {*OFFICIAL, *OURS, *JOBS, "mongo-key"}
    return found


def test_stores_are_the_official_images_at_pinned_tags(services: dict[str, dict[str, Any]]) -> None:
    assert {name: services[name]["image"] for name in OFFICIAL} == OFFICIAL


def test_everything_has_a_memory_limit_a_restart_policy_and_rotated_logs(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert int(service["mem_limit"]) > 0, name
        assert service["restart"] in {"unless-stopped", "on-failure:5"}, name
        assert service["logging"]["options"]["max-size"], name


def test_ports_are_on_the_loopback_address_only(services: dict[str, dict[str, Any]]) -> None:
    ports = {name: [port["host_ip"] for port in it.get("ports", [])] for name, it in services.items()}
    assert {name for name, bound in ports.items() if bound} == {"gateway", *OFFICIAL}
    assert {address for bound in ports.values() for address in bound} == {"127.0.0.1"}


def test_our_containers_may_write_nothing_and_have_no_rights(services: dict[str, dict[str, Any]]) -> None:
    for name in OURS | JOBS:
        service = services[name]
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name


def test_no_secret_is_in_the_description(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        for variable, value in (service.get("environment") or {}).items():
            is_secret = any(it in variable for it in ("PASSWORD", "SECRET", "SEED"))
            assert not is_secret or variable.endswith("_FILE"), f"{name}: {variable}={value}"


def test_everybody_waits_for_what_it_needs(services: dict[str, dict[str, Any]]) -> None:
    for name in OURS - {"issuer", "web"}:
        conditions = {it["condition"] for it in services[name]["depends_on"].values()}
        assert conditions <= {"service_healthy", "service_completed_successfully"}, name
        assert conditions, name
