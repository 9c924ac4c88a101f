"""The composition root of download."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import FastAPI, Request, Response

from download.archives import Archives
from download.conversions import Conversions, ConversionsBusy
from download.decision import Decisions
from download.erasing import OnVisibilityChanged, Sweep
from download.imaging import UnreadableMaster
from download.renditions import Renditions
from download.routes import download_routes
from download.service import DownloadService
from download.settings import Settings
from shared.contracts import PlanChanged, VisibilityChanged
from shared.guards import GUARDS, Guards
from shared.http.app import create_api
from shared.http.problems import Problem
from shared.objects import S3Objects
from shared.plans import Plans
from shared.runtime import UNHURRIED_S, Runtime


def create_app(settings: Settings, guards: Guards = GUARDS, decisions_type: type[Decisions] = Decisions) -> FastAPI:
    """Build download: settings → clients → service → routes and consumers."""
    runtime = Runtime("download", settings, guards)
    image_rows = guards.read_model(runtime.database["images"], VisibilityChanged)
    plan_rows = guards.read_model(runtime.database["plans"], PlanChanged)
    lease = runtime.consume("download", {VisibilityChanged.topic: image_rows, PlanChanged.topic: plan_rows})
    objects = S3Objects(settings)
    conversions = Conversions(settings.conversion_workers, settings.conversion_queue)
    decisions = decisions_type(guards.sights(image_rows, lease), runtime.http, settings.gallery_url)
    plans = Plans(guards.sights(plan_rows, lease), runtime.http, settings.entitlement_url)
    renditions = Renditions(objects, conversions, decisions)
    service = DownloadService(decisions, plans, renditions)
    sweep = Sweep(objects, image_rows, timedelta(hours=settings.sweep_hours))

    runtime.consume("download-eraser", {VisibilityChanged.topic: OnVisibilityChanged(objects)}, linger_s=UNHURRIED_S)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None, None]:
        async with runtime.running(background=[sweep.sweep_forever], closes=[objects.aclose, conversions.aclose]):
            yield

    routes = download_routes(service, Archives(settings.max_archives), runtime.authenticator)
    app = create_api("download", runtime.readiness, [routes], lifespan)

    @app.exception_handler(ConversionsBusy)
    async def on_busy(_: Request, error: ConversionsBusy) -> Response:
        return Problem(
            503, "conversions_busy", "Too many pictures are being made; try again.", retry_after_s=error.retry_after_s
        ).response()

    @app.exception_handler(UnreadableMaster)
    async def on_unreadable(_: Request, error: UnreadableMaster) -> Response:
        return Problem(503, "master_unreadable", "The image can't be read right now.", retry_after_s=5).response()

    runtime.telemetry.observe(app)
    return app
