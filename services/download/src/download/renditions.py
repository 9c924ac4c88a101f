"""Renditions of masters: made once, kept in the object store, and reused."""

import logging
from pathlib import PurePosixPath

from opentelemetry import metrics

from download.conversions import Conversions
from download.decision import Decisions, Grant
from download.imaging import Rendition, convert
from shared.http.problems import Problem
from shared.ids import ImageId
from shared.objects import MASTERS, RENDITIONS, ObjectMissingError, Objects, ObjectStoreError

log = logging.getLogger(__name__)
_renditions = metrics.get_meter("download.renditions").create_counter(
    "download.renditions", description="renditions that were given, by whether they were kept or had to be made"
)

FORMAT_VERSION = 1
"""Raise it when conversions change: older renditions are then made anew."""


class Renditions:
    """Gives the bytes of a rendition; the caller has decided that the viewer may have them."""

    def __init__(self, objects: Objects, conversions: Conversions, decisions: Decisions) -> None:
        self._objects = objects
        self._conversions = conversions
        self._decisions = decisions

    async def get(self, grant: Grant, rendition: Rendition) -> bytes:
        """Give the stored bytes, or make and store them.

        Raises:
            Problem: 503 `master_missing` when the master isn't there.
            ConversionsBusy: too many wait already.
            ObjectStoreError: the object store can't be reached.
        """
        key = key_of(grant, rendition)
        try:
            body, origin = await self._objects.get(RENDITIONS, key), "kept"
        except ObjectMissingError:
            body, origin = (
                await self._conversions.run(
                    key,
                    lambda: self._master(grant),
                    lambda it: convert(it, rendition),
                    lambda made: self._keep(grant, key, rendition, made),
                ),
                "made",
            )
        _renditions.add(1, {"rendition": rendition.name, "origin": origin})
        return body

    async def _master(self, grant: Grant) -> bytes:
        try:
            return await self._objects.get(MASTERS, grant.master_key)
        except ObjectMissingError:
            raise Problem(503, "master_missing", "The image can't be read right now.", retry_after_s=5) from None

    async def _keep(self, grant: Grant, key: str, rendition: Rendition, made: bytes) -> None:
        try:
            await self._objects.put(RENDITIONS, key, made, rendition.media_type)
            if await self._decisions.is_gone(grant.image_id):
                # It was deleted, and erased, while this was being made.
                await self._objects.delete(RENDITIONS, key)
        except ObjectStoreError as error:
            log.warning("rendition not kept", extra={"error": type(error).__name__})


def key_of(grant: Grant, rendition: Rendition) -> str:
    """Give a rendition's key: under its image's prefix, of one master, of one way of converting."""
    master = PurePosixPath(grant.master_key).stem
    return f"{grant.image_id}/{master}-v{FORMAT_VERSION}-{rendition.name}"


def prefix_of(image_id: ImageId) -> str:
    """Give what the keys of all that belongs to an image begin with, in both buckets."""
    return f"{image_id}/"
