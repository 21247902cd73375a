"""``${attribute}`` in texts; ``$${`` is a plain ``${``."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from maitred.core.rules.formats import Form
from maitred.core.rules.treatments import Placeholder, Template

_INSIDE = re.compile(
    r"""\s*(?P<name>[^|?"']*?)\s*(?:\|\s*(?P<form>\w+)\s*)?(?:\?\?\s*(?P<default>"[^"]*"|'[^']*')\s*)?"""
)
_FORMS = {form.value: form for form in Form}
_TOKEN = re.compile(r"\$\$\{|\$\{([^{}\n]*)\}|\$\{")


class PlaceholderWrong(ValueError):
    """A placeholder that cannot be read. ``index`` is where, from 0, ``form`` a format that there is not."""

    def __init__(self, index: int, form: str = "") -> None:
        super().__init__(index, form)
        self.index, self.form = index, form


class PlaceholderOpen(ValueError):
    """A ``${`` without its end. ``index`` is where, from 0."""

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.index = index


def parse(text: str) -> Template:
    """Returns the parts of a text. Raises ``PlaceholderOpen`` and ``PlaceholderWrong``."""
    parts: list[str | Placeholder] = []
    end = 0
    for match in _TOKEN.finditer(text):
        parts.append(text[end : match.start()])
        if match[0] == "$${":
            parts.append("${")
        elif match[1] is None:
            raise PlaceholderOpen(match.start())
        else:
            parts.append(_placeholder(match[1], match.start()))
        end = match.end()
    return merged([*parts, text[end:]])


def _placeholder(inside: str, index: int) -> Placeholder:
    match = _INSIDE.fullmatch(inside)
    if not match:
        raise PlaceholderWrong(index)
    form, default = match["form"], match["default"]
    if form is not None and form not in _FORMS:
        raise PlaceholderWrong(index, form)
    return Placeholder(match["name"], _FORMS[form] if form else None, default[1:-1] if default else None)


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
    """Returns the attributes in it."""
    return [part.attribute for part in template if isinstance(part, Placeholder)]


def fill(template: Template, cells: Mapping[str, str]) -> Template:
    """Returns the template with the placeholders that ``cells`` knows replaced by their text."""
    return merged([_cell(part, cells) for part in template])


def _cell(part: str | Placeholder, cells: Mapping[str, str]) -> str | Placeholder:
    return cells.get(part.attribute, part) if isinstance(part, Placeholder) else part


@dataclass(frozen=True, slots=True)
class Filler:
    """A text to be filled in with cells by their numbers, made to be used for many rows."""

    pattern: str
    columns: tuple[int, ...]

    def text(self, cells: Sequence[str]) -> str:
        """Returns the text for one row."""
        return self.pattern % tuple([cells[column] for column in self.columns])


def filler(template: Sequence[str | Placeholder], numbers: Mapping[str, int]) -> Filler:
    """``numbers`` are those of the cells, by the names the template has for them."""
    known = [part for part in template if isinstance(part, str) or part.attribute in numbers]
    pattern = "".join(part.replace("%", "%%") if isinstance(part, str) else "%s" for part in known)
    return Filler(pattern, tuple(numbers[part.attribute] for part in known if isinstance(part, Placeholder)))


def fillers(template: Template, numbers: Mapping[str, int]) -> tuple[Filler | Placeholder, ...]:
    """Returns a template as fillers between the placeholders that no cell fills."""
    parts: list[Filler | Placeholder] = []
    group: list[str | Placeholder] = []
    for part in template:
        if isinstance(part, Placeholder) and part.attribute not in numbers:
            parts += [filler(group, numbers), part]
            group = []
        else:
            group.append(part)
    return (*parts, filler(group, numbers))


def literal(template: Template) -> str:
    """Returns the text of a template whose placeholders are filled in."""
    return "".join(part for part in template if isinstance(part, str))
