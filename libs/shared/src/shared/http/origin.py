"""Requests that a browser sends with a cookie: those that change something must come from our own page.

`SameSite=Strict` keeps other sites' requests without the cookie already; this holds for browsers and for sibling
hosts where it doesn't.
"""

from typing import Final
from urllib.parse import urlsplit

from fastapi import Request

from shared.http.problems import Problem

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def require_own_origin(request: Request) -> None:
    """Refuse (403 `origin_differs`) an unsafe method unless its Origin names the host that was asked.

    Schemes aren't compared: behind a gateway that ends TLS they differ. The browser's own `Sec-Fetch-Site` compares
    them, where it is sent.
    """
    if request.method in _SAFE:
        return
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site != "same-origin" or not _is_own(request):
        raise Problem(
            403, "origin_differs", "With the session cookie, changes are only taken from this site's own page."
        )


def _is_own(request: Request) -> bool:
    origin, host = request.headers.get("origin"), request.headers.get("host")
    if not origin or not host:
        return False
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and parts.netloc.lower() == host.lower()
