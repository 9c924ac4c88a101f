"""HTTP: bytes. For whoever may view the image: decided before anything else is looked at."""

import hashlib
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from download.archives import Archives
from download.byte_responses import bytes_response, not_modified
from download.decision import Grant
from download.imaging import Rendition
from download.renditions import key_of
from download.schemas import ArchiveRequest, FormatsView
from download.service import DownloadService
from shared.auth import Authenticator, Viewer
from shared.contracts import Format
from shared.http.answers import json_answer
from shared.http.body import StrictRoute
from shared.visibility import is_public

_IMAGE: dict[int | str, dict[str, Any]] = {200: {"content": {"image/*": {}}}, 206: {}, 304: {}}
_METHODS = ["GET", "HEAD"]
Width = Annotated[Literal["256", "512", "1024"], Query()]


def download_routes(downloads: DownloadService, archives: Archives, authenticator: Authenticator) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1", tags=["bytes"], route_class=StrictRoute)
    viewer = Annotated[Viewer, Depends(authenticator.viewer)]

    @router.head("/previews/{image_id}", include_in_schema=False)
    @router.get("/previews/{image_id}", response_class=Response, responses=_IMAGE)
    async def preview(request: Request, image_id: str, viewer: viewer, width: Width = "512") -> Response:
        """A small picture, WebP where it is accepted."""
        webp = _accepts_webp(request.headers.get("accept", ""))
        grant, rendition = await downloads.preview(image_id, viewer, int(width), webp=webp)
        return await _bytes(request, downloads, grant, rendition, vary="Accept")

    @router.head("/downloads/{image_id}", include_in_schema=False)
    @router.get("/downloads/{image_id}", response_class=Response, responses=_IMAGE)
    async def download(
        request: Request,
        image_id: str,
        viewer: viewer,
        format: Format = Format.JPG,  # noqa: A002 - the API's word
    ) -> Response:
        """The whole picture as a file."""
        grant, rendition = await downloads.download(image_id, viewer, format)
        name = f"image.{rendition.extension}"
        return await _bytes(request, downloads, grant, rendition, attachment=name)

    @router.get("/downloads/{image_id}/formats", response_model=FormatsView)
    async def formats(image_id: str, viewer: viewer) -> Response:
        """Which formats I may have, and why not the others."""
        return json_answer(await downloads.formats(image_id, viewer))

    @router.post("/archives", response_class=StreamingResponse)
    async def archive(wanted: ArchiveRequest, viewer: viewer) -> Response:
        """A zip of those of the images that I may view when the stream comes to each."""
        return await archives.answer(await downloads.archive(wanted.image_ids, viewer, wanted.format))

    return router


async def _bytes(
    request: Request,
    downloads: DownloadService,
    grant: Grant,
    rendition: Rendition,
    attachment: str | None = None,
    vary: str | None = None,
) -> Response:
    """Answer what was granted; only now, after the decision, conditional headers count."""
    public = is_public(grant.visibility)
    etag = hashlib.sha256(key_of(grant, rendition).encode()).hexdigest()[:32] if public else None
    if etag is not None and not_modified(request, etag):
        body = b""
    else:
        body = await downloads.bytes_of(grant, rendition)
    return bytes_response(
        request,
        body,
        media_type=rendition.media_type,
        is_public=public,
        etag=etag,
        attachment=attachment,
        vary=vary,
    )


def _accepts_webp(accept: str) -> bool:
    for part in accept.lower().replace(" ", "").split(","):
        media_type, *parameters = part.split(";")
        if media_type == "image/webp":
            return not any(it.startswith("q=0") and not it.strip("q=0.") for it in parameters)
    return False
