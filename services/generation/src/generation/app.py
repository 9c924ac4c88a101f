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
from shared.consistency import Barrier, Enforcer
from shared.contracts import GenerationFinished, PlanChanged, VisibilityChanged
from shared.http.app import create_api
from shared.http.cursors import Cursors
from shared.http.idempotency import IdempotencyKeys
from shared.plans import Plans
from shared.publication import Publisher
from shared.read_model import ReadModel
from shared.runtime import UNHURRIED_S, Runtime
from shared.topics import GENERATION_REQUESTS


def create_app(settings: Settings) -> FastAPI:
    """Build generation's API: settings → clients → service → routes and consumers."""
    runtime = Runtime("generation", settings)
    database = runtime.database
    generations, slots = GenerationRepository(database), Slots(database)
    requests = Publisher(generations.collection, request_event, runtime.sender)
    results = Publisher(
        generations.collection, result_event, runtime.sender, flag="result_unpublished", sent="result_published"
    )
    plan_rows = ReadModel(database["plans"], PlanChanged)
    plans = Plans(plan_rows, runtime.http, settings.entitlement_url)
    gallery = Barrier(settings.kafka_bootstrap_servers, [Enforcer("gallery")])
    service = GenerationService(generations, slots, plans, requests, Cursors(settings.cursor_secret))
    watcher = ProgressWatcher(generations, settings.max_event_streams)

    consumer = runtime.consume(
        "generation",
        {
            PlanChanged.topic: plan_rows,
            GenerationFinished.topic: OnGenerationFinished(generations, slots, gallery),
        },
    )
    runtime.consume(
        "generation-eraser", {VisibilityChanged.topic: OnVisibilityChanged(generations)}, linger_s=UNHURRIED_S
    )
    resender = Resender(
        generations,
        requests,
        results,
        Positions(database["positions"], "generation-worker"),
        lambda: consumer.ends_of(GENERATION_REQUESTS.name),
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
