"""Who is in the consumer groups."""

import asyncio

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import DescribeGroupsRequest_v3, DescribeGroupsResponse_v3

from shared.credentials import KafkaAccess
from shared.kafka_clients import admin_client
from shared.topics import GROUPS

_ASK_EVERY_S = 0.2
# aiokafka 0.14 asks by version 3 and reads the answer as version 2, which fails.
DescribeGroupsRequest_v3.RESPONSE_TYPE = DescribeGroupsResponse_v3


async def rid_of(kafka: KafkaAccess, addresses: set[str], within_s: float) -> None:
    """Wait until no group has a member at one of these addresses and none is being put in order.

    Raises:
        TimeoutError: one has, or is.
    """
    admin: AIOKafkaAdminClient = admin_client(kafka)
    await admin.start()
    try:
        async with asyncio.timeout(within_s) as limit:
            while not limit.expired():
                if await _are_rid_of(admin, addresses):
                    return
                await asyncio.sleep(_ASK_EVERY_S)
        raise TimeoutError(f"a group still knows one of {sorted(addresses)}")
    finally:
        await admin.close()


async def _are_rid_of(admin: AIOKafkaAdminClient, addresses: set[str]) -> bool:
    try:
        answers = await admin.describe_consumer_groups(list(GROUPS))
    except KafkaError:
        return False
    groups = [group for answer in answers for group in answer.to_object()["groups"]]
    hosts = {member["client_host"].lstrip("/") for group in groups for member in group["members"]}
    return not hosts & addresses and {group["state"] for group in groups} <= {"Stable", "Empty"}
