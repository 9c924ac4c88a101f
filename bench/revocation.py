"""`revocation`: make-private answered 200 (enforced everywhere) against the raw chain on the same stores."""

import asyncio
import itertools
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from statistics import median

from tests.e2e.api_client import Person

from bench.measuring import Pace, percentile, ratio_of, timed_ms
from bench.raw_chain import PARTS, RawChain, raw_chain
from bench.results import Result, Table
from bench.seeding import seed
from bench.system import System, running_system
from bench.wire import Connection
from shared.contracts import Cause, VisibilityChanged
from shared.ids import ImageId, UserId, new_generation_id
from shared.visibility import Visibility

SAMPLES = 30
WARM_UP = 5
SETTLE_S = 0.15
"""Pause before each measurement: what one leaves behind (audit, erasers) must not slow the other down."""
READS_A_SECOND = 20


@dataclass(slots=True)
class Seen:
    """What was measured: times in milliseconds; `late` counts the answers 202."""

    patches: list[list[float]] = field(default_factory=list)
    chains: list[list[float]] = field(default_factory=list)
    parts: list[list[float]] = field(default_factory=lambda: [[] for _ in PARTS])
    late: int = 0


async def measure(pace: Pace) -> Result:
    """One writer, `READS_A_SECOND` reads a second beside it; each image is made private once, then one raw chain."""
    async with running_system() as system:
        ann = await system.somebody("plus")
        owner = UserId(str(ann.user_id))
        images = await seed(system, owner, pace.rounds * SAMPLES + WARM_UP, (Visibility.PUBLIC,))
        (shown,) = await ann.generate(visibility="public")
        async with raw_chain(system) as chain, system.connection() as connection, _reading(system, shown) as reads:
            writer = _Writer(connection, ann, chain)
            for image in images[:WARM_UP]:
                await writer.revoke(image)
                await writer.raw(image)
            writer.seen = Seen()
            for number in range(pace.rounds):
                await writer.round(images[WARM_UP + number * SAMPLES :][:SAMPLES])
                pace.say(
                    f"revocation, round {number + 1} of {pace.rounds}: p50 {median(writer.seen.patches[-1]):.1f} ms"
                )
            await _check_refused(system, images[-1])
        return _result(writer.seen, reads)


class _Writer:
    """Makes images private one after the other, and goes through the raw chain in between."""

    def __init__(self, connection: Connection, owner: Person, chain: RawChain) -> None:
        self._connection = connection
        self._owner = owner
        self._chain = chain
        self.seen = Seen()

    async def round(self, images: list[ImageId]) -> None:
        """Measure both for each image, the first of them by lot."""
        self.seen.patches.append([])
        self.seen.chains.append([])
        for image in images:
            if random.random() < 0.5:
                await self._measure_patch(image)
                await self._measure_chain(image)
            else:
                await self._measure_chain(image)
                await self._measure_patch(image)

    async def revoke(self, image: ImageId) -> None:
        """Make an image private; an answer 202 is counted."""
        request = self._connection.request(
            "PATCH", f"/v1/images/{image}", self._owner.headers, {"visibility": Visibility.PRIVATE}
        )
        answer = await self._connection.send(request)
        if answer.status not in {200, 202}:
            raise RuntimeError(f"make-private answered {answer.status}")
        self.seen.late += answer.status == 202

    async def raw(self, image: ImageId) -> float:
        """Go through the raw chain once; give the milliseconds it took."""
        parts = await self._chain.revoke(self._event(image))
        for times, part in zip(self.seen.parts, parts, strict=True):
            times.append(part)
        return sum(parts)

    async def _measure_patch(self, image: ImageId) -> None:
        await asyncio.sleep(SETTLE_S)
        self.seen.patches[-1].append(await timed_ms(lambda: self.revoke(image)))

    async def _measure_chain(self, image: ImageId) -> None:
        await asyncio.sleep(SETTLE_S)
        self.seen.chains[-1].append(await self.raw(image))

    def _event(self, image: ImageId) -> VisibilityChanged:
        now = datetime.now(UTC)
        return VisibilityChanged(
            image_id=image,
            owner_id=UserId(str(self._owner.user_id)),
            generation_id=new_generation_id(),
            visibility=Visibility.PRIVATE,
            version=2,
            cause=Cause.OWNER,
            master_key=f"{image}/0011223344556677.png",
            width=1024,
            height=1024,
            created_at=now,
            changed_at=now,
        )


@asynccontextmanager
async def _reading(system: System, image: str) -> AsyncGenerator[list[float], None]:
    """Read a public image's preview and detail in turn, on one connection; give the list of their times."""
    times: list[float] = []

    async def read_forever(connection: Connection) -> None:
        paths = (f"/v1/previews/{image}?width=256", f"/v1/images/{image}")
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number, path in enumerate(itertools.cycle(paths)):
            request = connection.request("GET", path, {})
            times.append(await timed_ms(partial(connection.send, request)))
            await asyncio.sleep(max(0.0, began + (number + 1) / READS_A_SECOND - loop.time()))

    async with system.connection() as connection:
        reading = asyncio.create_task(read_forever(connection))
        try:
            yield times
        finally:
            reading.cancel()
            await asyncio.wait({reading})


async def _check_refused(system: System, image: ImageId) -> None:
    answer = await system.anonymous.get(f"/v1/images/{image}")
    if answer.status_code != 404:
        raise RuntimeError(f"a stranger was answered {answer.status_code} after the change was enforced")


def _result(seen: Seen, reads: list[float]) -> Result:
    rows = [
        ("make-private over HTTP", *_quantiles(list(itertools.chain(*seen.patches)))),
        ("raw chain", *_quantiles(list(itertools.chain(*seen.chains)))),
        *((f"  {name}", *_quantiles(times)) for name, times in zip(PARTS, seen.parts, strict=True)),
        (f"reads beside it ({READS_A_SECOND} a second)", *_quantiles(reads)),
    ]
    total = sum(len(it) for it in seen.patches)
    title = f"revocation, ms: {total} changes, {100 * seen.late / total:.1f} % answered 202"
    ratio = ratio_of("make-private enforced, against the raw chain", list(zip(seen.patches, seen.chains, strict=True)))
    return Result([ratio], [Table(title, ("what", "p50", "p99", "slowest"), rows)])


def _quantiles(times: list[float]) -> tuple[float, float, float]:
    return percentile(times, 50), percentile(times, 99), max(times)
