"""The modelled system: two replicas of gallery and of download, their stores, the log, and a clock that is set."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from tests.chaos.model.bulks import Bulks
from tests.chaos.model.log import Log
from tests.chaos.model.replicas import Download, Gallery, PowerCutError, a_download, a_gallery

from gallery.images.domain import Image, entry
from shared.bus.broker import Place
from shared.bus.consumer import GroupConsumer
from shared.consistency import Barrier
from shared.consistency.barrier import LEASES_ARE_OVER_S
from shared.contracts import Cause
from shared.guards import Guards
from shared.ids import GenerationId, UserId, new_change_id, new_generation_id
from shared.mongo import Database, Document
from shared.testing.events import finished_image, generation_finished
from shared.topics import VISIBILITY_CHANGES
from shared.visibility import Visibility

Copy = dict[str, list[Document]]
AT = TopicPartition(VISIBILITY_CHANGES.name, 0)
OWNER = UserId("owner")
_ALL = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """A change that is published, and whose owner waits for its answer; `ask` is its place among the owner's asks."""

    image_id: str
    version: int
    ask: int
    offset: int
    acknowledged: float


class System:
    """What happens to it, step by step; `asks` is what owners asked for, `hidden` what they were promised."""

    def __init__(self, gallery: Database, download: Database, guards: Guards) -> None:
        self.now = 1_000.0
        self.log = Log()
        self.images: list[str] = []
        self.asks: dict[str, list[Visibility]] = {}
        self.hidden: dict[str, int] = {}
        self.waiting: list[Waiting] = []
        self.is_serving = True
        self.reader, self.auditor = 0, 0
        self.gallery_copy: Copy | None = None
        self.download_copy: Copy | None = None
        self._ask_of: dict[tuple[str, int], int] = {}
        self._databases = {"gallery": gallery, "download": download}
        self._guards = guards
        self.bulks = Bulks(self, gallery, OWNER)
        self._http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self.galleries: list[Gallery] = [self._a_gallery() for _ in range(2)]
        self.downloads: list[Download] = [self._a_download() for _ in range(2)]

    async def start(self, images: Sequence[str]) -> None:
        """Begin with empty stores and some public images that everybody knows of."""
        for name in self._databases:
            await self._load(name, {})
        await self.galleries[0].member.join(AT)
        await self.downloads[0].member.join(AT)
        for name in images:
            self.images.append(name)
            self.asks[name] = [Visibility.PUBLIC]
            made = finished_image(name)
            event = generation_finished(OWNER, made, generation_id=GenerationId(new_generation_id()))
            document = await self.galleries[0].writer.insert_generated(event, made)
            if document is not None:
                await self.galleries[0].publisher.publish(document)
        await self.settle()

    async def aclose(self) -> None:
        """Close what is open."""
        await self._http.aclose()

    async def change(self, image_id: str, to: Visibility, who: int, *, sends: bool = True) -> None:
        """An owner changes an image; `sends` false: the replica is held up between reading and sending."""
        replica = self.galleries[who]
        known = await replica.writer.collection.find_one({"_id": image_id})
        if known is None or not self.is_serving:
            return
        self.asks[image_id].append(to)
        ask = len(self.asks[image_id]) - 1
        before = Image.model_validate(known)
        change = entry(before, to, OWNER, Cause.OWNER, new_change_id(), datetime.now(UTC))
        try:
            document = await replica.writer.change_one(known, change)
            if document is None:
                return
            self._ask_of[image_id, document["version"]] = ask
            if sends:
                await self._publish(replica, document)
            else:
                replica.paused.append(document)
        except PowerCutError:
            await self.restart_gallery(who)

    async def send_paused(self, who: int) -> None:
        """A publisher that was held up goes on with what it had read."""
        replica = self.galleries[who]
        try:
            if replica.paused:
                await self._publish(replica, replica.paused.pop(0))
        except PowerCutError:
            await self.restart_gallery(who)

    async def sweep(self, who: int) -> None:
        """The sweeper sends what was left."""
        try:
            await self.galleries[who].publisher.sweep(timedelta(0))
        except PowerCutError:
            await self.restart_gallery(who)
        except TimeoutError:
            return

    async def answer(self) -> None:
        """Answer those who wait and may be, and note it."""
        for it in list(self.waiting):
            if self.is_answered(it.offset, it.acknowledged):
                self.waiting.remove(it)
                if self.asks[it.image_id][it.ask] == Visibility.PRIVATE:
                    self.hidden[it.image_id] = max(it.ask, self.hidden.get(it.image_id, 0))
                await self._note(it)

    def is_answered(self, offset: int, acknowledged: float) -> bool:
        """Tell whether a record is known to be everywhere: by the group's commits, or as all leases have run out."""
        committed = self.log.commits["download"].get(AT, 0)
        believed = committed if committed <= self.log.end(AT) else 0
        by_lease = self.now - acknowledged >= LEASES_ARE_OVER_S
        return believed > offset or by_lease or self._guards.barrier is not Barrier

    async def read(self, replica: Download | Gallery, most: int) -> None:
        """A member fetches and works on what it has in hand."""
        replica.member.client.fetch(AT, most)
        try:
            await replica.member.read(AT)
        except PowerCutError:
            await self._restart(replica)

    async def move(self, group: str, to: int, *, is_told: bool) -> None:
        """The partition gets another reader; the old one isn't told at once, perhaps."""
        replicas: Sequence[Download | Gallery] = self.downloads if group == "download" else self.galleries
        old = replicas[self.reader if group == "download" else self.auditor].member
        if is_told:
            await old.leave(AT)
        old.client.is_deposed = True
        if group == "download":
            self.reader = to
        else:
            self.auditor = to
        try:
            await replicas[to].member.join(AT)
        except PowerCutError:
            await self._restart(replicas[to])

    async def restart_gallery(self, who: int) -> None:
        """A replica of gallery is gone, with all that it was doing, and comes back."""
        self.galleries[who] = self._a_gallery()
        if who == self.auditor:
            await self.galleries[who].member.join(AT)

    async def restart_download(self, who: int) -> None:
        """A replica of download is gone, with all that it was doing, and comes back."""
        self.downloads[who] = self._a_download()
        if who == self.reader:
            await self.downloads[who].member.join(AT)

    async def settle(self) -> None:
        """Let all catch up: what is there to read is read, what is there to send is sent."""
        for _ in range(3):
            await self._read_all_of_gallery()
            await self.sweep(self.auditor)
            await self.bulks.follow(self.auditor, is_read=True)
            await self.read_all_of_download()
        await self.renew(self.reader)

    async def read_all_of_download(self) -> None:
        """Download's reader works off what is in the log."""
        await self._read_all(lambda: self.downloads[self.reader])

    async def renew(self, who: int) -> None:
        """A replica of download renews its lease, or doesn't: it goes on trying, as the real one does."""
        try:
            await self.downloads[who].member.lease.renew()
        except KafkaError:
            return
        except PowerCutError:
            await self.restart_download(who)

    async def copy(self, service: str) -> Copy:
        """Take a copy of a store."""
        database = self._databases[service]
        names = await database.list_collection_names()
        return {name: await database[name].find({}).to_list(None) for name in names}

    async def put_back(self, service: str, copy: Copy) -> None:
        """Put a store back to a copy, its replicas being away; gallery serves again once its audit has caught up."""
        if service == "download":
            await self._load(service, copy)
            for who in range(2):
                await self.restart_download(who)
            return
        self.is_serving = False
        await self._load(service, copy)
        self.galleries = [self._a_gallery() for _ in range(2)]
        await self.galleries[self.auditor].member.join(AT)
        await self._read_all_of_gallery()
        self.is_serving = True

    async def is_quiet(self) -> bool:
        """Tell whether the audit has read all, and nothing is left to send: then compaction may come that far."""
        audited = await self.galleries[self.auditor].member.consumer.stored()
        left = await self.galleries[0].writer.collection.count_documents({"unpublished": True})
        open_batches = await self._databases["gallery"]["batches"].count_documents({"open": True})
        return audited[AT].offset == self.log.end(AT) and not left and not open_batches

    async def shown_though_hidden(self) -> list[str]:
        """Give what would be shown to a stranger though its owner asked for private last, and was told that it is."""
        await self.bulks.note_promises()
        found = []
        for name, ask in self.hidden.items():
            if Visibility.PUBLIC in self.asks[name][ask + 1 :]:
                continue
            found += [f"download-{n + 1}" for n, it in enumerate(self.downloads) if await it.shows(name)]
            if self.is_serving and await self._is_public(name):
                found.append("gallery")
        return found

    async def _publish(self, replica: Gallery, document: Document) -> None:
        try:
            place = await replica.publisher.publish(document)
        except TimeoutError:
            return
        ask = self._ask_of.get((document["_id"], document["version"]))
        if ask is not None:
            self.waiting.append(Waiting(document["_id"], document["version"], ask, place.offset, self.now))

    async def _note(self, answered: Waiting) -> None:
        sent = {"_id": answered.image_id, "version": answered.version}, Place(AT.topic, AT.partition, answered.offset)
        try:
            await self.galleries[0].writer.mark([sent], [], enforced=True)
        except PowerCutError:
            await self.restart_gallery(0)

    async def _restart(self, replica: Download | Gallery) -> None:
        if isinstance(replica, Gallery):
            await self.restart_gallery(self.galleries.index(replica))
        else:
            await self.restart_download(self.downloads.index(replica))

    async def _read_all_of_gallery(self) -> None:
        await self._read_all(lambda: self.galleries[self.auditor])

    async def _read_all(self, one: "Callable[[], Download | Gallery]") -> None:
        for _ in range(20):
            consumer: GroupConsumer = one().member.consumer
            if (await consumer.stored())[AT].offset == self.log.end(AT):
                return
            await self.read(one(), _ALL)

    async def _is_public(self, name: str) -> bool:
        document = await self.galleries[0].writer.collection.find_one({"_id": name})
        return document is not None and document["visibility"] == Visibility.PUBLIC

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition("/")[2]
        if not self.is_serving:
            return httpx.Response(503)
        said: dict[str, Any] = {"owner_id": OWNER, "visibility": "public"}
        return httpx.Response(200, json=said) if await self._is_public(name) else httpx.Response(404)

    async def _load(self, service: str, copy: Copy) -> None:
        database = self._databases[service]
        for name in {*await database.list_collection_names(), *copy}:
            await database[name].delete_many({})
            if copy.get(name):
                await database[name].insert_many(copy[name])

    def _a_gallery(self) -> Gallery:
        return a_gallery(self.log, self._guards, self._databases["gallery"])

    def _a_download(self) -> Download:
        return a_download(self.log, self._guards, self._databases["download"], self._http)
