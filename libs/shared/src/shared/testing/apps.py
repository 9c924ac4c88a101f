"""Runs an application in this process, with its lifespan, for component tests."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import httpx
from fastapi import FastAPI

T = TypeVar("T")


@asynccontextmanager
async def serving(app: FastAPI, ready_within_s: float = 20) -> AsyncGenerator[httpx.AsyncClient, None]:
    """Run `app` until the context ends; give a client once it is ready."""
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:

            async def is_ready() -> bool:
                return (await client.get("/readyz")).status_code == httpx.codes.OK

            await eventually(is_ready, ready_within_s)
            yield client


async def eventually(condition: Callable[[], Awaitable[T]], within_s: float = 10, every_s: float = 0.02) -> T:
    """Give the condition's value once it is truthy.

    Raises:
        TimeoutError: it isn't in time.
    """
    async with asyncio.timeout(within_s) as limit:
        while not limit.expired():
            value = await condition()
            if value:
                return value
            await asyncio.sleep(every_s)
    raise TimeoutError
