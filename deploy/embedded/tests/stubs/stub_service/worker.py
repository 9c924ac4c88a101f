from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from .settings import Settings, write_down


@asynccontextmanager
async def create_worker(settings: Settings) -> AsyncGenerator[None, None]:
    write_down(settings, "worker start")
    yield
    write_down(settings, "worker stop")
