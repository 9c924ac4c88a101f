"""The development issuer's tokens, as a service verifies them."""

import time

import httpx
import jwt
import pytest

from embedded.data_dir import open_data_dir
from embedded.errors import DataDirError
from embedded.issuer import DevelopmentIssuer, create_issuer_app

HERE = "http://127.0.0.1:8080"


@pytest.fixture
def private_key(tmp_path_factory: pytest.TempPathFactory) -> str:
    with open_data_dir(tmp_path_factory.mktemp("data")) as folder:
        return folder.secrets.issuer_private_key


@pytest.fixture
def client(private_key: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_issuer_app(DevelopmentIssuer(private_key)))
    return httpx.AsyncClient(transport=transport, base_url=HERE)


async def test_token_verifies_against_the_key_set(client: httpx.AsyncClient) -> None:
    answer = (await client.post("/dev/token", json={"user_id": "alice", "roles": ["operator"]})).json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 43200)
    keys = jwt.PyJWKSet.from_dict((await client.get("/dev/jwks")).json())
    key = keys[jwt.get_unverified_header(answer["access_token"])["kid"]]
    claims = jwt.decode(
        answer["access_token"],
        key,
        algorithms=["ES256"],
        issuer="private-generations-dev",
        audience="private-generations",
    )
    assert (claims["sub"], claims["roles"]) == ("alice", ["operator"])
    assert claims["exp"] - claims["iat"] == 43200
    assert abs(claims["iat"] - time.time()) < 5


async def test_key_set_holds_nothing_private(client: httpx.AsyncClient) -> None:
    (key,) = (await client.get("/dev/jwks")).json()["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use"}


def test_key_keeps_its_id_over_a_restart(private_key: str) -> None:
    assert DevelopmentIssuer(private_key).key == DevelopmentIssuer(private_key).key


def test_broken_key_is_said() -> None:
    with pytest.raises(DataDirError, match="issuer's key"):
        DevelopmentIssuer("-----BEGIN PRIVATE KEY-----\nrubbish")


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"user_id": ""},
        {"user_id": "a b"},
        {"user_id": "a\n"},
        {"user_id": "ä"},
        {"user_id": "a" * 65},
        {"user_id": {"$ne": 1}},
        {"user_id": "alice", "roles": ["root"]},
        {"user_id": "alice", "admin": True},
    ],
)
async def test_bad_request_is_refused_with_a_problem(client: httpx.AsyncClient, wanted: object) -> None:
    answer = await client.post("/dev/token", json=wanted)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid_request"
