"""Tokens: verified against the issuer's keys as they are now; whatever doesn't hold is 401."""

import time
from collections.abc import AsyncGenerator, Generator

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import Request

from shared.auth import Authenticator, JwksKeys, User
from shared.http.problems import Problem
from shared.testing.tokens import IssuerForTests


@pytest.fixture
def issuer() -> Generator[IssuerForTests, None, None]:
    with IssuerForTests() as issuer:
        yield issuer


@pytest.fixture
async def authenticator(issuer: IssuerForTests) -> AsyncGenerator[Authenticator, None]:
    async with httpx.AsyncClient(trust_env=False) as client:
        keys = JwksKeys(issuer.jwks_url, client)
        yield Authenticator(keys, issuer.issuer, issuer.audience, "ES256")


def request(token: str | None) -> Request:
    headers = [] if token is None else [(b"authorization", token.encode())]
    return Request({"type": "http", "headers": headers})


def from_browser(token: str, method: str = "GET", **headers: str) -> Request:
    sent = {"host": "pictures.example:8443", "cookie": f"other=1; pg_session={token}", **headers}
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in sent.items()]
    return Request({"type": "http", "method": method, "headers": pairs})


async def test_person_with_a_token_is_signed_in(authenticator: Authenticator, issuer: IssuerForTests) -> None:
    user = await authenticator.user(request(f"Bearer {issuer.token('ann', ['operator'])}"))
    assert (user.user_id, user.is_operator) == ("ann", True)
    assert user.token not in repr(user)


async def test_anonymous_is_nobody_and_may_not_go_where_users_go(authenticator: Authenticator) -> None:
    assert await authenticator.viewer(request(None)) is None
    with pytest.raises(Problem) as refused:
        await authenticator.user(request(None))
    assert (refused.value.status, refused.value.code) == (401, "sign_in_required")


@pytest.mark.parametrize(
    "change", [{"iss": "other"}, {"aud": "other"}, {"sub": ""}, {"sub": "a/b"}, {"roles": "operator"}]
)
async def test_token_for_something_else_is_refused(
    authenticator: Authenticator, issuer: IssuerForTests, change: dict[str, str]
) -> None:
    claims = jwt.decode(issuer.token("ann"), options={"verify_signature": False})
    forged = jwt.encode({**claims, **change}, issuer._private, algorithm="ES256", headers={"kid": "test"})
    with pytest.raises(Problem) as refused:
        await authenticator.viewer(request(f"Bearer {forged}"))
    assert (refused.value.status, refused.value.code) == (401, "token_invalid")


async def test_expired_unsigned_foreign_and_garbled_tokens_are_refused(
    authenticator: Authenticator, issuer: IssuerForTests
) -> None:
    claims = jwt.decode(issuer.token("ann"), options={"verify_signature": False})
    foreign = ec.generate_private_key(ec.SECP256R1())
    for token in (
        issuer.token("ann", expires_in_s=-5),
        jwt.encode(claims, "", algorithm="none", headers={"kid": "test"}),
        jwt.encode(claims, "x" * 32, algorithm="HS256", headers={"kid": "test"}),
        jwt.encode(claims, foreign, algorithm="ES256", headers={"kid": "test"}),
        jwt.encode(claims, foreign, algorithm="ES256", headers={"kid": "unknown"}),
        "nonsense",
        "",
    ):
        with pytest.raises(Problem) as refused:
            await authenticator.viewer(request(f"Bearer {token}"))
        assert refused.value.status == 401


async def test_lost_issuer_is_503_until_its_keys_are_known_and_then_goes_on() -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        with IssuerForTests() as issuer:
            keys = JwksKeys(issuer.jwks_url, client)
            authenticator = Authenticator(keys, issuer.issuer, issuer.audience, "ES256")
            token = f"Bearer {issuer.token('ann')}"
            assert isinstance(await authenticator.viewer(request(token)), User)
        keys._answered_at = time.monotonic() - 10_000
        keys._asked_at = float("-inf")
        assert isinstance(await authenticator.viewer(request(token)), User)
        fresh = Authenticator(JwksKeys(issuer.jwks_url, client), issuer.issuer, issuer.audience, "ES256")
        with pytest.raises(Problem) as refused:
            await fresh.viewer(request(token))
        assert (refused.value.status, refused.value.code) == (503, "issuer_unavailable")


async def test_person_with_a_session_cookie_is_signed_in_as_by_the_header(
    authenticator: Authenticator, issuer: IssuerForTests
) -> None:
    token = issuer.token("ann")
    user = await authenticator.user(from_browser(token))
    assert (user.user_id, user.token) == ("ann", token)
    assert await authenticator.viewer(from_browser("")) is None


async def test_header_goes_before_the_cookie_and_needs_no_origin(
    authenticator: Authenticator, issuer: IssuerForTests
) -> None:
    both = from_browser(issuer.token("ann"), "POST", authorization=f"Bearer {issuer.token('ben')}")
    assert (await authenticator.user(both)).user_id == "ben"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("origin", ["https://pictures.example:8443", "http://PICTURES.example:8443"])
async def test_own_page_may_change_things_with_the_cookie(
    authenticator: Authenticator, issuer: IssuerForTests, method: str, origin: str
) -> None:
    asked = from_browser(issuer.token("ann"), method, origin=origin, sec_fetch_site="same-origin")
    assert (await authenticator.user(asked)).user_id == "ann"
    assert (await authenticator.user(from_browser(issuer.token("ann"), method, origin=origin))).user_id == "ann"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "https://evil.example"},
        {"origin": "https://pictures.example"},
        {"origin": "https://pictures.example:8443.evil.example"},
        {"origin": "https://evil.example@pictures.example:8443"},
        {"origin": "https://[pictures.example:8443"},
        {"origin": "file://pictures.example:8443"},
        {"origin": "https://pictures.example:8443", "sec_fetch_site": "cross-site"},
        {"origin": "https://pictures.example:8443", "sec_fetch_site": "same-site"},
    ],
)
async def test_another_sites_page_changes_nothing_with_the_cookie(
    authenticator: Authenticator, issuer: IssuerForTests, method: str, headers: dict[str, str]
) -> None:
    with pytest.raises(Problem) as refused:
        await authenticator.viewer(from_browser(issuer.token("ann"), method, **headers))
    assert (refused.value.status, refused.value.code) == (403, "origin_differs")


async def test_expired_cookie_is_refused_like_an_expired_header(
    authenticator: Authenticator, issuer: IssuerForTests
) -> None:
    with pytest.raises(Problem) as refused:
        await authenticator.viewer(from_browser(issuer.token("ann", expires_in_s=-5)))
    assert (refused.value.status, refused.value.code) == (401, "token_invalid")
