"""Generation's API and workers on the embedded stores; gallery's group, and what makes the pictures, are the test's."""

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO, StringIO
from typing import Any

import httpx
import pytest
from PIL import Image

from generation.app import create_app
from generation.backends import ProgressListener, RenderRequest
from generation.domain import Generation
from generation.repository import GenerationRepository
from generation.settings import WorkerSettings
from generation.setup import set_up
from generation.worker import run_worker
from shared import mongo
from shared.bus.broker import EventSender, Place
from shared.bus.consumer import GroupConsumer
from shared.bus.positions import Positions
from shared.contracts import GenerationFinished
from shared.http.app import Readiness
from shared.ids import GenerationId, UserId, new_generation_id, new_image_id
from shared.objects import MASTERS, S3Objects, create_buckets
from shared.read_model import ReadModel
from shared.telemetry import log_as_json
from shared.testing.apps import eventually, serving
from shared.testing.events import plan_changed, sending
from shared.testing.groups import joined
from shared.testing.tokens import IssuerForTests
from shared.topics import create_topics
from shared.visibility import Visibility


class Studio:
    """A back end at the port: it tells what it was asked, waits while it is held, and fails where it is told to."""

    name = "studio"

    def __init__(self) -> None:
        self.asked: list[RenderRequest] = []
        self.stopped = 0
        self.failing: dict[str, Exception] = {}
        self._permits = asyncio.Semaphore(0)
        self._is_held = False

    def hold(self) -> None:
        """Let no picture be finished from now on."""
        self._is_held, self._permits = True, asyncio.Semaphore(0)

    def finish_one(self) -> None:
        """Let one picture be finished while it is held."""
        self._permits.release()

    def release(self) -> None:
        """Hold nothing back any more."""
        self._is_held = False
        for _ in range(8):
            self._permits.release()

    async def render(self, request: RenderRequest, on_progress: ProgressListener) -> bytes:
        self.asked.append(request)
        on_progress(0.5)
        try:
            if self._is_held:
                await self._permits.acquire()
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        if request.prompt in self.failing:
            raise self.failing[request.prompt]
        on_progress(1.0)
        buffer = BytesIO()
        Image.new("RGB", (8, 8), (request.seed % 256, 0, 0)).save(buffer, "PNG")
        return buffer.getvalue()

    async def aclose(self) -> None:
        pass


@dataclass
class Service:
    """What a test needs of a running generation."""

    client: httpx.AsyncClient
    sender: EventSender
    issuer: IssuerForTests
    settings: WorkerSettings
    database: mongo.Database
    gallery: GroupConsumer
    gallery_rows: ReadModel[GenerationFinished]
    objects: S3Objects
    _versions: dict[str, int] = field(default_factory=dict)

    def as_(self, user: str | None) -> dict[str, str]:
        """Give the headers of `user`; None is anonymous."""
        return {} if user is None else self.issuer.headers(user)

    async def plan(self, user: str, **fields: Any) -> None:
        """Give a person a plan, as entitlement's event does."""
        version = self._versions[user] = self._versions.get(user, 0) + 1
        await self.sender.send(plan_changed(user, version=version, **fields))

        async def is_known() -> bool:
            row = await self.database["plans"].find_one({"_id": user})
            return row is not None and row["version"] >= version

        await eventually(is_known)

    async def submit(self, user: str, key: str | None = None, **body: Any) -> httpx.Response:
        """Ask for a generation."""
        headers = {**self.as_(user), **({} if key is None else {"Idempotency-Key": key})}
        return await self.client.post("/v1/generations", json={"prompt": "a cat", **body}, headers=headers)

    async def submitted(self, user: str, **body: Any) -> Any:
        """Ask for a generation that is taken in."""
        answer = await self.submit(user, **body)
        assert answer.status_code == 202, answer.text
        return answer.json()

    async def see(self, user: str, generation_id: str) -> Any:
        """Give the owner's own generation."""
        answer = await self.client.get(f"/v1/generations/{generation_id}", headers=self.as_(user))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def is_(self, user: str, generation_id: str, *statuses: str, within_s: float = 15) -> Any:
        """Give the generation once it has one of `statuses`."""

        async def has_it() -> Any:
            seen = await self.see(user, generation_id)
            return seen["status"] in statuses and seen

        return await eventually(has_it, within_s)

    async def document(self, generation_id: str) -> Any:
        """Give what is stored of a generation."""
        return await self.database["generations"].find_one({"_id": generation_id})

    async def masters(self, image_id: str) -> list[str]:
        """Give the keys of an image's masters in the object store."""
        return await self.objects.keys(MASTERS, f"{image_id}/")

    async def passed(self, place: Place, group: str = "generation-worker", within_s: float = 10) -> None:
        """Return once `group` is done with a record."""
        positions = Positions(self.database["positions"], group)

        async def is_passed() -> bool:
            stored = await positions.of(place.topic, place.partition)
            return stored is not None and stored.offset > place.offset

        await eventually(is_passed, within_s)

    async def stored(
        self, user: str, generation_id: str | None = None, flags: mongo.Document | None = None, **fields: Any
    ) -> Any:
        """Store a generation whose request was never sent, as a crash right after the store's write leaves it."""
        now = datetime.now(UTC)
        asked = Generation(
            id=GenerationId(generation_id or new_generation_id()),
            owner_id=UserId(user),
            prompt="a cat",
            visibility=Visibility.PRIVATE,
            aspect_ratio="1:1",
            seed=7,
            image_ids=[new_image_id() for _ in range(fields.pop("count", 1))],
            created_at=now,
            changed_at=now,
        )
        document = await GenerationRepository(self.database).insert(asked.model_copy(update=fields))
        if flags is not None:
            await self.database["generations"].update_one({"_id": asked.id}, {"$set": flags})
        return {**document, **(flags or {})}

    def worker(self, studio: Studio) -> AbstractAsyncContextManager[Readiness]:
        """Run a worker."""
        return run_worker(self.settings, studio)


