"""The composition root of the worker role."""

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from generation.backends import Backend, create_backend
from generation.domain import result_event
from generation.rendering import OnGenerationRequested
from generation.settings import WorkerSettings
from generation.work_repository import WorkRepository
from shared.contracts import GenerationRequested
from shared.guards import GUARDS, Guards
from shared.http.app import Readiness
from shared.objects import S3Objects
from shared.runtime import Runtime

_GRACE_S = 10.0
"""A back end knows its own time-out; this is for one that doesn't keep it."""


@asynccontextmanager
async def create_worker(settings: WorkerSettings) -> AsyncGenerator[Readiness, None]:
    """Run a worker with the back end that its settings name until the context ends."""
    backend = create_backend(
        settings.backend,
        diffusers_model=settings.diffusers_model,
        diffusers_device=settings.diffusers_device,
        http_url=settings.http_backend_url,
        http_api_key=settings.http_backend_api_key,
        http_model=settings.http_backend_model,
        timeout_s=settings.backend_timeout_s,
    )
    async with run_worker(settings, backend) as readiness:
        yield readiness


@asynccontextmanager
async def run_worker(
    settings: WorkerSettings, backend: Backend, guards: Guards = GUARDS
) -> AsyncGenerator[Readiness, None]:
    """Run a worker until the context ends: a request under way is left to be taken over."""
    runtime = Runtime("generation-worker", settings, guards)
    objects = S3Objects(settings)
    work = WorkRepository(runtime.database, f"wrk_{secrets.token_hex(8)}")
    results = guards.publisher(
        work.collection, result_event, runtime.sender, flag="result_unpublished", sent="result_published"
    )
    handler = OnGenerationRequested(work, backend, objects, results, settings.backend_timeout_s + _GRACE_S)
    runtime.consume("generation-worker", {GenerationRequested.topic: handler}, max_batch=1)
    async with runtime.running(closes=[backend.aclose, objects.aclose, handler.let_go], catch_up=False):
        yield runtime.readiness
