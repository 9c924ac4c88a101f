"""A development issuer: gives anybody a token for any user id. In production OIDC sign-in takes its place."""

import base64
import hashlib
import json
import time
from typing import Annotated, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from fastapi import FastAPI, Response
from fastapi.routing import APIRouter
from jwt.algorithms import ECAlgorithm
from pydantic import BaseModel, ConfigDict, Field

from embedded.errors import DataDirError
from shared.http import problems
from shared.http.answers import json_answer
from shared.http.body import StrictRoute
from shared.ids import IdText

ISSUER = "private-generations-dev"
AUDIENCE = "private-generations"
ALGORITHM = "ES256"
TOKEN_LIFE_S = 12 * 60 * 60


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


def _broken() -> DataDirError:
    return DataDirError("The issuer's key in DATA_DIR is broken: choose another DATA_DIR.")


def _thumbprint(members: dict[str, str]) -> str:
    """Name a key by what it is (RFC 7638): another key never has its id."""
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()


def create_issuer_app(issuer: DevelopmentIssuer) -> FastAPI:
    """Serve `issuer` at /dev/jwks and /dev/token."""
    router = APIRouter(prefix="/dev", route_class=StrictRoute)

    @router.get("/jwks")
    async def jwks() -> Response:
        return json_answer(KeySet(keys=[issuer.key]))

    @router.post("/token")
    async def token(wanted: TokenRequest) -> Response:
        return json_answer(issuer.token(wanted))

    app = FastAPI(title="Development issuer", openapi_url=None, redirect_slashes=False)
    problems.install(app, ())
    app.include_router(router)
    return app
