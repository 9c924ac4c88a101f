"""CloudEvents 1.0 in Kafka's binary mode: how an event becomes a record, and a record an event."""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import ValidationError

from shared.contracts import Event

E = TypeVar("E", bound=Event)

_MAX_DIGITS = 15


class Undecodable(ValueError):  # noqa: N818 - a state of a record, told in logs and headers
    """A record that can't be read as the event it should be; the argument is the reason, without any content."""


def headers_of(event: Event) -> dict[str, str]:
    """Give the CloudEvents headers of `event`; those of a state topic carry its version as the sequence."""
    version = getattr(event, "version", None)
    sequence = {} if version is None else {"ce_sequence": str(version)}
    return {
        "ce_specversion": "1.0",
        "ce_id": str(uuid.uuid4()),
        "ce_type": event.type,
        "ce_source": event.source,
        "ce_time": datetime.now(UTC).isoformat(),
        "ce_subject": event.key,
        "content-type": "application/json",
        **sequence,
    }


def decode(contract: type[E], key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]]) -> E:
    """Read a record as `contract`.

    Raises:
        Undecodable: another type or version, broken JSON, a missing or strange value, a key that isn't the event's.
    """
    kind = dict(headers).get("ce_type", b"")
    if kind != contract.type.encode():
        raise Undecodable("unknown_type_or_version")
    try:
        event = contract.model_validate_json(value or b"")
    except ValidationError:
        raise Undecodable("not_of_the_contract") from None
    if key != event.key.encode():
        raise Undecodable("key_differs")
    return event


def readable_key(key: bytes | None) -> str | None:
    """Give a record's key when it can be one of ours, else None (its whole partition is then in doubt)."""
    try:
        text = (key or b"").decode("ascii")
    except UnicodeDecodeError:
        return None
    return text or None


def sequence_of(headers: Iterable[tuple[str, bytes]]) -> int | None:
    """Give the version that an unreadable record says it has; None when it doesn't, or no version can be that."""
    text = dict(headers).get("ce_sequence", b"")
    return int(text) if len(text) <= _MAX_DIGITS and text.isdigit() and int(text) else None
