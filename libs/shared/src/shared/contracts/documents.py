"""The event contract as documents for other teams: AsyncAPI 3 with the JSON Schema of each event.

`python -m shared.contracts.documents FILE` writes it; a test says when the kept one is out of date.
"""

import json
import sys
from pathlib import Path
from typing import Any

from shared.contracts import EVENTS, Event
from shared.topics import TOPICS

_HEADERS = {
    "type": "object",
    "description": "CloudEvents 1.0 in Kafka's binary mode, and the trace.",
    "required": ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "ce_subject"],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"type": "string"},
        "ce_type": {"type": "string", "description": "ends in the contract's version"},
        "ce_source": {"type": "string", "description": "the service"},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_subject": {"type": "string", "description": "the key"},
        "traceparent": {"type": "string"},
    },
}


def asyncapi() -> dict[str, Any]:
    """Give the AsyncAPI 3 document."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Private Generations",
            "version": "1.0.0",
            "description": "Events carry the whole new state of their key and a version that only grows: apply one "
            "only if its version is greater. Versions may skip. Unknown fields are to be ignored.",
        },
        "channels": {event.topic: _channel(event) for event in EVENTS},
        "operations": {f"publish/{event.topic}": _operation(event) for event in EVENTS},
        "components": {"messages": {event.type: _message(event) for event in EVENTS}},
    }


def _channel(event: type[Event]) -> dict[str, Any]:
    topic = TOPICS[event.topic]
    return {
        "address": topic.name,
        "description": (event.__doc__ or "").strip(),
        "messages": {event.type: {"$ref": f"#/components/messages/{event.type}"}},
        "bindings": {
            "kafka": {
                "partitions": topic.partitions,
                "topicConfiguration": {"cleanup.policy": [topic.cleanup]},
                "bindingVersion": "0.5.0",
            }
        },
    }


def _operation(event: type[Event]) -> dict[str, Any]:
    topic = TOPICS[event.topic]
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{event.topic}"},
        "summary": f"{topic.writer} → {', '.join(topic.readers)}",
    }


def _message(event: type[Event]) -> dict[str, Any]:
    schema = event.model_json_schema(ref_template=f"#/components/messages/{event.type}/payload/$defs/{{model}}")
    return {
        "name": event.type,
        "contentType": "application/json",
        "headers": _HEADERS,
        "payload": schema,
        "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": "0.5.0"}},
    }


def text() -> str:
    """Give the document as it is kept."""
    return json.dumps(asyncapi(), indent=2) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text())
