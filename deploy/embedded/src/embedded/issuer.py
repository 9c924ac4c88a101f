"""A development issuer: gives anybody a token for any user id. In production OIDC sign-in takes its place.

Since anybody may be anybody, it answers only under host names that it knows: a page of another site whose name was made
to point here (DNS rebinding) gets nothing, and neither does a page that asks from another origin.
"""

import base64
import hashlib
import json
import time
from collections.abc import Collection
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from jwt.algorithms import ECAlgorithm
from pydantic import BaseModel, ConfigDict, Field

from embedded.errors import DataDirError
from shared.http import problems
from shared.http.answers import json_answer
from shared.http.body import StrictRoute
from shared.http.origin import require_own_origin
from shared.http.problems import Problem
from shared.ids import IdText

ISSUER = "private-generations-dev"
AUDIENCE = "private-generations"
ALGORITHM = "ES256"
TOKEN_LIFE_S = 12 * 60 * 60
LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class TokenRequest(BaseModel):
    """Who to be."""

    model_config = ConfigDict(extra="forbid")

    user_id: IdText
    roles: Annotated[list[Literal["operator"]], Field(max_length=1)] = []


class TokenAnswer(BaseModel):
    """A bearer token, in OAuth's words."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of a kind
    expires_in: int = TOKEN_LIFE_S


class Key(BaseModel):
    """A public key of the issuer (RFC 7517)."""

    kty: str
    crv: str
    x: str
    y: str
    kid: str
    alg: str = ALGORITHM
    use: str = "sig"


class KeySet(BaseModel):
    """The public keys of the issuer."""

    keys: list[Key]


class DevelopmentIssuer:
    """Signs tokens with the data folder's own key, so that they outlive a restart."""

    def __init__(self, private_key: str) -> None:
        """Take the key, ES256 as PEM.

        Raises:
            DataDirError: it isn't one.
        """
        try:
            key = load_pem_private_key(private_key.encode(), password=None)
        except (ValueError, TypeError):
            raise _broken() from None
        if not isinstance(key, EllipticCurvePrivateKey):
            raise _broken()
        self._private = key
        public = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        members = {name: public[name] for name in ("crv", "kty", "x", "y")}
        self.key = Key(**members, kid=_thumbprint(members))

    def token(self, wanted: TokenRequest) -> TokenAnswer:
        """Sign a token for whoever was asked for."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": wanted.user_id,
            "roles": wanted.roles,
            "iat": now,
            "exp": now + TOKEN_LIFE_S,
        }
        signed = jwt.encode(claims, self._private, algorithm=ALGORITHM, headers={"kid": self.key.kid})
        return TokenAnswer(access_token=signed)

    def subject(self, token: str) -> str | None:
        """Give whose token it is; None for one that isn't this issuer's or has expired."""
        try:
            claims = jwt.decode(
                token, self._private.public_key(), algorithms=[ALGORITHM], issuer=ISSUER, audience=AUDIENCE
            )
        except jwt.PyJWTError:
            return None
        return str(claims["sub"])


def _broken() -> DataDirError:
    return DataDirError("The issuer's key in DATA_DIR is broken: choose another DATA_DIR.")


def _thumbprint(members: dict[str, str]) -> str:
    """Name a key by what it is (RFC 7638): another key never has its id."""
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()


def create_issuer_app(issuer: DevelopmentIssuer, hosts: Collection[str] = LOOPBACK_HOSTS) -> FastAPI:
    """Serve `issuer` at /dev: keys for everybody, tokens and the page's sessions under `hosts`."""
    from embedded.sessions import session_routes  # noqa: PLC0415 - it needs this module's classes

    router = APIRouter(prefix="/dev", route_class=StrictRoute)

    async def only_from_here(request: Request) -> None:
        _require_known_host(request, hosts)
        if request.headers.get("origin") is not None:
            require_own_origin(request)

    @router.get("/jwks")
    async def jwks() -> Response:
        return json_answer(KeySet(keys=[issuer.key]))

    @router.post("/token", dependencies=[Depends(only_from_here)])
    async def token(wanted: TokenRequest) -> Response:
        return json_answer(issuer.token(wanted))

    app = FastAPI(title="Development issuer", openapi_url=None, redirect_slashes=False)
    problems.install(app, ())
    app.include_router(router)
    app.include_router(session_routes(issuer), dependencies=[Depends(only_from_here)])
    return app


def _require_known_host(request: Request, hosts: Collection[str]) -> None:
    try:
        name = urlsplit(f"//{request.headers.get('host', '')}").hostname
    except ValueError:
        name = None
    if name not in hosts:
        raise Problem(
            403, "host_not_allowed", "The development issuer isn't here under this name: see DEV_ISSUER_HOSTS."
        )
