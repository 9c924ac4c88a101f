"""The settings of the set-up jobs: each store's administrator, and where the principals' own secrets are."""

from pathlib import Path

from pydantic import Field, SecretStr

from shared.settings import EnvironmentSettings, KafkaSettings, ObjectStoreSettings


class KafkaJob(KafkaSettings):
    """What makes topics, users and rights in Kafka."""

    principals_dir: Path = Field(Path("/principals"), description="a folder for each principal, with its secrets")
    kafka_replication_factor: int = Field(1, ge=1, description="copies of each partition; production: 3")


class MongoJob(EnvironmentSettings):
    """What makes users in Mongo."""

    principals_dir: Path = Field(Path("/principals"), description="a folder for each principal, with its secrets")
    mongo_url: str = Field(description="mongodb:// address")
    mongo_username: str = Field("root", description="the administrator")
    mongo_password: SecretStr = Field(description="and its password")
    mongo_replica_set: str = Field("", description="replica set of one to begin, if it isn't yet; empty: none")
    mongo_replica_member: str = Field("mongo:27017", description="how its only member is reached")


class ObjectsJob(ObjectStoreSettings):
    """What makes buckets and says who may do what in them."""

    s3_principal: str = Field("{name}", description="how the store's policies name a user")
    s3_set_policies: bool = Field(True, description="off: the operator gives the rights, by the store's own means")
