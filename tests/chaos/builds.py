"""Test builds: a service with parts of the campaign's own in the place of some of its guards.

A build is a name, or several by commas: `serves-only` and `garbles` are faults that a whole service withstands, each
mutant (`tests.chaos.mutants`) is a guard taken out.
"""

import importlib
import random
from dataclasses import dataclass, replace
from typing import Any, cast

from faststream.kafka import KafkaBroker

from shared.bus.broker import Place
from shared.bus.cloudevents import headers_of
from shared.bus.consumer import GroupConsumer
from shared.guards import GUARDS
from shared.mongo import Document
from shared.publication import Publisher
from shared.topics import TOPICS

SERVES_ONLY, GARBLES = "serves-only", "garbles"
_GARBLED = 0.15


@dataclass(frozen=True, slots=True)
class Build:
    """What a build puts in: guards by their names, `decisions_type` too, for each service that it concerns."""

    parts: dict[str, dict[str, type[Any]]]

    def of(self, service: str) -> dict[str, type[Any]]:
        """Give what it puts into `service`."""
        return self.parts.get(service, {})


class _Unsubscribed:
    consumer = None

    def __call__(self, handler: Any) -> Any:
        return handler


class NoBroker:
    """A broker that gives its subscribers nothing."""

    def subscriber(self, *_: Any, **__: Any) -> _Unsubscribed:
        """Subscribe in vain."""
        return _Unsubscribed()


class NeverAssigned(GroupConsumer):
    """A replica that gets no partition: it serves from the rows that another one writes, under its own lease.

    The embedded broker doesn't get a group of several members going again once one has left it.
    """

    def __init__(self, group: str, broker: KafkaBroker, *more: Any) -> None:
        super().__init__(group, cast("KafkaBroker", NoBroker()), *more)


class GarblingPublisher(Publisher):
    """Sends, now and then, a record that can't be read in the place of the state: its key is all that is left."""

    async def send(self, document: Document) -> Place:
        if random.random() > _GARBLED:
            return await super().send(document)
        event = self._to_event(document)
        partition = TOPICS[event.topic].partition_of(event.key)
        body = event.model_dump_json().encode()[:40]
        return await self._sender.send_raw(event.topic, partition, event.key.encode(), body, headers_of(event))


_FAULTY = {
    SERVES_ONLY: Build({service: {"consumer": NeverAssigned} for service in ("gallery", "download")}),
    GARBLES: Build({"gallery": {"publisher": GarblingPublisher}}),
}


def create(create_app: Any, settings: Any, service: str, build: str) -> Any:
    """Build the application of `service` with the parts that `build` names."""
    parts: dict[str, type[Any]] = {}
    for name in build.split(","):
        parts |= _build(name).of(service)
    own = {name: parts.pop(name) for name in ("decisions_type",) if name in parts}
    return create_app(settings, replace(GUARDS, **parts), **own)


def _build(name: str) -> Build:
    if name in _FAULTY:
        return _FAULTY[name]
    module = importlib.import_module(f"tests.chaos.mutants.{name.replace('-', '_')}")
    return Build(module.PARTS)
