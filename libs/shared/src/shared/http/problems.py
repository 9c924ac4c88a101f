"""Errors as RFC 9457 problem+json with a stable code; never what the caller sent, never a trace."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

log = logging.getLogger(__name__)

_TITLES = {
    400: "Bad request",
    401: "Sign-in required",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    412: "Precondition failed",
    413: "Too large",
    415: "Unsupported media type",
    416: "Range not satisfiable",
    422: "Invalid request",
    429: "Too many requests",
    500: "Internal error",
    503: "Temporarily unavailable",
}
_CODES = {
    404: "not_found",
    405: "method_not_allowed",
    400: "malformed_request",
    415: "unsupported_media_type",
}


class Problem(Exception):  # noqa: N818 - the RFC's own word
    """An answer that isn't a success: status, stable code, what happened and what to do, more members."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        retry_after_s: int | None = None,
        **members: Any,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        if retry_after_s is not None:
            self.headers["Retry-After"] = str(retry_after_s)
        self.members = members

    def response(self) -> Response:
        """Give the answer; it is never stored by a cache."""
        body = {
            "type": f"urn:private-generations:problem:{self.code}",
            "title": _TITLES.get(self.status, "Error"),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **self.members,
        }
        return Response(
            json.dumps(body),
            self.status,
            headers={"Cache-Control": "private, no-store", **self.headers},
            media_type="application/problem+json",
        )


def not_found() -> Problem:
    """The one answer for what doesn't exist, is deleted, or isn't the caller's to see."""
    return Problem(404, "not_found", "There is nothing here.")


def unavailable(detail: str = "Try again in a moment.", code: str = "temporarily_unavailable") -> Problem:
    """The answer when a store, broker or service that is needed can't be reached."""
    return Problem(503, code, detail, retry_after_s=1)


def install(app: FastAPI, unavailable_errors: tuple[type[Exception], ...]) -> None:
    """Make every error of `app` a problem; `unavailable_errors` become 503."""

    async def on_problem(_: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)  # noqa: S101
        return error.response()

    async def on_invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        return _invalid(error).response()

    async def on_http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        code = _CODES.get(error.status_code, "refused")
        if code == "not_found":
            return not_found().response()
        return Problem(error.status_code, code, str(error.detail), headers=error.headers).response()

    async def on_unavailable(_: Request, error: Exception) -> Response:
        log.warning("unavailable", extra={"error": type(error).__name__})
        return unavailable().response()

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    for kind in unavailable_errors:
        app.add_exception_handler(kind, on_unavailable)


def _invalid(error: RequestValidationError) -> Problem:
    # Where and why, never the input: it may be a prompt.
    errors = [
        {
            "where": ".".join(str(part) for part in item["loc"])[:200],
            "why": item["type"],
            "detail": item["msg"][:200],
        }
        for item in error.errors()[:20]
    ]
    if any(item["why"] == "json_invalid" for item in errors):
        return Problem(400, "malformed_json", "The body isn't JSON that can be read.")
    return Problem(422, "invalid_request", "Some of the request isn't valid.", errors=errors)
