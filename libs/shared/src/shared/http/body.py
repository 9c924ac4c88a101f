"""Request bodies: bounded in size, JSON only, parsed strictly (no lone surrogates, no endless nesting)."""

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute

from shared.http.problems import Problem

MAX_BODY_BYTES = 1_000_000
_DRAINED_BYTES = 8 * MAX_BODY_BYTES
_MAX_DEPTH = 32


class BoundedRequest(Request):
    """A request whose body is read to a bound and parsed once."""

    async def body(self) -> bytes:
        """Read the body.

        Raises:
            Problem: 413 `body_too_large`.
        """
        if not hasattr(self, "_body"):
            body, size = bytearray(), 0
            async for chunk in self.stream():
                size += len(chunk)
                # Read on for a while without keeping it: who is still sending wouldn't see the answer.
                if size > _DRAINED_BYTES:
                    raise _too_large()
                if size <= MAX_BODY_BYTES:
                    body += chunk
            if size > MAX_BODY_BYTES:
                raise _too_large()
            self._body = bytes(body)
        return self._body

    async def json(self) -> Any:
        """Parse the body as JSON.

        Raises:
            Problem: 400 `malformed_json`.
        """
        if not hasattr(self, "_json"):
            try:
                value = orjson.loads(await self.body())
            except orjson.JSONDecodeError:
                raise _malformed() from None
            if _depth(value) > _MAX_DEPTH:
                raise _malformed()
            self._json = value
        return self._json


class StrictRoute(APIRoute):
    """A route that reads its body as `BoundedRequest` and takes JSON only."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's handler."""
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            bounded = BoundedRequest(request.scope, request.receive)
            if self.body_field is not None:
                media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
                if media_type != "application/json":
                    raise Problem(415, "unsupported_media_type", "Send the body as application/json.")
                # Now, since FastAPI turns whatever goes wrong while it reads a body into a bare 400.
                await bounded.json()
            return await handle(bounded)

        return strict


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            inner
            for item in level
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
    return depth


def _too_large() -> Problem:
    return Problem(413, "body_too_large", f"The body may have {MAX_BODY_BYTES} bytes at the most.")


def _malformed() -> Problem:
    return Problem(400, "malformed_json", "The body isn't JSON that can be read.")
