"""The events' contracts: golden messages are read for ever, incompatible changes fail, garbage is undecodable."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bus.cloudevents import Undecodable, decode, headers_of
from shared.contracts import EVENTS, Event, VisibilityChanged
from shared.contracts.compatibility import incompatibilities
from shared.testing.events import visibility_changed

GOLDEN = Path(__file__).parent / "golden"
BY_TYPE = {event.type: event for event in EVENTS}


def raw(event: Event) -> list[tuple[str, bytes]]:
    return [(name, value.encode()) for name, value in headers_of(event).items()]


@pytest.mark.parametrize("kind", sorted(BY_TYPE))
def test_golden_message_is_read(kind: str) -> None:
    contract = BY_TYPE[kind]
    body = (GOLDEN / f"{kind}.json").read_bytes()
    event = decode(
        contract,
        json.loads(body)["key"].encode(),
        json.dumps(json.loads(body)["value"]).encode(),
        [("ce_type", kind.encode())],
    )
    assert event.key == json.loads(body)["key"]


@pytest.mark.parametrize("kind", sorted(BY_TYPE))
def test_schema_is_compatible_with_the_published_one(kind: str) -> None:
    published = json.loads((GOLDEN / f"{kind}.schema.json").read_text())
    assert incompatibilities(published, BY_TYPE[kind].model_json_schema()) == []


def test_incompatible_changes_are_found() -> None:
    published = VisibilityChanged.model_json_schema()

    def changed(change: Any) -> list[str]:
        schema = json.loads(json.dumps(published))
        change(schema)
        return incompatibilities(published, schema)

    assert changed(lambda it: it["properties"].pop("owner_id"))
    assert changed(lambda it: it["required"].append("brand_new"))
    assert changed(lambda it: it["properties"]["version"].update(type="string"))
    assert changed(lambda it: it["$defs"]["Visibility"]["enum"].remove("deleted"))
    assert changed(lambda it: it["$defs"]["Visibility"]["enum"].append("friends"))
    assert not changed(lambda it: it["properties"].update(note={"type": "string", "default": ""}))


def test_events_carry_no_prompt() -> None:
    for event in EVENTS:
        assert "prompt" not in json.dumps(event.model_json_schema()["properties"]).lower()


def test_newer_version_missing_or_strange_visibility_and_foreign_key_are_undecodable() -> None:
    event = visibility_changed("ann")
    body = json.loads(event.model_dump_json())
    key = event.key.encode()
    assert decode(VisibilityChanged, key, json.dumps(body).encode(), raw(event)) == event
    newer = [("ce_type", b"gallery.visibility-changed.v2")]
    for value, headers, name in (
        (body, newer, key),
        ({**body, "visibility": "friends"}, raw(event), key),
        ({it: body[it] for it in body if it != "visibility"}, raw(event), key),
        (body, raw(event), b"img_other"),
        (body, [], key),
    ):
        with pytest.raises(Undecodable):
            decode(VisibilityChanged, name, json.dumps(value).encode(), headers)


@given(value=st.binary(max_size=200))
def test_garbage_is_undecodable_and_nothing_else(value: bytes) -> None:
    with pytest.raises(Undecodable):
        decode(VisibilityChanged, b"img_1", value, [("ce_type", VisibilityChanged.type.encode())])
