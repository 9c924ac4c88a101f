"""Buckets, and who may do what in them; a user may do nothing that no policy grants."""

import asyncio
import json
import logging

from provisioning.access import Access, load_table
from provisioning.settings import ObjectsJob
from shared.objects import create_buckets, set_bucket_policy

log = logging.getLogger(__name__)

_WITHIN_S = 60.0


async def provision(settings: ObjectsJob) -> None:
    """Make the buckets that are missing, and replace their policies.

    Raises:
        ObjectStoreError: the store refuses something.
        TimeoutError: it can't be reached in time.
    """
    async with asyncio.timeout(_WITHIN_S):
        await create_buckets(settings)
        if not settings.s3_set_policies:
            return
        table = load_table()
        for bucket in sorted({bucket for access in table for bucket in access.objects}):
            await set_bucket_policy(settings, bucket, policy(bucket, table, settings.s3_principal))
            log.info("policy set", extra={"bucket": bucket})


def policy(bucket: str, table: tuple[Access, ...], principal: str = "{name}") -> str:
    """Give the bucket's policy: actions on the bucket are granted on it, the others on its objects."""
    statements = []
    for access in table:
        actions = access.objects.get(bucket, [])
        on_bucket = [action for action in actions if "Bucket" in action]
        on_objects = [action for action in actions if "Bucket" not in action]
        for granted, resource in ((on_objects, f"arn:aws:s3:::{bucket}/*"), (on_bucket, f"arn:aws:s3:::{bucket}")):
            if granted:
                statements.append(
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": [principal.format(name=access.name)]},
                        "Action": granted,
                        "Resource": [resource],
                    }
                )
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
