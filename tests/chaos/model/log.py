"""A log of topics in memory, and what the real parts ask of an aiokafka client."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError
from aiokafka.structs import OffsetAndTimestamp, RecordMetadata

from shared.topics import TOPICS

Headers = Mapping[str, str]
Meanwhile = Callable[[], Awaitable[None]]


class Log:
    """Every topic's records, in order; what is appended is acknowledged and not lost, unless it is made anew."""

    def __init__(self) -> None:
        self._records: dict[TopicPartition, list[ConsumerRecord]] = defaultdict(list)
        self._ends: dict[TopicPartition, int] = defaultdict(int)
        self._now_ms = 1_000
        self.commits: dict[str, dict[TopicPartition, int]] = defaultdict(dict)

    def append(self, topic: str, partition: int, key: bytes | None, value: bytes | None, headers: Headers) -> int:
        """Append a record; give its offset."""
        at = TopicPartition(topic, partition)
        self._now_ms += 1
        raw = tuple((name, text.encode()) for name, text in headers.items())
        self._records[at].append(
            ConsumerRecord(topic, partition, self._ends[at], self._now_ms, 0, key, value, None, -1, -1, raw)
        )
        self._ends[at] += 1
        return self._ends[at] - 1

    def again(self, record: ConsumerRecord) -> None:
        """Append a record a second time, as somebody does who was late, or who doubts the acknowledgement."""
        headers = {name: value.decode() for name, value in record.headers}
        self.append(record.topic, record.partition, record.key, record.value, headers)

    def records(self, at: TopicPartition) -> list[ConsumerRecord]:
        """Give what is left of a partition."""
        return list(self._records[at])

    def end(self, at: TopicPartition) -> int:
        """Give the offset that the next record gets."""
        return self._ends[at]

    def beginning(self, at: TopicPartition) -> int:
        """Give the offset from which on nothing was removed by time; compaction leaves holes instead."""
        return 0

    def compact(self, at: TopicPartition) -> None:
        """Keep the last record of each key."""
        last = {record.key: record.offset for record in self._records[at]}
        self._records[at] = [it for it in self._records[at] if last[it.key] == it.offset]

    def make_anew(self, topic: str) -> None:
        """Delete a topic and make it again, empty, under everybody's feet."""
        for number in range(TOPICS[topic].partitions):
            self._records.pop(TopicPartition(topic, number), None)
            self._ends.pop(TopicPartition(topic, number), None)


class Client:
    """One connection: as much of aiokafka's consumer as `LogEnds` and `GroupConsumer` use.

    `meanwhile` is done once, between the answer about the ends and what its asker does next.
    """

    def __init__(self, log: Log, group: str) -> None:
        self._log = log
        self._group = group
        self._fetch_at: dict[TopicPartition, int] = {}
        self._in_hand: dict[TopicPartition, list[ConsumerRecord]] = defaultdict(list)
        self.assigned: set[TopicPartition] = set()
        self.is_deposed = False
        self.is_told: Callable[[Iterable[TopicPartition]], Awaitable[None]] | None = None
        self.meanwhile: Meanwhile | None = None

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Give the ends."""
        ends = {it: self._log.end(it) for it in partitions}
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return ends

    async def beginning_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Give the beginnings."""
        return {it: self._log.beginning(it) for it in partitions}

    async def offsets_for_times(
        self, times: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, OffsetAndTimestamp | None]:
        """Give each partition's first record of a time or later."""
        return {
            at: next(
                (OffsetAndTimestamp(it.offset, it.timestamp) for it in self._log.records(at) if it.timestamp >= ms),
                None,
            )
            for at, ms in times.items()
        }

    async def times_at(self, offsets: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """Give the times of the records at `offsets` that are left."""
        return {
            at: it.timestamp for at, offset in offsets.items() for it in self._log.records(at) if it.offset == offset
        }

    def assignment(self) -> set[TopicPartition]:
        """Give what it believes to be its own."""
        return set(self.assigned)

    def seek(self, at: TopicPartition, offset: int) -> None:
        """Go on from there; what is in hand is dropped, as it is from elsewhere."""
        self._fetch_at[at] = offset
        self._in_hand[at].clear()

    def fetch(self, at: TopicPartition, most: int) -> None:
        """Take up to `most` records in hand; beyond the end it begins anew, as `auto_offset_reset` says."""
        if at not in self._fetch_at:
            return
        if self._fetch_at[at] > self._log.end(at):
            self._fetch_at[at] = self._log.beginning(at)
        found = [it for it in self._log.records(at) if it.offset >= self._fetch_at[at]][:most]
        if found:
            self._fetch_at[at] = found[-1].offset + 1
            self._in_hand[at] += found

    def take(self, at: TopicPartition) -> ConsumerRecord | None:
        """Give the first record in hand."""
        return self._in_hand[at].pop(0) if self._in_hand[at] else None

    async def getmany(self, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[ConsumerRecord]]:
        """Give the rest of what is in hand."""
        found = {at: records[:max_records] for at, records in self._in_hand.items() if records}
        for at, records in found.items():
            del self._in_hand[at][: len(records)]
        return found

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Commit, unless the group has gone on without this member: that is how it comes to know."""
        if self.is_deposed:
            if self.is_told is not None:
                await self.is_told(list(offsets))
            self.assigned.difference_update(offsets)
            raise CommitFailedError("no longer a member")
        self._log.commits[self._group].update(offsets)


class LosingBroker:
    """What `EventSender` publishes with; `fate` befalls the next record, once."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.fate = "written"

    async def publish(
        self, body: bytes, topic: str, *, key: bytes | None, partition: int, headers: Headers
    ) -> RecordMetadata:
        """Append, lose, append without an acknowledgement, or append what nobody can read."""
        fate, self.fate = self.fate, "written"
        if fate == "lost":
            raise TimeoutError
        offset = self._log.append(topic, partition, key, body[:20] if fate == "garbled" else body, headers)
        if fate == "unacknowledged":
            raise TimeoutError
        at = TopicPartition(topic, partition)
        return RecordMetadata(topic, partition, at, offset, None, 0, 0)
