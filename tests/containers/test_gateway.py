"""The gateway before stand-ins that break off or aren't there: reads go on, a change is sent once or not at all."""

import json
import secrets
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.containers.system import ROOT, System
from tests.e2e.api_client import eventually

CHANGES = ("POST", "PUT", "PATCH", "DELETE")
each_change = pytest.mark.parametrize("method", CHANGES)


class Replicas:
    """The gateway, and what the stand-ins behind it were sent."""

    def __init__(self, client: httpx.AsyncClient, file: Path) -> None:
        self.client = client
        self._file = file

    async def ask(self, method: str, segment: str, **more: Any) -> tuple[httpx.Response, list[dict[str, Any]]]:
        """Ask for something under `/v1/SEGMENT`; give the answer, and the requests that reached a replica."""
        path = f"/v1/{segment}/{secrets.token_hex(8)}"
        answer = await self.client.request(method, path, **more)
        lines = [json.loads(line) for line in self._file.read_text().splitlines()]
        return answer, [it for it in lines if it["path"] == path]


@pytest.fixture(scope="module")
def gateway(docker: None, tmp_path_factory: pytest.TempPathFactory) -> Generator[System, None, None]:
    folder = tmp_path_factory.mktemp("gateway")
    system = System(
        folder,
        {
            "COMPOSE_PROJECT_NAME": f"{System.project_name()}-gateway",
            "COMPOSE_FILE": f"{ROOT}/docker-compose.yml:{ROOT}/tests/containers/replicas.yml",
            "REPLICAS_FOLDER": str(folder),
        },
    )
    (folder / "requests").touch()
    system.stop()
    try:
        system.compose("up", "--build", "--detach", "--wait", "--no-deps", "gateway", "breaking", "answering", "closed")
        yield system
    finally:
        system.stop()


@pytest.fixture(scope="module")
async def replicas(gateway: System) -> AsyncGenerator[Replicas, None]:
    async with httpx.AsyncClient(base_url=gateway.address) as client:
        found = Replicas(client, gateway.secrets.parent / "requests")

        async def both_listen() -> bool:
            # Only what both replicas were sent is answered like this.
            _, sent = await found.ask("GET", "images")
            return len(sent) == 2

        await eventually(both_listen, within_s=30)
        yield found


@each_change
async def test_change_that_a_replica_broke_off_is_sent_to_no_other(replicas: Replicas, method: str) -> None:
    for body in (None, {"visibility": "private"}):
        answer, sent = await replicas.ask(method, "images", json=body)
        assert [it["method"] for it in sent] == [method]
        assert (answer.status_code, answer.json()["code"]) == (503, "outcome_unknown")
        assert "Idempotency-Key" in answer.json()["detail"]
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert "Retry-After" not in answer.headers, "a client that obeys it would do it twice"


@each_change
async def test_change_is_sent_once_where_one_replica_breaks_off(replicas: Replicas, method: str) -> None:
    for _ in range(8):
        answer, sent = await replicas.ask(method, "previews")
        assert len(sent) == 1
        assert answer.status_code == 200 or answer.json()["code"] == "outcome_unknown"


@each_change
async def test_change_goes_to_the_replica_that_can_be_connected_to(replicas: Replicas, method: str) -> None:
    for _ in range(8):
        answer, sent = await replicas.ask(method, "admin", json={"plan": "plus"})
        assert answer.status_code == 200
        assert [(it["method"], json.loads(it["body"])) for it in sent] == [(method, {"plan": "plus"})]


@each_change
async def test_change_that_was_sent_to_nobody_may_be_tried_again(replicas: Replicas, method: str) -> None:
    answer, sent = await replicas.ask(method, "preferences", json={"visibility": "private"})
    assert sent == []
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_read_that_a_replica_broke_off_is_asked_of_another(replicas: Replicas, method: str) -> None:
    for segment in ("previews", "admin"):
        for _ in range(8):
            answer, _ = await replicas.ask(method, segment)
            assert answer.status_code == 200
    answer, sent = await replicas.ask(method, "images")
    assert (answer.status_code, len(sent)) == (503, 2)
    assert answer.headers["Retry-After"] == "1"


async def test_caller_cannot_choose_the_method_or_the_address_behind_the_gateway(replicas: Replicas) -> None:
    forged = {"X-Gateway-Method": "DELETE", "X-Real-IP": "203.0.113.9", "X-Forwarded-For": "203.0.113.9"}
    for method in ("GET", *CHANGES):
        _, (sent,) = await replicas.ask(method, "admin", headers=forged)
        assert sent["method"] == method
        assert not {"x-gateway-method", "x-real-ip"} & set(sent["headers"])
        assert "203.0.113.9" not in sent["headers"]["x-forwarded-for"]


@each_change
async def test_answer_to_a_change_has_each_security_header_once(replicas: Replicas, method: str) -> None:
    for segment in ("admin", "images", "preferences", "nothing"):
        answer, _ = await replicas.ask(method, segment)
        for name in ("X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Cache-Control"):
            assert len(answer.headers.get_list(name)) == 1, (segment, name)
