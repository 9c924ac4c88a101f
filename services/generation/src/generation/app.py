"""The composition root of generation's API."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from generation.consumers import OnGenerationFinished, OnVisibilityChanged
from generation.domain import request_event, result_event
from generation.progress import ProgressWatcher
from generation.repository import GenerationRepository
from generation.resending import Resender
from generation.routes import generation_routes, preference_routes
from generation.service import GenerationService
from generation.settings import Settings
from generation.slots import Slots
from shared.bus.positions import Positions
from shared.contracts import GenerationFinished, PlanChanged, VisibilityChanged
from shared.guards import GUARDS, Guards
from shared.http.app import create_api
from shared.http.cursors import Cursors
from shared.http.idempotency import IdempotencyKeys
from shared.plans import Plans
from shared.runtime import UNHURRIED_S, Runtime


def create_app(settings: Settings, guards: Guards = GUARDS) -> FastAPI:
    """Build generation's API: settings → clients → service → routes and consumers."""
    runtime = Runtime("generation", settings, guards)
    database = runtime.database
    generations, slots = GenerationRepository(database), Slots(database)
    requests = guards.publisher(generations.collection, request_event, runtime.sender)
    results = guards.publisher(
        generations.collection, result_event, runtime.sender, flag="result_unpublished", sent="result_published"
    )
    plan_rows = guards.read_model(database["plans"], PlanChanged)
    gallery = runtime.barrier("gallery", by_lease=False)
    lease = runtime.consume(
        "generation",
        {
            PlanChanged.topic: plan_rows,
            GenerationFinished.topic: OnGenerationFinished(generations, slots, gallery),
        },
    )
    plans = Plans(guards.sights(plan_rows, lease), runtime.http, settings.entitlement_url)
    service = GenerationService(generations, slots, plans, requests, Cursors(settings.cursor_secret))
    watcher = ProgressWatcher(generations, settings.max_event_streams)

    runtime.consume(
        "generation-eraser", {VisibilityChanged.topic: OnVisibilityChanged(generations)}, linger_s=UNHURRIED_S
    )
    resender = Resender(
        generations,
        requests,
        results,
        Positions(database["positions"], "generation-worker"),
        runtime.log_ends,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None, None]:
        async with runtime.running(
            starts=[gallery.start],
            background=[
                requests.sweep_forever,
                results.sweep_forever,
                resender.resend_forever,
            ],
            closes=[gallery.aclose, watcher.aclose],
        ):
            yield

    routers = [
        generation_routes(service, watcher, IdempotencyKeys(database["idempotency_keys"]), runtime.authenticator),
        preference_routes(service, runtime.authenticator),
    ]
    app = create_api("generation", runtime.readiness, routers, lifespan)
    runtime.telemetry.observe(app)
    return app
