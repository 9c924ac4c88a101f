"""The table of rights says what the topics say, and grants no more."""

import json
import stat
from pathlib import Path

import pytest

from provisioning import development_secrets
from provisioning.access import load_table
from provisioning.kafka import acls
from provisioning.objects import policy
from shared.topics import GROUPS, TOPICS

TABLE = {access.name: access for access in load_table()}
# The worker is a role of generation: the API sends its results again when the log has lost them.
ALSO_WRITES = {("generation", "generation.results")}


def test_every_group_is_one_principals_and_reads_what_its_topics_say() -> None:
    owners = {group: access.name for access in TABLE.values() for group in access.groups}
    assert set(owners) == set(GROUPS)
    for topic in TOPICS.values():
        readers = {owners[group] for group in topic.readers}
        assert {access.name for access in TABLE.values() if topic.name in access.reads} == readers, topic.name


def test_every_topic_is_written_by_its_writer_only() -> None:
    owners = {group: access.name for access in TABLE.values() for group in access.groups}
    for topic in TOPICS.values():
        writers = {access.name for access in TABLE.values() if topic.name in access.writes}
        wanted = {owners.get(topic.writer, topic.writer)}
        assert writers == wanted | {name for name, extra in ALSO_WRITES if extra == topic.name}, topic.name


def test_who_waits_for_a_group_may_describe_it_and_no_more() -> None:
    rights = set(acls(TABLE["entitlement"]))
    on_download = {(kind, operation) for kind, name, _, _, _, operation, _ in rights if name == "download"}
    assert on_download == {(3, 8)}


def test_worker_may_only_put_and_only_masters() -> None:
    statements = json.loads(policy("masters", load_table()))["Statement"]
    of_worker = [it for it in statements if it["Principal"]["AWS"] == ["generation-worker"]]
    assert [(it["Action"], it["Resource"]) for it in of_worker] == [(["s3:PutObject"], ["arn:aws:s3:::masters/*"])]
    assert "generation-worker" not in policy("renditions", load_table())


def test_secrets_are_made_once_and_one_principals_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "secrets"
    development_secrets.main([str(folder)])
    first = {path: path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert len(first) > 20
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    development_secrets.main([str(folder)])
    assert first == {path: path.read_text() for path in folder.rglob("*") if path.is_file()}
    development_secrets.main([str(folder), "download"])
    changed = {str(path.relative_to(folder)) for path in first if path.read_text() != first[path]}
    own = {f"principals/download/{name}" for name in ("kafka_password", "mongo_password", "s3_secret_key")}
    assert changed == own | {"s3/users.json"}
    said = capsys.readouterr().out
    assert not [value for value in first.values() if len(value) > 20 and value in said]
