"""Who and what a campaign works on: owners with images, strangers, members whose plans come and go."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyvips
from tests.chaos.stack import Stack
from tests.chaos.topics import Raw, write
from tests.chaos.wire import Answer

from shared.bus.cloudevents import headers_of
from shared.contracts import GenerationFinished
from shared.contracts.generation_finished import FinishedImage, Outcome
from shared.ids import ImageId, UserId, new_generation_id, new_image_id
from shared.objects import MASTERS, S3Objects
from shared.settings import ObjectStoreSettings
from shared.topics import GENERATION_RESULTS
from shared.visibility import Visibility

_THERE_WITHIN_S = 60.0


@dataclass(slots=True, eq=False)
class Person:
    """Somebody with a token; the headers are empty for who isn't signed in."""

    user_id: str
    headers: dict[str, str]


@dataclass(slots=True, eq=False)
class Image:
    """An image as its owner's client knows it."""

    id: str
    owner: Person
    version: int = 1
    is_shown: bool = True
    is_gone: bool = False
    is_busy: bool = False
    etags: dict[str, str] = field(default_factory=dict)


class World:
    """The people and the images."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.images: list[Image] = []
        self.owners = [self.person("owner") for _ in range(2)]
        self.viewers = {
            "anonymous": Person("", {}),
            "stranger": self.person("stranger"),
            "operator": self.person("operator", operator=True),
        }
        self.control: Image | None = None
        """An image that stays public: what members with changing plans ask for."""

    def person(self, kind: str, *, operator: bool = False) -> Person:
        """Make somebody nobody has met before."""
        user_id = f"{kind}_{secrets.token_hex(5)}"
        return Person(user_id, {"Authorization": f"Bearer {self.stack.token(user_id, operator=operator)}"})

    async def ask(self, name: str, person: Person, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """Ask the replica `name` as `person`."""
        headers = {**person.headers, **more.pop("headers", {})}
        return await self.stack.wire.ask(method, self.stack.url(name), path, headers, body, **more)

    async def settle(self, images: int) -> None:
        """Give owners and the stranger their plans, and the owners `images` images."""
        for person in (*self.owners, self.viewers["stranger"]):
            await self.subscribed(person)
        made = [await self.add(self.owners[number % len(self.owners)]) for number in range(images + 1)]
        self.control = made[-1]
        self.images.remove(made[-1])
        await asyncio.gather(*(self._is_there(image) for image in made))

    async def subscribed(self, person: Person) -> None:
        """Give somebody the Plus plan, and wait until it is everywhere."""
        async with asyncio.timeout(_THERE_WITHIN_S):
            while True:
                answer = await self.ask("entitlement-1", person, "PUT", "/v1/subscription", {"plan": "plus"})
                if answer.status == 200:
                    return
                await asyncio.sleep(0.1)

    async def add(self, owner: Person, count: int = 1) -> Image:
        """Make an image as a worker would: its master in the store, its result in the log."""
        made = [Image(new_image_id(), owner) for _ in range(count)]
        keys = {image.id: f"{image.id}/{secrets.token_hex(8)}.png" for image in made}
        await _put(self.stack, list(keys.values()))
        now = datetime.now(UTC)
        event = GenerationFinished(
            generation_id=new_generation_id(),
            owner_id=UserId(owner.user_id),
            visibility=Visibility.PUBLIC,
            version=1,
            outcome=Outcome.SUCCEEDED,
            images=tuple(
                FinishedImage(image_id=ImageId(name), width=64, height=64, master_key=key) for name, key in keys.items()
            ),
            finished_at=now,
        )
        headers = tuple((name, value.encode()) for name, value in headers_of(event).items())
        partition = GENERATION_RESULTS.partition_of(event.key)
        record = Raw(event.topic, partition, event.key.encode(), event.model_dump_json().encode(), headers)
        await write(self.stack.kafka, [record])
        self.images += made
        return made[0]

    async def _is_there(self, image: Image) -> None:
        async with asyncio.timeout(_THERE_WITHIN_S):
            for process in (*self.stack.replicas("gallery"), *self.stack.replicas("download")):
                path = f"/v1/images/{image.id}" if "gallery" in process.name else f"/v1/previews/{image.id}?width=256"
                while (await self.ask(process.name, image.owner, "GET", path)).status != 200:
                    await asyncio.sleep(0.05)


async def _put(stack: Stack, keys: Sequence[str]) -> None:
    stores = stack.stores
    settings = ObjectStoreSettings.model_validate(
        {
            "s3_endpoint": stores.s3_endpoint,
            "s3_access_key": stores.s3_access_key,
            "s3_secret_key": stores.s3_secret_key,
        }
    )
    objects = S3Objects(settings, threads=2)
    body: bytes = pyvips.Image.gaussnoise(64, 64, mean=128).cast("uchar").write_to_buffer(".png")
    try:
        for key in keys:
            await objects.put(MASTERS, key, body, "image/png")
    finally:
        await objects.aclose()
