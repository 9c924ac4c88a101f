"""Gallery on the embedded stores, with download's group played by the test."""

import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import httpx
import pytest

from gallery.app import create_app
from gallery.changes.bulk import BulkRunner
from gallery.changes.domain import BulkChange, Item
from gallery.changes.repository import ChangeRepository
from gallery.changes.schemas import ChangeCounts
from gallery.changes.slices import Slices
from gallery.images.batches import Batches
from gallery.images.repository import ImageRepository
from gallery.images.writer import ImageWriter
from gallery.settings import Settings
from gallery.setup import set_up
from shared import mongo
from shared.bus.broker import EventSender, Place
from shared.bus.consumer import GroupConsumer
from shared.bus.positions import Positions
from shared.consistency import Enforcement, PlaceView, Sent
from shared.contracts import Cause, VisibilityChanged
from shared.ids import ImageId, UserId, new_change_id
from shared.mongo import Document, StoreError
from shared.read_model import ReadModel
from shared.testing.apps import eventually, serving
from shared.testing.events import finished_image, generation_finished, plan_changed, sending, visibility_changed
from shared.testing.groups import joined
from shared.testing.tokens import IssuerForTests
from shared.topics import VISIBILITY_CHANGES, create_topics
from shared.visibility import Visibility


@dataclass
class Gallery:
    """What a test needs of a running gallery."""

    client: httpx.AsyncClient
    sender: EventSender
    issuer: IssuerForTests
    settings: Settings
    enforcer_rows: ReadModel[VisibilityChanged]
    enforcer: "Enforcer"
    database: mongo.Database

    def as_(self, user: str | None) -> dict[str, str]:
        """Give the headers of `user`; None is anonymous."""
        return {} if user is None else self.issuer.headers(user)

    async def image(self, owner: str, visibility: str = "public") -> str:
        """Make an image, as a finished generation does."""
        return (await self.images(owner, 1, visibility))[0]

    async def images(self, owner: str, count: int, visibility: str = "public") -> list[str]:
        """Make images."""
        made = [finished_image() for _ in range(count)]
        for start in range(0, count, 50):
            part = made[start : start + 50]
            await self.sender.send(generation_finished(owner, *part, visibility=visibility))
        wanted = {image.image_id for image in made}

        async def are_there() -> bool:
            found = self.database["images"].find({"owner_id": owner}, {"_id": 1})
            return wanted <= {it["_id"] async for it in found}

        await eventually(are_there, 30, every_s=0.1)
        return [image.image_id for image in made]

    async def plan(self, user: str, **fields: Any) -> None:
        """Give a person a plan, as entitlement's event does."""
        event = plan_changed(user, **fields)
        await self.sender.send(event)

        async def is_known() -> bool:
            row = await self.database["plans"].find_one({"_id": user})
            return row is not None and row["version"] >= event.version

        await eventually(is_known)


class Enforcer:
    """Download's consumer group, which can be paused without leaving it."""

    def __init__(self, consumer: GroupConsumer) -> None:
        self._consumer = consumer

    async def pause(self) -> None:
        """Stop reading."""
        self._consumer.pause()

    async def resume(self) -> None:
        """Go on."""
        self._consumer.resume()


@dataclass
class Enforcers:
    """Everybody who has to have a slice, played by the test.

    The store is lost at the slice `lost_at`; `meanwhile` happens while each slice is brought to them.
    """

    meanwhile: Callable[[], Awaitable[object]] | None = None
    lost_at: int | None = None
    are_behind: bool = False
    slices: list[list[str]] = field(default_factory=list)

    async def bring(self, documents: Sequence[Document], began: float) -> tuple[list[Sent], list[PlaceView]]:
        if self.meanwhile is not None:
            await self.meanwhile()
        self.slices.append([it["_id"] for it in documents])
        if len(self.slices) == self.lost_at:
            raise StoreError("lost")
        place = Place(VISIBILITY_CHANGES.name, 0, len(self.slices))
        state = PlaceView(name="download", state="pending" if self.are_behind else "applied", ms=1.0)
        return [(it, place) for it in documents], [state]


