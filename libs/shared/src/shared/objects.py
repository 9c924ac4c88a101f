"""The object store, through the minio client in threads: bounded, with time-outs, never presigned."""

import asyncio
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error
from urllib3.exceptions import HTTPError

from shared.settings import ObjectStoreSettings

T = TypeVar("T")

MASTERS = "masters"
RENDITIONS = "renditions"
MAX_OBJECT_BYTES = 64 * 1024 * 1024

ObjectStoreError = (MinioException, HTTPError, OSError)


class ObjectMissingError(LookupError):
    """There is no object of that key."""


class Objects(Protocol):
    """What the services do with objects; keys hold no name and no prompt."""

    async def put(self, bucket: str, key: str, body: bytes, media_type: str) -> None: ...  # noqa: D102
    async def get(self, bucket: str, key: str) -> bytes: ...  # noqa: D102
    async def delete(self, bucket: str, key: str) -> None: ...  # noqa: D102
    async def keys(  # noqa: D102
        self, bucket: str, prefix: str, older_than: datetime | None = None
    ) -> list[str]: ...


class S3Objects:
    """`Objects` on any S3 store."""

    def __init__(self, settings: ObjectStoreSettings, threads: int = 8) -> None:
        self._client = _connect(settings)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="objects")

    async def put(self, bucket: str, key: str, body: bytes, media_type: str) -> None:
        """Write a whole object; replaces one of the same key."""
        await self._call(self._client.put_object, bucket, key, io.BytesIO(body), len(body), content_type=media_type)

    async def get(self, bucket: str, key: str) -> bytes:
        """Read a whole object.

        Raises:
            ObjectMissingError: there is none of that key.
            ObjectStoreError: the store can't be reached or refuses.
        """
        return await self._call(self._read, bucket, key)

    async def delete(self, bucket: str, key: str) -> None:
        """Remove an object; one that isn't there counts as removed."""
        await self._call(self._client.remove_object, bucket, key)

    async def keys(self, bucket: str, prefix: str, older_than: datetime | None = None) -> list[str]:
        """List the keys that begin with `prefix`, only those last written before a moment if one is given."""
        return await self._call(self._list, bucket, prefix, older_than)

    async def aclose(self) -> None:
        """End the threads after what they are doing."""
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)

    def _read(self, bucket: str, key: str) -> bytes:
        try:
            response = self._client.get_object(bucket, key)
        except S3Error as error:
            if error.code in {"NoSuchKey", "NoSuchObject"}:
                raise ObjectMissingError from None
            raise
        try:
            return bytes(response.read(MAX_OBJECT_BYTES))
        finally:
            response.close()
            response.release_conn()

    def _list(self, bucket: str, prefix: str, older_than: datetime | None) -> list[str]:
        found = self._client.list_objects(bucket, prefix=prefix, recursive=True)
        return [
            item.object_name
            for item in found
            if item.object_name
            and (older_than is None or (item.last_modified is not None and item.last_modified < older_than))
        ]

    async def _call(self, function: Callable[..., T], *args: Any, **options: Any) -> T:
        loop = asyncio.get_running_loop()
        # With the caller's context, so that the store's spans belong to the caller's trace.
        call = partial(copy_context().run, function, *args, **options)
        return await loop.run_in_executor(self._pool, call)


def _connect(settings: ObjectStoreSettings) -> Minio:
    address = urlsplit(settings.s3_endpoint)
    pool = urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=2, read=10),
        maxsize=16,
        ca_certs=None if settings.s3_ca_file is None else str(settings.s3_ca_file),
        retries=urllib3.Retry(total=2, backoff_factor=0.1, status_forcelist=[502, 503, 504]),
    )
    return Minio(
        endpoint=address.netloc,
        access_key=settings.s3_access_key.get_secret_value(),
        secret_key=settings.s3_secret_key.get_secret_value(),
        secure=address.scheme == "https",
        region=settings.s3_region,
        http_client=pool,
    )


async def set_bucket_policy(settings: ObjectStoreSettings, bucket: str, policy: str) -> None:
    """Replace the policy of a bucket; a set-up job's work."""
    await asyncio.to_thread(_connect(settings).set_bucket_policy, bucket, policy)


async def create_buckets(settings: ObjectStoreSettings) -> None:
    """Make the buckets that aren't there yet; a set-up job's work."""
    client = _connect(settings)
    for bucket in (MASTERS, RENDITIONS):
        if not await asyncio.to_thread(client.bucket_exists, bucket):
            await asyncio.to_thread(client.make_bucket, bucket)
