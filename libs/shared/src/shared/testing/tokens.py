"""An issuer in memory: makes tokens and serves their keys as a `KeySource`."""

import time
from collections.abc import Iterable

import jwt
from cryptography.hazmat.primitives.asymmetric import ec


class TestIssuer:
    """Signs tokens as the real issuer does; `key` is what verifies them."""

    __test__ = False
    issuer = "private-generations-dev"
    audience = "private-generations"

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        public = jwt.algorithms.ECAlgorithm.to_jwk(self._private.public_key(), as_dict=True)
        self._public = jwt.PyJWK({**public, "kid": "test", "alg": "ES256"})

    async def key(self, key_id: str) -> jwt.PyJWK:
        """Give the public key; another id raises KeyError."""
        if key_id != "test":
            raise KeyError(key_id)
        return self._public

    def token(self, user_id: str, roles: Iterable[str] = (), expires_in_s: int = 600) -> str:
        """Make a token for `user_id`."""
        now = int(time.time())
        claims = {
            "sub": user_id,
            "roles": list(roles),
            "iss": self.issuer,
            "aud": self.audience,
            "iat": now,
            "exp": now + expires_in_s,
        }
        return jwt.encode(claims, self._private, algorithm="ES256", headers={"kid": "test"})

    def headers(self, user_id: str, roles: Iterable[str] = ()) -> dict[str, str]:
        """Give the request header that signs `user_id` in."""
        return {"Authorization": f"Bearer {self.token(user_id, roles)}"}
