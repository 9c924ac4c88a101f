"""HTTP: looking at images."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from gallery.images.schemas import CountsView, HistoryPage, ImagePage, ImageView, OwnImageView, view_of
from gallery.images.service import ImageService
from shared.auth import Authenticator, User, Viewer, id_of
from shared.http.answers import json_answer
from shared.http.body import StrictRoute
from shared.visibility import Visibility

Cursor = Annotated[str | None, Query(max_length=500)]
Limit = Annotated[int, Query(ge=1, le=200)]
Chosen = Annotated[str, Query(pattern="^(all|public|private)$")]


def image_routes(images: ImageService, authenticator: Authenticator) -> APIRouter:
    """Make the routes: Explore and one image for everybody, the rest for the owner."""
    router = APIRouter(prefix="/v1", tags=["images"], route_class=StrictRoute)
    viewer = Annotated[Viewer, Depends(authenticator.viewer)]
    owner = Annotated[User, Depends(authenticator.user)]

    @router.get("/explore", response_model=ImagePage)
    async def explore(viewer: viewer, cursor: Cursor = None, limit: Limit = 50) -> Response:
        """The public feed, newest first."""
        return json_answer(await images.explore(id_of(viewer), cursor, limit))

    @router.get("/creations", response_model=ImagePage)
    async def creations(owner: owner, visibility: Chosen = "all", cursor: Cursor = None, limit: Limit = 50) -> Response:
        """My images, newest first."""
        chosen = None if visibility == "all" else Visibility(visibility)
        return json_answer(await images.creations(owner.user_id, chosen, cursor, limit))

    @router.get("/creations/counts", response_model=CountsView)
    async def counts(owner: owner) -> Response:
        """How many images I have, exact."""
        return json_answer(await images.counts(owner.user_id))

    @router.get("/images/{image_id}", response_model=OwnImageView | ImageView)
    async def image(image_id: str, viewer: viewer) -> Response:
        """One image that the caller may see."""
        viewer_id = id_of(viewer)
        return json_answer(view_of(await images.see(image_id, viewer_id), viewer_id))

    @router.get("/images/{image_id}/history", response_model=HistoryPage)
    async def history(image_id: str, owner: owner, cursor: Cursor = None, limit: Limit = 50) -> Response:
        """Every change of my image's visibility, newest first."""
        return json_answer(await images.history(image_id, owner.user_id, cursor, limit))

    return router
