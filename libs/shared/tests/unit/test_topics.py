"""Topics as data."""

from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import EVENTS
from shared.ids import ID_PATTERN
from shared.topics import L_MAX, TOPICS, VISIBILITY_CHANGES


@given(st.from_regex(ID_PATTERN, fullmatch=True))
def test_partition_is_what_kafkas_default_partitioner_says(key: str) -> None:
    everything = list(range(VISIBILITY_CHANGES.partitions))
    assert VISIBILITY_CHANGES.partition_of(key) == DefaultPartitioner()(key.encode(), everything, everything)


def test_every_contract_has_its_topic_and_every_group_its_dead_letters() -> None:
    for event in EVENTS:
        assert event.topic in TOPICS
        for group in TOPICS[event.topic].readers:
            assert f"{group}.dlq" in TOPICS


def test_state_topics_are_compacted_after_a_week() -> None:
    compacted = [topic for topic in TOPICS.values() if topic.cleanup == "compact"]
    assert {topic.name for topic in compacted} == {"entitlement.plan-changes", "gallery.visibility-changes"}
    for topic in compacted:
        settings = topic.configuration()
        assert (settings["min.compaction.lag.ms"], settings["segment.ms"]) == ("604800000", "604800000")
    assert L_MAX == 1.0
