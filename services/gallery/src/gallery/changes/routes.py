"""HTTP: changing images. Everything here is the owner's only."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response

from gallery.changes.bulk_service import BulkService
from gallery.changes.schemas import (
    ChangedImageView,
    ChangeRequest,
    ChangeView,
    DeletedImageView,
    ImagePatch,
    SingleChangeView,
)
from gallery.changes.service import ChangeService
from gallery.images.schemas import OwnImageView
from shared.auth import Authenticator, User
from shared.http.answers import json_answer
from shared.http.body import StrictRoute
from shared.http.idempotency import IdempotencyKey, IdempotencyKeys
from shared.http.problems import Problem
from shared.ids import ChangeId, new_change_id
from shared.visibility import Visibility

IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=100)]


def change_routes(
    changes: ChangeService, bulk: BulkService, keys: IdempotencyKeys, authenticator: Authenticator
) -> APIRouter:
    """Make the routes: 200 when enforced everywhere, 202 with a status address when not yet."""
    router = APIRouter(prefix="/v1", tags=["changes"], route_class=StrictRoute)
    owner = Annotated[User, Depends(authenticator.user)]

    @router.patch("/images/{image_id}", response_model=ChangedImageView)
    async def patch(image_id: str, wanted: ImagePatch, owner: owner, if_match: IfMatch = None) -> Response:
        """Make my image public or private."""
        image, change = await changes.change_visibility(owner, image_id, wanted.visibility, _version(if_match))
        return _answer(ChangedImageView(image=OwnImageView.of_owner(image), change=change), change)

    @router.delete("/images/{image_id}", response_model=DeletedImageView)
    async def delete(image_id: str, owner: owner, if_match: IfMatch = None) -> Response:
        """Delete my image for good."""
        _, change = await changes.change_visibility(owner, image_id, Visibility.DELETED, _version(if_match))
        return _answer(DeletedImageView(change=change), change)

    @router.post("/changes", response_model=ChangeView)
    async def create(request: ChangeRequest, owner: owner, key: IdempotencyKey = None) -> Response:
        """Change up to 10,000 of my images."""
        claimed = await keys.claim(owner.user_id, "changes", key, request, new_change_id())
        view = await bulk.accept(owner, request, ChangeId(claimed))
        return _answer(view, view)

    @router.get("/changes/{change_id}", response_model=ChangeView)
    async def see(
        change_id: str,
        owner: owner,
        cursor: Annotated[str | None, Query(max_length=500)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 200,
    ) -> Response:
        """How far my change is."""
        return json_answer(await bulk.see(owner, change_id, cursor, limit))

    @router.post("/changes/{change_id}/undo", response_model=ChangeView)
    async def undo(change_id: str, owner: owner, key: IdempotencyKey = None) -> Response:
        """Take my change back as one."""
        claimed = await keys.claim(owner.user_id, f"undo/{change_id}", key, None, new_change_id())
        view = await bulk.undo(owner, change_id, ChangeId(claimed))
        return _answer(view, view)

    return router


def _answer(body: ChangedImageView | DeletedImageView | ChangeView, change: SingleChangeView) -> Response:
    if change.state == "enforced":
        return json_answer(body)
    return json_answer(body, 202, {"Location": f"/v1/changes/{change.id}", "Retry-After": "1"})


def _version(if_match: str | None) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().strip('"')
    if not (text.isascii() and text.isdigit()):
        raise Problem(412, "version_differs", "If-Match takes the image's version.")
    return int(text)
