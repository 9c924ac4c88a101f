"""`stored-rendition`: a download whose rendition is stored against the same bytes from a bare ASGI application."""

import asyncio
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from bench import bare_app
from bench.measuring import Action, Pace, compare
from bench.results import Result
from bench.system import running_system
from bench.wire import Connection

AT_ONCE = 8
SAMPLES_ALONE = 40
SAMPLES_AT_ONCE = 10


async def measure(pace: Pace) -> Result:
    """Public to anonymous and private to its owner; one client alone (time of a request), and eight at once.

    Of eight at once the time is that of all eight requests, each on its own connection.
    """
    ratios = []
    async with running_system() as system, AsyncExitStack() as stack:
        ann = await system.somebody("plus")
        pace.say("generating a public and a private image")
        images = {visibility: (await ann.generate(visibility=visibility))[0] for visibility in ("public", "private")}
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))
        for visibility, image_id in images.items():
            headers = ann.headers if visibility == "private" else {}
            path = f"/v1/downloads/{image_id}?format=jpg"
            body = (await ann.get(path)).raise_for_status().content  # makes the rendition, which is kept
            file = Path(folder) / f"{visibility}.jpg"
            file.write_bytes(body)
            async with bare_app.serving(file) as address, AsyncExitStack() as connections:
                ours = [await connections.enter_async_context(system.connection()) for _ in range(AT_ONCE)]
                peer = [await connections.enter_async_context(Connection(address)) for _ in range(AT_ONCE)]
                for clients, samples in ((1, SAMPLES_ALONE), (AT_ONCE, SAMPLES_AT_ONCE)):
                    ratio = await compare(
                        f"stored {visibility} JPEG ({len(body) // 1000} kB), {clients} at once",
                        _downloads(ours[:clients], path, headers, body),
                        _downloads(peer[:clients], path, headers, body),
                        pace=pace,
                        samples=samples,
                    )
                    ratios.append(ratio)
    return Result(ratios)


def _downloads(connections: list[Connection], path: str, headers: Mapping[str, str], body: bytes) -> Action:
    requests = [(it, it.request("GET", path, headers)) for it in connections]

    async def once(connection: Connection, request: bytes) -> None:
        answer = await connection.send(request)
        if (answer.status, len(answer.body)) != (200, len(body)):
            raise RuntimeError(f"a download answered {answer.status} with {len(answer.body)} bytes")

    async def all_at_once() -> None:
        await asyncio.gather(*(once(*it) for it in requests))

    return all_at_once
