"""What may change in a contract: only optional fields may come, nothing may go or mean another thing.

Consumers deploy first and ignore unknown fields; an unknown enumeration value is undecodable for an older
consumer, so it counts as a break as well: it takes a new version of the type.
"""

from typing import Any

Schema = dict[str, Any]
_MEANING = ("type", "enum", "const", "format", "pattern", "minimum", "maximum", "$ref", "anyOf", "items", "prefixItems")


def incompatibilities(published: Schema, current: Schema, where: str = "event") -> list[str]:
    """List what of `current` breaks readers or writers of `published`, two JSON Schemas; empty: compatible."""
    found = _of_object(published, current, where)
    for name, definition in published.get("$defs", {}).items():
        other = current.get("$defs", {}).get(name)
        if other is None:
            found.append(f"{name} is gone")
        else:
            found += _of_object(definition, other, name)
    return found


def _of_object(published: Schema, current: Schema, where: str) -> list[str]:
    found = [
        f"{where}: {word} was {published.get(word)}, is {current.get(word)}"
        for word in _MEANING
        if published.get(word) != current.get(word)
    ]
    before, after = published.get("properties", {}), current.get("properties", {})
    found += [f"{where}.{name} is gone" for name in before if name not in after]
    required = set(current.get("required", [])) - set(published.get("required", []))
    found += [f"{where}.{name} is required now" for name in sorted(required)]
    for name in before.keys() & after.keys():
        found += _of_object(before[name], after[name], f"{where}.{name}")
    return found
