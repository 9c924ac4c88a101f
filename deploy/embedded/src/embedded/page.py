"""The built page, from memory: strict headers, hashed files kept for good, everything else asked for each time."""

import gzip
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.http.problems import Problem

# The page's own views; any other address isn't there, as with every server that knows what it has.
_VIEWS: Final = frozenset({"explore", "creations", "images", "account"})
_ASSETS: Final = "assets/"
_MIN_COMPRESSED: Final = 1_000

SECURITY_HEADERS: Final = {
    # No inline script or style, and nothing from any other host. `blob:` holds previews that the page fetched itself.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "manifest-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
}


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    compressed: bytes | None
    media_type: str
    cache_control: str


class Page:
    """Answers for the files of `folder`, and with index.html for the addresses of views."""

    def __init__(self, folder: Path) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): _load(path, path.relative_to(folder).as_posix())
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    def at(self, path: str) -> ASGIApp | None:
        """Give what answers at `path`, which begins with a slash; None where the page has nothing."""
        name = path.removeprefix("/")
        if name == "" or (name not in self._files and name.split("/")[0] in _VIEWS):
            name = "index.html"
        file = self._files.get(name)
        return None if file is None else _Answer(file)


class _Answer:
    def __init__(self, file: _File) -> None:
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._response(scope)(scope, receive, send)

    def _response(self, scope: Scope) -> Response:
        if scope["method"] not in {"GET", "HEAD"}:
            problem = Problem(405, "method_not_allowed", "The page is only read.", headers={"Allow": "GET, HEAD"})
            return problem.response()
        file = self._file
        headers = {**SECURITY_HEADERS, "Cache-Control": file.cache_control, "Vary": "Accept-Encoding"}
        body = file.body
        accepted = next((value for name, value in scope["headers"] if name == b"accept-encoding"), b"")
        if file.compressed is not None and b"gzip" in accepted:
            headers["Content-Encoding"] = "gzip"
            body = file.compressed
        response = Response(body, headers=headers, media_type=file.media_type)
        if scope["method"] == "HEAD":
            response.body = b""
        return response


def _load(path: Path, name: str) -> _File:
    body = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    is_text = media_type.startswith("text/") or media_type.endswith(("javascript", "json", "svg+xml"))
    compressed = gzip.compress(body, 9, mtime=0) if is_text and len(body) >= _MIN_COMPRESSED else None
    # A file under assets/ has its digest in its name.
    cache_control = "public, max-age=31536000, immutable" if name.startswith(_ASSETS) else "no-store"
    return _File(body, compressed, media_type, cache_control)


def load_page(folder: Path) -> Page | None:
    """Load the page of `folder`; None when it hasn't been built."""
    return Page(folder) if (folder / "index.html").is_file() else None
