"""Builders of events, and a sender for them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from aiokafka import TopicPartition

from shared.bus.broker import EventSender, Place, create_broker
from shared.bus.record_times import RecordTimes
from shared.contracts import (
    Capabilities,
    FinishedImage,
    Format,
    GenerationFinished,
    Outcome,
    PlanChanged,
    VisibilityChanged,
)
from shared.credentials import KafkaAccess
from shared.ids import GenerationId, ImageId, UserId, new_generation_id, new_image_id

PLUS = Capabilities(private_generation=True, formats=tuple(Format), generations_at_once=8, images_per_generation=4)
FREE = Capabilities(private_generation=False, formats=(Format.JPG,), generations_at_once=1, images_per_generation=4)


def plan_changed(user_id: str, capabilities: Capabilities = PLUS, version: int = 1, **fields: Any) -> PlanChanged:
    """Build a plan's event."""
    plan = "plus" if capabilities.private_generation else "free"
    defaults: dict[str, Any] = {"plan": plan, "state": "active", "changed_at": datetime.now(UTC)}
    return PlanChanged(user_id=UserId(user_id), version=version, capabilities=capabilities, **{**defaults, **fields})


def finished_image(image_id: str | None = None) -> FinishedImage:
    """Build one finished image."""
    name = ImageId(image_id or new_image_id())
    return FinishedImage(image_id=name, width=1024, height=1024, master_key=f"{name}/0011223344556677.png")


def generation_finished(
    owner_id: str, *images: FinishedImage, visibility: str = "public", **fields: Any
) -> GenerationFinished:
    """Build a result."""
    defaults: dict[str, Any] = {
        "generation_id": GenerationId(new_generation_id()),
        "version": 2,
        "outcome": Outcome.SUCCEEDED,
        "finished_at": datetime.now(UTC),
    }
    return GenerationFinished(owner_id=UserId(owner_id), visibility=visibility, images=images, **{**defaults, **fields})


def visibility_changed(
    owner_id: str, image_id: str | None = None, visibility: str = "public", version: int = 1, **fields: Any
) -> VisibilityChanged:
    """Build a change of visibility."""
    name = ImageId(image_id or new_image_id())
    now = datetime.now(UTC)
    defaults: dict[str, Any] = {
        "generation_id": GenerationId(new_generation_id()),
        "cause": "owner",
        "master_key": f"{name}/0011223344556677.png",
        "width": 1024,
        "height": 1024,
        "created_at": now,
        "changed_at": now,
    }
    return VisibilityChanged(
        image_id=name,
        owner_id=UserId(owner_id),
        visibility=visibility,
        version=version,
        **{**defaults, **fields},
    )


@asynccontextmanager
async def sending(kafka: KafkaAccess | str) -> AsyncGenerator[EventSender, None]:
    """Give a sender of events, as another service would be one."""
    broker = create_broker(kafka, "tests", [])
    async with broker:
        await broker.start()
        yield EventSender(broker, 5.0)


async def time_at(kafka: str, place: Place) -> int | None:
    """Give the time in ms of the record at `place`; None where it isn't there any more."""
    times, partition = RecordTimes(kafka), TopicPartition(place.topic, place.partition)
    await times.start()
    try:
        return (await times.at({partition: place.offset})).get(partition)
    finally:
        await times.aclose()
