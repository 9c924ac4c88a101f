"""An issuer for tests: makes tokens, and serves their keys as JWKS on a free loopback port."""

import json
import threading
import time
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import jwt
from cryptography.hazmat.primitives.asymmetric import ec


class IssuerForTests:
    """Signs tokens as the real issuer does; a context manager that serves the keys at `jwks_url`."""

    issuer = "private-generations-dev"
    audience = "private-generations"

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        public = jwt.algorithms.ECAlgorithm.to_jwk(self._private.public_key(), as_dict=True)
        body = json.dumps({"keys": [{**public, "kid": "test", "alg": "ES256", "use": "sig"}]}).encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def jwks_url(self) -> str:
        """Where the keys are."""
        return f"http://127.0.0.1:{self._server.server_port}/jwks"

    def __enter__(self) -> Self:
        """Begin to serve."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()

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
