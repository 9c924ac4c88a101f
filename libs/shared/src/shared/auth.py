"""Who is asking: tokens verified against the issuer's public keys, algorithm, issuer and audience pinned.

A token comes in the bearer header, or from a browser in the cookie `pg_session`.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Protocol

import httpx
import jwt
from fastapi import Request

from shared.http.origin import require_own_origin
from shared.http.problems import Problem
from shared.ids import UserId, is_id

OPERATOR = "operator"
SESSION_COOKIE = "pg_session"
_REFRESH_AT_MOST_EVERY_S = 5.0
_KEPT_S = 600.0


@dataclass(frozen=True, slots=True)
class User:
    """Somebody signed in. `token` goes along to other services so that they decide with the same rights."""

    user_id: UserId
    roles: frozenset[str]
    token: str = field(repr=False)

    @property
    def is_operator(self) -> bool:
        """Operators change subscriptions; they have no right to view a private image."""
        return OPERATOR in self.roles


Viewer = User | None
"""None: anonymous."""


def id_of(viewer: Viewer) -> UserId | None:
    """Give the viewer's id; None for anonymous."""
    return None if viewer is None else viewer.user_id


class KeySource(Protocol):
    """Gives the public key of a key id."""

    async def key(self, key_id: str) -> jwt.PyJWK:
        """Give the key.

        Raises:
            KeyError: the issuer has no such key.
            IssuerUnavailableError: the issuer can't be asked and the key isn't known.
        """


class JwksKeys:
    """The issuer's keys by JWKS, kept for ten minutes; an unknown id makes it ask again, at most every five seconds.

    While the issuer can't be reached the keys that are known go on.
    """

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self._url = url
        self._client = client
        self._keys: dict[str, jwt.PyJWK] = {}
        self._asked_at = float("-inf")
        self._answered_at = float("-inf")
        self._lock = asyncio.Lock()

    async def key(self, key_id: str) -> jwt.PyJWK:
        """Give the key (see `KeySource`)."""
        if self._should_ask(key_id):
            async with self._lock:
                if self._should_ask(key_id):
                    await self._refresh(key_id)
        return self._keys[key_id]

    def _should_ask(self, key_id: str) -> bool:
        now = time.monotonic()
        is_known = key_id in self._keys and now - self._answered_at < _KEPT_S
        # Before the first answer it asks each time: the issuer may be starting too.
        asked_lately = bool(self._keys) and now - self._asked_at < _REFRESH_AT_MOST_EVERY_S
        return not is_known and not asked_lately

    async def _refresh(self, key_id: str) -> None:
        self._asked_at = time.monotonic()
        try:
            answer = await self._client.get(self._url, timeout=2.0)
            answer.raise_for_status()
            keys = jwt.PyJWKSet.from_dict(answer.json()).keys
        except (httpx.HTTPError, ValueError, jwt.PyJWTError) as error:
            if key_id in self._keys:
                return
            raise IssuerUnavailableError from error
        self._keys = {key.key_id: key for key in keys if key.key_id}
        self._answered_at = time.monotonic()


class IssuerUnavailableError(RuntimeError):
    """The issuer can't be asked for its keys, or answers something else."""


class Authenticator:
    """Tells who sent a request, for routes to depend on."""

    def __init__(self, keys: KeySource, issuer: str, audience: str, algorithm: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._algorithm = algorithm

    async def viewer(self, request: Request) -> Viewer:
        """Give the signed-in person, or None without credentials.

        Raises:
            Problem: 401 `token_invalid` for credentials that don't hold, 403 `origin_differs` for a cookie that
                another site's page sent along, 503 when the issuer can't be asked.
        """
        header = request.headers.get("authorization")
        if header is None:
            return await self._of_cookie(request)
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _invalid("send `Authorization: Bearer <token>`")
        return await self._verify(token.strip())

    async def _of_cookie(self, request: Request) -> Viewer:
        token = request.cookies.get(SESSION_COOKIE)
        if not token:
            return None
        # A browser sends the cookie without being asked to, so who asks must be looked at; nobody sends a header so.
        require_own_origin(request)
        return await self._verify(token)

    async def user(self, request: Request) -> User:
        """Give the signed-in person; anonymous: 401 `sign_in_required`."""
        viewer = await self.viewer(request)
        if viewer is None:
            raise Problem(401, "sign_in_required", "Sign in first.", headers={"WWW-Authenticate": "Bearer"})
        return viewer

    async def operator(self, request: Request) -> User:
        """Give the signed-in operator; anybody else: 403 `operators_only`."""
        user = await self.user(request)
        if not user.is_operator:
            raise Problem(403, "operators_only", "Only operators may do this.")
        return user

    async def _verify(self, token: str) -> User:
        try:
            key_id = jwt.get_unverified_header(token).get("kid", "")
            key = await self._keys.key(key_id)
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[self._algorithm],
                issuer=self._issuer,
                audience=self._audience,
                options={"require": ["exp", "sub", "iss", "aud"]},
            )
        except IssuerUnavailableError:
            raise Problem(503, "issuer_unavailable", "The sign-in service can't be reached.", retry_after_s=2) from None
        except (jwt.PyJWTError, KeyError, ValueError):
            raise _invalid("the token isn't valid here, or has expired: sign in again") from None
        subject, roles = claims["sub"], claims.get("roles", [])
        if not is_id(subject) or not isinstance(roles, list):
            raise _invalid("the token's subject or roles aren't of the expected form")
        return User(UserId(subject), frozenset(str(role) for role in roles), token)


def _invalid(detail: str) -> Problem:
    return Problem(401, "token_invalid", detail, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