@pytest.fixture(scope="module")
def issuer() -> Generator[IssuerForTests, None, None]:
    with IssuerForTests() as issuer:
        yield issuer


@pytest.fixture(scope="module")
def settings(stores: Any, fresh_kafka: str, issuer: IssuerForTests) -> WorkerSettings:
    return WorkerSettings(
        kafka_bootstrap_servers=fresh_kafka,
        mongo_url=stores.mongo_url,
        database=f"generation_{secrets.token_hex(4)}",
        token_jwks_url=issuer.jwks_url,
        cursor_secret="a secret of the tests only",
        entitlement_url="http://127.0.0.1:9",
        publish_timeout_s=0.5,
        max_event_streams=2,
        s3_endpoint=stores.s3_endpoint,
        s3_access_key=stores.s3_access_key,
        s3_secret_key=stores.s3_secret_key,
    )


@pytest.fixture(scope="module")
async def generation(settings: WorkerSettings, issuer: IssuerForTests) -> AsyncGenerator[Service, None]:
    await create_topics(settings.kafka_bootstrap_servers)
    await create_buckets(settings)
    await set_up(settings)
    client = mongo.connect(settings.mongo_url)
    galleries = mongo.database(client, f"{settings.database}_gallery")
    rows = ReadModel(galleries["results"], GenerationFinished)
    handlers, positions = {GenerationFinished.topic: rows}, Positions(galleries["positions"], "gallery")
    objects = S3Objects(settings)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(client.close)
        stack.push_async_callback(objects.aclose)
        sender = await stack.enter_async_context(sending(settings.kafka_bootstrap_servers))
        it = await stack.enter_async_context(joined(settings.kafka_bootstrap_servers, "gallery", handlers, positions))
        http = await stack.enter_async_context(serving(create_app(settings)))
        database = mongo.database(client, settings.database)
        yield Service(http, sender, issuer, settings, database, it.consumer, rows, objects)


@pytest.fixture(scope="module")
async def studio(generation: Service) -> AsyncGenerator[Studio, None]:
    """What a running worker makes its pictures with."""
    studio = Studio()
    async with generation.worker(studio):
        yield studio
        studio.release()


@pytest.fixture
def new_studio() -> Studio:
    """What a worker of the test's own makes its pictures with."""
    return Studio()


@pytest.fixture
def logged() -> Generator[Callable[[], str], None, None]:
    """Give all that this process logs meanwhile, at the most talkative level a service can be set to."""
    root, written = logging.getLogger(), StringIO()
    handlers, level = list(root.handlers), root.level
    names = [name for name in logging.root.manager.loggerDict if logging.getLogger(name).level]
    levels = {name: logging.getLogger(name).level for name in names}
    log_as_json("generation", "DEBUG")
    for handler in root.handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(written)
    yield written.getvalue
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in list(logging.root.manager.loggerDict):
        logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))
