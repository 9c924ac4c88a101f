"""What makes the pictures: one port, three back ends, chosen by settings."""

from pathlib import Path
from typing import Literal

import httpx
from pydantic import SecretStr

from generation.backends.http import HttpBackend
from generation.backends.port import Backend, ProgressListener, RenderError, RenderFailed, RenderRefused, RenderRequest
from generation.backends.procedural import ProceduralBackend

__all__ = [
    "Backend",
    "ProgressListener",
    "RenderError",
    "RenderFailed",
    "RenderRefused",
    "RenderRequest",
    "create_backend",
]


def create_backend(
    name: Literal["procedural", "diffusers", "http"],
    *,
    diffusers_model: Path | None,
    diffusers_device: str,
    http_url: str | None,
    http_api_key: SecretStr | None,
    http_model: str,
    timeout_s: float,
) -> Backend:
    """Make the back end called `name`. Raises ValueError, with what to do, when its settings don't suffice."""
    match name:
        case "procedural":
            return ProceduralBackend()
        case "http":
            return HttpBackend(_checked_url(http_url), http_api_key, http_model, timeout_s)
        case "diffusers":
            return _diffusers_backend(diffusers_model, diffusers_device)
        case _:
            raise ValueError(f"there is no back end {name!r}: set BACKEND to procedural, diffusers or http")


def _checked_url(url: str | None) -> str:
    try:
        parsed = httpx.URL(url or "")
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    if url is None or parsed.scheme not in {"http", "https"} or not parsed.host:
        raise ValueError(
            "the http back end needs its provider: set HTTP_BACKEND_URL to a base address such as https://host/v1"
        )
    return url


def _diffusers_backend(model: Path | None, device: str) -> Backend:
    if model is None or not (model / "model_index.json").is_file():
        raise ValueError(
            "the diffusers back end needs a model: set DIFFUSERS_MODEL to a folder that holds its model_index.json"
        )
    try:
        # Imported only here: the extra is large, and most installations go without it.
        from generation.backends.local_diffusion import DiffusersBackend  # noqa: PLC0415
    except ImportError:
        raise ValueError(
            "the diffusers back end needs optional packages: install private-generations-generation[diffusers]"
        ) from None
    return DiffusersBackend(model, device)
