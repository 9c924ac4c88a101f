"""The composition root of entitlement."""

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import FastAPI

from entitlement.domain import to_event
from entitlement.repository import SubscriptionRepository
from entitlement.routes import billing_routes, entitlement_routes
from entitlement.service import EntitlementService
from entitlement.settings import Settings
from shared.consistency import UNENFORCED
from shared.contracts import PlanChanged
from shared.guards import GUARDS, Guards
from shared.http.app import create_api
from shared.runtime import UNHURRIED_S, Runtime

log = logging.getLogger(__name__)


def create_app(settings: Settings, guards: Guards = GUARDS) -> FastAPI:
    """Build entitlement: settings → clients → service → routes and consumers."""
    runtime = Runtime("entitlement", settings, guards)
    subscriptions = SubscriptionRepository(runtime.database)
    publisher = guards.publisher(subscriptions.collection, to_event, runtime.sender, among=UNENFORCED)
    barrier = runtime.barrier(settings.plan_enforcers)
    enforcement = guards.enforcement(
        "entitlement", PlanChanged.topic, subscriptions, publisher, barrier, settings.barrier_timeout_s
    )
    service = EntitlementService(subscriptions, enforcement, timedelta(days=settings.grace_days))
    audit = guards.audit(subscriptions.collection, PlanChanged, subscriptions, publisher)
    runtime.consume("entitlement-audit", {PlanChanged.topic: audit}, linger_s=UNHURRIED_S)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None, None]:
        if settings.built_in_billing:
            log.warning("built-in billing is on: anybody signed in may take any plan without paying")
        async with runtime.running(
            starts=[barrier.start],
            background=[
                publisher.sweep_forever,
                enforcement.follow_forever,
                service.take_effect_forever,
            ],
            closes=[enforcement.settled, barrier.aclose],
        ):
            yield

    routers = [entitlement_routes(service, runtime.authenticator)]
    if settings.built_in_billing:
        routers.append(billing_routes(service, runtime.authenticator))
    app = create_api("entitlement", runtime.readiness, routers, lifespan)
    runtime.telemetry.observe(app)
    return app
