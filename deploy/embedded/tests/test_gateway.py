"""Which request goes where, and which goes nowhere."""

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from embedded.gateway import ROUTES, Gateway
from embedded.page import Page

SERVICES = ("entitlement", "gallery", "download", "generation")


def named(name: str, ready: int = 200) -> FastAPI:
    """Make a service that answers everything with its name and the path it saw."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/readyz")
    async def readyz() -> Response:
        return Response("ok", ready)

    @app.get("/{path:path}")
    async def echo(request: Request) -> str:
        return f"{name} {request.url.path}"

    return app


def client_of(gateway: Gateway) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(gateway), base_url="http://gateway")


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("<!doctype html>")
    return tmp_path


@pytest.fixture
def gateway() -> Gateway:
    return gateway_with(None)


def gateway_with(page: Page | None) -> Gateway:
    gateway = Gateway(named("issuer"), SERVICES, page)
    for name in SERVICES:
        gateway.attach(name, named(name))
    return gateway


@pytest.mark.parametrize(("segment", "service"), ROUTES.items())
async def test_first_segment_chooses_the_service(gateway: Gateway, segment: str, service: str) -> None:
    for rest in ("", "/", "/a", "/a/b"):
        path = f"/v1/{segment}{rest}"
        assert (await client_of(gateway).get(path)).json() == f"{service} {path}"


async def test_documents_health_and_issuer_are_routed(gateway: Gateway) -> None:
    client = client_of(gateway)
    assert (await client.get("/openapi/gallery.json")).json() == "gallery /openapi/gallery.json"
    assert (await client.get("/download/livez")).json() == "download /livez"
    for path in ("/dev/jwks", "/dev/session", "/dev/accounts"):
        assert (await client.get(path)).json() == f"issuer {path}"


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/v1", "/v1/", "/v1/internal", "/v2/plans", "/internal", "/gallery/internal", "/gallery", "/V1/plans"),
        *("/openapi/other.json", "/openapi/gallery", "/openapi/a/gallery.json", "/dev/keys", "/dev", "/docs"),
        *("//v1/plans", "/v1//plans", "/v1/images/%2e%2e/%2e%2e/internal", "/v1/images/..%2f..%2finternal"),
    ],
)
@pytest.mark.parametrize("with_page", [False, True])
async def test_what_the_table_does_not_name_is_not_there(path: str, with_page: bool, built: Path) -> None:
    if path == "/" and with_page:
        return
    answer = await client_of(gateway_with(Page(built) if with_page else None)).get(
        httpx.URL("http://gateway", raw_path=path.encode())
    )
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"
    assert set(answer.json()) == {"type", "title", "status", "code", "detail"}


async def test_gateway_is_ready_when_every_service_is(gateway: Gateway) -> None:
    answer = await client_of(gateway).get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["services"] == dict.fromkeys(SERVICES, "ok")


async def test_gateway_says_who_is_not_ready(gateway: Gateway) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError

    gateway.attach("gallery", named("gallery", ready=503))
    gateway.attach("download", broken)
    answer = await client_of(gateway).get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["code"] == "not_ready"
    assert answer.json()["services"] == {
        "entitlement": "ok",
        "gallery": "not_ready",
        "download": "no_answer",
        "generation": "ok",
    }


async def test_service_that_has_not_started_is_unavailable_and_the_gateway_alive() -> None:
    client = client_of(Gateway(named("issuer"), SERVICES))
    answer = await client.get("/v1/plans")
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
    assert (await client.get("/readyz")).status_code == 503
    assert (await client.get("/livez")).status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/explore", "/explore/img_1", "/creations/private/img_1", "/images/x", "/account"]
)
async def test_every_view_has_an_address(path: str, built: Path) -> None:
    answer = await client_of(gateway_with(Page(built))).get(path)
    assert (answer.status_code, answer.text) == (200, "<!doctype html>")
