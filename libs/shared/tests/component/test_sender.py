"""The sender: a producer that can't send any more is replaced, once and whole, whoever stops waiting for it."""

import asyncio
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    DuplicateSequenceNumber,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    ProducerFenced,
    UnknownProducerId,
)
from aiokafka.protocol.produce import ProduceRequest
from faststream.kafka import KafkaBroker

from shared.bus.broker import EventSender, create_broker
from shared.contracts import Event
from shared.testing.events import sending, visibility_changed

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def event() -> Event:
    return visibility_changed("ann", "img_1", "private")


@pytest.mark.parametrize(
    "error", [OutOfOrderSequenceNumber(), UnknownProducerId(), ProducerFenced(), RuntimeError("a defect")]
)
async def test_producer_that_can_not_go_on_is_replaced(
    kafka: str, event: Event, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, left = AIOKafkaClient.send, [error]

    async def send(self: AIOKafkaClient, node_id: int, request: Any, **options: Any) -> Any:
        if isinstance(request, ProduceRequest) and left:
            raise left.pop()
        return await answer(self, node_id, request, **options)

    async with sending(kafka) as sender:
        before = await sender.send(event)
        monkeypatch.setattr(AIOKafkaClient, "send", send)

        assert (await sender.send(event)).offset == before.offset + 1
        assert (await sender.send(event)).offset == before.offset + 2
    assert not left


async def test_who_runs_out_of_time_does_not_leave_the_sender_without_a_producer(
    kafka: str, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = create_broker(kafka, "tests", [])  # as in the middle of a renewal
    sender, started, start = EventSender(broker, 0.001), asyncio.Event(), broker.start

    async def told() -> None:
        await start()
        started.set()

    monkeypatch.setattr(broker, "start", told)
    with pytest.raises(TimeoutError):
        await sender.send(event)

    async with asyncio.timeout(20):
        await started.wait()
    await sender.aclose()


async def test_ten_that_need_a_producer_renew_it_once(
    kafka: str, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = create_broker(kafka, "tests", [])
    sender, starts, start = EventSender(broker, 5.0), list[int](), broker.start

    async def counted() -> None:
        starts.append(1)
        await start()

    monkeypatch.setattr(broker, "start", counted)
    places = await asyncio.gather(*(sender.send(event) for _ in range(10)))
    await sender.aclose()

    assert len({place.offset for place in places}) == 10
    assert len(starts) == 1


async def test_closed_sender_starts_nothing_again(kafka: str, event: Event) -> None:
    broker = create_broker(kafka, "tests", [])
    await broker.start()
    sender = EventSender(broker, 5.0)
    await sender.aclose()

    with pytest.raises(ProducerClosed):
        await sender.send(event)
    assert not broker.running


async def test_renewal_that_is_under_way_ends_with_the_sender(
    kafka: str, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = create_broker(kafka, "tests", [])
    sender, begun, ended = EventSender(broker, 0.01), asyncio.Event(), asyncio.Event()

    async def endless() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    monkeypatch.setattr(broker, "start", endless)
    with pytest.raises(TimeoutError):
        await sender.send(event)
    assert begun.is_set()

    await sender.aclose()

    assert ended.is_set()


async def test_record_whose_place_nobody_knows_is_not_called_sent(
    kafka: str, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = KafkaBroker.publish

    async def placeless(self: KafkaBroker, *arguments: Any, **options: Any) -> Any:
        return (await publish(self, *arguments, **options))._replace(offset=-1)

    monkeypatch.setattr(KafkaBroker, "publish", placeless)
    async with sending(kafka) as sender:
        with pytest.raises(DuplicateSequenceNumber):
            await sender.send(event)
