"""Download on the embedded stores, beside a real gallery over HTTP that the test can take away."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from PIL import Image, PngImagePlugin

from download.app import create_app
from download.settings import Settings
from download.setup import set_up
from gallery.app import create_app as create_gallery
from gallery.settings import Settings as GallerySettings
from gallery.setup import set_up as set_up_gallery
from shared import mongo
from shared.bus.broker import EventSender
from shared.contracts import VisibilityChanged
from shared.objects import MASTERS, RENDITIONS, S3Objects, create_buckets
from shared.read_model import ReadModel
from shared.testing.apps import eventually, serving
from shared.testing.events import finished_image, generation_finished, plan_changed, sending
from shared.testing.tokens import IssuerForTests
from shared.topics import create_topics

MARKER = "zanzibar-teapot-4711"


class Removable:
    """An application that can be taken away: it answers nothing but 503 then."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.calls = 0
        self._is_away = False

    @contextmanager
    def away(self) -> Iterator[None]:
        """Take it away meanwhile."""
        self._is_away = True
        try:
            yield
        finally:
            self._is_away = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.calls += 1
            if self._is_away:
                await send({"type": "http.response.start", "status": 503, "headers": []})
                await send({"type": "http.response.body", "body": b""})
                return
        await self._app(scope, receive, send)


@dataclass
class Service:
    """What a test needs of a running download."""

    client: httpx.AsyncClient
    app: FastAPI
    gallery: httpx.AsyncClient
    gallery_app: Removable
    sender: EventSender
    issuer: IssuerForTests
    settings: Settings
    database: mongo.Database
    gallery_database: mongo.Database
    objects: S3Objects
    rows: ReadModel[VisibilityChanged]
    _versions: dict[str, int] = field(default_factory=dict)

    def as_(self, viewer: str | None) -> dict[str, str]:
        """Give the headers of `viewer`: None is anonymous, `operator` is one."""
        roles = ("operator",) if viewer == "operator" else ()
        return {} if viewer is None else self.issuer.headers(viewer, roles)

    async def plan(self, user: str, **fields: Any) -> None:
        """Give a person a plan, as entitlement's event does."""
        version = self._versions[user] = self._versions.get(user, 0) + 1
        await self.sender.send(plan_changed(user, version=version, **fields))

        async def is_known() -> bool:
            rows = [await it["plans"].find_one({"_id": user}) for it in (self.database, self.gallery_database)]
            return all(row is not None and row["version"] >= version for row in rows)

        await eventually(is_known)

    async def image(self, owner: str, visibility: str = "public", master: bytes | None = None) -> str:
        """Make an image, as a finished generation does; both services know it then."""
        image = finished_image()
        await self.objects.put(MASTERS, image.master_key, master or png(), "image/png")
        await self.sender.send(generation_finished(owner, image, visibility=visibility))
        await self.knows(image.image_id, 1)
        return image.image_id

    async def knows(self, image_id: str, version: int) -> None:
        """Return once download has a version of an image."""

        async def has_it() -> bool:
            row = await self.rows.row(image_id)
            return row is not None and row["version"] >= version

        await eventually(has_it)

    async def change(self, owner: str, image_id: str, visibility: str) -> None:
        """Change an image at gallery, enforced everywhere."""
        body, headers = {"visibility": visibility}, self.as_(owner)
        answer = await self.gallery.patch(f"/v1/images/{image_id}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text

    async def delete(self, owner: str, image_id: str) -> None:
        """Delete an image at gallery, enforced everywhere."""
        answer = await self.gallery.delete(f"/v1/images/{image_id}", headers=self.as_(owner))
        assert answer.status_code == 200, answer.text

    async def get(self, path: str, viewer: str | None = None, **headers: str) -> httpx.Response:
        """Ask for bytes."""
        return await self.client.get(path, headers={**self.as_(viewer), **headers})

    async def keys(self, image_id: str) -> dict[str, list[str]]:
        """Give the keys of an image's objects by bucket."""
        return {bucket: await self.objects.keys(bucket, f"{image_id}/") for bucket in (MASTERS, RENDITIONS)}


def png(width: int = 300, height: int = 200) -> bytes:
    """Make a master, with a prompt in its metadata as other people's generators write it."""
    metadata = PngImagePlugin.PngInfo()
    metadata.add_text("parameters", MARKER)
    buffer = BytesIO()
    Image.effect_mandelbrot((width, height), (-2, -1, 1, 1), 20).convert("RGB").save(buffer, "PNG", pnginfo=metadata)
    return buffer.getvalue()


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to pytest."""
        yield


@asynccontextmanager
async def over_http(app: Any) -> AsyncGenerator[str, None]:
    """Serve `app` on a free port; give its address once it is ready."""
    server = _Server(uvicorn.Config(app, port=0, log_config=None, lifespan="on"))
    serving_ = asyncio.create_task(server.serve())

    async def has_started() -> bool:
        return server.started

    await eventually(has_started, 20)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    async with httpx.AsyncClient(base_url=url) as client:

        async def is_ready() -> bool:
            return (await client.get("/readyz")).status_code == 200

        await eventually(is_ready, 20)
    yield url
    server.should_exit = True
    await serving_


@pytest.fixture(scope="module")
def issuer() -> Generator[IssuerForTests, None, None]:
    with IssuerForTests() as issuer:
        yield issuer


@pytest.fixture(scope="module")
async def download(stores: Any, fresh_kafka: str, issuer: IssuerForTests) -> AsyncGenerator[Service, None]:
    suffix = secrets.token_hex(4)
    everywhere = {
        "kafka_bootstrap_servers": fresh_kafka,
        "mongo_url": stores.mongo_url,
        "token_jwks_url": issuer.jwks_url,
        "cursor_secret": "a secret of the tests only",
        "entitlement_url": "http://127.0.0.1:9",
    }
    gallery_settings = GallerySettings(**everywhere, database=f"gallery_{suffix}", barrier_timeout_s=10)
    await create_topics(fresh_kafka)
    await set_up_gallery(gallery_settings)
    gallery_app = Removable(create_gallery(gallery_settings))
    async with AsyncExitStack() as stack:
        gallery_url = await stack.enter_async_context(over_http(gallery_app))
        settings = Settings(
            **everywhere,
            database=f"download_{suffix}",
            gallery_url=gallery_url,
            s3_endpoint=stores.s3_endpoint,
            s3_access_key=stores.s3_access_key,
            s3_secret_key=stores.s3_secret_key,
        )
        await create_buckets(settings)
        await set_up(settings)
        client = mongo.connect(settings.mongo_url)
        stack.push_async_callback(client.close)
        objects = S3Objects(settings)
        stack.push_async_callback(objects.aclose)
        sender = await stack.enter_async_context(sending(fresh_kafka))
        gallery = await stack.enter_async_context(httpx.AsyncClient(base_url=gallery_url, timeout=20))
        app = create_app(settings)
        http = await stack.enter_async_context(serving(app))
        database = mongo.database(client, settings.database)
        yield Service(
            http,
            app,
            gallery,
            gallery_app,
            sender,
            issuer,
            settings,
            database,
            mongo.database(client, gallery_settings.database),
            objects,
            ReadModel(database["images"], VisibilityChanged),
        )
