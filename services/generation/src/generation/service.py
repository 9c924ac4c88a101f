"""Submitting, watching and cancelling generations; what an account remembers."""

import logging
import secrets
from datetime import UTC, datetime

from aiokafka.errors import KafkaError

from generation.domain import MAX_SEED, WHEN_UNKNOWN, Generation, Status
from generation.repository import GenerationRepository
from generation.schemas import DryRunView, GenerationPage, GenerationRequest, GenerationView, Preferences
from generation.slots import Slots
from shared.auth import User
from shared.contracts import Capabilities
from shared.http.cursors import Cursors, Keyset
from shared.http.problems import Problem, not_found
from shared.ids import GenerationId, UserId, is_id, new_image_id
from shared.mongo import Document
from shared.plans import Plans, PlansUnknownError
from shared.publication import Publisher
from shared.visibility import Visibility, needs_private_right

log = logging.getLogger(__name__)


class GenerationService:
    """The use cases of those who generate."""

    def __init__(
        self,
        generations: GenerationRepository,
        slots: Slots,
        plans: Plans,
        requests: Publisher,
        cursors: Cursors,
    ) -> None:
        self._generations = generations
        self._slots = slots
        self._plans = plans
        self._requests = requests
        self._cursors = cursors

    async def submit(self, user: User, wanted: GenerationRequest, generation_id: GenerationId) -> GenerationView:
        """Take a generation in; its visibility and image ids are fixed from now on.

        A repeat with the same `generation_id` answers the one that is there.

        Raises:
            Problem: 403 `entitlement_required` or `count_not_in_plan`, 429 `too_many_running`, 503
                `entitlement_unknown` for a private one while the plan can't be told. Nothing is generated then.
        """
        known = await self._generations.get(generation_id, user.user_id)
        if known is not None:
            return GenerationView.of(known)
        visibility, capabilities = await self._check(user, wanted)
        if not await self._slots.take(user.user_id, generation_id, capabilities.generations_at_once):
            raise Problem(
                429,
                "too_many_running",
                f"Your plan runs {capabilities.generations_at_once} at once; wait for one to finish.",
                retry_after_s=2,
            )
        document = await self._generations.insert(_new(generation_id, user.user_id, wanted, visibility))
        await self._send(document)
        return GenerationView.of(Generation.model_validate(document))

    async def check(self, user: User, wanted: GenerationRequest) -> DryRunView:
        """Check as `submit` does, without generating."""
        visibility, _ = await self._check(user, wanted)
        return DryRunView(visibility=visibility, count=wanted.count, aspect_ratio=wanted.aspect_ratio)

    async def see(self, user_id: UserId, generation_id: str) -> Generation:
        """Give the caller's own generation; anybody else's, or none: 404."""
        found = await self._generations.get(GenerationId(generation_id), user_id) if is_id(generation_id) else None
        if found is None:
            raise not_found()
        return found

    async def newest(self, user_id: UserId, cursor: str | None, limit: int) -> GenerationPage:
        """Give a page of the caller's generations."""
        scope = f"generations/{user_id}"
        found = await self._generations.newest(user_id, self._cursors.open(scope, cursor), limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        return GenerationPage(
            items=[GenerationView.of(it) for it in found[:limit]],
            next_cursor=last and self._cursors.seal(scope, Keyset(last.created_at, last.id)),
        )

    async def cancel(self, user_id: UserId, generation_id: str) -> Generation:
        """Cancel the caller's generation; one that is cancelled stays so.

        Raises:
            Problem: 404; 409 `already_finished` when its images are there, or are on their way.
        """
        found = await self.see(user_id, generation_id)
        if await self._generations.cancel(found.id, user_id, datetime.now(UTC)):
            await self._slots.free(user_id, found.id)
        found = await self.see(user_id, generation_id)
        if found.status is not Status.CANCELLED:
            raise Problem(409, "already_finished", "It has finished already; delete its images instead.")
        return found

    async def preferences(self, user_id: UserId) -> Preferences:
        """Give what the account remembers."""
        return Preferences.model_validate({"visibility": await self._generations.preference(user_id)})

    async def remember(self, user_id: UserId, preferences: Preferences) -> Preferences:
        """Remember it for the next generation; queued ones keep theirs."""
        await self._generations.remember(user_id, preferences.visibility)
        return preferences

    async def _check(self, user: User, wanted: GenerationRequest) -> tuple[Visibility, Capabilities]:
        visibility: Visibility = wanted.visibility or await self._generations.preference(user.user_id)
        if needs_private_right(visibility):
            await self._plans.require_private_generation(user)
        try:
            capabilities = await self._plans.capabilities(user)
        except PlansUnknownError:
            capabilities = WHEN_UNKNOWN
        if wanted.count > capabilities.images_per_generation:
            raise Problem(
                403, "count_not_in_plan", f"Your plan makes {capabilities.images_per_generation} images at a time."
            )
        return visibility, capabilities

    async def _send(self, document: Document) -> None:
        try:
            await self._requests.publish(document)
        except (TimeoutError, KafkaError, OSError) as error:
            # It is taken in and flagged: the sweeper sends it as soon as the broker is back.
            log.warning("request left to the sweeper", extra={"error": type(error).__name__})


def _new(generation_id: GenerationId, owner: UserId, wanted: GenerationRequest, visibility: Visibility) -> Generation:
    now = datetime.now(UTC)
    now = now.replace(
        microsecond=now.microsecond // 1000 * 1000
    )  # as the store keeps it, so that a repeat says the same
    return Generation(
        id=generation_id,
        owner_id=owner,
        prompt=wanted.prompt,
        visibility=visibility,
        aspect_ratio=wanted.aspect_ratio,
        seed=secrets.randbelow(MAX_SEED + 1) if wanted.seed is None else wanted.seed,
        image_ids=[new_image_id() for _ in range(wanted.count)],
        created_at=now,
        changed_at=now,
    )
