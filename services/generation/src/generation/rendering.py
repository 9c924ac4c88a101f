"""A worker's job: from a request to masters in the object store and a result on its topic."""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from contextlib import suppress

from aiokafka.errors import KafkaError

from generation.backends import Backend, ProgressListener, RenderError, RenderFailed, RenderRequest
from generation.domain import MAX_SEED, SIZES, Failure, Generation
from generation.work_repository import WorkRepository
from shared.contracts import FinishedImage, GenerationRequested
from shared.ids import GenerationId
from shared.mongo import StoreError
from shared.objects import MASTERS, Objects
from shared.publication import Publisher

log = logging.getLogger(__name__)

REPORT_EVERY_S = 0.25


class TakenAwayError(Exception):
    """The generation was cancelled, or another worker has it now."""


class OnGenerationRequested:
    """Makes the images of requested generations, one request at a time."""

    contract = GenerationRequested

    def __init__(
        self,
        work: WorkRepository,
        backend: Backend,
        objects: Objects,
        results: Publisher,
        picture_timeout_s: float,
    ) -> None:
        self._work = work
        self._backend = backend
        self._objects = objects
        self._results = results
        self._picture_timeout_s = picture_timeout_s

    async def apply(self, events: Sequence[GenerationRequested], places: Sequence[int]) -> None:
        """Work requests off; one that was done before only has its result published again if need be."""
        for event in events:
            generation = await self._work.claim(event.generation_id)
            if generation is not None:
                with suppress(TakenAwayError):
                    await self._make(generation)
            await self._publish(event.generation_id)

    async def quarantine(
        self, key: str | None, topic: str, partition: int, offset: int, version: int | None = None
    ) -> None:
        """Fail the generation whose request can't be read, with a reason."""
        if key is None:
            return
        failure = Failure(code="request_unreadable", detail="The request could not be read; please try again.")
        if await self._work.fail_unread(GenerationId(key), failure):
            await self._publish(GenerationId(key))

    async def let_go(self) -> None:
        """Leave what is under way to another worker, at the end of this one."""
        try:
            await self._work.let_go()
        except StoreError as error:
            log.warning("left to the lease's end", extra={"error": type(error).__name__})

    async def _make(self, generation: Generation) -> None:
        images = list(generation.images)
        try:
            for number, image_id in enumerate(generation.image_ids):
                if all(image.image_id != image_id for image in images):
                    image = await self._make_one(generation, number)
                    images.append(image)
                    if not await self._work.keep_image(generation.id, image):
                        raise TakenAwayError
        except RenderError as error:
            log.warning("generation failed", extra={"code": error.code})
            await self._work.fail(generation.id, Failure(code=error.code, detail=error.detail))
            return
        await self._work.succeed(generation.id, images)

    async def _make_one(self, generation: Generation, number: int) -> FinishedImage:
        if generation.prompt is None or generation.seed is None:
            raise RenderError("prompt_gone", "The prompt of this generation was erased.")
        width, height = SIZES[generation.aspect_ratio]
        seed = (generation.seed + number) % (MAX_SEED + 1)
        picture = await self._render(
            generation, number, RenderRequest(prompt=generation.prompt, seed=seed, width=width, height=height)
        )
        image_id = generation.image_ids[number]
        # A key of its own for each attempt: a worker that comes back late can't replace what was published.
        key = f"{image_id}/{secrets.token_hex(8)}.png"
        await self._objects.put(MASTERS, key, picture, "image/png")
        return FinishedImage(image_id=image_id, width=width, height=height, master_key=key)

    async def _render(self, generation: Generation, number: int, request: RenderRequest) -> bytes:
        done = 0.0

        def on_progress(fraction: float) -> None:
            nonlocal done
            done = max(done, min(fraction, 1.0))

        render = asyncio.create_task(self._ask_backend(request, on_progress))
        try:
            async with asyncio.timeout(self._picture_timeout_s):
                while not (await asyncio.wait({render}, timeout=REPORT_EVERY_S))[0]:
                    overall = (number + done) / len(generation.image_ids)
                    if not await self._work.report(generation.id, min(overall, 0.99)):
                        raise TakenAwayError
                return render.result()
        except TimeoutError:
            raise RenderError("timed_out", "Making the picture took too long.") from None
        finally:
            render.cancel()
            await asyncio.gather(render, return_exceptions=True)

    async def _ask_backend(self, request: RenderRequest, on_progress: ProgressListener) -> bytes:
        try:
            return await self._backend.render(request, on_progress)
        except RenderError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a back end raises, its picture fails and no other
            # A defect of a back end would come again with the same request: fail it, or it holds the others up.
            log.error("back end broke", extra={"backend": self._backend.name, "error": type(error).__name__})
            raise RenderFailed("backend_broken", "The picture could not be made.") from None

    async def _publish(self, generation_id: GenerationId) -> None:
        document = await self._work.get(generation_id)
        if document is None or not document["result_unpublished"]:
            return
        try:
            await self._results.publish(document)
        except (TimeoutError, KafkaError, OSError) as error:
            log.warning("result left to the sweeper", extra={"error": type(error).__name__})
