"""What is typed at the prompt: an event of the customer, or an attribute of the request."""

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from . import messages


class InputFault(Exception):
    """What was typed cannot be taken; the text says why, in plain words."""


@dataclass(frozen=True, slots=True)
class Happening:
    """An event: ``visit page=cars clicks=3``."""

    kind: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """Attributes by qualified name: ``customer.tier=gold``; ``None`` takes one away again."""

    attributes: Mapping[str, Any]


def read_line(line: str) -> Happening | Told:
    """Returns an event where the first word has no ``=``, else attributes. Raises ``InputFault``."""
    try:
        words = shlex.split(line)
    except ValueError:
        raise InputFault(messages.OPEN_QUOTE) from None
    if not words:
        raise InputFault(messages.NOTHING_TYPED)
    if "=" in words[0]:
        attributes = _pairs(words, empty=None)
        for name in attributes:
            if "." not in name:
                raise InputFault(messages.no_attribute(name))
        return Told(attributes)
    return Happening(words[0], _pairs(words[1:], empty=""))


def nested(attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Attributes as a context: ``customer.tier`` lies in ``customer``."""
    context: dict[str, Any] = {}
    for name, value in attributes.items():
        *parents, last = name.split(".")
        inner = context
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[last] = value
    return context


def _pairs(words: Iterable[str], *, empty: str | None) -> Mapping[str, Any]:
    return dict(_pair(word, empty) for word in words)


def _pair(word: str, empty: str | None) -> tuple[str, Any]:
    name, equals, text = word.partition("=")
    if not (name and equals):
        raise InputFault(messages.not_a_pair(word))
    if not text:
        return name, empty
    try:
        return name, json.loads(text)
    except json.JSONDecodeError:
        return name, text
