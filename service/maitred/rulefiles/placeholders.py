"""``${attribute}`` in texts; ``$${`` is a plain ``${``."""

import re
from collections.abc import Mapping

from maitred.core.rules import Placeholder, Template

_TOKEN = re.compile(r"\$\$\{|\$\{([^{}\n]*)\}|\$\{")


class PlaceholderOpen(ValueError):
    """A ``${`` without its end. ``index`` is where, from 0."""

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.index = index


def parse(text: str) -> Template:
    """The parts of a text. Raises ``PlaceholderOpen``."""
    parts: list[str | Placeholder] = []
    end = 0
    for found in _TOKEN.finditer(text):
        parts.append(text[end : found.start()])
        if found[0] == "$${":
            parts.append("${")
        elif found[1] is None:
            raise PlaceholderOpen(found.start())
        else:
            parts.append(Placeholder(found[1].strip()))
        end = found.end()
    return merged([*parts, text[end:]])


def merged(parts: list[str | Placeholder]) -> Template:
    """Neighbouring literals as one, empty ones left out."""
    merged: list[str | Placeholder] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part:
            merged.append(part)
    return tuple(merged)


def names(template: Template) -> list[str]:
    """The attributes in it."""
    return [part.attribute for part in template if isinstance(part, Placeholder)]


def fill(template: Template, cells: Mapping[str, str]) -> Template:
    """The template with the placeholders that ``cells`` knows replaced by their text."""
    return merged([_cell(part, cells) for part in template])


def _cell(part: str | Placeholder, cells: Mapping[str, str]) -> str | Placeholder:
    return cells.get(part.attribute, part) if isinstance(part, Placeholder) else part


def literal(template: Template) -> str:
    """The text of a template whose placeholders are filled in."""
    return "".join(part for part in template if isinstance(part, str))
