"""The parts of `shared` that need stores, on the embedded ones."""

import secrets
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from shared import mongo
from shared.topics import create_topics


@pytest.fixture(scope="module")
async def kafka(fresh_kafka: str) -> str:
    await create_topics(fresh_kafka)
    return fresh_kafka


@pytest.fixture
async def database(stores: Any) -> AsyncGenerator[mongo.Database, None]:
    client = mongo.connect(stores.mongo_url)
    yield mongo.database(client, f"shared_{secrets.token_hex(4)}")
    await client.close()
