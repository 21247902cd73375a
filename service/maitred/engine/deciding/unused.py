"""What was sent and not used, in plain words: names, never values."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from maitred.core.deciding.policy import GIVEN_ATTRIBUTES, LANGUAGE, NOT_IN_CONTEXT, Policy
from maitred.core.privacy.purposes import barred_words
from maitred.core.values.nearest import did_you_mean
from maitred.core.values.types import SESSION_ID, Attribute, Facts

MAX_TOLD = 50
"""Somebody who sends a whole customer record is told of the first ones."""
MAX_NAME_CHARACTERS = 200
_READ_OF_EVERY_REQUEST = frozenset((SESSION_ID, LANGUAGE))
"""Declared or not."""


def unused(policy: Policy, context: Mapping[str, Any], facts: Facts) -> tuple[str, ...]:
    """A line for each attribute of a context that made no difference; ``facts`` are what was read of it."""
    lines: list[str] = []
    read = policy.reader.names()
    for name in _names(context, policy.ruleset.attributes):
        is_read = name in read
        is_used = name in _READ_OF_EVERY_REQUEST or (is_read and name in facts)
        line = None if is_used else _line(policy, name, facts, is_read=is_read)
        if line and len(lines) == MAX_TOLD:
            return (*lines, "… and more")
        lines += [line] if line else []
    return tuple(lines)


def _line(policy: Policy, name: str, facts: Facts, *, is_read: bool) -> str:
    shown = f"`{name[:MAX_NAME_CHARACTERS]}`"
    if is_read:
        return f"{shown} {barred_words(policy.ruleset.attributes.get(name), facts) or 'may not be read'}"
    if name in GIVEN_ATTRIBUTES or name.startswith(NOT_IN_CONTEXT):
        return f"{shown} is not taken from the context"
    if name in policy.ruleset.attributes:
        return f"{shown} is declared, and no rule reads it"
    holder = policy.ruleset.attributes.get(name.rpartition(".")[0])
    fields = holder.type.fields if holder else ()
    known = [f"{holder.name}.{field.name}" for field in fields] if holder else policy.ruleset.attributes
    return f"{shown} is not declared{did_you_mean(name, known, count=1)}"


def _names(holder: Mapping[str, Any], declared: Mapping[str, Attribute], within: str = "") -> Iterator[str]:
    """The qualified names of all values, and of undeclared fields of lists. ``null`` is no value."""
    for key, value in holder.items():
        name = f"{within}{key}"
        if isinstance(value, dict) and name not in declared:
            yield from _names(value, declared, f"{name}.")
        elif value is not None:
            yield name
            if isinstance(value, list) and name in declared:
                yield from _undeclared_fields(declared[name], value)


def _undeclared_fields(attribute: Attribute, items: Iterable[Any]) -> Iterator[str]:
    """Fields that items of a list of objects have, and no rule can read: each once."""
    if attribute.type.fields:
        seen = {key: None for item in items if isinstance(item, dict) for key in item}
        declared = {field.name for field in attribute.type.fields}
        yield from (f"{attribute.name}.{key}" for key in seen if key not in declared)
