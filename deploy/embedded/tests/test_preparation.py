"""What is made on the embedded stores before the services start."""

from pathlib import Path

from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from embedded.preparation import prepare
from embedded.services import PRODUCT, Catalogue
from embedded.stores import embedded_stores
from shared.kafka_clients import admin_client
from shared.topics import TOPICS

FIVE_MINUTES_MS = "300000"


async def test_state_topics_keep_every_record_for_minutes_only(tmp_path: Path) -> None:
    async with embedded_stores(tmp_path, wanted={"kafka", "s3"}) as stores:
        environment = {
            "KAFKA_BOOTSTRAP_SERVERS": stores.kafka_bootstrap,
            "S3_ENDPOINT": stores.s3_endpoint,
            "S3_ACCESS_KEY": stores.s3_access_key,
            "S3_SECRET_KEY": stores.s3_secret_key,
        }
        await prepare(Catalogue((), PRODUCT.worker), environment, rebuild=False, report=lambda _: None)

        for topic in TOPICS.values():
            if topic.cleanup == "compact":
                made = await settings_of(stores.kafka_bootstrap, topic.name)
                assert (made["min.compaction.lag.ms"], made["segment.ms"]) == (FIVE_MINUTES_MS, FIVE_MINUTES_MS)


async def settings_of(kafka: str, topic: str) -> dict[str, str]:
    admin = admin_client(kafka)
    await admin.start()
    try:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    finally:
        await admin.close()
    return {name: value for name, value, *_ in answer.resources[0][4]}
