"""What was sent and not used, in plain words: names, never values."""

from collections.abc import Iterator, Mapping
from typing import Any

from maitred.core.privacy.purposes import barred_words
from maitred.core.rules.policy import GIVEN_ATTRIBUTES, NOT_IN_CONTEXT, Policy
from maitred.core.values.nearest import did_you_mean
from maitred.core.values.types import SESSION_ID, Facts

MAX_TOLD = 50
"""Somebody who sends a whole customer record is told of the first ones."""
MAX_NAME_CHARACTERS = 200


def unused(policy: Policy, context: Mapping[str, Any], facts: Facts) -> tuple[str, ...]:
    """A line for each attribute of a context that made no difference; ``facts`` are what was read of it."""
    lines: list[str] = []
    read = policy.reader.names()
    for name in _names(context, policy.ruleset.attributes):
        is_read = name in read
        # A session's id is read of every request, declared or not.
        is_used = name == SESSION_ID or (is_read and name in facts)
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
    return f"{shown} is not declared{did_you_mean(name, policy.ruleset.attributes, count=1)}"


def _names(holder: Mapping[str, Any], declared: Mapping[str, object], within: str = "") -> Iterator[str]:
    """The qualified names of all values; what is declared is not looked into. ``null`` is no value."""
    for key, value in holder.items():
        name = f"{within}{key}"
        if isinstance(value, dict) and name not in declared:
            yield from _names(value, declared, f"{name}.")
        elif value is not None:
            yield name
