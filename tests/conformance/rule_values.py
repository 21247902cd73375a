"""What rules come to, as values to compare, and what is published of their fields."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

NOT_CONTENT = {"hash", "sources"}


def plain(value: Any) -> Any:
    """A value to compare by what it says: two loads make programs and objects of their own."""
    if is_dataclass(value) and not isinstance(value, type):
        return type(value).__name__, [
            (field.name, plain(getattr(value, field.name)))
            for field in fields(value)
            if field.name not in NOT_CONTENT
        ]
    if isinstance(value, Mapping):
        return sorted((repr(key), plain(inner)) for key, inner in value.items())
    if isinstance(value, AbstractSet):
        return sorted(repr(plain(inner)) for inner in value)
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return repr(value) if isinstance(value, str | int | float | bytes | Enum | None) else named(value)


def named(value: Any) -> str:
    text = repr(value)
    return type(value).__name__ if " at 0x" in text else text


def published(schema: Mapping[str, Any]) -> set[str]:
    """The paths of all fields; ``*`` stands for a name that the file makes up."""
    names: set[str] = set()

    def walk(node: Mapping[str, Any], path: str) -> None:
        if "$ref" in node:
            walk(schema["$defs"][node["$ref"].rpartition("/")[2]], path)
        for part in (*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())):
            walk(part, path)
        for name, part in node.get("properties", {}).items():
            inner = f"{path}.{name}" if path else name
            if inner not in names:
                names.add(inner)
                walk(part, inner)
        for part in (
            node.get("items"),
            node.get("additionalProperties"),
            *node.get("patternProperties", {}).values(),
        ):
            if isinstance(part, Mapping):
                walk(part, path if part is node.get("items") else f"{path}.*")

    walk(schema, "")
    return names
