"""The topics as data: names, partitions, configuration, who writes and who reads."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal

from aiokafka.admin import NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code
from aiokafka.partitioner import murmur2

from shared.contracts import GenerationFinished, GenerationRequested, PlanChanged, VisibilityChanged
from shared.credentials import KafkaAccess
from shared.kafka_clients import admin_client

L_MAX: Final = 1.0
"""Seconds for which a replica may trust its own view at the most (DESIGN, the lease)."""

_DAY_MS = 24 * 60 * 60 * 1000
_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `readers` are consumer groups; the partition count is a constant that producers compute with."""

    name: str
    partitions: int
    cleanup: Literal["compact", "delete"]
    writer: str
    readers: tuple[str, ...]
    retention_ms: int | None = None
    extra: dict[str, str] = field(default_factory=dict)

    def partition_of(self, key: str) -> int:
        """Give the partition of `key`, as Kafka's default partitioner does."""
        return int((murmur2(key.encode()) & 0x7FFFFFFF) % self.partitions)

    def configuration(self, compacted_after: timedelta = _WEEK) -> dict[str, str]:
        """Give the topic's settings for its creation; `compacted_after`: how long a state topic keeps every record."""
        settings = {"cleanup.policy": self.cleanup, **self.extra}
        if self.cleanup == "compact":
            lag_ms = str(compacted_after // timedelta(milliseconds=1))
            # Only what is in an older segment can be compacted.
            settings |= {"min.compaction.lag.ms": lag_ms, "segment.ms": lag_ms}
        if self.retention_ms is not None:
            settings["retention.ms"] = str(self.retention_ms)
        return settings


PLAN_CHANGES = Topic(
    PlanChanged.topic,
    partitions=4,
    cleanup="compact",
    writer="entitlement",
    readers=("generation", "gallery", "download", "entitlement-audit"),
)
GENERATION_REQUESTS = Topic(
    GenerationRequested.topic,
    partitions=8,
    cleanup="delete",
    writer="generation",
    readers=("generation-worker",),
    retention_ms=7 * _DAY_MS,
)
GENERATION_RESULTS = Topic(
    GenerationFinished.topic,
    partitions=4,
    cleanup="delete",
    writer="generation-worker",
    readers=("gallery", "generation"),
    retention_ms=7 * _DAY_MS,
)
VISIBILITY_CHANGES = Topic(
    VisibilityChanged.topic,
    partitions=4,
    cleanup="compact",
    writer="gallery",
    readers=("download", "gallery-audit", "download-eraser", "generation-eraser"),
)
_EVENT_TOPICS = (PLAN_CHANGES, GENERATION_REQUESTS, GENERATION_RESULTS, VISIBILITY_CHANGES)
GROUPS = tuple(sorted({group for topic in _EVENT_TOPICS for group in topic.readers}))


def dead_letter_topic(group: str) -> Topic:
    """Give the topic that keeps what `group` could not decode, as it came, for 30 days."""
    return Topic(f"{group}.dlq", partitions=1, cleanup="delete", writer=group, readers=(), retention_ms=30 * _DAY_MS)


TOPICS: dict[str, Topic] = {
    topic.name: topic for topic in (*_EVENT_TOPICS, *(dead_letter_topic(group) for group in GROUPS))
}


class WrongPartitionCountError(RuntimeError):
    """A topic has another number of partitions than the producers compute with: starting would lose order."""


async def create_topics(
    kafka: KafkaAccess | str, replication_factor: int = 1, compacted_after: timedelta = _WEEK
) -> None:
    """Make the topics that aren't there yet; idempotent.

    Raises:
        KafkaError: the cluster refuses one of them.
    """
    admin = admin_client(kafka)
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        missing = [
            NewTopic(
                topic.name, topic.partitions, replication_factor, topic_configs=topic.configuration(compacted_after)
            )
            for topic in TOPICS.values()
            if topic.name not in existing
        ]
        if missing:
            answer = await admin.create_topics(missing)
            for name, code, *_ in answer.topic_errors:
                error = for_code(code)
                if code and error is not TopicAlreadyExistsError:
                    raise error(name)
    finally:
        await admin.close()


async def check_partitions(kafka: KafkaAccess | str, names: Iterable[str]) -> None:
    """Refuse to go on when a topic is missing or has another number of partitions than its constant.

    Raises:
        WrongPartitionCountError: with the topic, what it has and what it should have.
    """
    admin = admin_client(kafka)
    await admin.start()
    try:
        described = await admin.describe_topics(list(names))
    finally:
        await admin.close()
    for found in described:
        topic, partitions = TOPICS[found["topic"]], len(found["partitions"])
        if partitions != topic.partitions:
            raise WrongPartitionCountError(
                f"topic {topic.name} has {partitions} partitions, {topic.partitions} are expected: "
                "create it anew with the set-up job and republish"
            )
