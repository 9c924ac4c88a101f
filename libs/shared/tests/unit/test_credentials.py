"""Settings come from the environment or from files; credentials reach every kind of client and no repr."""

from pathlib import Path

import pytest
from faststream.security import SASLScram512

from shared.credentials import KafkaAccess
from shared.kafka_clients import broker_security, client_options
from shared.settings import KafkaSettings, ObjectStoreSettings


def test_setting_is_read_from_a_file_and_the_environment_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka:9092")
    monkeypatch.setenv("KAFKA_USERNAME", "gallery")
    (tmp_path / "kafka_username").write_text("somebody else\n")
    (tmp_path / "kafka_password").write_text("from a file\n")
    access = KafkaSettings().kafka
    assert (access.username, access.password) == ("gallery", "from a file")


def test_no_secret_is_in_a_repr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    for name in ("s3_endpoint", "s3_access_key", "s3_secret_key"):
        (tmp_path / name).write_text("a secret")
    settings = ObjectStoreSettings(s3_endpoint="http://s3")
    assert settings.s3_secret_key.get_secret_value() == "a secret"
    assert "a secret" not in repr(settings)
    assert "a secret" not in repr(KafkaAccess("kafka:9092", password="a secret"))


def test_bare_address_has_no_credentials() -> None:
    assert client_options("kafka:9092") == {"bootstrap_servers": "kafka:9092", "security_protocol": "PLAINTEXT"}
    assert broker_security(KafkaAccess("kafka:9092")) is None


def test_credentials_reach_both_kinds_of_client() -> None:
    access = KafkaAccess("kafka:9092", "SASL_SSL", "SCRAM-SHA-512", "gallery", "secret")
    options = client_options(access)
    assert (options["sasl_mechanism"], options["sasl_plain_username"]) == ("SCRAM-SHA-512", "gallery")
    security = broker_security(access)
    assert isinstance(security, SASLScram512)
    assert security.use_ssl
    assert security.ssl_context is not None
    assert options["ssl_context"] is not None
