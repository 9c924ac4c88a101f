"""The one way in which bytes of images are answered: cache headers, ETags, ranges.

Every function here begins with the same headers; nothing else in the service answers with bytes. Whether the viewer
may see the image was decided before: a 304, a HEAD and a range say as much about an image as its bytes.
"""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from shared.http.problems import Problem

_STATUS_PARTIAL = 206
_STATUS_UNCHANGED = 304

_ENTITY_TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_OPAQUE = re.compile(r"[\x21\x23-\x7e]+")
# One range; more digits than any size has are malformed, so that parsing stays cheap.
_RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE)
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def bytes_response(
    request: Request,
    body: bytes,
    *,
    media_type: str,
    is_public: bool,
    etag: str | None = None,
    attachment: str | None = None,
    vary: str | None = None,
) -> Response:
    """Answer a GET or HEAD with `body`, or with the part, 304 or 416 that its headers ask for.

    Args:
        request: where method and conditional headers come from.
        body: the whole representation; not looked at when `not_modified`, so it needn't be loaded then.
        media_type: its `Content-Type`.
        is_public: False: never stored by anybody, and nothing to compare with later.
        etag: the opaque tag of exactly these bytes, without quotes; ignored when not public.
        attachment: a neutral file name to save under; None: shown in place.
        vary: the request headers by which the representation was chosen.

    Raises:
        ValueError: the tag or the file name can't be put into a header.
    """
    tag = etag if is_public else None
    headers = _headers(is_public=is_public, etag=tag, attachment=attachment, vary=vary)
    if tag is not None and not_modified(request, tag):
        return Response(status_code=_STATUS_UNCHANGED, headers=headers)
    headers["Accept-Ranges"] = "bytes"
    if request.method == "HEAD":
        # No range: RFC 9110 knows them for GET only.
        return Response(headers={**headers, "Content-Length": str(len(body))}, media_type=media_type)
    span = _requested_span(request, len(body), tag)
    if span is None:
        return Response(body, headers=headers, media_type=media_type)
    if not span:
        return _out_of_range(len(body))
    headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{len(body)}"
    return Response(body[span.start : span.stop], _STATUS_PARTIAL, headers, media_type)


def not_modified(request: Request, etag: str) -> bool:
    """Tell whether the client holds the public representation `etag` already (If-None-Match, weak comparison).

    For public images only, and only after the viewer was let in.
    """
    if request.method not in {"GET", "HEAD"}:
        return False
    field = ", ".join(request.headers.getlist("if-none-match")).strip()
    return field == "*" or etag in _ENTITY_TAG.findall(field)


def stream_response(chunks: AsyncGenerator[bytes, None], *, media_type: str, attachment: str) -> Response:
    """Answer with bytes made while they are sent, as private ones are; a client that leaves closes `chunks`."""
    headers = _headers(is_public=False, etag=None, attachment=attachment, vary=None)
    return _ClosingStream(chunks, headers=headers, media_type=media_type)


def _headers(*, is_public: bool, etag: str | None, attachment: str | None, vary: str | None) -> dict[str, str]:
    headers = {
        # Never shared-cacheable: what is public now may be private at the next request.
        "Cache-Control": "private, no-cache" if is_public else "private, no-store",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
    }
    if etag is not None:
        if not _OPAQUE.fullmatch(etag):
            raise ValueError("an entity tag is visible ASCII without quotes")
        headers["ETag"] = f'"{etag}"'
    if attachment is not None:
        if not _FILE_NAME.fullmatch(attachment):
            raise ValueError("a file name is ASCII letters, digits, dots, underscores and hyphens")
        headers["Content-Disposition"] = f'attachment; filename="{attachment}"'
    if vary is not None:
        headers["Vary"] = vary
    return headers


def _requested_span(request: Request, size: int, etag: str | None) -> range | None:
    """Give the bytes asked for: None for all of them, an empty range where no byte can satisfy the request.

    Malformed and multiple ranges count as none asked for, as RFC 9110 (14.2) allows. So does a range on the
    condition (If-Range, strong comparison) that the client holds another part of the same representation, when it
    doesn't, or when there is nothing to compare with.
    """
    fields, condition = request.headers.getlist("range"), request.headers.get("if-range")
    if len(fields) != 1 or (condition is not None and (etag is None or condition.strip() != f'"{etag}"')):
        return None
    match = _RANGE.fullmatch(fields[0].strip())
    if match is None:
        return None
    first, last = match.groups()
    if not first:
        return range(max(size - int(last), 0), size) if last else None
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1, size) if last else size)


def _out_of_range(size: int) -> Response:
    headers = _headers(is_public=False, etag=None, attachment=None, vary=None)
    problem = Problem(
        416,
        "range_not_satisfiable",
        f"The file has {size} bytes; the range begins after them.",
        headers={**headers, "Accept-Ranges": "bytes", "Content-Range": f"bytes */{size}"},
    )
    return problem.response()


class _ClosingStream(StreamingResponse):
    """Starlette leaves the generator of a broken-off response to the garbage collector; this one closes it."""

    def __init__(self, chunks: AsyncGenerator[bytes, None], *, headers: dict[str, str], media_type: str) -> None:
        super().__init__(chunks, headers=headers, media_type=media_type)
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._chunks):
            await super().__call__(scope, receive, send)
