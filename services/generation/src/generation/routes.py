"""HTTP: generations and preferences. Everything here is the owner's only."""

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from generation.domain import Generation
from generation.progress import ProgressWatcher
from generation.schemas import (
    DryRunView,
    GenerationPage,
    GenerationRequest,
    GenerationView,
    Preferences,
    ProgressView,
)
from generation.service import GenerationService
from shared.auth import Authenticator, User
from shared.http.answers import json_answer
from shared.http.body import StrictRoute
from shared.http.idempotency import IdempotencyKey, IdempotencyKeys
from shared.ids import GenerationId, new_generation_id

_PING_EVERY_S = 15


def generation_routes(
    generations: GenerationService, watcher: ProgressWatcher, keys: IdempotencyKeys, authenticator: Authenticator
) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1", tags=["generations"], route_class=StrictRoute)
    owner = Annotated[User, Depends(authenticator.user)]

    @router.post("/generations", status_code=202, response_model=GenerationView, responses={200: {"model": DryRunView}})
    async def submit(
        wanted: GenerationRequest, owner: owner, dry_run: bool = False, key: IdempotencyKey = None
    ) -> Response:
        """Generate images; `dry_run=true` checks only."""
        if dry_run:
            return json_answer(await generations.check(owner, wanted))
        claimed = await keys.claim(owner.user_id, "generations", key, wanted, new_generation_id())
        view = await generations.submit(owner, wanted, GenerationId(claimed))
        return json_answer(view, 202, {"Location": f"/v1/generations/{view.generation_id}"})

    @router.get("/generations", response_model=GenerationPage)
    async def newest(
        owner: owner,
        cursor: Annotated[str | None, Query(max_length=500)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> Response:
        """My generations, newest first."""
        return json_answer(await generations.newest(owner.user_id, cursor, limit))

    @router.get("/generations/{generation_id}", response_model=GenerationView)
    async def see(generation_id: str, owner: owner) -> Response:
        """My generation."""
        return json_answer(GenerationView.of(await generations.see(owner.user_id, generation_id)))

    @router.delete("/generations/{generation_id}", response_model=GenerationView)
    async def cancel(generation_id: str, owner: owner) -> Response:
        """Cancel my generation."""
        return json_answer(GenerationView.of(await generations.cancel(owner.user_id, generation_id)))

    @router.get("/generations/{generation_id}/events", response_class=EventSourceResponse)
    async def events(
        generation_id: str,
        owner: owner,
        last_event_id: Annotated[str | None, Header(alias="Last-Event-ID", max_length=20)] = None,
    ) -> Response:
        """My generation's progress as server-sent events, until it is final."""
        generation = await generations.see(owner.user_id, generation_id)
        watcher.require_room()
        seen = int(last_event_id) if last_event_id and last_event_id.isascii() and last_event_id.isdigit() else None
        if generation.status.is_final and generation.revision == seen:
            return Response(status_code=204)  # what tells an EventSource not to connect again
        return EventSourceResponse(
            _as_events(watcher, generation, seen),
            ping=_PING_EVERY_S,
            headers={"Cache-Control": "private, no-store", "X-Accel-Buffering": "no"},
        )

    return router


def preference_routes(generations: GenerationService, authenticator: Authenticator) -> APIRouter:
    """Make the routes of what an account remembers."""
    router = APIRouter(prefix="/v1", tags=["preferences"], route_class=StrictRoute)
    owner = Annotated[User, Depends(authenticator.user)]

    @router.get("/preferences", response_model=Preferences)
    async def preferences(owner: owner) -> Response:
        """What my account remembers."""
        return json_answer(await generations.preferences(owner.user_id))

    @router.put("/preferences", response_model=Preferences)
    async def remember(wanted: Preferences, owner: owner) -> Response:
        """Remember it for my next generation."""
        return json_answer(await generations.remember(owner.user_id, wanted))

    return router


async def _as_events(
    watcher: ProgressWatcher, generation: Generation, seen: int | None
) -> AsyncGenerator[ServerSentEvent, None]:
    async for state in watcher.watch(generation, seen):
        yield ServerSentEvent(
            data=ProgressView.of(state).model_dump_json(), event="progress", id=str(state.revision), retry=1_000
        )
