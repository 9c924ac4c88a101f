"""What the services of an embedded stack are told."""

from pathlib import Path

from embedded.secret_file import load_or_create
from embedded.services import as_fields
from embedded.stores import StoreAddresses
from embedded.surroundings import Surroundings
from shared.settings import KafkaSettings


def test_services_compress_what_the_embedded_broker_writes_every_second(tmp_path: Path) -> None:
    surroundings = Surroundings(StoreAddresses("127.0.0.1:9"), load_or_create(tmp_path), 9, "ERROR")

    access = KafkaSettings.model_validate(as_fields(surroundings.environment(9, {}))).kafka

    assert (access.bootstrap_servers, access.compression) == ("127.0.0.1:9", "snappy")
