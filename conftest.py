"""Stores for every test: one shared set for a session, and a fresh broker for a module, whose topics are constants."""

from collections.abc import AsyncGenerator

import pytest

from embedded.stores import StoreAddresses, embedded_stores


@pytest.fixture(scope="session")
async def stores(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[StoreAddresses, None]:
    """Kafka, Mongo and S3 for the whole session: use databases and prefixes of your own."""
    async with embedded_stores(tmp_path_factory.mktemp("stores")) as addresses:
        yield addresses


@pytest.fixture(scope="module")
async def fresh_kafka(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[str, None]:
    """The address of a broker without topics or groups; for a module of tests."""
    async with embedded_stores(tmp_path_factory.mktemp("kafka"), wanted={"kafka"}) as addresses:
        yield addresses.kafka_bootstrap