class Bulks:
    """Bulk changes of ann's on an empty store."""

    owner = UserId("ann")

    def __init__(self, database: mongo.Database) -> None:
        self.database = database
        self.batches = Batches(database)
        self.writer = ImageWriter(database, self.batches)
        self.images = ImageRepository(database)
        self.changes = ChangeRepository(database)

    async def settled_images(self, count: int, visibility: str = "public") -> list[ImageId]:
        """Make images that are everywhere as they are."""
        ids = [ImageId(f"img_{number}") for number in range(count)]
        for image_id in ids:
            await self.writer.adopt(visibility_changed(self.owner, image_id, visibility))
            await self.writer.mark([(await self.document(image_id), None)], [], enforced=True)
        return ids

    async def document(self, image_id: str) -> Document:
        """Read an image as it is stored."""
        found = await self.writer.collection.find_one({"_id": image_id})
        assert found is not None
        return found

    async def accept(self, ids: Sequence[ImageId], to: Visibility, slice_size: int = 50) -> BulkChange:
        """Accept a change, which nobody has begun to work on."""
        change = BulkChange(
            id=new_change_id(),
            owner_id=self.owner,
            cause=Cause.BULK,
            visibility=to,
            created_at=datetime.now(UTC),
            slices=-(-len(ids) // slice_size),
            slice_size=slice_size,
            counts=ChangeCounts(total=len(ids), pending=len(ids)),
        )
        await self.changes.insert(change, [Item(image_id=it, version=1, to=to) for it in ids])
        return change

    async def run(self, change: BulkChange, enforcers: Enforcers, images: ImageRepository | None = None) -> BulkChange:
        """Work on a change as a replica does, which takes it over if another one had it; give it as it is then."""
        images = images or self.images
        slices = Slices(self.changes, images, self.writer, self.batches, cast("Enforcement", enforcers))
        await self.changes.release(change.id, datetime.now(UTC))
        await BulkRunner(self.changes, images, slices).start(change.id)
        worked_on = await self.changes.get(change.id, self.owner)
        assert worked_on is not None
        return worked_on


@pytest.fixture
async def bulks(stores: Any) -> AsyncGenerator[Bulks, None]:
    client = mongo.connect(stores.mongo_url)
    yield Bulks(mongo.database(client, f"gallery_{secrets.token_hex(4)}"))
    await client.close()


@pytest.fixture
def enforcers() -> type[Enforcers]:
    """Give what makes enforcers."""
    return Enforcers


@pytest.fixture(scope="module")
def issuer() -> Generator[IssuerForTests, None, None]:
    with IssuerForTests() as issuer:
        yield issuer


@pytest.fixture(scope="module")
def settings(stores: Any, fresh_kafka: str, issuer: IssuerForTests) -> Settings:
    return Settings(
        kafka_bootstrap_servers=fresh_kafka,
        mongo_url=stores.mongo_url,
        database=f"gallery_{secrets.token_hex(4)}",
        token_jwks_url=issuer.jwks_url,
        cursor_secret="a secret of the tests only",
        entitlement_url="http://127.0.0.1:9",
        barrier_timeout_s=1.0,
    )


@pytest.fixture(scope="module")
async def gallery(settings: Settings, issuer: IssuerForTests) -> AsyncGenerator[Gallery, None]:
    await create_topics(settings.kafka_bootstrap_servers)
    await set_up(settings)
    client = mongo.connect(settings.mongo_url)
    enforcer = mongo.database(client, f"{settings.database}_enforcer")
    rows = ReadModel(enforcer["images"], VisibilityChanged)
    kafka, positions = settings.kafka_bootstrap_servers, Positions(enforcer["positions"], "download")
    async with (
        serving(create_app(settings)) as http,
        sending(settings.kafka_bootstrap_servers) as sender,
        joined(kafka, "download", {VisibilityChanged.topic: rows}, positions) as it,
    ):
        yield Gallery(
            http, sender, issuer, settings, rows, Enforcer(it.consumer), mongo.database(client, settings.database)
        )
    await client.close()
