"""HTTP: plans for everybody, one's own subscription, operators' changes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from entitlement.plans import PLANS
from entitlement.schemas import AdminRequest, EntitlementView, PlanList, PlanView, SubscriptionRequest, When
from entitlement.service import EntitlementService
from shared.auth import Authenticator, User
from shared.http.answers import json_answer
from shared.http.body import StrictRoute
from shared.http.problems import not_found
from shared.ids import UserId, is_id


def entitlement_routes(entitlement: EntitlementService, authenticator: Authenticator) -> APIRouter:
    """Make the routes that are always there."""
    router = APIRouter(prefix="/v1", tags=["entitlement"], route_class=StrictRoute)
    user = Annotated[User, Depends(authenticator.user)]
    operator = Annotated[User, Depends(authenticator.operator)]

    @router.get("/plans", response_model=PlanList)
    async def plans() -> Response:
        """The plan table; for everybody."""
        return json_answer(PlanList(items=[PlanView.of(plan) for plan in PLANS.values()]))

    @router.get("/entitlement", response_model=EntitlementView)
    async def mine(user: user) -> Response:
        """What my plan is and allows now, and why or why not."""
        return json_answer(await entitlement.see(user.user_id))

    @router.put("/admin/users/{user_id}/subscription", response_model=EntitlementView)
    async def set_subscription(user_id: str, wanted: AdminRequest, operator: operator) -> Response:
        """Set somebody's subscription; operators only."""
        if not is_id(user_id):
            raise not_found()
        return _answer(await entitlement.set(UserId(user_id), wanted))

    return router


def billing_routes(entitlement: EntitlementService, authenticator: Authenticator) -> APIRouter:
    """Make the routes of the built-in billing: people change their own plan, without paying."""
    router = APIRouter(prefix="/v1", tags=["billing"], route_class=StrictRoute)
    user = Annotated[User, Depends(authenticator.user)]

    @router.put("/subscription", response_model=EntitlementView)
    async def subscribe(wanted: SubscriptionRequest, user: user) -> Response:
        """Change my plan; 200 when it is enforced everywhere."""
        return _answer(await entitlement.subscribe(user.user_id, wanted))

    @router.delete("/subscription", response_model=EntitlementView)
    async def cancel(user: user, when: Annotated[When, Query()] = "period_end") -> Response:
        """Cancel my subscription."""
        return _answer(await entitlement.cancel(user.user_id, when))

    return router


def _answer(view: EntitlementView) -> Response:
    if view.change is None or view.change.state == "enforced":
        return json_answer(view)
    return json_answer(view, 202, {"Location": "/v1/entitlement", "Retry-After": "1"})
