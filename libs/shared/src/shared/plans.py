"""What somebody's plan allows now: the service's own row, else entitlement's answer, else unknown."""

import logging
from datetime import UTC, datetime

import httpx
from pydantic import BaseModel, ValidationError

from shared.auth import User
from shared.consistency import Sights
from shared.contracts import Capabilities, PlanChanged
from shared.entitlements import CapabilitiesView, effective, may_generate_privately
from shared.http.problems import Problem
from shared.mongo import StoreError

log = logging.getLogger(__name__)


class PlansUnknownError(RuntimeError):
    """Nothing recent is known of somebody's plan, and entitlement can't be asked."""


class _Answer(BaseModel):
    capabilities: CapabilitiesView


class Plans:
    """The plans as one service knows them."""

    def __init__(self, sights: Sights[PlanChanged], http: httpx.AsyncClient, entitlement_url: str) -> None:
        self._sights = sights
        self._http = http
        self._url = f"{entitlement_url}/v1/entitlement"

    async def capabilities(self, user: User) -> Capabilities:
        """Give what `user` may do now, by this service's own clock.

        Raises:
            PlansUnknownError: no row that may be used, and entitlement doesn't answer.
        """
        try:
            sight = await self._sights.of(user.user_id)
        except StoreError:
            return await self._ask(user)
        if sight.is_fresh and sight.row is not None:
            return effective(PlanChanged.model_validate(sight.row), datetime.now(UTC)).capabilities
        return await self._ask(user)

    async def require_private_generation(self, user: User) -> None:
        """Refuse unless `user` may make images private now (PRODUCT rules 3 and 8).

        Raises:
            Problem: 403 `entitlement_required`, or 503 `entitlement_unknown` when it can't be told.
        """
        try:
            capabilities = await self.capabilities(user)
        except PlansUnknownError:
            raise Problem(
                503,
                "entitlement_unknown",
                "Your plan can't be checked right now; nothing was changed.",
                retry_after_s=2,
            ) from None
        if not may_generate_privately(capabilities).allowed:
            raise Problem(
                403, "entitlement_required", "Private images need the Plus plan or higher.", required_plan="plus"
            )

    async def _ask(self, user: User) -> Capabilities:
        try:
            answer = await self._http.get(self._url, headers={"Authorization": f"Bearer {user.token}"})
            answer.raise_for_status()
            return _Answer.model_validate_json(answer.content).capabilities.capabilities()
        except (httpx.HTTPError, ValidationError) as error:
            log.warning("entitlement can't be asked", extra={"error": type(error).__name__})
            raise PlansUnknownError from None
