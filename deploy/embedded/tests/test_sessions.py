"""The page's sign-in at the development issuer, and who can't use it."""

import httpx
import pytest

from embedded.data_dir import open_data_dir
from embedded.issuer import DevelopmentIssuer, create_issuer_app

HERE = "http://127.0.0.1:8080"
OWN = {"Origin": HERE}


@pytest.fixture
def issuer(tmp_path_factory: pytest.TempPathFactory) -> DevelopmentIssuer:
    with open_data_dir(tmp_path_factory.mktemp("data")) as folder:
        return DevelopmentIssuer(folder.secrets.issuer_private_key)


def browser_at(
    issuer: DevelopmentIssuer, address: str = HERE, hosts: frozenset[str] | None = None
) -> httpx.AsyncClient:
    app = create_issuer_app(issuer) if hosts is None else create_issuer_app(issuer, hosts)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=address)


async def test_person_signs_in_is_known_and_signs_out(issuer: DevelopmentIssuer) -> None:
    browser = browser_at(issuer)
    assert (await browser.get("/dev/session")).json()["code"] == "sign_in_required"

    answer = await browser.post("/dev/session", json={"user_id": "alice"}, headers=OWN)
    assert answer.json() == {"user_id": "alice"}
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("pg_session=")
    assert {"HttpOnly", "SameSite=strict", "Path=/", "Max-Age=43200"} <= set(cookie.split("; "))
    assert answer.headers["cache-control"] == "private, no-store"
    token = browser.cookies["pg_session"]
    assert token not in answer.text
    assert issuer.subject(token) == "alice"
    assert (await browser.get("/dev/session")).json() == {"user_id": "alice"}

    answer = await browser.delete("/dev/session", headers=OWN)
    assert answer.status_code == 204
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert (await browser.get("/dev/session")).status_code == 401


async def test_cookie_of_another_issuer_is_nobody(issuer: DevelopmentIssuer) -> None:
    browser = browser_at(issuer)
    browser.cookies["pg_session"] = "e30.e30.x"
    answer = await browser.get("/dev/session")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {**OWN, "Sec-Fetch-Site": "cross-site"}]
)
async def test_another_sites_page_signs_nobody_in_or_out(
    issuer: DevelopmentIssuer, method: str, headers: dict[str, str]
) -> None:
    answer = await browser_at(issuer).request(method, "/dev/session", json={"user_id": "alice"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "origin_differs")
    assert "set-cookie" not in answer.headers


async def test_another_sites_page_gets_no_token(issuer: DevelopmentIssuer) -> None:
    answer = await browser_at(issuer).post(
        "/dev/token", json={"user_id": "alice"}, headers={"Origin": "https://evil.example"}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "origin_differs")


@pytest.mark.parametrize("address", ["http://evil.example:8080", "http://127.0.0.1.evil.example", "http://192.168.1.7"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/dev/token"), ("POST", "/dev/session"), ("GET", "/dev/session"), ("GET", "/dev/accounts")],
)
async def test_a_name_made_to_point_here_gets_nothing(
    issuer: DevelopmentIssuer, address: str, method: str, path: str
) -> None:
    # As a browser whose name server lies: the page's origin and host are the same, and not ours.
    answer = await browser_at(issuer, address).request(
        method, path, json={"user_id": "alice"}, headers={"Origin": address}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "host_not_allowed")


async def test_further_names_are_a_setting(issuer: DevelopmentIssuer) -> None:
    browser = browser_at(issuer, "http://pictures.test", frozenset({"pictures.test"}))
    answer = await browser.post("/dev/session", json={"user_id": "alice"}, headers={"Origin": "http://pictures.test"})
    assert answer.status_code == 200


async def test_picker_offers_the_demos_accounts(issuer: DevelopmentIssuer) -> None:
    items = (await browser_at(issuer).get("/dev/accounts")).json()["items"]
    assert [item["user_id"] for item in items] == ["free", "plus", "lapsed"]
    assert all(item["about"] for item in items)
