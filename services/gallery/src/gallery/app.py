"""The composition root of gallery."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from gallery.changes.bulk import BulkRunner
from gallery.changes.bulk_service import BulkService
from gallery.changes.erasure import Erasure
from gallery.changes.repository import ChangeRepository
from gallery.changes.routes import change_routes
from gallery.changes.service import ChangeService
from gallery.changes.slices import Slices
from gallery.consumers import OnGenerationFinished
from gallery.images.batches import Batches
from gallery.images.domain import to_event
from gallery.images.repository import ImageRepository
from gallery.images.routes import image_routes
from gallery.images.service import ImageService
from gallery.images.writer import ImageWriter
from gallery.settings import Settings
from shared.consistency import UNENFORCED
from shared.contracts import GenerationFinished, PlanChanged, VisibilityChanged
from shared.guards import GUARDS, Guards
from shared.http.app import create_api
from shared.http.cursors import Cursors
from shared.http.idempotency import IdempotencyKeys
from shared.plans import Plans
from shared.runtime import UNHURRIED_S, Runtime


def create_app(settings: Settings, guards: Guards = GUARDS) -> FastAPI:
    """Build gallery: settings → clients → services → routes and consumers."""
    runtime = Runtime("gallery", settings, guards)
    images, batches = ImageRepository(runtime.database), Batches(runtime.database)
    writer = ImageWriter(runtime.database, batches)
    changes = ChangeRepository(runtime.database)
    publisher = guards.publisher(images.collection, to_event, runtime.sender, among=UNENFORCED)
    barrier = runtime.barrier(settings.visibility_enforcers)
    erasers = runtime.barrier(settings.erasers, by_lease=False)
    plan_rows = guards.read_model(runtime.database["plans"], PlanChanged)
    lease = runtime.consume(
        "gallery",
        {PlanChanged.topic: plan_rows, GenerationFinished.topic: OnGenerationFinished(writer, publisher)},
    )
    audit = guards.audit(images.collection, VisibilityChanged, writer, publisher)
    runtime.consume("gallery-audit", {VisibilityChanged.topic: audit}, linger_s=UNHURRIED_S)
    plans = Plans(guards.sights(plan_rows, lease), runtime.http, settings.entitlement_url)
    cursors = Cursors(settings.cursor_secret)

    enforcement = guards.enforcement(
        "gallery", VisibilityChanged.topic, writer, publisher, barrier, settings.barrier_timeout_s
    )
    erasure = Erasure(writer, erasers)
    runner = BulkRunner(changes, images, Slices(changes, images, writer, batches, enforcement))
    image_service = ImageService(images, batches, enforcement, cursors)
    change_service = ChangeService(images, writer, batches, enforcement, plans)
    bulk_service = BulkService(changes, images, runner, enforcement, plans, cursors, settings.barrier_timeout_s)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None, None]:
        async with runtime.running(
            starts=[barrier.start, erasers.start],
            background=[
                publisher.sweep_forever,
                enforcement.follow_forever,
                erasure.follow_forever,
                runner.take_over_forever,
            ],
            closes=[enforcement.settled, barrier.aclose, erasers.aclose, runner.aclose],
        ):
            yield

    routers = [
        image_routes(image_service, runtime.authenticator),
        change_routes(
            change_service,
            bulk_service,
            IdempotencyKeys(runtime.database["idempotency_keys"]),
            runtime.authenticator,
        ),
    ]
    app = create_api("gallery", runtime.readiness, routers, lifespan)
    runtime.telemetry.observe(app)
    return app
