"""The log: events doubled, reordered, late, poisoned; groups rewound; commits beyond the end; topics made anew."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from aiokafka import TopicPartition
from aiokafka.admin import NewPartitions
from tests.chaos.faults.scene import Scene, fault
from tests.chaos.topics import Raw, admin_of, commit, ends_of, make_topics, records_of, write
from tests.chaos.world import Image

from shared.topics import PLAN_CHANGES, TOPICS, VISIBILITY_CHANGES, dead_letter_topic

_SOME = 40
_STATES = (VISIBILITY_CHANGES.name, PLAN_CHANGES.name)
_GROUP = "download"


@fault("duplicate")
async def duplicate(scene: Scene) -> None:
    """The last records of a state topic come a second time."""
    topic = scene.chance.choice(_STATES)
    scene.hit.append(topic)
    records = await records_of(scene.stack.kafka, topic)
    await write(scene.stack.kafka, [it for it in records if not _is_ours(it)][-_SOME:])


@fault("reorder")
async def reorder(scene: Scene) -> None:
    """Old records come behind newer ones, in any order: a publisher that was paused between reading and sending."""
    topic = scene.chance.choice(_STATES)
    scene.hit.append(topic)
    records = [it for it in await records_of(scene.stack.kafka, topic) if not _is_ours(it)]
    chosen = scene.chance.sample(records, min(_SOME, len(records)))
    await write(scene.stack.kafka, chosen)


@fault("late-publisher")
async def late_publisher(scene: Scene) -> None:
    """A publisher that was paused between reading and sending: what showed an image comes behind what hid it."""
    async with scene.kept_hidden() as kept:
        for image in kept:
            await scene.writers.hide(image)
        await send_late(scene, kept)


async def send_late(scene: Scene, images: Sequence[Image]) -> None:
    """Send the records that last showed `images` once more."""
    wanted = {image.id.encode() for image in images}
    shown: dict[bytes, Raw] = {}
    for record in await records_of(scene.stack.kafka, VISIBILITY_CHANGES.name):
        if record.key in wanted and _visibility(record) == "public":
            shown[record.key or b""] = record
    scene.hit.append(f"{len(shown)} images")
    await write(scene.stack.kafka, shown.values())


@fault("delay")
async def delay(scene: Scene) -> None:
    """Records of this moment come again some seconds later."""
    ends = await ends_of(scene.stack.kafka, VISIBILITY_CHANGES.name)
    await scene.hold(0.5, 1.5)
    by_partition = {partition.partition: end for partition, end in ends.items()}
    records = [
        it
        for it in await records_of(scene.stack.kafka, VISIBILITY_CHANGES.name)
        if it.offset >= by_partition[it.partition] and not _is_ours(it)
    ]
    await scene.hold(1.0, 3.0)
    await write(scene.stack.kafka, records[-_SOME:])


@fault("poison")
async def poison(scene: Scene) -> None:
    """Records that can't be read, or must not be believed, lie under the keys of hidden images."""
    async with scene.kept_hidden() as kept:
        for image in kept:
            await scene.writers.hide(image)
        wanted = {image.id.encode() for image in kept}
        records = await records_of(scene.stack.kafka, VISIBILITY_CHANGES.name)
        last = {it.key: it for it in records if it.key in wanted and not _is_ours(it) and _visibility(it)}
        made = []
        for record in last.values():
            kind = scene.chance.choice(["broken", "strange", "missing", "newer", "null", "other-key"])
            version = scene.chance.choice([0, 1, 3, 1000])
            scene.hit.append(f"{kind} +{version}")
            made.append(_poisoned(record, kind, version, scene.chance.choice(list(last.values()))))
        await write(scene.stack.kafka, made)


@fault("poison-partition")
async def poison_partition(scene: Scene) -> None:
    """A record without a readable key: nobody knows whose state it hides."""
    partition = scene.chance.randrange(VISIBILITY_CHANGES.partitions)
    scene.hit.append(f"partition {partition}")
    await write(scene.stack.kafka, [Raw(VISIBILITY_CHANGES.name, partition, b"\xff\xfe", b"{", _MARK)])


@fault("rewind")
async def rewind(scene: Scene) -> None:
    """Somebody sets download's group back to the beginning while it is away."""
    await _with_download_away(scene, lambda _: 0)


@fault("commit-beyond")
async def commit_beyond(scene: Scene) -> None:
    """Download's group, while it is away, says that it has read what isn't there yet."""
    await _with_download_away(scene, lambda end: end + 1_000_000)


@fault("topic-anew", needs="real")
async def topic_anew(scene: Scene) -> None:
    """The topic of the states is deleted and made anew, empty, under the services' feet."""
    scene.hit.append(VISIBILITY_CHANGES.name)
    await make_topics(scene.stack.kafka, [VISIBILITY_CHANGES.name])


@fault("partition-added", needs="real")
async def partition_added(scene: Scene) -> None:
    """Somebody adds a partition to a group's dead letters, and to the states until they are made anew."""
    names = [VISIBILITY_CHANGES.name, dead_letter_topic(_GROUP).name]
    scene.hit += names
    async with admin_of(scene.stack.kafka) as admin:
        await admin.create_partitions({name: NewPartitions(TOPICS[name].partitions + 1) for name in names})
    await scene.hold(1.0, 3.0)
    await make_topics(scene.stack.kafka, names)


async def _with_download_away(scene: Scene, to: Callable[[int], int]) -> None:
    processes = scene.stack.replicas("download")
    scene.hit.append(_GROUP)
    await asyncio.gather(*(it.stop() for it in processes))
    try:
        offsets: dict[TopicPartition, int] = {}
        for topic in _STATES:
            offsets |= {partition: to(end) for partition, end in (await ends_of(scene.stack.kafka, topic)).items()}
        if not await commit(scene.stack.kafka, _GROUP, offsets):
            scene.hit.append("not taken")
        await scene.hold(0.3, 1.5)
    finally:
        await asyncio.gather(*(it.start() for it in processes))


_MARK = (("chaos", b"1"),)


def _is_ours(record: Raw) -> bool:
    return dict(record.headers).get("chaos") is not None


def _visibility(record: Raw) -> str | None:
    try:
        return str(json.loads(record.value or b"")["visibility"])
    except (ValueError, KeyError, TypeError):
        return None


def _poisoned(record: Raw, kind: str, version: int, other: Raw) -> Raw:
    headers = dict(record.headers)
    body = defaultdict(str, json.loads(record.value or b"{}"))
    body["version"] = int(body["version"] or 0) + version
    if version:
        headers["ce_sequence"] = str(body["version"]).encode()
    else:
        headers.pop("ce_sequence", None)  # of which state it is can't even be guessed
    if kind == "broken":
        return replace(record, value=b'{"image_id": ', headers=(*headers.items(), *_MARK))
    if kind == "null":
        return replace(record, value=b"null", headers=(*headers.items(), *_MARK))
    if kind == "strange":
        body["visibility"] = "friends"
    elif kind == "missing":
        body.pop("visibility", None)
    elif kind == "newer":
        headers["ce_type"] = b"gallery.visibility-changed.v2"
    else:
        body = defaultdict(str, json.loads(other.value or b"{}"))
    if kind == "other-key" and other.key == record.key:
        body["visibility"] = "friends"
    return replace(record, value=json.dumps(body).encode(), headers=(*headers.items(), *_MARK))
